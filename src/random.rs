//! Counter-based random numbers: a value is a function of (seed, step, layer, element), with no state.
//!
//! The generator is pcg4d (Jarzynski and Olano, "Hash Functions for GPU Rendering", JCGT 9(3), 2020,
//! listing 4). `shaders/pcg.wgsl` holds the same lines, so host and device draw the same numbers, and
//! a resumed run is the same run.

/// 32 random bits.
pub fn bits(seed: u32, step: u32, layer: u32, element: u32) -> u32 {
    bits4(seed, step, layer, element)[0]
}

/// Four words of random bits, of which [`bits`] is the first.
pub fn bits4(seed: u32, step: u32, layer: u32, element: u32) -> [u32; 4] {
    let mut v =
        [element, layer, step, seed].map(|x| x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    mix(&mut v);
    v = v.map(|x| x ^ (x >> 16));
    mix(&mut v);
    v
}

fn mix(v: &mut [u32; 4]) {
    v[0] = v[0].wrapping_add(v[1].wrapping_mul(v[3]));
    v[1] = v[1].wrapping_add(v[2].wrapping_mul(v[0]));
    v[2] = v[2].wrapping_add(v[0].wrapping_mul(v[1]));
    v[3] = v[3].wrapping_add(v[1].wrapping_mul(v[2]));
}

/// Uniform in [0, 1), a multiple of 2⁻²⁴.
pub fn uniform(seed: u32, step: u32, layer: u32, element: u32) -> f32 {
    unit(bits(seed, step, layer, element))
}

/// Random bits as a number in [0, 1), a multiple of 2⁻²⁴.
pub fn unit(bits: u32) -> f32 {
    (bits >> 8) as f32 / 16_777_216.0
}

/// Standard normal, by Box and Muller (1958).
pub fn normal(seed: u32, step: u32, layer: u32, element: u32) -> f32 {
    let u = 1.0 - f64::from(uniform(seed, step, 2 * layer, element));
    let v = f64::from(uniform(seed, step, 2 * layer + 1, element));
    ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
}

/// What random numbers are drawn for; keeps the streams of one seed apart (the `layer` of [`bits`]).
pub mod stream {
    /// Order of the samples in clustering.
    pub const CLUSTER_ORDER: u32 = 0x1001;
    /// k-means++ draws.
    pub const KMEANS: u32 = 0x1002;
    /// Samples that pre-training does not see.
    pub const HELD_OUT: u32 = 0x1003;
    /// Samples by whose neighbours clustering is judged.
    pub const GUARD: u32 = 0x1004;
    /// Samples by which the number of clusters is chosen.
    pub const CHOOSE: u32 = 0x1005;
    /// Samples whose embedding the mixture of the first clusters is fitted to, and its starts.
    pub const MIXTURE: u32 = 0x1006;
    /// Samples that TensorBoard's projector shows.
    pub const PROJECTOR: u32 = 0x1007;
    /// Where a layout of the graph of neighbours begins; the layout's number is added.
    pub const LAYOUT_START: u32 = 0x1010;
    /// Samples that the principal directions are found by.
    pub const PRINCIPAL: u32 = 0x1008;
    /// Samples that are laid out.
    pub const LAID_OUT: u32 = 0x100b;
    /// Which points of the graph move in which half of a round.
    pub const MOVES: u32 = 0x100a;
    /// Samples that the map shows.
    pub const MAP: u32 = 0x100b;
    /// Starts of the candidates' k-means; the candidate's number is added.
    pub const CANDIDATES: u32 = 0x1009;
    /// Where Lanczos' method begins.
    pub const SPECTRAL_START: u32 = 0x100c;
    /// Points that points of a layout are pushed away from; twice the layout's number is added.
    pub const LAYOUT: u32 = 0x4000;
    /// Order of the samples in pre-training; the phase's number is added.
    pub const PRETRAIN_ORDER: u32 = 0x1100;
    /// Image augmentation; the phase's number in pre-training is added, or [`CLUSTER_PHASE`].
    pub const AUGMENT: u32 = 0x1200;
    /// Clustering, where pre-training has its phase's number.
    pub const CLUSTER_PHASE: u32 = 0xff;
    /// Initial weights; the layer's number is added.
    pub const WEIGHTS: u32 = 0x2000;
    /// Dropout; the layer's number is added.
    pub const DROPOUT: u32 = 0x3000;
}

/// The order of `n` samples in one epoch: a Fisher-Yates shuffle (Knuth, TAOCP 2, algorithm P).
pub fn permutation(seed: u32, stream: u32, epoch: u32, n: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..n as u32).collect();
    for i in (1..n).rev() {
        // Multiply-shift instead of a remainder: the bias is below n/2^32.
        let draw = u64::from(bits(seed, epoch, stream, i as u32));
        let j = ((draw * (i as u64 + 1)) >> 32) as usize;
        order.swap(i, j);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permutation_holds_every_sample_once_and_differs_by_epoch() {
        let first = permutation(7, stream::PRETRAIN_ORDER, 0, 1000);
        let second = permutation(7, stream::PRETRAIN_ORDER, 1, 1000);
        assert_ne!(first, second);
        let mut sorted = first.clone();
        sorted.sort_unstable();
        assert!(sorted.iter().copied().eq(0..1000));
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let n = 100_000;
        let mean = |f: &dyn Fn(u32) -> f64| (0..n).map(f).sum::<f64>() / f64::from(n);
        assert!((mean(&|i| f64::from(uniform(1, 2, 3, i))) - 0.5).abs() < 0.005);
        assert!(mean(&|i| f64::from(normal(1, 2, 3, i))).abs() < 0.02);
        assert!((mean(&|i| f64::from(normal(1, 2, 3, i)).powi(2)) - 1.0).abs() < 0.02);
    }
}
