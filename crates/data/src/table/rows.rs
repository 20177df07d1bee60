//! What has been read of a table: values, labels, ids.

use super::super::blocks::Block;
use super::super::body::Body;
use super::super::cell::{empty, number, place};
use super::super::labels::Builder;
use super::super::layout::Layout;
use super::super::lines::Row;
use super::super::place::shown;
use super::ids::Ids;
use super::roles::{Role, Roles};
use super::{ColumnError, DataError, Dataset, Values};

/// What has been read of a table.
pub(super) struct Rows<'a> {
    pub(super) layout: &'a Layout,
    roles: &'a Roles,
    pub(super) values: Vec<f32>,
    pub(super) labels: Builder,
    ids: Ids,
    pub(super) count: usize,
    /// Whether the values are collected, not only checked.
    pub(super) kept: bool,
    /// Whether the file has been read to its end before.
    sure: bool,
}

impl<'a> Rows<'a> {
    pub(super) fn new(layout: &'a Layout, roles: &'a Roles) -> Self {
        Self {
            layout,
            roles,
            values: Vec::new(),
            labels: Builder::default(),
            ids: Ids::default(),
            count: 0,
            kept: true,
            sure: false,
        }
    }

    /// For a file that has been read to its end before, or of which only so much is read; `values` are empty.
    pub(super) fn sure(layout: &'a Layout, roles: &'a Roles, values: Vec<f32>) -> Self {
        Self {
            values,
            sure: true,
            ..Self::new(layout, roles)
        }
    }

    pub(super) fn push(&mut self, body: &Body<'_>, row: &Row) -> Result<(), DataError> {
        let bytes = (self.values.len() as u64).saturating_mul(4);
        if !self.sure && body.needs_rehearsal(bytes.saturating_add(self.ids.bytes)) {
            self.kept = false;
            self.values = Vec::new();
            self.ids = Ids::default();
            self.labels = Builder::default();
        }
        if self.kept && self.values.try_reserve(row.len()).is_err() {
            return Err(DataError::OutOfMemory {
                file: body.file.to_owned(),
                bytes,
            });
        }
        for (column, cell) in row.cells().enumerate() {
            let role = self.roles.of(column);
            if cell.is_empty() && role != Role::Ignored {
                return Err(empty(body, self.layout, row.line, column));
            }
            match role {
                Role::Value => {
                    let value = number(cell).map_err(|fault| {
                        fault.into_error(body, self.layout, row.line, column, cell)
                    })?;
                    if self.kept {
                        self.values.push(value);
                    }
                }
                Role::Label if self.kept => self.labels.push(cell),
                Role::Id => self.push_id(body, row.line, column, cell)?,
                Role::Label | Role::Ignored => {}
            }
        }
        self.count += 1;
        Ok(())
    }

    fn push_id(
        &mut self,
        body: &Body<'_>,
        line: u64,
        column: usize,
        cell: &[u8],
    ) -> Result<(), DataError> {
        let id = std::str::from_utf8(cell).map_err(|_| ColumnError::IdNotUtf8 {
            file: body.file.to_owned(),
            place: place(self.layout, line, column),
            found: shown(cell),
        })?;
        if self.kept {
            self.ids.push(id, line);
        }
        Ok(())
    }

    /// The rows so far as a block that ends before row `end`. Nothing is left.
    pub(super) fn take_block(
        &mut self,
        template: &Dataset,
        end: usize,
        file: &str,
    ) -> Result<Block, DataError> {
        let count = std::mem::take(&mut self.count);
        let labels = self.labels.take_unsorted();
        let rows = Dataset {
            n_samples: count,
            values: Values::F32(std::mem::take(&mut self.values)),
            labels: self.roles.labelled().then_some(labels),
            ids: self.take_ids(file)?,
            ..template.clone()
        };
        let first = end - count;
        Ok(Block { first, rows })
    }

    /// The ids so far, if the table has such a column. Nothing is left.
    fn take_ids(&mut self, file: &str) -> Result<Option<Vec<String>>, DataError> {
        let ids = |column| self.ids.take(file, self.layout, column);
        self.roles.id().map(ids).transpose()
    }
}
