//! k-means on an embedding, as it finds the first centroids.

use dec_gpu::device::Matrix;
use dec_gpu::kmeans::{KMeansOptions, kmeans};
use dec_gpu::{Error, Result, random};

use super::counted::Recording;
use super::results::{Group, Task};
use super::sizes::Sizes;
use super::suite::Suite;

/// All restarts on normal data, which has no clusters to converge to soon.
pub(super) fn measure<D: Recording>(suite: &mut Suite<'_, D>, sizes: &Sizes) -> Result<()> {
    let (n, d) = (sizes.n, sizes.embedding_dim());
    let (k, restarts, iterations) = (sizes.n_clusters, sizes.restarts, sizes.iterations);
    let id = format!("kmeans_{n}x{d}_k{k}_r{restarts}_i{iterations}");
    let task = Task {
        // Subtract, square and add for every distance, if no start converges early.
        other_operations: 3.0 * (n * d * k * restarts * iterations) as f64,
        ..Task::new(Group::Phase, id).samples(n)
    };
    if !suite.wants(&task) {
        return Ok(());
    }
    let device = suite.device;
    let z: Vec<f32> = (0..(n * d) as u32)
        .map(|i| random::normal(1, 0, 0, i))
        .collect();
    let z = vec![Matrix::upload(device, n, d, &z)?];
    let options = KMeansOptions {
        n_clusters: k,
        restarts,
        max_iterations: iterations,
        tolerance: 0.0,
        seed: 0,
    };
    suite.measure(&task, &mut || {
        let found = pollster::block_on(kmeans(device, &z, &options))?;
        if found.inertia.is_finite() {
            return Ok(());
        }
        Err(Error::Numeric {
            phase: "bench",
            step: found.iterations as u64,
            tensor: "inertia of k-means",
        })
    })
}
