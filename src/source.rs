//! A data set on a device: u8 stays u8, sparse stays sparse, rows are normalised when they are read, and no
//! block is larger than one binding.

use crate::data::{Affine, Dataset, Sparse, Values};
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::gather_rows::{Block, Normalisation, Order, Source as Storage, gather_rows};
use crate::kernels::gather_sparse_rows::{SparseBlock, gather_sparse_rows};
use crate::kernels::gather_warped_rows::{Warp, gather_warped_rows};
use crate::kernels::linear_forward::LayerOf;
use crate::kernels::linear_forward_gather::linear_forward_gather;
use crate::kmeans::Rows;

/// Scratch of decoded rows is kept below this, so that u8 data are never held as f32 as a whole.
const SCRATCH_BYTES: usize = 16 << 20;

/// A data set on a device.
pub struct Source<D: Device> {
    n: usize,
    cols: usize,
    blocks: Vec<AnyBlock<D>>,
    normalisation: Normalisation<D>,
    /// Room for decoded sparse rows.
    scratch: Option<Scratch<D>>,
}

/// Rows as the data have them.
enum AnyBlock<D: Device> {
    Dense(Block<D>),
    Sparse(SparseBlock<D>),
}

impl<D: Device> AnyBlock<D> {
    /// The first row and the number of rows.
    fn extent(&self) -> (usize, usize) {
        match self {
            Self::Dense(block) => (block.first, block.rows),
            Self::Sparse(block) => (block.first, block.rows),
        }
    }
}

/// Sparse rows are normalised into `rows` (r, D) before the first layer reads them, as they are.
struct Scratch<D: Device> {
    rows: Matrix<D>,
    as_they_are: Normalisation<D>,
}

impl<D: Device> Source<D> {
    /// Uploads a data set in blocks, so small that neither a block's values nor a matrix with `width`
    /// floats per sample of it is larger than one binding.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn upload(device: &D, data: &Dataset, affine: &Affine, width: usize) -> Result<Self> {
        let (n, cols) = (data.n_samples, data.input_dim);
        let scratch = match data.values {
            Values::Sparse(_) => Some(Scratch {
                rows: Matrix::zeros(device, scratch_rows(device, cols).min(n), cols)?,
                as_they_are: normalisation(device, &Affine::uniform(cols, 0.0, 1.0))?,
            }),
            Values::U8(_) | Values::F32(_) => None,
        };
        Ok(Self {
            n,
            cols,
            blocks: blocks(device, data, width)?,
            normalisation: normalisation(device, affine)?,
            scratch,
        })
    }

    /// Samples, n.
    pub fn n_samples(&self) -> usize {
        self.n
    }

    /// Columns, D.
    pub fn input_dim(&self) -> usize {
        self.cols
    }

    /// Rows of each block.
    pub fn block_rows(&self) -> Vec<usize> {
        self.blocks.iter().map(|block| block.extent().1).collect()
    }

    /// Gathers a batch (b, D), normalised, from whichever blocks hold its rows.
    pub fn gather(&self, device: &D, order: Order<'_, D>, batch: &Matrix<D>) {
        for block in &self.blocks {
            self.gather_from(device, block, order, batch);
        }
    }

    fn gather_from(&self, device: &D, block: &AnyBlock<D>, order: Order<'_, D>, batch: &Matrix<D>) {
        match block {
            AnyBlock::Dense(block) => {
                gather_rows(device, order, block, &self.normalisation, batch);
            }
            AnyBlock::Sparse(block) => {
                gather_sparse_rows(device, order, block, &self.normalisation, batch);
            }
        }
    }

    /// Rows of block `i` from its row `first` on, normalised, as many as `batch` (b, D) has.
    pub fn gather_in_order(&self, device: &D, i: usize, first: usize, batch: &Matrix<D>) {
        let block = &self.blocks[i];
        let order = Order {
            index: None,
            first: block.extent().0 + first,
        };
        self.gather_from(device, block, order, batch);
    }

    /// As [`Source::gather`], each row an image that is warped on the way.
    ///
    /// # Panics
    /// If the values are sparse, which no image is.
    pub fn gather_warped(&self, device: &D, warp: &Warp, order: Order<'_, D>, batch: &Matrix<D>) {
        for block in &self.blocks {
            let AnyBlock::Dense(block) = block else {
                panic!("sparse values are no images");
            };
            gather_warped_rows(device, warp, order, block, &self.normalisation, batch);
        }
    }

    /// The first layer forward on rows of block `i` in order, without a copy of the batch, into the rows of
    /// `output.0` from `output.1` on.
    pub fn forward_in_order(
        &self,
        device: &D,
        i: usize,
        rows: std::ops::Range<usize>,
        layer: LayerOf<'_, D>,
        output: (&Matrix<D>, usize),
    ) {
        let (first, _) = self.blocks[i].extent();
        match (&self.blocks[i], &self.scratch) {
            (AnyBlock::Dense(block), _) => {
                let from = (block, &self.normalisation);
                forward_rows(device, from, first + rows.start, rows.len(), layer, output);
            }
            (AnyBlock::Sparse(_), Some(scratch)) => {
                for start in rows.clone().step_by(scratch.rows.rows) {
                    let decoded = scratch
                        .rows
                        .first_rows(scratch.rows.rows.min(rows.end - start));
                    let at = first + start;
                    let order = Order {
                        index: None,
                        first: at,
                    };
                    self.gather_from(device, &self.blocks[i], order, &decoded);
                    let block = Block {
                        x: decoded.buffer.clone(),
                        source: Storage::F32,
                        first: at,
                        rows: decoded.rows,
                    };
                    let to = (output.0, output.1 + start - rows.start);
                    let from = (&block, &scratch.as_they_are);
                    forward_rows(device, from, at, decoded.rows, layer, to);
                }
            }
            (AnyBlock::Sparse(_), None) => unreachable!("sparse data come with their scratch"),
        }
    }

    /// The normalised rows for k-means on the inputs, decoded a scratch at a time.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn decoded(&self, device: &D) -> Result<DecodedRows<'_, D>> {
        let largest = self.block_rows().into_iter().max().unwrap_or(1);
        let rows = scratch_rows(device, self.cols).min(largest);
        Ok(DecodedRows {
            source: self,
            scratch: Matrix::zeros(device, rows, self.cols)?,
        })
    }
}

