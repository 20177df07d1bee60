//! AnnData files (h5ad): the matrix `X` or a layer, samples (`obs`) × columns (`var`), in HDF5.
//!
//! A matrix is an array of two dimensions, or compressed sparse rows or columns. The index of `obs` gives the ids, that
//! of `var` the names of the columns; a column of `obs` can be the label. The rest of the file is passed over.
//! See <https://anndata.readthedocs.io/en/stable/fileformat-prose.html>.

mod dense;
mod frame;
mod labels;
mod numbers;
mod sparse;
mod store;
mod strings;

use super::blocks::Whole;
use super::error::DataError;
use super::format::Rows;
use super::labels::Labels;
use super::place::shown;
use super::remedy::Remedy;
use super::source::Input;
use super::table::first_twice;
use super::{ContainerError, Dataset, ReadOptions, Values};
use frame::Frame;
use store::{Node, Store};

/// Samples that are believed without a value for each.
const EMPTY_SAMPLES: usize = 1 << 22;

/// The values of a matrix and its sides.
struct Matrix {
    n: usize,
    d: usize,
    values: Values,
}

/// A matrix may be sparse and by columns, so the set is held whole.
pub(super) fn rows<'i>(
    input: &'i mut Input<'_>,
    name: String,
    options: &ReadOptions,
) -> Result<Rows<'i>, DataError> {
    Ok(Box::new(Whole(data(input, name, options)?)))
}

/// Read the matrix, and the names and labels in the frames beside it.
fn data(input: &mut Input<'_>, name: String, options: &ReadOptions) -> Result<Dataset, DataError> {
    let store = Store::open(input)?;
    let path = match &options.layer {
        Some(layer) => format!("layers/{layer}"),
        None => "X".to_owned(),
    };
    // What is small is looked at first, so that its faults are not told after minutes.
    let obs = Frame::open(&store, "obs")?;
    let column = match (&obs, &options.label_file) {
        (Some(obs), None) => obs.label_column(&store, options.label_column.as_ref())?,
        (None, None) if options.label_column.is_some() => return Err(store.missing("obs")),
        _ => None,
    };
    let Matrix { n, d, values } = matrix(&store, &path)?;
    let mut set = Dataset::new(name, n, d, values);
    if let Some(obs) = &obs {
        set.ids = Some(ids(&store, obs, n, &path)?);
        set.labels = column
            .map(|column| labels::read(&store, obs, &column, n))
            .transpose()?;
    }
    if let Some(var) = Frame::open(&store, "var")? {
        set.column_names = Some(var.index(&store, d, &path)?);
    }
    Ok(set)
}

fn matrix(store: &Store, path: &str) -> Result<Matrix, DataError> {
    match store.node(path)? {
        Some(Node::Dataset(dataset)) => dense::read(store, path, &dataset),
        Some(Node::Group(group)) => sparse::read(store, path, &group),
        None => Err(ContainerError::Unfit {
            file: store.file.clone(),
            part: store::part(path),
            found: "nothing".to_owned(),
            expected: "a matrix".into(),
            advice: "write one to the file".to_owned(),
            remedy: Some(Box::new(Remedy::ChooseLayer)),
        }
        .into()),
    }
}

/// What the samples are called, none empty and no two alike.
fn ids(store: &Store, obs: &Frame, n: usize, matrix: &str) -> Result<Vec<String>, DataError> {
    let ids = obs.index(store, n, matrix)?;
    if let Some(row) = ids.iter().position(String::is_empty) {
        let part = obs.index_path();
        return Err(store.unfit(
            &part,
            format!("no text in row {row}"),
            "a name for each sample",
            "name the samples (`adata.obs_names`) and write the file again",
        ));
    }
    match first_twice(&ids) {
        None => Ok(ids),
        Some((first, again)) => Err(DataError::SameId {
            file: store.of(&obs.index_path()),
            id: shown(ids[again].as_bytes()),
            first,
            again,
            advice: "call `adata.obs_names_make_unique()` and write the file again",
            remedy: None,
        }),
    }
}
