//! Assigning samples to the clusters of a trained model: encode, soft assignment, label.
//!
//! The same code encodes here and in training, in the same forms of the product, so that on the same device a
//! model gives the data it was trained on the labels of its run.

use crate::autoencoder::Layer;
use crate::data::Dataset;
use crate::device::{Device, Matrix};
use crate::error::{Error, Result};
use crate::kernels::argmax_rows::argmax_rows;
use crate::kernels::soft_assign::soft_assign;
use crate::model::{Model, ModelError};
use crate::source::Source;
use crate::trainer::{Embedding, ROWS, download_all};

/// Samples encoded at a time, if nothing else is asked for.
pub const BATCH_SIZE: usize = ROWS;

/// Where each sample belongs.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Each sample's cluster, argmax of q (n).
    pub assignment: Vec<u32>,
    /// Each sample's largest soft assignment (n).
    pub confidence: Vec<f32>,
    /// q (n, k).
    pub soft_assignment: Vec<f32>,
    /// z (n, d).
    pub embedding: Vec<f32>,
    /// k.
    pub n_clusters: usize,
}

impl Prediction {
    /// Samples in each cluster (k).
    pub fn cluster_sizes(&self) -> Vec<u64> {
        let mut sizes = vec![0; self.n_clusters];
        for label in &self.assignment {
            sizes[*label as usize] += 1;
        }
        sizes
    }

    /// The mean over samples of the largest soft assignment.
    pub fn mean_confidence(&self) -> f64 {
        let sum: f64 = self.confidence.iter().map(|c| f64::from(*c)).sum();
        sum / self.confidence.len() as f64
    }
}

/// Refuses data of another width than the model's; the message names both files.
///
/// # Errors
/// [`ModelError::InputSize`].
pub fn check_input_size(model: &Model, file: &str, data: &Dataset, data_file: &str) -> Result<()> {
    if data.input_dim == model.input_dim {
        return Ok(());
    }
    let error = ModelError::InputSize {
        file: file.to_owned(),
        data: data_file.to_owned(),
        found: data.input_dim,
        expected: model.input_dim,
    };
    Err(error.into())
}

/// Assigns every sample to a cluster, encoding `batch_size` samples at a time. The result does not depend
/// on that size.
///
/// # Errors
/// [`ModelError::InputSize`]; [`Error::Numeric`] if the embedding is not finite; the device's.
pub async fn predict<D: Device>(
    device: &D,
    model: &Model,
    data: &Dataset,
    batch_size: usize,
) -> Result<Prediction> {
    check_input_size(model, "the model", data, &data.name)?;
    if let Some(forms) = &model.forms {
        device.use_choices(forms);
    }
    let k = model.n_clusters;
    let source = Source::upload(device, data, &model.affine(), k.max(model.embedding_dim))?;
    let z = encode(device, model, &source, batch_size.max(1))?;
    let embedding = download_all(device, &z).await?;
    if !embedding.iter().all(|value| value.is_finite()) {
        return Err(Error::Numeric {
            phase: "predict",
            step: 0,
            tensor: "embedding",
        });
    }
    let centroids = Matrix::upload(device, k, model.embedding_dim, &model.centroids)?;
    assign(device, &z, &centroids, model.alpha, embedding).await
}

/// z (rows, d) of every block.
fn encode<D: Device>(
    device: &D,
    model: &Model,
    source: &Source<D>,
    batch_size: usize,
) -> Result<Vec<Matrix<D>>> {
    let layers = Layer::upload_half(device, &model.encoder)?;
    let widths = model.encoder.iter().map(|layer| layer.d_out);
    let sizes: Vec<usize> = std::iter::once(model.input_dim).chain(widths).collect();
    let embedding = Embedding::new(device, source, &sizes, batch_size)?;
    embedding.encode(device, source, &layers);
    Ok(embedding.blocks)
}

/// q, labels and confidence of every block.
async fn assign<D: Device>(
    device: &D,
    z: &[Matrix<D>],
    centroids: &Matrix<D>,
    alpha: f32,
    embedding: Vec<f32>,
) -> Result<Prediction> {
    let (mut assignment, mut confidence, mut soft_assignment) =
        (Vec::new(), Vec::new(), Vec::new());
    let changes = Matrix::zeros(device, 1, 1)?;
    for z in z {
        let q = Matrix::zeros(device, z.rows, centroids.rows)?;
        let label = Matrix::zeros(device, z.rows, 1)?;
        let largest = Matrix::zeros(device, z.rows, 1)?;
        soft_assign(device, z, centroids, alpha, &q);
        argmax_rows(device, &q, &label, &largest, &changes, 0);
        assignment.extend(device.download(&label.buffer).await?);
        confidence.extend(largest.download(device).await?);
        soft_assignment.extend(q.download(device).await?);
    }
    Ok(Prediction {
        assignment,
        confidence,
        soft_assignment,
        embedding,
        n_clusters: centroids.rows,
    })
}
