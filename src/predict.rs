//! Assigning samples to the clusters of a trained model: encode, soft assignment, label.
//!
//! The same code encodes here and in training, in the same forms of the product, so that on the same device a
//! model gives the data it was trained on the labels of its run.
//!
//! [`predict`] takes a whole set; a [`Predictor`] keeps the model on the device and takes one block of rows after
//! the other, in the same memory. A row gives the same bits among any others.

mod predictor;

use std::num::NonZeroUsize;

use crate::data::Dataset;
use crate::device::Device;
use crate::error::Result;
use crate::model::{Model, ModelError};
use crate::run::trainer::ROWS;

pub use predictor::Predictor;

/// Samples encoded at a time, if nothing else is asked for.
pub const BATCH_SIZE: usize = ROWS;

/// Bytes of the widest matrix of a block, if nothing else is asked for.
const BLOCK_BYTES: usize = 16 << 20;

/// Rows of a block whose inputs, embedding and soft assignment take at most 16 MiB each: whole batches, where that
/// is more than one.
pub fn block_rows(model: &Model) -> NonZeroUsize {
    let widest = (model.raw_input_dim().max(model.n_clusters)).max(model.embedding_dim);
    let most = BLOCK_BYTES / (size_of::<f32>() * widest.max(1));
    let batches = most / BATCH_SIZE * BATCH_SIZE;
    let rows = if batches > 0 { batches } else { most };
    NonZeroUsize::new(rows).unwrap_or(NonZeroUsize::MIN)
}

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

/// Refuses data of another width than the model's, raw or prepared as it prepares them; the message names both files.
///
/// # Errors
/// [`ModelError::InputSize`], [`ModelError::OtherPreparation`].
pub fn check_input_size(model: &Model, file: &str, data: &Dataset, data_file: &str) -> Result<()> {
    let (file, data_file) = (file.to_owned(), data_file.to_owned());
    if data.prepared.is_some() && data.prepared != model.preparation {
        return Err(ModelError::OtherPreparation {
            file,
            data: data_file,
        }
        .into());
    }
    let expected = match data.prepared {
        Some(_) => model.input_dim,
        None => model.raw_input_dim(),
    };
    if data.input_dim == expected {
        return Ok(());
    }
    let error = ModelError::InputSize {
        file,
        data: data_file,
        found: data.input_dim,
        expected,
    };
    Err(error.into())
}

/// Assigns every sample to a cluster, encoding `batch_size` samples at a time. The result does not depend
/// on that size. Raw data are prepared first, if the model prepares any.
///
/// # Errors
/// Those of [`check_input_size`]; [`crate::data::PrepareError`]; [`crate::Error::Numeric`] if the embedding is not finite; the device's.
pub async fn predict<D: Device>(
    device: &D,
    model: &Model,
    data: &Dataset,
    batch_size: usize,
) -> Result<Prediction> {
    let batch_size = batch_size.clamp(1, data.n_samples.max(1));
    Predictor::new(device, model, batch_size)?
        .assign(data)
        .await
}
