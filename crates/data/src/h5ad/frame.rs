//! A table of columns, `obs` or `var`, as a group.

use hdf5_pure::{AttrValue, Group};

use super::super::place::{listed, printable};
use super::super::table::ColumnError;
use super::super::{Column, DataError};
use super::store::{Node, Store};
use super::strings;

/// The column of labels that is taken by itself.
const LABEL: &str = "label";

/// Old files keep the texts of categories here.
pub(super) const CATEGORIES: &str = "__categories";

/// A frame and the name of its index.
pub(super) struct Frame {
    path: &'static str,
    group: Group,
    index: String,
}

impl Frame {
    /// The frame at a path, if there is one.
    pub(super) fn open(store: &Store, path: &'static str) -> Result<Option<Self>, DataError> {
        let group = match store.node(path)? {
            None => return Ok(None),
            Some(Node::Group(group)) => group,
            Some(Node::Dataset(_)) => {
                let advice = "read the file with anndata 0.7 or later and write it again";
                return Err(store.unfit(path, "an array (anndata before 0.7)", "a group", advice));
            }
        };
        let index = store.attribute(path, &group, "_index")?;
        let index = index
            .as_ref()
            .and_then(AttrValue::as_str)
            .unwrap_or("_index")
            .to_owned();
        Ok(Some(Self { path, group, index }))
    }

    /// The path of a column.
    pub(super) fn column(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    pub(super) fn index_path(&self) -> String {
        self.column(&self.index)
    }

    /// The texts of the index, which are `n` as the matrix has them.
    pub(super) fn index(
        &self,
        store: &Store,
        n: usize,
        matrix: &str,
    ) -> Result<Vec<String>, DataError> {
        let names = strings::column(store, &self.index_path(), None)?;
        if names.len() != n {
            return Err(DataError::NameCount {
                file: store.of(&self.index_path()),
                found: names.len(),
                expected: n,
                matrix: printable(matrix),
            });
        }
        Ok(names.iter().map(|name| printable(name)).collect())
    }

    /// The name of the column of labels: the one that was asked for, or one called `label`.
    pub(super) fn label_column(
        &self,
        store: &Store,
        wanted: Option<&Column>,
    ) -> Result<Option<String>, DataError> {
        let known = self.known(store)?;
        let found = match wanted {
            None => return Ok(known.into_iter().find(|name| name == LABEL)),
            Some(Column::Name(name)) => known.iter().find(|known| *known == name),
            Some(Column::Index(index)) => {
                let place = match *index {
                    index if index < 0 => (known.len() as i64).saturating_add(index),
                    index => index,
                };
                usize::try_from(place)
                    .ok()
                    .and_then(|place| known.get(place))
            }
        };
        match found {
            Some(name) => Ok(Some(name.clone())),
            None => Err(ColumnError::NotFound {
                file: store.of(self.path),
                role: "label",
                wanted: match wanted {
                    Some(Column::Name(name)) => super::shown(name.as_bytes()),
                    Some(Column::Index(index)) => index.to_string(),
                    None => String::new(),
                },
                known: listed(&known),
            }
            .into()),
        }
    }

    /// The names of the columns, in the order of the frame if the file has it.
    fn known(&self, store: &Store) -> Result<Vec<String>, DataError> {
        let order = store.attribute(self.path, &self.group, "column-order")?;
        if let Some(order) = order.as_ref().and_then(AttrValue::as_strings) {
            return Ok(order.to_vec());
        }
        let told = |error| store.broken(self.path, &error);
        let mut names = self.group.datasets().map_err(told)?;
        names.extend(self.group.groups().map_err(told)?);
        names.retain(|name| *name != self.index && name != CATEGORIES);
        Ok(names)
    }
}
