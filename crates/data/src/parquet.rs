//! Parquet: a table by row groups, of each group column by column.
//!
//! Integers, floats and booleans become f32. A text column can be the label or the id, as in a text table; pandas'
//! index is the id by itself. The parquet crate reads the footer and decodes values; pages are unpacked here, where
//! their size is bounded.

use std::ops::{ControlFlow, Range};

mod bytes;
mod cells;
mod columns;
mod depth;
mod pages;
mod rows;
mod sound;
mod walk;

use super::blocks::{Block, BlockRows, RowStream, Take};
use super::error::DataError;
use super::layout::Layout;
use super::owned::Owned;
use super::place::{Place, printable, shown};
use super::source::Input;
use super::table::Roles;
use super::{ContainerError, Dataset, ReadOptions, Values};
use columns::Columns;
use rows::Rows;

/// A table whose columns are known.
pub(super) struct Sheet {
    name: String,
    file: String,
    bytes: Owned,
    columns: Columns,
    layout: Layout,
    roles: Roles,
}

/// Read a table, with labels and ids if it has columns of them.
pub(super) fn data(
    input: &mut Input<'_>,
    name: String,
    options: &ReadOptions,
) -> Result<Dataset, DataError> {
    Sheet::open(input, name, options)?.whole()
}

impl Sheet {
    /// Reads the footer, and the start of the first column.
    pub(super) fn open(
        input: &mut Input<'_>,
        name: String,
        options: &ReadOptions,
    ) -> Result<Self, DataError> {
        let file = input.file.clone();
        let bytes = Owned::new(input)?;
        let columns = Columns::read(&bytes, &file)?;
        let layout = columns.layout(&bytes, &file)?;
        let roles = Roles::find(&layout, &columns.with_index(options), &file)?;
        columns.check(&roles, &layout, &file)?;
        Ok(Self {
            name,
            file,
            bytes,
            columns,
            layout,
            roles,
        })
    }

    /// D.
    fn input_dim(&self) -> usize {
        self.roles.n_values()
    }

    fn whole(self) -> Result<Dataset, DataError> {
        self.roles.tell(&self.layout, &self.file);
        let n = self.columns.n_rows();
        let mut rows = self.rows(0..self.columns.n_groups())?;
        Ok(Dataset {
            column_names: self.roles.value_names(&self.layout),
            ids: rows.take_ids(&self, 0)?,
            labels: self.roles.labelled().then(|| rows.labels.finish()),
            ..Dataset::new(
                self.name,
                n,
                self.roles.n_values(),
                Values::F32(rows.values),
            )
        })
    }

    /// The rows of some groups. If they would take more memory than the file is believed to be worth, they are first
    /// read without being kept.
    fn rows(&self, groups: Range<usize>) -> Result<Rows, DataError> {
        let rows = self.rows_within(groups.clone(), Some(self.bytes.allowance()))?;
        if rows.kept() {
            Ok(rows)
        } else {
            self.rows_within(groups, None)
        }
    }

    fn rows_within(&self, groups: Range<usize>, most: Option<u64>) -> Result<Rows, DataError> {
        let first = self.columns.start(groups.start);
        let n = self.columns.start(groups.end) - first;
        let mut rows = Rows::new(n, self.input_dim(), most, &self.file)?;
        for group in groups {
            rows.read(self, group, self.columns.start(group) - first)?;
        }
        Ok(rows)
    }

    /// Where a cell of a group is in the table.
    fn place(&self, group: usize, row: usize, column: usize) -> Place {
        Place::Named {
            row: self.columns.start(group) + row,
            column: shown(self.columns.columns[column].name.as_bytes()),
        }
    }

    /// Hands over some rows of a group, counted from its first, in blocks of at most `most`.
    fn hand_over(
        &self,
        group: usize,
        wanted: Range<usize>,
        most: usize,
        take: &mut Take<'_>,
    ) -> Result<ControlFlow<()>, DataError> {
        let (d, start) = (self.input_dim(), self.columns.start(group));
        let mut rows = self.rows(group..group + 1)?;
        let labels = (self.roles.labelled()).then(|| rows.labels.take_unsorted());
        let ids = rows.take_ids(self, start)?;
        for first in wanted.clone().step_by(most) {
            let at = first..wanted.end.min(first + most);
            let values = rows.values[at.start * d..at.end * d].to_vec();
            let block = Dataset {
                ids: ids.as_ref().map(|ids| ids[at.clone()].to_vec()),
                labels: labels.as_ref().map(|labels| labels.part(at.clone())),
                ..Dataset::new(self.name.clone(), at.len(), d, Values::F32(values))
            };
            let first = start + first;
            if take(Block { first, rows: block }).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl RowStream for Sheet {
    fn count(&mut self) -> Result<usize, DataError> {
        Ok(self.columns.n_rows())
    }

    fn labelled(&self) -> bool {
        self.roles.labelled()
    }

    /// A row group at a time is held; a block ends where its group does.
    fn each(
        &mut self,
        range: Range<usize>,
        block: BlockRows,
        take: &mut Take<'_>,
    ) -> Result<ControlFlow<()>, DataError> {
        self.roles.tell(&self.layout, &self.file);
        let most = block.of_columns(self.input_dim());
        for group in 0..self.columns.n_groups() {
            let (start, end) = (self.columns.start(group), self.columns.start(group + 1));
            let from = range.start.clamp(start, end) - start;
            let wanted = from..range.end.clamp(start, end) - start;
            if !wanted.is_empty() && self.hand_over(group, wanted, most, take)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// The error for bytes that break the rules of the format; `part` is what they are part of.
fn broken(file: &str, part: impl Into<String>, reason: impl ToString) -> DataError {
    let file = file.to_owned();
    ContainerError::Broken {
        file,
        part: part.into(),
        format: "Parquet",
        reason: printable(&reason.to_string()),
    }
    .into()
}
