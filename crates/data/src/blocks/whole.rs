//! The rows of a set that is in memory as a whole: sparse text, whose entries may be in any order.

use std::ops::{ControlFlow, Range};

use super::{Block, BlockRows, RowStream, Take};
use crate::{DataError, Dataset, Labels};

/// A set that has been read.
pub(crate) struct Whole(pub(crate) Dataset);

impl RowStream for Whole {
    fn count(&mut self) -> Result<usize, DataError> {
        Ok(self.0.n_samples)
    }

    fn labelled(&self) -> bool {
        self.0.labels.is_some()
    }

    fn each(
        &mut self,
        range: Range<usize>,
        block: BlockRows,
        take: &mut Take<'_>,
    ) -> Result<ControlFlow<()>, DataError> {
        let end = range.end.min(self.0.n_samples);
        let most = block.of_columns(self.0.input_dim);
        for first in (range.start..end).step_by(most) {
            let at = first..end.min(first + most);
            let rows: Vec<u32> = at.clone().map(|row| row as u32).collect();
            let labels = self.0.labels.as_ref().map(|labels| Labels {
                ids: labels.ids[at].to_vec(),
                names: labels.names.clone(),
            });
            let rows = Dataset {
                column_names: None,
                labels,
                ..self.0.of_rows(&rows)
            };
            if take(Block { first, rows }).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
    fn whole(self: Box<Self>) -> Result<Dataset, DataError> {
        Ok(self.0)
    }
}
