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

use super::blocks::{Block, BlockRows, RowStream, Take};
use super::error::DataError;
use super::format;
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

/// The rows, with labels and ids if there are columns of them.
pub(super) fn rows<'i>(
    input: &'i mut Input<'_>,
    name: String,
    options: &ReadOptions,
) -> Result<format::Rows<'i>, DataError> {
    Ok(Box::new(Sheet::open(input, name, options)?))
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

    /// Hands over some rows of groups, counted from their first, in blocks of at most `most`.
    fn hand_over(
        &self,
        groups: Range<usize>,
        wanted: Range<usize>,
        most: usize,
        take: &mut Take<'_>,
    ) -> Result<ControlFlow<()>, DataError> {
        let (d, start) = (self.input_dim(), self.columns.start(groups.start));
        let mut rows = self.rows(groups)?;
        let labels = (self.roles.labelled()).then(|| rows.labels.take_unsorted());
        let ids = rows.take_ids(self, start)?;
        let n = rows.values.len() / d;
        let all = Dataset {
            ids,
            labels,
            ..Dataset::new(self.name.clone(), n, d, Values::F32(rows.values))
        };
        if wanted == (0..n) && most >= n {
            return Ok(take(Block {
                first: start,
                rows: all,
            }));
        }
        for first in wanted.clone().step_by(most) {
            let at = first..wanted.end.min(first.saturating_add(most));
            let picked: Vec<u32> = at.clone().map(|row| row as u32).collect();
            let block = Dataset {
                labels: all.labels.as_ref().map(|labels| labels.part(at)),
                ..all.of_rows(&picked)
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

    fn column_names(&self) -> Option<Vec<String>> {
        self.roles.value_names(&self.layout)
    }

    /// A row group at a time is held, and a block ends where its group does, unless all rows make one block.
    fn each(
        &mut self,
        range: Range<usize>,
        block: BlockRows,
        take: &mut Take<'_>,
    ) -> Result<ControlFlow<()>, DataError> {
        self.roles.tell(&self.layout, &self.file);
        let most = block.of_columns(self.input_dim());
        let at_once = match most {
            usize::MAX => self.columns.n_groups(),
            _ => 1,
        };
        for group in (0..self.columns.n_groups()).step_by(at_once) {
            let groups = group..group + at_once;
            let (start, end) = (
                self.columns.start(groups.start),
                self.columns.start(groups.end),
            );
            let from = range.start.clamp(start, end) - start;
            let wanted = from..range.end.clamp(start, end) - start;
            if !wanted.is_empty() && self.hand_over(groups, wanted, most, take)?.is_break() {
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
