//! Densities of the components, from Cholesky factors.

use nalgebra::{Cholesky, DMatrix};

use super::{Mixture, Whitened};

/// A mixture, ready to be evaluated.
pub(super) struct Density {
    d: usize,
    /// (k, d)
    means: Vec<f64>,
    /// Inverses of the Cholesky factors (k, d, d), lower triangular, row-major.
    whitening: Vec<f64>,
    /// log w − ½ log |Σ| (k)
    offset: Vec<f64>,
}

impl Density {
    /// None if a covariance is not positive definite.
    pub(super) fn of(mixture: &Mixture) -> Option<Self> {
        let d = mixture.d;
        let (mut whitening, mut offset) = (Vec::new(), Vec::new());
        for (covariance, weight) in (mixture.covariances.chunks_exact(d * d)).zip(&mixture.weights)
        {
            let factor = Cholesky::new(DMatrix::from_row_slice(d, d, covariance))?.unpack();
            let inverse = factor.solve_lower_triangular(&DMatrix::identity(d, d))?;
            // nalgebra stores columns: the transpose's storage is row-major.
            whitening.extend_from_slice(inverse.transpose().as_slice());
            let half_log_det: f64 = factor.diagonal().iter().map(|value| value.ln()).sum();
            offset.push(weight.max(f64::MIN_POSITIVE).ln() - half_log_det);
        }
        Some(Self {
            d,
            means: mixture.means.clone(),
            whitening,
            offset,
        })
    }

    /// k.
    pub(super) fn n_components(&self) -> usize {
        self.offset.len()
    }

    /// log w_j N(x; μ_j, Σ_j), without the constant −d/2·log 2π that all components share.
    pub(super) fn log_joint(&self, x: &[f64], j: usize) -> f64 {
        let d = self.d;
        let mean = &self.means[j * d..][..d];
        let squares: f64 = (self.whitening[j * d * d..][..d * d]
            .chunks_exact(d)
            .enumerate())
        .map(|(row, factor)| {
            let y: f64 = (factor[..=row].iter().zip(x).zip(mean))
                .map(|((w, x), mean)| w * (x - mean))
                .sum();
            y * y
        })
        .sum();
        self.offset[j] - 0.5 * squares
    }

    pub(super) fn whitened(&self) -> Whitened {
        let narrow = |values: &[f64]| values.iter().map(|value| *value as f32).collect();
        Whitened {
            whitening: narrow(&self.whitening),
            offset: narrow(&self.offset),
        }
    }
}
