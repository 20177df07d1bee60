//! A data set by and by: blocks of rows, in order, in memory that does not grow with the set (but for svmlight and
//! Matrix Market, which are held whole, and packed arrays in Fortran order).
//!
//! A format gives a [`RowStream`]; a whole set is all of its rows in one block.

use std::io::{Read, Seek};
use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};
use std::path::Path;

mod shard;
mod walk;
mod whole;

pub use shard::{BadShard, Shard};

use super::format;
use super::pictures::Pictures;
use super::place::printable;
use super::source::Input;
use super::ten_x::TenX;
use super::{DataError, Dataset, Labels, ReadOptions, stem};
use walk::Walk;
pub(super) use whole::Whole;

/// Bytes of values in a block, as f32, if nothing else is asked for.
const BLOCK_BYTES: usize = 16 << 20;

/// Some rows of a set.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The place of the first of them in the whole set.
    pub first: usize,
    /// The rows, with their labels and ids if they come with the data, but without the names of columns. That no id
    /// comes twice is seen within a block only. The
    /// classes of the labels are those of this block, as they are written and in the order in which they were met:
    /// [`super::Classes`] brings those of several blocks together.
    pub rows: Dataset,
}

/// Which rows are wanted, and how many at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockOptions {
    /// The most rows of a block; if not given, as many as 16 MiB of f32 hold.
    pub rows: Option<NonZeroUsize>,
    /// Only one part of the set.
    pub shard: Option<Shard>,
}

/// Receives the blocks; `Break` ends the reading.
pub type Take<'a> = dyn FnMut(Block) -> ControlFlow<()> + 'a;

/// Hands over the rows of a file or a folder, found and checked as [`super::open`] does it.
///
/// Rows outside of the shard that is asked for are passed over: by a leap in plain binary files, else by reading up
/// to its end; in a text table their lines are cut but their numbers are not checked. A text table is then read
/// twice, because its rows must be counted first. Labels in a file of their own are held whole, four bytes each.
///
/// # Errors
/// As [`super::open`]; blocks may have been handed over before a fault is met.
pub fn open_blocks(
    path: &Path,
    options: &ReadOptions,
    blocks: &BlockOptions,
    take: &mut Take<'_>,
) -> Result<(), DataError> {
    if path.is_dir()
        && let Some(single_cells) = TenX::find(path)
    {
        let mut rows = Whole(single_cells.data(options)?);
        return walk::folder_rows(&mut rows, options, blocks, take);
    }
    if path.is_dir()
        && let Some(mut pictures) = Pictures::find(path, options)?
    {
        return walk::folder_rows(&mut pictures, options, blocks, take);
    }
    Walk::open(path, options)?.each(blocks, take)
}

/// As [`open_blocks`] from bytes that can be read twice, as [`super::read`] reads them.
///
/// # Errors
/// As [`super::read`]; blocks may have been handed over before a fault is met.
pub fn read_blocks<R: Read + Seek>(
    name: &str,
    mut reader: R,
    options: &ReadOptions,
    blocks: &BlockOptions,
    take: &mut Take<'_>,
) -> Result<(), DataError> {
    let mut input = Input::new(printable(name), &mut reader)?;
    let (_, mut rows) = format::open(&mut input, stem(name), options)?;
    let labels = rows.labels_apart();
    let range = match blocks.shard {
        Some(shard) => shard.range(rows.count()?),
        None => 0..usize::MAX,
    };
    let _ = walk::each_labelled(&mut *rows, labels.as_ref(), range, blocks.into(), take)?;
    Ok(())
}

/// The rows of one file that can be read in part, from the start as often as needed: what a format has to give.
pub(super) trait RowStream {
    /// n; may read the whole file.
    fn count(&mut self) -> Result<usize, DataError>;

    /// Whether the blocks have labels.
    fn labelled(&self) -> bool;

    /// Hands over the rows of `range` that there are, in blocks of at most `block` rows. If the range goes up to the
    /// end of the file or beyond, this is where the end is checked. With [`BlockRows::ALL`] there is one block at most;
    /// a packed file is then read to its end once without being kept, if it unpacks to so much that it has to prove to
    /// be whole before memory is taken.
    fn each(
        &mut self,
        range: Range<usize>,
        block: BlockRows,
        take: &mut Take<'_>,
    ) -> Result<ControlFlow<()>, DataError>;

    /// Labels that come with the file but not with its rows. They are handed out once.
    fn labels_apart(&mut self) -> Option<NamedLabels> {
        None
    }

    /// The names of the columns.
    fn column_names(&self) -> Option<Vec<String>> {
        None
    }

    /// All rows as a set, with the labels that come with the file.
    fn whole(mut self: Box<Self>) -> Result<Dataset, DataError> {
        let mut set = None;
        let _ = self.each(0..usize::MAX, BlockRows::ALL, &mut |block| {
            set = Some(block.rows);
            ControlFlow::Continue(())
        })?;
        let mut set: Dataset = set.expect("no file without rows can be opened");
        set.column_names = self.column_names();
        set.labels = set.labels.map(Labels::sorted);
        match self.labels_apart() {
            Some(apart) => set.with_labels(apart.labels, &apart.file),
            None => Ok(set),
        }
    }
}

/// How many rows make a block.
#[derive(Clone, Copy)]
pub(super) struct BlockRows(Option<NonZeroUsize>);

impl BlockRows {
    /// All rows in one block.
    pub(super) const ALL: Self = Self(Some(NonZeroUsize::MAX));

    /// Rows of a block of so many columns.
    pub(super) fn of_columns(self, columns: usize) -> usize {
        let by_size = BLOCK_BYTES / columns.saturating_mul(size_of::<f32>());
        self.0.map_or(by_size.max(1), NonZeroUsize::get)
    }
}

impl From<&BlockOptions> for BlockRows {
    fn from(options: &BlockOptions) -> Self {
        Self(options.rows)
    }
}

/// All labels of a set, and where they come from.
pub(super) struct NamedLabels {
    pub(super) labels: Labels,
    pub(super) file: String,
}

#[cfg(test)]
mod tests;
