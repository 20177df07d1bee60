//! Whether two training runs agree: losses, centroids and labels within a band.

use super::{LossAt, Run};
use crate::error::Error;
use crate::precision::Precision;

/// How far a device may be off. Rounding differs between devices, and training carries it on; a fault in
/// a kernel or in the order of work is off by far more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Relative difference of each loss.
    pub loss: f64,
    /// Difference of each coordinate of a centroid, relative to the largest of all.
    pub centroid: f64,
    /// Share of samples with the same label, at least.
    pub labels: f64,
}

/// What [`super::verify_training`] allows at f32.
pub const BAND: Band = Band {
    loss: 1e-3,
    centroid: 1e-3,
    labels: 0.99,
};

/// What it allows at f16: where an activation of two devices differs in its last bit and lies halfway between
/// two values of f16, they round it apart by 2⁻¹¹, which is thousands of times more.
pub const BAND_F16: Band = Band {
    loss: 1e-2,
    centroid: 1e-2,
    labels: 0.98,
};

impl Band {
    /// What [`super::verify_training`] allows at a precision.
    pub fn at(precision: Precision) -> Self {
        match precision {
            Precision::F32 => BAND,
            Precision::F16 => BAND_F16,
        }
    }
}

/// Losses below this are compared as if they were this large: the KL divergence of clusters far apart is
/// rounding and nothing else.
const SMALLEST_LOSS: f64 = 1e-4;

/// How well two runs agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainingAgreement {
    /// Losses compared.
    pub losses: usize,
    /// The largest relative difference of a loss.
    pub loss: f64,
    /// The largest difference of a coordinate of a centroid, relative to the largest of all.
    pub centroid: f64,
    /// Share of samples with the same label.
    pub labels: f64,
}

impl TrainingAgreement {
    /// Nothing was compared.
    pub const NONE: Self = Self {
        losses: 0,
        loss: 0.0,
        centroid: 0.0,
        labels: 0.0,
    };

    /// The largest share of the band that is used, from 0 to 1 when all is well.
    pub fn of_limit(&self, band: Band) -> f64 {
        let labels = (1.0 - self.labels) / (1.0 - band.labels);
        (self.loss / band.loss)
            .max(self.centroid / band.centroid)
            .max(labels)
    }
}

/// Why a training run is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingFailure {
    /// Another number of losses, labels or centroids.
    #[error("{what}: found {found}, expected {expected}")]
    Length {
        /// What is counted.
        what: &'static str,
        /// On the device.
        found: usize,
        /// On the reference.
        expected: usize,
    },
    /// The loss curves part.
    #[error(
        "{phase}: the loss at step {step} is {got:.6}, expected {want:.6} within a relative {limit}"
    )]
    Loss {
        /// The phase.
        phase: String,
        /// The step.
        step: u64,
        /// On the device.
        got: f64,
        /// On the reference.
        want: f64,
        /// The relative limit.
        limit: f64,
    },
    /// Centroids elsewhere.
    #[error("a centroid is off by {found:.3e} of the largest coordinate, expected at most {limit}")]
    Centroid {
        /// The largest relative difference.
        found: f64,
        /// The limit.
        limit: f64,
    },
    /// Other labels.
    #[error("{found:.4} of the labels are the same, expected at least {limit}")]
    Labels {
        /// Share of the same labels.
        found: f64,
        /// The least share.
        limit: f64,
    },
    /// The device or the trainer failed.
    #[error(transparent)]
    Device(#[from] Error),
}

/// Compares a run with the one that is right.
///
/// # Errors
/// [`TrainingFailure`]: the first part that leaves the band, or is not finite.
pub fn compare_runs(
    got: &Run,
    want: &Run,
    band: Band,
) -> Result<TrainingAgreement, TrainingFailure> {
    let (a, b) = (&got.clustering, &want.clustering);
    let lengths = [
        ("losses", got.losses.len(), want.losses.len()),
        ("labels", a.assignment.len(), b.assignment.len()),
        ("centroid coordinates", a.centroids.len(), b.centroids.len()),
    ];
    for (what, found, expected) in lengths {
        if found != expected || expected == 0 {
            return Err(TrainingFailure::Length {
                what,
                found,
                expected,
            });
        }
    }
    let d = want.model.embedding_dim;
    let cluster_of = nearest(&a.centroids, &b.centroids, d);
    let agreement = TrainingAgreement {
        losses: want.losses.len(),
        loss: compare_losses(&got.losses, &want.losses, band.loss)?,
        centroid: centroid_difference(&a.centroids, &b.centroids, d, &cluster_of),
        labels: same_share(&a.assignment, &b.assignment, &cluster_of),
    };
    if !within(agreement.centroid, band.centroid) {
        return Err(TrainingFailure::Centroid {
            found: agreement.centroid,
            limit: band.centroid,
        });
    }
    if agreement.labels < band.labels {
        return Err(TrainingFailure::Labels {
            found: agreement.labels,
            limit: band.labels,
        });
    }
    Ok(agreement)
}

/// The largest relative difference, or the first loss beyond the limit.
fn compare_losses(got: &[LossAt], want: &[LossAt], limit: f64) -> Result<f64, TrainingFailure> {
    let mut largest = 0.0_f64;
    for (got, want) in got.iter().zip(want) {
        let relative = (got.loss - want.loss).abs() / want.loss.abs().max(SMALLEST_LOSS);
        if !within(relative, limit) {
            return Err(TrainingFailure::Loss {
                phase: want.phase.clone(),
                step: want.step,
                got: got.loss,
                want: want.loss,
                limit,
            });
        }
        largest = largest.max(relative);
    }
    Ok(largest)
}

/// Whether a difference is allowed; NaN is not.
fn within(difference: f64, limit: f64) -> bool {
    difference <= limit
}

/// For each wanted centroid the nearest that came back. Of restarts of k-means that end in the same
/// clusters, rounding decides which is the best, and they number the clusters differently.
fn nearest(got: &[f32], want: &[f32], d: usize) -> Vec<usize> {
    let distance = |a: &[f32], b: &[f32]| -> f64 {
        let squares = a
            .iter()
            .zip(b)
            .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
        squares.sum()
    };
    let nearest_to = |mu: &[f32]| {
        let distances = got.chunks(d).map(|other| distance(other, mu));
        distances
            .enumerate()
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(0, |(i, _)| i)
    };
    want.chunks(d).map(nearest_to).collect()
}

/// The largest difference, relative to the largest coordinate; NaN if any coordinate is.
fn centroid_difference(got: &[f32], want: &[f32], d: usize, cluster_of: &[usize]) -> f64 {
    if got.iter().any(|value| value.is_nan()) {
        return f64::NAN;
    }
    let mut difference = 0.0_f64;
    let mut scale = f64::MIN_POSITIVE;
    for (mu, &cluster) in want.chunks(d).zip(cluster_of) {
        for (&want, &got) in mu.iter().zip(&got[cluster * d..][..d]) {
            difference = difference.max((f64::from(got) - f64::from(want)).abs());
            scale = scale.max(f64::from(want).abs());
        }
    }
    difference / scale
}

fn same_share(got: &[u32], want: &[u32], cluster_of: &[usize]) -> f64 {
    let is_same = |(got, want): &(&u32, &u32)| cluster_of[**want as usize] == **got as usize;
    got.iter().zip(want).filter(is_same).count() as f64 / want.len() as f64
}
