//! The list of kernels. A kernel is added in three places: its two files and one word here.

/// Declares the kernel modules and [`ALL`]. Products come in every form of [`crate::kernel::tile::TILES`].
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
                &$product::KERNELS[8],
                &$product::KERNELS[9],
            )+
        ];
    };
}

/// A product in every form. The module has `Params`, `sized`, and for each form `reference`, `fast` and `cases`. Its
/// WGSL is the form, the parts named here (`sum`: the form's sum over a workgroup), and its own.
macro_rules! product_kernels {
    ($name:literal, $parts:tt, $bindings:expr, $mutation:expr) => {
        [
            product_kernels!(0, ["skinny"], "workgroup", $name, $parts, $bindings, $mutation),
            product_kernels!(1, ["quads", "s"], "workgroup", $name, $parts, $bindings, $mutation),
            product_kernels!(2, ["f32", "quads", "m", "tile"], "workgroup", $name, $parts, $bindings, $mutation),
            product_kernels!(3, ["f32", "quads", "l", "tile"], "workgroup", $name, $parts, $bindings, $mutation),
            product_kernels!(4, ["subgroup32", "subgroup"], "subgroup", $name, $parts, $bindings, $mutation),
            product_kernels!(5, ["f32", "quads", "w", "tile"], "workgroup", $name, $parts, $bindings, $mutation),
            product_kernels!(6, ["subgroup16", "subgroup"], "subgroup", $name, $parts, $bindings, $mutation),
            product_kernels!(7, ["f16", "quads", "m", "tile"], "workgroup", $name, $parts, $bindings, $mutation),
            product_kernels!(8, ["f16", "quads", "coop_16", "coop"], "workgroup", $name, $parts, $bindings, $mutation),
            product_kernels!(9, ["f16", "quads", "coop_8", "coop"], "workgroup", $name, $parts, $bindings, $mutation),
        ]
    };
    (
        $form:literal, [$($gemm:literal),+], $sum:literal,
        $name:literal, [$($part:tt),*], $bindings:expr, $mutation:expr
    ) => {
        crate::kernel::Kernel {
            name: $name,
            wgsl: &[
                $(include_str!(concat!("../../shaders/gemm_", $gemm, ".wgsl")),)+
                $(product_kernels!(@part $part, $sum),)*
                include_str!(concat!("../../shaders/", $name, ".wgsl")),
            ],
            params: Params::FIELDS,
            bindings: $bindings,
            workgroup_size: [crate::kernel::tile::TILES[$form].lanes, 1, 1],
            tile: Some(crate::kernel::Tiled {
                tile: &crate::kernel::tile::TILES[$form],
                sized,
            }),
            reference: reference::<$form>,
            fast: Some(fast::<$form>),
            cases: cases::<$form>,
            mutation: $mutation,
        }
    };
    (@part sum, $sum:literal) => {
        include_str!(concat!("../../shaders/sum_", $sum, ".wgsl"))
    };
    (@part $part:literal, $sum:literal) => {
        include_str!(concat!("../../shaders/", $part, ".wgsl"))
    };
}
pub(crate) use product_kernels;

kernels! {
    kernels:
        soft_assign,
        mixture_posterior,
        column_sum,
        target_distribution,
        kl_gradient,
        centroid_step,
        centroid_gradient,
        optimiser_step,
        square_sum,
        clip_factor,
        argmax_rows,
        dropout,
        gather_rows,
        gather_sparse_rows,
        gather_warped_rows,
        kmeanspp_distance,
        kmeanspp_pick,
        kmeanspp_potential,
        kmeanspp_choose,
        copy_rows,
        nearest_centroid,
        centroid_sum,
        centroid_mean,
        farthest_point,
        segment_sum,
        unit_rows,
        rms_rows,
        rms_rows_backward,
        nearest_rows,
        membership,
        layout_step,
        pull;
    products:
        linear_forward,
        linear_forward_gather,
        linear_forward_loss,
        linear_backward_input,
        linear_update,
        linear_gradient;
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

    /// As [`uniform`], but repeated after 2¹⁷ values, so that large inputs are soon made.
    pub fn repeated(seed: u32, len: usize) -> Vec<f32> {
        let values = uniform(seed, len.min(1 << 17));
        values.into_iter().cycle().take(len).collect()
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
