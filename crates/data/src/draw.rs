//! Numbers for tests that are a function of their place.

/// Uniform in [0, 1), the same for the same three numbers.
pub(crate) fn uniform(seed: u64, row: usize, element: usize) -> f32 {
    fastrand::Rng::with_seed((seed << 48) ^ ((row as u64) << 24) ^ element as u64).f32()
}
