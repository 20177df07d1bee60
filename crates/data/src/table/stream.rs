//! The rows of a text table, some at a time.

use std::ops::{ControlFlow, Range};

use super::super::blocks::{Block, BlockRows, RowStream, Take};
use super::{DataError, Dataset, Rows, Table, Values, each_row, room};

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

    /// Of the rows before the range only the lines are checked.
    fn each(
        &mut self,
        range: Range<usize>,
        block: BlockRows,
        take: &mut Take<'_>,
    ) -> Result<ControlFlow<()>, DataError> {
        let most = block.of_columns(self.input_dim);
        let labelled = self.labelled();
        let template = Dataset::new(self.name.clone(), 0, self.input_dim, Values::U8(Vec::new()));
        // Memory is bounded by the block, so nothing needs to be proved before it is taken.
        let mut rows = Rows::sure(&self.layout, &self.roles, Vec::new());
        let (mut at, mut flow) = (0, ControlFlow::Continue(()));
        let file = self.input.file.clone();
        self.roles.tell(&self.layout, &file);
        let mut hand_over = |rows: &mut Rows<'_>, end: usize| {
            let values = Values::F32(std::mem::take(&mut rows.values));
            let count = std::mem::take(&mut rows.count);
            let labels = rows.labels.take_unsorted();
            let ids = rows.take_ids(&file)?;
            Ok::<_, DataError>(take(Block {
                first: end - count,
                rows: Dataset {
                    n_samples: count,
                    values,
                    labels: labelled.then_some(labels),
                    ids,
                    ..template.clone()
                },
            }))
        };
        if range.is_empty() {
            return Ok(flow);
        }
        let room_for = most.saturating_mul(self.input_dim);
        each_row(self.input, &self.layout, |body, row| {
            at += 1;
            if at <= range.start {
                return Ok(ControlFlow::Continue(()));
            }
            if rows.count == 0 {
                rows.values = room(body.file, room_for)?;
            }
            rows.push(body, row)?;
            if rows.count == most || at == range.end {
                flow = hand_over(&mut rows, at)?;
            }
            let done = flow.is_break() || at == range.end;
            Ok(if done {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
        if rows.count > 0 {
            flow = hand_over(&mut rows, at)?;
        }
        Ok(flow)
    }
}
