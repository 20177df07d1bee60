//! What a centroid looks like to the decoder.

use super::network::{batch_rows, forward};
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::model::Model;
use crate::net::Layer;

/// g(mu_j) in the units of the data (k, D): the decoder's output with the normalisation undone.
///
/// # Errors
/// The device's.
pub(super) async fn centroids<D: Device>(device: &D, model: &Model) -> Result<Vec<f32>> {
    let layers = Layer::upload_half(device, &model.decoder)?;
    let d = model.embedding_dim;
    let mut decoded = Vec::with_capacity(model.n_clusters * model.input_dim);
    for mu in model.centroids.chunks(batch_rows(&model.decoder) * d) {
        let mu = Matrix::upload(device, mu.len() / d, d, mu)?;
        let values = forward(device, &layers, mu)?;
        decoded.extend(values[layers.len()].download(device).await?);
    }
    let affine = model.affine();
    for row in decoded.chunks_exact_mut(model.input_dim) {
        affine.undo(row);
    }
    Ok(decoded)
}
