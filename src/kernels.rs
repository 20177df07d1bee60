//! The list of kernels. A kernel is added in three places: its two files and one word here.

/// Declares the kernel modules and [`ALL`].
macro_rules! kernels {
    ($($name:ident),+ $(,)?) => {
        $(pub mod $name;)+

        /// Every kernel. Contract, parity and mutation tests, `verify` and the benches read this list.
        pub static ALL: &[&crate::kernel::Kernel] = &[$(&$name::KERNEL),+];
    };
}

kernels! {
    soft_assign,
}

/// Inputs for the kernels' cases: seeded, spread, and the same on every machine.
pub mod inputs {
    use crate::random;

    /// `len` values uniform in [-1, 1).
    pub fn uniform(seed: u32, len: usize) -> Vec<f32> {
        (0..len).map(|i| 2.0 * random::uniform(seed, 0, 0, i as u32) - 1.0).collect()
    }

    /// `len` small integers in [-4, 4] as floats: sums and products of them are exact in f32, so two
    /// devices must agree to the bit whatever their order of summation.
    pub fn integers(seed: u32, len: usize) -> Vec<f32> {
        (0..len).map(|i| (random::bits(seed, 0, 0, i as u32) % 9) as f32 - 4.0).collect()
    }

    /// A (rows, cols) matrix of positive rows that sum to one, far from uniform.
    pub fn distribution(seed: u32, rows: usize, cols: usize) -> Vec<f32> {
        let mut values: Vec<f32> = uniform(seed, rows * cols).iter().map(|u| (3.0 * u).exp()).collect();
        for row in values.chunks_mut(cols) {
            let sum: f32 = row.iter().sum();
            row.iter_mut().for_each(|v| *v /= sum);
        }
        values
    }
}
