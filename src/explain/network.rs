//! Some rows through one half of the network.

use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::net::{Layer, LayerValues};

/// No matrix of a batch is larger than this, so that wide data do not take much memory.
const SCRATCH_BYTES: usize = 16 << 20;

/// Rows of a batch through these layers.
pub(super) fn batch_rows(layers: &[LayerValues]) -> usize {
    let widths = layers.iter().map(|layer| layer.d_in().max(layer.d_out()));
    let widest = widths.max().unwrap_or(1);
    (SCRATCH_BYTES / (4 * widest)).max(1)
}

/// x (b, in) and after it the output (b, out) of each layer.
pub(super) fn forward<D: Device>(
    device: &D,
    layers: &[Layer<D>],
    x: Matrix<D>,
) -> Result<Vec<Matrix<D>>> {
    let mut values = vec![x];
    for layer in layers {
        let x = &values[values.len() - 1];
        let y = Matrix::zeros(device, x.rows, layer.kind.d_out())?;
        layer.forward(device, x, &y);
        values.push(y);
    }
    Ok(values)
}
