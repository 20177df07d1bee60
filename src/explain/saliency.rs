//! Which inputs an assignment hangs on: its gradient, through the encoder (Simonyan et al. 2013, §3).

use super::network::{batch_rows, forward};
use super::{Exemplar, assignment_gradient};
use crate::data::Dataset;
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::model::Model;
use crate::net::Layer;

/// Rows of a batch: as many as fill a small matrix product.
const ROWS: usize = 64;

/// abs ∂q_{i,c_i}/∂x_i (rows, D) of the chosen samples, x the normalised inputs; z (n, d) is of all samples.
///
/// # Errors
/// The device's.
pub(super) async fn saliency<D: Device>(
    device: &D,
    model: &Model,
    data: &Dataset,
    embedding: &[f32],
    chosen: &[&Exemplar],
) -> Result<Vec<f32>> {
    let layers = Layer::upload_half(device, &model.encoder)?;
    let rows = batch_rows(&model.encoder).min(ROWS);
    let mut found = Vec::with_capacity(chosen.len() * model.input_dim);
    for batch in chosen.chunks(rows) {
        let x = inputs(model, data, batch);
        let x = Matrix::upload(device, batch.len(), model.input_dim, &x)?;
        let dz = embedding_gradients(model, embedding, batch);
        let dz = Matrix::upload(device, batch.len(), model.embedding_dim, &dz)?;
        let dx = backward(device, &layers, x, dz)?.download(device).await?;
        found.extend(dx.into_iter().map(f32::abs));
    }
    Ok(found)
}

/// The normalised inputs of a batch (b, D).
fn inputs(model: &Model, data: &Dataset, batch: &[&Exemplar]) -> Vec<f32> {
    let affine = model.affine();
    let row = |exemplar: &&Exemplar| {
        let mut row: Vec<f32> = data.row(exemplar.index).iter().map(|v| *v as f32).collect();
        affine.apply(&mut row);
        row
    };
    batch.iter().flat_map(row).collect()
}

/// ∂q_{i,c_i}/∂z_i of a batch (b, d).
fn embedding_gradients(model: &Model, embedding: &[f32], batch: &[&Exemplar]) -> Vec<f32> {
    let d = model.embedding_dim;
    let row = |exemplar: &&Exemplar| {
        let z = &embedding[exemplar.index * d..][..d];
        assignment_gradient(z, &model.centroids, model.alpha, exemplar.cluster as usize)
    };
    batch.iter().flat_map(row).map(|v| v as f32).collect()
}

/// The gradient with respect to the encoder's input (b, D), from that of its output (b, d).
fn backward<D: Device>(
    device: &D,
    layers: &[Layer<D>],
    x: Matrix<D>,
    dz: Matrix<D>,
) -> Result<Matrix<D>> {
    // The last layer's output is not needed: it has no ReLU.
    let inputs = forward(device, &layers[..layers.len() - 1], x)?;
    let mut dy = dz;
    for (l, (layer, x)) in layers.iter().zip(&inputs).enumerate().rev() {
        let dx = Matrix::zeros(device, x.rows, x.cols)?;
        // The data came out of no ReLU.
        let relu = l > 0 && layers[l - 1].kind.relu();
        layer.backward_input(device, &dy, x, relu, &dx);
        dy = dx;
    }
    Ok(dy)
}
