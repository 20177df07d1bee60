//! A data set on a device: u8 stays u8, rows are normalised when they are read, and no block is larger
//! than one binding.

use crate::autoencoder::Layer;
use crate::data::{Affine, Dataset, Values};
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::gather_rows::{Block, Normalisation, Order, Source as Storage, gather_rows};
use crate::kernels::gather_warped_rows::{Warp, gather_warped_rows};
use crate::kernels::linear_forward_gather::linear_forward_gather;
use crate::kmeans::Rows;

/// Scratch of decoded rows is kept below this, so that u8 data are never held as f32 as a whole.
const SCRATCH_BYTES: usize = 16 << 20;

/// A data set on a device.
pub struct Source<D: Device> {
    n: usize,
    cols: usize,
    rows_per_block: usize,
    blocks: Vec<Block<D>>,
    normalisation: Normalisation<D>,
}

impl<D: Device> Source<D> {
    /// Uploads a data set in blocks, so small that neither a block's values nor a matrix with `width`
    /// floats per sample of it is larger than one binding.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn upload(device: &D, data: &Dataset, affine: &Affine, width: usize) -> Result<Self> {
        let (n, cols) = (data.n_samples, data.input_dim);
        let (storage, bytes) = match data.values {
            Values::U8(_) => (Storage::U8, 1),
            Values::F32(_) => (Storage::F32, 4),
            Values::Sparse(_) => panic!("sparse values cannot be uploaded yet"),
        };
        let rows_per_block =
            (device.max_binding_bytes() / (bytes * cols).max(4 * width)).clamp(1, n);
        let block = |first: usize| -> Result<Block<D>> {
            let rows = rows_per_block.min(n - first);
            let at = first * cols..(first + rows) * cols;
            let x = match &data.values {
                Values::U8(values) => device.upload(&values[at]),
                Values::F32(values) => device.upload(&values[at]),
                Values::Sparse(_) => unreachable!("refused above"),
            };
            Ok(Block {
                x: x?,
                source: storage,
                first,
                rows,
            })
        };
        Ok(Self {
            n,
            cols,
            rows_per_block,
            blocks: (0..n)
                .step_by(rows_per_block)
                .map(block)
                .collect::<Result<_>>()?,
            normalisation: Normalisation {
                shift: Matrix::upload(device, 1, cols, &affine.shift)?,
                scale: Matrix::upload(device, 1, cols, &affine.scale)?,
            },
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
        self.blocks.iter().map(|block| block.rows).collect()
    }

    /// Gathers a batch (b, D), normalised, from whichever blocks hold its rows.
    pub fn gather(&self, device: &D, order: Order<'_, D>, batch: &Matrix<D>) {
        for block in &self.blocks {
            gather_rows(device, order, block, &self.normalisation, batch);
        }
    }

    /// As [`Source::gather`], each row an image that is warped on the way.
    pub fn gather_warped(&self, device: &D, warp: &Warp, order: Order<'_, D>, batch: &Matrix<D>) {
        for block in &self.blocks {
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
        layer: &Layer<D>,
        output: (&Matrix<D>, usize),
    ) {
        let block = &self.blocks[i];
        let order = Order {
            index: None,
            first: block.first + rows.start,
        };
        let (y, first) = output;
        linear_forward_gather(
            device,
            order,
            rows.len(),
            block,
            &self.normalisation,
            layer,
            y,
            first,
        );
    }

    /// The normalised rows for k-means on the inputs, decoded a scratch at a time.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn decoded(&self, device: &D) -> Result<DecodedRows<'_, D>> {
        let bytes = SCRATCH_BYTES.min(device.max_binding_bytes());
        let rows = (bytes / (4 * self.cols)).clamp(1, self.rows_per_block);
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
    /// Pieces of one whole block.
    fn pieces(&self) -> usize {
        self.source.rows_per_block.div_ceil(self.scratch.rows)
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
        let last = self.source.blocks.len() - 1;
        last * self.pieces() + self.source.blocks[last].rows.div_ceil(self.scratch.rows)
    }

    fn block(&self, device: &D, b: usize) -> (usize, Matrix<D>) {
        let block = &self.source.blocks[b / self.pieces()];
        let start = b % self.pieces() * self.scratch.rows;
        let rows = self
            .scratch
            .first_rows(self.scratch.rows.min(block.rows - start));
        let first = block.first + start;
        let order = Order { index: None, first };
        gather_rows(device, order, block, &self.source.normalisation, &rows);
        (first, rows)
    }
}
