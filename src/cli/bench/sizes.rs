//! What is measured: the paper's sizes, or tiny ones for a smoke test.

/// Sizes of everything but the batch.
#[derive(Clone, Debug)]
pub(super) struct Sizes {
    /// D, the hidden layers, d.
    pub(super) network: Vec<usize>,
    /// Samples of the data set.
    pub(super) n: usize,
    /// k.
    pub(super) n_clusters: usize,
    /// Starts of k-means.
    pub(super) restarts: usize,
    /// Iterations of k-means.
    pub(super) iterations: usize,
    /// Sides of the roofline's square, smallest first.
    pub(super) squares: Vec<usize>,
    /// Rows of 1,024 floats in the roofline's copy, fewest first.
    pub(super) copy_rows: Vec<usize>,
}

impl Sizes {
    /// MNIST's sizes and the paper's network.
    pub(super) fn full() -> Self {
        Self {
            network: vec![784, 500, 500, 2000, 10],
            n: 70_000,
            n_clusters: 10,
            restarts: 20,
            iterations: 100,
            squares: vec![256, 512, 1024, 2048, 4096],
            copy_rows: vec![1 << 10, 1 << 12, 1 << 14, 1 << 16],
        }
    }

    /// A smoke test.
    pub(super) fn quick() -> Self {
        Self {
            network: vec![20, 12, 16, 4],
            n: 96,
            n_clusters: 3,
            restarts: 2,
            iterations: 5,
            squares: vec![32],
            copy_rows: vec![16],
        }
    }

    /// d.
    pub(super) fn embedding_dim(&self) -> usize {
        self.network[self.network.len() - 1]
    }

    /// (in, out) of every layer of the encoder.
    pub(super) fn encoder(&self) -> Vec<(usize, usize)> {
        self.network
            .windows(2)
            .map(|pair| (pair[0], pair[1]))
            .collect()
    }

    /// (in, out) of every layer of the autoencoder.
    pub(super) fn autoencoder(&self) -> Vec<(usize, usize)> {
        let encoder = self.encoder();
        let mirror = encoder.iter().rev().map(|&(d_in, d_out)| (d_out, d_in));
        encoder.iter().copied().chain(mirror).collect()
    }
}

/// Operations of one product of a layer for `rows` samples, a multiply-add being two.
pub(super) fn product_flops(rows: usize, (d_in, d_out): (usize, usize)) -> f64 {
    2.0 * rows as f64 * d_in as f64 * d_out as f64
}

/// Operations of the products of a pass forward.
pub(super) fn forward_flops(rows: usize, layers: &[(usize, usize)]) -> f64 {
    layers.iter().map(|layer| product_flops(rows, *layer)).sum()
}

/// Operations of the products of a training step: forward, both gradients of every layer, but no gradient
/// of the data.
pub(super) fn step_flops(rows: usize, layers: &[(usize, usize)]) -> f64 {
    3.0 * forward_flops(rows, layers) - product_flops(rows, layers[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures of `docs/performance.md`.
    #[test]
    fn operations_of_the_papers_network() {
        let sizes = Sizes::full();
        let gflop = |flops: f64| (1e-6 * flops).round() / 1e3;
        assert_eq!(gflop(step_flops(256, &sizes.autoencoder())), 4.905);
        assert_eq!(gflop(step_flops(256, &sizes.encoder())), 2.352);
        assert_eq!(gflop(forward_flops(70_000, &sizes.encoder())), 232.68);
    }
}
