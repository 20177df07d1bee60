//! The soft assignment and the target distribution of every sample, on the device.

use crate::device::Result;
use crate::device::{Device, Matrix};
use crate::kernels::gather_rows::{Block, Normalisation, Order, Source as Storage, gather_rows};

/// q and p of every sample, block by block, and p of the batch.
pub(super) struct Target<D: Device> {
    /// (rows, k) for each block of the data.
    pub(super) q: Vec<Matrix<D>>,
    /// (rows, k) for each block of the data.
    pub(super) p: Vec<Matrix<D>>,
    /// p again, as the gather takes it.
    blocks: Vec<Block<D>>,
    /// Rows of p are gathered as they are.
    identity: Normalisation<D>,
    /// p of the batch (b, k), if p is in several blocks.
    batch: Matrix<D>,
}

/// The rows of a matrix (n, k), uploaded block by block.
pub(super) fn blocks_of<D: Device>(
    device: &D,
    block_rows: &[usize],
    values: &[f32],
    k: usize,
) -> Result<Vec<Matrix<D>>> {
    let mut rest = values;
    let block = |rows: &usize| {
        let (own, others) = rest.split_at(rows * k);
        rest = others;
        Matrix::upload(device, *rows, k, own)
    };
    block_rows.iter().map(block).collect()
}

impl<D: Device> Target<D> {
    pub(super) fn new(
        device: &D,
        block_rows: &[usize],
        k: usize,
        batch_rows: usize,
    ) -> Result<Self> {
        let make = || {
            block_rows
                .iter()
                .map(|rows| Matrix::zeros(device, *rows, k))
                .collect::<Result<Vec<_>>>()
        };
        let (q, p) = (make()?, make()?);
        let mut first = 0;
        let block = |p: &Matrix<D>| {
            first += p.rows;
            Block {
                x: p.buffer.clone(),
                source: Storage::F32,
                first: first - p.rows,
                rows: p.rows,
            }
        };
        Ok(Self {
            blocks: p.iter().map(block).collect(),
            q,
            p,
            identity: Normalisation {
                shift: Matrix::zeros(device, 1, k)?,
                scale: Matrix::upload(device, 1, k, &vec![1.0; k])?,
            },
            batch: Matrix::zeros(device, batch_rows, k)?,
        })
    }

    /// The same with these rows of p (rows, k), for each block of the data.
    pub(super) fn beginning_with(mut self, p: Vec<Matrix<D>>) -> Self {
        for (block, p) in self.blocks.iter_mut().zip(&p) {
            block.x = p.buffer.clone();
        }
        self.p = p;
        self
    }

    /// Where the batch's `rows` rows of p are: in p itself if it is one block, else gathered.
    pub(super) fn of_batch<'a>(
        &self,
        device: &D,
        order: Order<'a, D>,
        rows: usize,
    ) -> (Matrix<D>, Order<'a, D>) {
        if let [p] = &self.p[..] {
            return (p.clone(), order);
        }
        let batch = self.batch.first_rows(rows);
        for block in &self.blocks {
            gather_rows(device, order, block, &self.identity, &batch);
        }
        let in_order = Order {
            index: None,
            first: 0,
        };
        (batch, in_order)
    }
}
