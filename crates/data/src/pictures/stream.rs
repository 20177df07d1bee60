//! The images of a folder, some at a time.

use std::ops::{ControlFlow, Range};

use rayon::prelude::*;

use super::super::blocks::{Block, BlockRows, RowStream, Take};
use super::{DataError, Dataset, Fault, Picture, Pictures, fit};

impl RowStream for Pictures {
    fn count(&mut self) -> Result<usize, DataError> {
        Ok(self.files.len())
    }

    fn labelled(&self) -> bool {
        self.labels.is_some()
    }

    fn each(
        &mut self,
        range: Range<usize>,
        block: BlockRows,
        take: &mut Take<'_>,
    ) -> Result<ControlFlow<()>, DataError> {
        let channels = self.known_channels()?;
        let end = range.end.min(self.files.len());
        let most = block.of_columns(self.shape(channels).n_values());
        for first in (range.start..end).step_by(most) {
            let at = first..end.min(first + most);
            let values = self.rows(at.clone(), channels).map_err(Fault::into_error)?;
            let mut rows = self.dataset(at.clone(), channels, values);
            rows.labels = self.labels.as_ref().map(|labels| labels.part(at));
            if take(Block { first, rows }).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn whole(self: Box<Self>) -> Result<Dataset, DataError> {
        let all = 0..self.files.len();
        let (channels, values) = match self.channels {
            Some(channels) => (
                channels,
                self.rows(all.clone(), channels)
                    .map_err(Fault::into_error)?,
            ),
            // Most folders with colours show them in the first image.
            None => match self.rows(all.clone(), 1) {
                Ok(values) => (1, values),
                Err(Fault::Coloured { .. }) => {
                    (3, self.rows(all.clone(), 3).map_err(Fault::into_error)?)
                }
                Err(Fault::Data(error)) => return Err(error),
            },
        };
        Ok(self.dataset(all, channels, values))
    }
}

impl Pictures {
    /// Whether the set is grey or RGB. If nobody said so, images are decoded up to the first with colours.
    fn known_channels(&mut self) -> Result<usize, DataError> {
        if let Some(channels) = self.channels {
            return Ok(channels);
        }
        let look = |file: &String| -> Result<bool, DataError> {
            let image = Picture::open(&self.path(file))?.pixels()?;
            Ok(fit::without_colours(image).is_err())
        };
        let looks = self.files.par_iter().map(look);
        let channels = match looks.find_first(|found| !matches!(found, Ok(false))) {
            Some(Err(error)) => return Err(error),
            Some(Ok(_)) => 3,
            None => 1,
        };
        self.channels = Some(channels);
        Ok(channels)
    }
}
