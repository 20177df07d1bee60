//! A mixture of Gaussians with full covariances, by expectation maximisation (Dempster, Laird and Rubin 1977).
//!
//! k-means sees clusters as balls of one size. Those of an autoencoder's embedding are stretched and bent, each in its own
//! way, and k-means cuts through the large ones and joins the small. A mixture follows their shapes. Three things make it
//! dependable:
//!
//! - **Smoothing.** Each point is moved to the mean of its nearest neighbours, a few times ([`smoothed`]): what hangs
//!   together draws together, and outliers stop making covariances.
//! - **A prior.** Each covariance is drawn to the pooled one with the weight of [`PRIOR`] points, so that a small component
//!   neither collapses nor spreads (a maximum a posteriori estimate; Fraley and Raftery 2007 have a like one).
//! - **Split and merge.** Where EM has settled with one cluster in two components and two clusters in one, no small step
//!   leads out. Joining the one pair and dividing the other component does (Ueda et al. 2000, SMEM).
//!
//! Everything is in f64 on the host, for some thousand points, and the same for any number of threads.

mod density;
mod em;
mod smooth;
mod split_merge;

use density::Density;
use em::{Fit, Prior};
pub use smooth::smoothed;

/// The pooled covariance counts in each component like this many points.
pub const PRIOR: f64 = 200.0;
/// Share of the mean variance of a column that is added to each variance: no direction is ever flat.
const FLOOR: f64 = 0.01;
/// Iterations from each start, of which the best are run on.
const SHORT: usize = 20;
/// Starts that are run on.
const RUN_ON: usize = 3;
/// Most iterations of a run to the end.
const LONG: usize = 100;

/// Points (m, d), row-major.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a> {
    /// The values.
    pub values: &'a [f64],
    /// d.
    pub d: usize,
}

impl<'a> Points<'a> {
    /// m.
    pub fn len(&self) -> usize {
        self.values.len() / self.d
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    fn rows(&self) -> std::slice::ChunksExact<'a, f64> {
        self.values.chunks_exact(self.d)
    }

    /// The mean variance of a column.
    fn variance(&self) -> f64 {
        let (m, d) = (self.len() as f64, self.d);
        let mut mean = vec![0.0; d];
        self.rows()
            .for_each(|row| add(&mut mean, row, 1.0 / m.max(1.0)));
        let squares = self.rows().flat_map(|row| row.iter().zip(&mean));
        squares.map(|(x, mean)| (x - mean).powi(2)).sum::<f64>() / (m * d as f64).max(1.0)
    }
}

/// Components with their weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    /// d.
    pub d: usize,
    /// w (k), of sum 1.
    pub weights: Vec<f64>,
    /// Means (k, d).
    pub means: Vec<f64>,
    /// Covariances (k, d, d).
    pub covariances: Vec<f64>,
}

/// What a device needs to compute posteriors: see [`crate::kernels::mixture_posterior::Components`].
#[derive(Clone, Debug, PartialEq)]
pub struct Whitened {
    /// (k, d, d), lower triangular.
    pub whitening: Vec<f32>,
    /// (k).
    pub offset: Vec<f32>,
}

impl Mixture {
    /// k.
    pub fn n_components(&self) -> usize {
        self.weights.len()
    }

    /// One component for each label below k, from the points that carry it and the prior.
    ///
    /// # Panics
    /// With another number of labels than points.
    pub fn of_labels(points: Points<'_>, labels: &[u32], k: usize) -> Self {
        em::from_labels(points, labels, k, &prior(points))
    }

    /// The mixture as a device takes it; none if a covariance is not positive definite, as where all points are one.
    pub fn whitened(&self) -> Option<Whitened> {
        Density::of(self).map(|density| density.whitened())
    }
}

/// The labels (m) of the most likely mixture of k Gaussians that was found from `starts`, each a label below k for every
/// point; none if the points do not spread, or are not finite.
///
/// # Panics
/// If a start has another number of labels than there are points.
pub fn fit(points: Points<'_>, k: usize, starts: &[Vec<u32>]) -> Option<Vec<u32>> {
    let prior = prior(points);
    let squares = points.values.iter().map(|x| x * x).sum::<f64>() / points.values.len() as f64;
    // Of equal points rounding alone makes the variance.
    if !squares.is_finite() || points.variance() <= 1e-12 * squares {
        return None;
    }
    let mut begun: Vec<Fit> = (starts.iter())
        .filter_map(|labels| {
            let start = em::from_labels(points, labels, k, &prior);
            em::run(points, start, &prior, SHORT)
        })
        .collect();
    // Stable: of equals the first start comes first.
    begun.sort_by(|a, b| b.log_likelihood.total_cmp(&a.log_likelihood));
    let ended = (begun.into_iter().take(RUN_ON))
        .filter_map(|fit| em::run(points, fit.mixture, &prior, LONG));
    let best = ended.reduce(|best, fit| {
        if fit.log_likelihood > best.log_likelihood {
            fit
        } else {
            best
        }
    })?;
    Some(split_merge::improved(points, best, &prior).labels())
}

fn prior(points: Points<'_>) -> Prior {
    Prior {
        strength: PRIOR,
        floor: FLOOR * points.variance(),
    }
}

/// to += times·row
fn add(to: &mut [f64], row: &[f64], times: f64) {
    for (to, x) in to.iter_mut().zip(row) {
        *to += times * x;
    }
}

#[cfg(test)]
mod tests;
