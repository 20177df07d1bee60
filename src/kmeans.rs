//! k-means on the device: greedy k-means++ (Arthur and Vassilvitskii 2007, section 5), Lloyd's iterations (1982), restarts.
//!
//! All restarts advance in the same dispatches. The host reads nothing back inside the rounds of k-means++
//! and only every few iterations of Lloyd: a restart that has converged is skipped on the device, so that
//! running on is harmless. An empty cluster moves to the row farthest from its centroid.
//!
//! Restarts are taken in groups that fit in memory. What a restart finds does not depend on its group: its
//! random numbers are those of its own number, and its sums are cut the same way in any group.

mod group;
mod plan;
#[cfg(test)]
mod tests;

use crate::device::{Device, Matrix, Result};
use group::Group;
use plan::Plan;

/// Rows in blocks, because a buffer is bounded. Each block is a matrix on the device.
pub trait Rows<D: Device> {
    /// Rows of all blocks.
    fn n(&self) -> usize;
    /// Columns.
    fn d(&self) -> usize;
    /// Blocks, at least one.
    fn blocks(&self) -> usize;
    /// Block `b`: the global index of its first row, and its rows (rows, d). It may be decoded into memory
    /// that the next call uses again.
    fn block(&self, device: &D, b: usize) -> (usize, Matrix<D>);
}

impl<D: Device> Rows<D> for [Matrix<D>] {
    fn n(&self) -> usize {
        self.iter().map(|block| block.rows).sum()
    }

    fn d(&self) -> usize {
        self[0].cols
    }

    fn blocks(&self) -> usize {
        self.len()
    }

    fn block(&self, _device: &D, b: usize) -> (usize, Matrix<D>) {
        let first = self[..b].iter().map(|block| block.rows).sum();
        (first, self[b].clone())
    }
}

impl<D: Device> Rows<D> for Vec<Matrix<D>> {
    fn n(&self) -> usize {
        self.as_slice().n()
    }

    fn d(&self) -> usize {
        self.as_slice().d()
    }

    fn blocks(&self) -> usize {
        self.len()
    }

    fn block(&self, device: &D, b: usize) -> (usize, Matrix<D>) {
        self.as_slice().block(device, b)
    }
}

/// How to run k-means.
#[derive(Clone, Copy, Debug)]
pub struct KMeansOptions {
    /// Clusters, at least 1 and at most the rows.
    pub n_clusters: usize,
    /// Independent runs; the one with the lowest inertia is kept. At least 1.
    pub restarts: usize,
    /// Most iterations of one run, at least 1.
    pub max_iterations: usize,
    /// A run stops when no more than this share of the labels changes.
    pub tolerance: f64,
    /// Of the random numbers.
    pub seed: u32,
}

/// What k-means found.
#[derive(Clone, Debug)]
pub struct KMeansResult {
    /// The centroids (k, d), row-major.
    pub centroids: Vec<f32>,
    /// The sum of the squared distances of the rows to their centroids.
    pub inertia: f64,
    /// Iterations of the run that was kept.
    pub iterations: usize,
    /// The nearest centroid of each row.
    pub assignment: Vec<u32>,
}

/// Clusters the rows; of the restarts the one with the lowest inertia is kept, of equal ones the first.
pub async fn kmeans<D: Device, R: Rows<D> + ?Sized>(
    device: &D,
    rows: &R,
    options: &KMeansOptions,
) -> Result<KMeansResult> {
    let scratch = plan::SCRATCH_BYTES / device.room().scratch_divisor;
    run(device, rows, options, scratch).await
}

/// [`kmeans`] with the scratch memory of one group of restarts bounded by `scratch_bytes`.
async fn run<D: Device, R: Rows<D> + ?Sized>(
    device: &D,
    rows: &R,
    options: &KMeansOptions,
    scratch_bytes: usize,
) -> Result<KMeansResult> {
    let plan = Plan::new(device, rows, options, scratch_bytes)?;
    let mut best: Option<KMeansResult> = None;
    for first in (0..options.restarts).step_by(plan.together) {
        let restarts = first..(first + plan.together).min(options.restarts);
        let group = Group::new(device, rows, options, &plan, restarts)?;
        group.choose_centroids();
        let iterations = group.iterate().await?;
        let (restart, inertia) = group.lowest_inertia().await?;
        // Not-a-number never wins, but is reported when there is nothing else.
        if best
            .as_ref()
            .is_none_or(|best| inertia < best.inertia || best.inertia.is_nan())
        {
            best = Some(group.result(restart, inertia, iterations[restart]).await?);
        }
    }
    Ok(best.expect("at least one restart"))
}
