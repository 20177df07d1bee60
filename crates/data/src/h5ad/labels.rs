//! Labels from a column of `obs`: categories, text, integers or booleans.

use hdf5_pure::{AttrValue, DType, Dataset};

use super::super::element::integral;
use super::super::labels::Builder;
use super::super::place::Place;
use super::super::{ContainerError, DataError};
use super::Labels;
use super::frame::{CATEGORIES, Frame};
use super::numbers::Numbers;
use super::store::{Node, Store, WRITE_AGAIN};
use super::strings;

/// The labels of `n` samples.
pub(super) fn read(store: &Store, obs: &Frame, name: &str, n: usize) -> Result<Labels, DataError> {
    let path = obs.column(name);
    let mut labels = Builder::default();
    match store.node(&path)? {
        None => return Err(store.missing(&path)),
        Some(Node::Group(group)) => {
            let encoding = store.attribute(&path, &group, "encoding-type")?;
            match encoding.as_ref().and_then(AttrValue::as_str) {
                Some("categorical") => {
                    let (codes, categories) =
                        (format!("{path}/codes"), format!("{path}/categories"));
                    coded(store, &codes, &categories, n, &mut labels)?;
                }
                Some("nullable-integer" | "nullable-boolean" | "nullable-string-array") => {
                    strings::check_mask(store, &path)?;
                    let values = format!("{path}/values");
                    each_text(store, &values, Some(n), |text| labels.push(text.as_bytes()))?;
                }
                other => {
                    let found = super::shown(other.unwrap_or("no encoding-type").as_bytes());
                    let expected = "categories, text, integers or booleans";
                    return Err(store.unfit(&path, found, expected, "choose another column"));
                }
            }
        }
        Some(Node::Dataset(_)) => {
            let categories = obs.column(&format!("{CATEGORIES}/{name}"));
            match store.node(&categories)? {
                Some(_) => coded(store, &path, &categories, n, &mut labels)?,
                None => each_text(store, &path, Some(n), |text| labels.push(text.as_bytes()))?,
            }
        }
    }
    Ok(labels.finish())
}

/// Labels by the number of their category; -1 is none.
fn coded(
    store: &Store,
    codes_path: &str,
    categories_path: &str,
    n: usize,
    labels: &mut Builder,
) -> Result<(), DataError> {
    let categories = match store.node(categories_path)? {
        Some(Node::Group(_)) => strings::column(store, categories_path, None)?,
        _ => {
            let mut found = Vec::new();
            each_text(store, categories_path, None, |text| {
                found.push(text.to_owned());
            })?;
            found
        }
    };
    let dataset = store.dataset(codes_path)?;
    let codes = Numbers::whole(store, codes_path, &dataset)?;
    check_count(store, codes_path, codes.rows, n)?;
    codes.each_whole(|first, window| {
        for (at, code) in window.iter().enumerate() {
            let row = first + at;
            match usize::try_from(*code)
                .ok()
                .and_then(|code| categories.get(code))
            {
                Some(category) => labels.push(category.as_bytes()),
                None if *code == -1 => return Err(null(store, codes_path, row)),
                None => {
                    let found = format!("{code} in row {row}");
                    let expected = format!("one of {} categories", categories.len());
                    return Err(store.unfit(codes_path, found, expected, WRITE_AGAIN));
                }
            }
        }
        Ok(())
    })
}

/// Hands over the values of a column as text; `n` of them if that is given.
fn each_text(
    store: &Store,
    path: &str,
    n: Option<usize>,
    mut take: impl FnMut(&str),
) -> Result<(), DataError> {
    let dataset = store.dataset(path)?;
    let dtype = dataset
        .dtype()
        .map_err(|error| store.broken(path, &error))?;
    if strings::is_text(&dtype) {
        strings::read(store, path, &dataset, n)?
            .iter()
            .for_each(|text| take(text));
        return Ok(());
    }
    if super::numbers::is_whole(&dtype) {
        return whole(store, path, &dataset, n, take);
    }
    let numbers = Numbers::list(store, path, &dataset)?;
    check_count(store, path, numbers.rows, n.unwrap_or(numbers.rows))?;
    let is_bool = matches!(dtype, DType::Enum(_));
    numbers.each(|first, window| {
        for (at, value) in window.iter().enumerate() {
            match integral(*value) {
                Some(0) if is_bool => take("false"),
                Some(_) if is_bool => take("true"),
                Some(whole) => take(&whole.to_string()),
                None if value.is_nan() => return Err(null(store, path, first + at)),
                None => {
                    return Err(DataError::NotALabel {
                        file: store.of(path),
                        place: place(first + at),
                        found: value.to_string(),
                    });
                }
            }
        }
        Ok(())
    })
}

fn whole(
    store: &Store,
    path: &str,
    dataset: &Dataset,
    n: Option<usize>,
    mut take: impl FnMut(&str),
) -> Result<(), DataError> {
    let numbers = Numbers::whole(store, path, dataset)?;
    check_count(store, path, numbers.rows, n.unwrap_or(numbers.rows))?;
    numbers.each_whole(|_, window| {
        window.iter().for_each(|value| take(&value.to_string()));
        Ok(())
    })
}

fn check_count(store: &Store, path: &str, found: usize, expected: usize) -> Result<(), DataError> {
    if found == expected {
        return Ok(());
    }
    let found = format!("{found} labels");
    Err(store.unfit(
        path,
        found,
        format!("{expected}, one for each sample"),
        WRITE_AGAIN,
    ))
}

fn null(store: &Store, path: &str, row: usize) -> DataError {
    ContainerError::Null {
        file: store.of(path),
        place: place(row),
    }
    .into()
}

fn place(row: usize) -> Place {
    Place::Element { row, column: 0 }
}
