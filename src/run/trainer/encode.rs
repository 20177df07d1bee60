//! Embedding every sample: z = f(x), block by block, without a copy of the inputs.

use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::net::{Kind, Layer};
use crate::source::Source;

/// Rows encoded at a time, if nothing else is asked for.
pub(crate) const ROWS: usize = 1024;

/// The embedding of a data set, and room to compute it.
pub(crate) struct Embedding<D: Device> {
    /// z (rows, d) for each block of the data.
    pub(crate) blocks: Vec<Matrix<D>>,
    /// Inputs (rows, D), if the first layer does not read them from the data.
    inputs: Option<Matrix<D>>,
    /// Outputs (rows, out) of the hidden layers.
    hidden: Vec<Matrix<D>>,
    /// Rows encoded at a time.
    rows: usize,
}

impl<D: Device> Embedding<D> {
    /// Room for the embedding, computed `rows` samples at a time, fewer with less scratch memory.
    pub(crate) fn new(
        device: &D,
        source: &Source<D>,
        encoder: &[Kind],
        rows: usize,
    ) -> Result<Self> {
        let d = encoder[encoder.len() - 1].d_out();
        let rows = (rows / device.room().scratch_divisor).clamp(1, source.n_samples());
        let mut embedding = Self::without_blocks(device, encoder, rows)?;
        let blocks = source
            .block_rows()
            .into_iter()
            .map(|rows| Matrix::zeros(device, rows, d));
        embedding.blocks = blocks.collect::<Result<_, _>>()?;
        Ok(embedding)
    }

    /// Room to compute `rows` samples at a time; where they go is still to be said.
    pub(crate) fn without_blocks(device: &D, encoder: &[Kind], rows: usize) -> Result<Self> {
        let hidden = encoder[..encoder.len() - 1]
            .iter()
            .map(|kind| Matrix::zeros(device, rows, kind.d_out()));
        let first = &encoder[0];
        let inputs = (!first.is_linear()).then(|| Matrix::zeros(device, rows, first.d_in()));
        Ok(Self {
            blocks: Vec::new(),
            inputs: inputs.transpose()?,
            hidden: hidden.collect::<Result<_, _>>()?,
            rows,
        })
    }

    /// Recomputes every block from the current weights of the encoder.
    pub(crate) fn encode(&self, device: &D, source: &Source<D>, encoder: &[Layer<D>]) {
        for (i, z) in self.blocks.iter().enumerate() {
            for first in (0..z.rows).step_by(self.rows) {
                self.encode_rows(device, source, encoder, i, first);
            }
        }
    }

    fn encode_rows(
        &self,
        device: &D,
        source: &Source<D>,
        encoder: &[Layer<D>],
        i: usize,
        first: usize,
    ) {
        let z = &self.blocks[i];
        let rows = first..z.rows.min(first + self.rows);
        let last = encoder.len() - 1;
        // The last layer writes its rows of z.
        let target = |l: usize| match l {
            l if l == last => (z.clone(), first),
            l => (self.hidden[l].clone(), 0),
        };
        let (output, from) = target(0);
        match (&self.inputs, encoder[0].linear()) {
            (None, Some(layer)) => {
                source.forward_in_order(device, i, rows.clone(), layer, (&output, from));
            }
            (Some(inputs), _) => {
                let inputs = inputs.first_rows(rows.len());
                source.gather_in_order(device, i, rows.start, &inputs);
                encoder[0].encode(device, &inputs, &output, from);
            }
            (None, None) => unreachable!("a layer that reads no data has room for its inputs"),
        }
        for (l, layer) in encoder.iter().enumerate().skip(1) {
            let input = self.hidden[l - 1].first_rows(rows.len());
            let (output, first) = target(l);
            layer.encode(device, &input, &output, first);
        }
    }
}
