//! The rows of a text table, some at a time.

use std::ops::{ControlFlow, Range};

use super::super::blocks::{BlockRows, RowStream, Take};
use super::{DataError, Dataset, Input, Rows, Table, Values, each_row, room};

impl RowStream for Table<'_, '_> {
    /// Reads all lines, but no numbers.
    fn count(&mut self) -> Result<usize, DataError> {
        let mut count = 0;
        each_row(self.input, &self.layout, |_, _| {
            count += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(count)
    }

    fn labelled(&self) -> bool {
        self.roles.labelled()
    }

    fn column_names(&self) -> Option<Vec<String>> {
        self.roles.value_names(&self.layout)
    }

    /// Of the rows before the range only the lines are checked.
    fn each(
        &mut self,
        range: Range<usize>,
        block: BlockRows,
        take: &mut Take<'_>,
    ) -> Result<ControlFlow<()>, DataError> {
        self.roles.tell(&self.layout, &self.input.file);
        if range.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let (name, d) = (self.name.clone(), self.input_dim);
        let wanted = Wanted {
            template: Dataset::new(name, 0, d, Values::U8(Vec::new())),
            range,
            most: block.of_columns(d),
        };
        // Where blocks bound the memory, nothing needs to be proved before it is taken.
        let mut rows = match wanted.most {
            usize::MAX => Rows::new(&self.layout, &self.roles),
            _ => Rows::sure(&self.layout, &self.roles, Vec::new()),
        };
        let flow = wanted.pass(self.input, &mut rows, take)?;
        if rows.kept {
            return Ok(flow);
        }
        // Too large to be believed at first, now known to be whole.
        let values = room(&self.input.file, rows.count.saturating_mul(d))?;
        rows = Rows::sure(&self.layout, &self.roles, values);
        wanted.pass(self.input, &mut rows, take)
    }
}

/// Which rows, and how many of them make a block.
struct Wanted {
    /// What all blocks have in common.
    template: Dataset,
    range: Range<usize>,
    most: usize,
}

impl Wanted {
    /// Reads the file once up to the last of the rows.
    fn pass(
        &self,
        input: &mut Input<'_>,
        rows: &mut Rows<'_>,
        take: &mut Take<'_>,
    ) -> Result<ControlFlow<()>, DataError> {
        let file = input.file.clone();
        let (mut at, mut flow) = (0, ControlFlow::Continue(()));
        let block_values =
            (self.most < usize::MAX).then(|| self.most.saturating_mul(self.template.input_dim));
        let layout = rows.layout;
        each_row(input, layout, |body, row| {
            at += 1;
            if at <= self.range.start {
                return Ok(ControlFlow::Continue(()));
            }
            if rows.count == 0
                && let Some(count) = block_values
            {
                rows.values = room(body.file, count)?;
            }
            rows.push(body, row)?;
            if rows.count == self.most || at == self.range.end {
                flow = take(rows.take_block(&self.template, at, &file)?);
            }
            let done = flow.is_break() || at == self.range.end;
            Ok(if done {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
        if rows.count > 0 && rows.kept {
            flow = take(rows.take_block(&self.template, at, &file)?);
        }
        Ok(flow)
    }
}