/// The normalised rows of a data set as k-means reads them: one scratch (rows, D) is decoded at a time.
pub struct DecodedRows<'a, D: Device> {
    source: &'a Source<D>,
    scratch: Matrix<D>,
}

impl<D: Device> DecodedRows<'_, D> {
    /// Pieces of a block.
    fn pieces(&self, block: &AnyBlock<D>) -> usize {
        block.extent().1.div_ceil(self.scratch.rows)
    }
}

impl<D: Device> Rows<D> for DecodedRows<'_, D> {
    fn n(&self) -> usize {
        self.source.n
    }

    fn d(&self) -> usize {
        self.source.cols
    }

    fn blocks(&self) -> usize {
        let pieces = self.source.blocks.iter().map(|block| self.pieces(block));
        pieces.sum()
    }

    fn block(&self, device: &D, b: usize) -> (usize, Matrix<D>) {
        let mut piece = b;
        for block in &self.source.blocks {
            let pieces = self.pieces(block);
            if piece >= pieces {
                piece -= pieces;
                continue;
            }
            let (first, rows) = block.extent();
            let start = piece * self.scratch.rows;
            let decoded = self.scratch.first_rows(self.scratch.rows.min(rows - start));
            let order = Order {
                index: None,
                first: first + start,
            };
            self.source.gather_from(device, block, order, &decoded);
            return (order.first, decoded);
        }
        panic!("block {b} of {}", self.blocks());
    }
}

/// Rows of a scratch of floats.
fn scratch_rows<D: Device>(device: &D, cols: usize) -> usize {
    let bytes = (SCRATCH_BYTES / device.room().scratch_divisor).min(device.room().binding_bytes);
    (bytes / (4 * cols)).max(1)
}

fn normalisation<D: Device>(device: &D, affine: &Affine) -> Result<Normalisation<D>> {
    let cols = affine.shift.len();
    Ok(Normalisation {
        shift: Matrix::upload(device, 1, cols, &affine.shift)?,
        scale: Matrix::upload(device, 1, cols, &affine.scale)?,
    })
}

/// The rows on the device, no block larger than one binding.
fn blocks<D: Device>(device: &D, data: &Dataset, width: usize) -> Result<Vec<AnyBlock<D>>> {
    let (n, cols) = (data.n_samples, data.input_dim);
    let most = device.room().binding_bytes;
    let (storage, bytes) = match &data.values {
        Values::U8(_) => (Storage::U8, 1),
        Values::F32(_) => (Storage::F32, 4),
        Values::Sparse(x) => return sparse_blocks(device, x, (most / (4 * width)).max(1)),
    };
    let rows_per_block = (most / (bytes * cols).max(4 * width)).clamp(1, n);
    let block = |first: usize| {
        let rows = rows_per_block.min(n - first);
        let at = first * cols..(first + rows) * cols;
        let x = match &data.values {
            Values::U8(values) => device.upload(&values[at]),
            Values::F32(values) => device.upload(&values[at]),
            Values::Sparse(_) => unreachable!("returned above"),
        };
        Ok(AnyBlock::Dense(Block {
            x: x?,
            source: storage,
            first,
            rows,
        }))
    };
    (0..n).step_by(rows_per_block).map(block).collect()
}

/// Blocks of at most `most_rows` rows; neither their starts nor their values are larger than one binding.
fn sparse_blocks<D: Device>(device: &D, x: &Sparse, most_rows: usize) -> Result<Vec<AnyBlock<D>>> {
    let words = device.room().binding_bytes / 4;
    let most_rows = most_rows.min(words - 1);
    let mut blocks = Vec::new();
    let mut first = 0;
    while first < x.n_rows() {
        let fit = x.starts[first + 1..].partition_point(|end| end - x.starts[first] <= words);
        let rows = fit.min(most_rows).max(1);
        blocks.push(AnyBlock::Sparse(SparseBlock::upload(
            device, x, first, rows,
        )?));
        first += rows;
    }
    Ok(blocks)
}

/// The first layer on `rows` rows of a block from row `first` of the data set on, into the rows of `y.0` from
/// `y.1` on.
fn forward_rows<D: Device>(
    device: &D,
    (block, normalisation): (&Block<D>, &Normalisation<D>),
    first: usize,
    rows: usize,
    layer: LayerOf<'_, D>,
    (y, out_first): (&Matrix<D>, usize),
) {
    let order = Order { index: None, first };
    linear_forward_gather(
        device,
        order,
        rows,
        block,
        normalisation,
        layer,
        y,
        out_first,
    );
}
