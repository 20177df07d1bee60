//! The list of kernels. A kernel is added in three places: its two files and one word here.

/// Declares the kernel modules and [`ALL`]. Products come in every form of [`crate::tile::TILES`].
macro_rules! kernels {
    (kernels: $($name:ident),+; products: $($product:ident),+;) => {
        $(pub mod $name;)+
        $(pub mod $product;)+

        /// Every kernel. Contract, parity and mutation tests, `verify` and the benches read this list.
        pub static ALL: &[&crate::kernel::Kernel] = &[
            $(&$name::KERNEL,)+
            $(
                &$product::KERNELS[0],
                &$product::KERNELS[1],
                &$product::KERNELS[2],
                &$product::KERNELS[3],
                &$product::KERNELS[4],
                &$product::KERNELS[5],
                &$product::KERNELS[6],
                &$product::KERNELS[7],
            )+
        ];
    };
}

/// A product in every form. The module has `Params` and, for each `FORM`, `reference`, `fast` and `cases`.
macro_rules! product_kernels {
    ($name:literal, $bindings:expr, $mutation:expr) => {
        [
            product_kernels!(0, ["skinny"], $name, $bindings, $mutation),
            product_kernels!(1, ["quads", "s"], $name, $bindings, $mutation),
            product_kernels!(2, ["f32", "quads", "m", "tile"], $name, $bindings, $mutation),
            product_kernels!(3, ["f32", "quads", "l", "tile"], $name, $bindings, $mutation),
            product_kernels!(4, ["subgroup"], $name, $bindings, $mutation),
            product_kernels!(5, ["f16", "quads", "m", "tile"], $name, $bindings, $mutation),
            product_kernels!(6, ["f16", "quads", "coop_16", "coop"], $name, $bindings, $mutation),
            product_kernels!(7, ["f16", "quads", "coop_8", "coop"], $name, $bindings, $mutation),
        ]
    };
    ($form:literal, [$($part:literal),+], $name:literal, $bindings:expr, $mutation:expr) => {
        crate::kernel::Kernel {
            name: $name,
            wgsl: &[
                $(include_str!(concat!("../../shaders/gemm_", $part, ".wgsl")),)+
                include_str!(concat!("../../shaders/", $name, ".wgsl")),
            ],
            params: Params::FIELDS,
            bindings: $bindings,
            workgroup_size: [crate::tile::TILES[$form].lanes, 1, 1],
            tile: Some(&crate::tile::TILES[$form]),
            reference: reference::<$form>,
            fast: Some(fast::<$form>),
            cases: cases::<$form>,
            mutation: $mutation,
        }
    };
}
pub(crate) use product_kernels;

kernels! {
    kernels:
        soft_assign,
        column_sum,
        target_distribution,
        kl_coefficient,
        kl_gradient_embedding,
        kl_gradient_centroid,
        argmax_rows,
        mse_loss,
        dropout,
        affine_warp,
        sgd,
        adam,
        gather_rows,
        kmeanspp_distance,
        kmeanspp_pick,
        copy_rows,
        nearest_centroid,
        centroid_sum,
        centroid_mean,
        farthest_point,
        segment_sum;
    products:
        linear_forward,
        linear_forward_gather,
        linear_backward_input,
        linear_backward_weight;
}

/// Inputs for the kernels' cases: seeded, spread, and the same on every machine.
pub mod inputs {
    use crate::random;

    /// Workgroups for `items` invocations folded into two rows: a small case then walks the fold that
    /// [`crate::kernel::grid`] makes only for very large ones.
    pub fn folded(items: usize, size: u32) -> [u32; 3] {
        [(items.div_ceil(2 * size as usize) as u32).max(1), 2, 1]
    }

    /// `len` values uniform in [-1, 1).
    pub fn uniform(seed: u32, len: usize) -> Vec<f32> {
        (0..len)
            .map(|i| 2.0 * random::uniform(seed, 0, 0, i as u32) - 1.0)
            .collect()
    }

    /// `len` small integers in [-4, 4] as floats: sums and products of them are exact in f32, so two
    /// devices must agree to the bit whatever their order of summation.
    pub fn integers(seed: u32, len: usize) -> Vec<f32> {
        (0..len)
            .map(|i| (random::bits(seed, 0, 0, i as u32) % 9) as f32 - 4.0)
            .collect()
    }

    /// A (rows, cols) matrix of positive rows that sum to one, far from uniform.
    pub fn distribution(seed: u32, rows: usize, cols: usize) -> Vec<f32> {
        let mut values: Vec<f32> = uniform(seed, rows * cols)
            .iter()
            .map(|u| (3.0 * u).exp())
            .collect();
        for row in values.chunks_mut(cols) {
            let sum: f32 = row.iter().sum();
            row.iter_mut().for_each(|v| *v /= sum);
        }
        values
    }
}
