//! The gradient of the clustering loss for the centroids (Xie et al. 2016, eq. 5), stored: [`super::centroid_step`] without
//! the optimiser's step.

use super::centroid_step::gradient;
use super::inputs;
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case, Element::F32, Kernel, Tolerance, View, grid, params_of, read, views, write,
};

crate::params! {
    /// Rows of z.
    n: u32,
    /// Embedding size.
    d: u32,
    /// Clusters.
    k: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "centroid_gradient",
    wgsl: &[
        include_str!("../../shaders/centroid_pull.wgsl"),
        include_str!("../../shaders/centroid_gradient.wgsl"),
    ],
    params: Params::FIELDS,
    bindings: &[
        read("coefficient", F32, "(n, k)"),
        read("z", F32, "(n, d)"),
        read("w", F32, "(k, d), mu"),
        write("g", F32, "(k, d)"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: ("g[t] = -sum", "g[t] = sum"),
};

/// dmu (k, d) from the coefficient (b, k) of [`super::kl_gradient`], z (b, d) and mu (k, d).
pub fn centroid_gradient<D: Device>(
    device: &D,
    coefficient: &Matrix<D>,
    z: &Matrix<D>,
    mu: &Matrix<D>,
    g: &Matrix<D>,
) {
    coefficient.expect_shape("coefficient", z.rows, mu.rows);
    mu.expect_shape("mu", mu.rows, z.cols);
    g.expect_shape("g", mu.rows, mu.cols);
    let params = Params {
        n: param(z.rows),
        d: param(z.cols),
        k: param(mu.rows),
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(mu.len(), 1),
        &[&coefficient.buffer, &z.buffer, &mu.buffer, &g.buffer],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [coefficient, z, mu, g] = views(buffers);
    let sizes = [p.n, p.d, p.k].map(|size| size as usize);
    for (at, mu_jc) in mu.f32()[..sizes[1] * sizes[2]].iter().enumerate() {
        let found = gradient(sizes, [coefficient.f32(), z.f32()], (at, *mu_jc));
        g.f32_mut()[at] = found as f32;
    }
}

fn cases() -> Vec<Case> {
    // (n, d, k): one of each, primes, rows around the workgroup size, the paper's.
    [
        [1, 1, 1],
        [37, 5, 7],
        [63, 16, 4],
        [65, 9, 7],
        [256, 10, 10],
    ]
    .map(case)
    .to_vec()
}

fn case([n, d, k]: [usize; 3]) -> Case {
    let mu: Vec<f32> = inputs::uniform(3, k * d).iter().map(|v| 3.0 * v).collect();
    let params = Params {
        n: param(n),
        d: param(d),
        k: param(k),
    };
    Case::new(format!("{n}x{d}, k {k}"), &params, inputs::folded(k * d, 1))
        .input(&inputs::uniform(1, n * k))
        .input(&inputs::uniform(2, n * d))
        .input(&mu)
        .output(k * d, Tolerance::sum(n, 4.0)) // |c| ≤ 1, |z - mu| ≤ 4
}
