//! Columns of text.

use hdf5_pure::{DType, Dataset, Error, VlenStringReadOptions};

use super::super::place::Place;
use super::super::{ContainerError, DataError};
use super::numbers::Numbers;
use super::store::{Node, Store, WRITE_AGAIN};

/// The texts of a column of `n`, or of any number: an array of them, or a group of `values` and `mask`, as
/// `nullable-string-array` is.
pub(super) fn column(
    store: &Store,
    path: &str,
    n: Option<usize>,
) -> Result<Vec<String>, DataError> {
    match store.node(path)? {
        Some(Node::Dataset(dataset)) => read(store, path, &dataset, n),
        Some(Node::Group(_)) => {
            check_mask(store, path)?;
            let path = format!("{path}/values");
            read(store, &path, &store.dataset(&path)?, n)
        }
        None => Err(store.missing(path)),
    }
}

/// Refuses values that are missing by the mask beside them.
pub(super) fn check_mask(store: &Store, path: &str) -> Result<(), DataError> {
    let mask_path = format!("{path}/mask");
    let mask = store.dataset(&mask_path)?;
    Numbers::list(store, &mask_path, &mask)?.each(|first, window| {
        match window.iter().position(|masked| *masked != 0.0) {
            None => Ok(()),
            Some(at) => Err(ContainerError::Null {
                file: store.of(path),
                place: Place::Element {
                    row: first + at,
                    column: 0,
                },
            }
            .into()),
        }
    })
}

pub(super) fn is_text(dtype: &DType) -> bool {
    matches!(dtype, DType::String | DType::VariableLengthString)
}

/// The texts of an array; as many as `n` if that is given.
pub(super) fn read(
    store: &Store,
    path: &str,
    dataset: &Dataset,
    n: Option<usize>,
) -> Result<Vec<String>, DataError> {
    let told = |error: Error| store.broken(path, &error);
    let shape = store.shape(path, dataset)?;
    let [found] = shape[..] else {
        let found = format!("an array of shape {shape:?}");
        return Err(store.unfit(path, found, "one dimension", WRITE_AGAIN));
    };
    if n.is_some_and(|n| n != found) {
        let expected = n.unwrap_or(0).to_string();
        return Err(store.unfit(path, format!("{found} texts"), expected, WRITE_AGAIN));
    }
    let dtype = dataset.dtype().map_err(told)?;
    let bytes = match dtype {
        DType::VariableLengthString => dataset.vlen_string_payload_size().map_err(told)?,
        DType::String => (found as u64).saturating_mul(dataset.element_size().map_err(told)?),
        dtype => {
            let found = format!("values of type {dtype}");
            return Err(store.unfit(path, found, "text", WRITE_AGAIN));
        }
    };
    let held = bytes.saturating_add((found as u64).saturating_mul(size_of::<String>() as u64));
    // Many places can name one text, so the file does not bound what they come to.
    if held > store.bytes.allowance() {
        let found = format!("{found} texts of {bytes} bytes in all");
        return Err(store.too_large(path, found, store.bytes.allowance(), WRITE_AGAIN));
    }
    match dtype {
        DType::VariableLengthString => {
            let most = usize::try_from(bytes).unwrap_or(usize::MAX);
            let bounds = VlenStringReadOptions::new().with_max_payload_bytes(most);
            dataset.read_vlen_strings(bounds).map_err(told)
        }
        _ => dataset.read_string().map_err(told),
    }
}
