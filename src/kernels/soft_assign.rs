//! Student's t soft assignment (Xie et al. 2016, eq. 1).

use rayon::prelude::*;

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
    /// Degrees of freedom of Student's t distribution.
    alpha: f32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "soft_assign",
    wgsl: &[include_str!("../../shaders/soft_assign.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("z", F32, "(n, d)"),
        read("mu", F32, "(k, d)"),
        write("q", F32, "(n, k)"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: Some(fast),
    cases,
    mutation: ("z[i * params.d + c] - mu", "z[i * params.d + c] + mu"),
};

/// q (n, k) from z (n, d) and the centroids mu (k, d).
pub fn soft_assign<D: Device>(
    device: &D,
    z: &Matrix<D>,
    mu: &Matrix<D>,
    alpha: f32,
    q: &Matrix<D>,
) {
    mu.expect_shape("mu", mu.rows, z.cols);
    q.expect_shape("q", z.rows, mu.rows);
    let params = Params {
        n: param(z.rows),
        d: param(z.cols),
        k: param(mu.rows),
        alpha,
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(z.rows, 1),
        &[&z.buffer, &mu.buffer, &q.buffer],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [z, mu, q] = views(buffers);
    let (d, k) = (p.d as usize, p.k as usize);
    for i in 0..p.n as usize {
        assign_row(
            &z.f32()[i * d..][..d],
            &mu.f32()[..k * d],
            p.alpha,
            &mut q.f32_mut()[i * k..][..k],
        );
    }
}

/// One row of q, in f64.
fn assign_row(z: &[f32], mu: &[f32], alpha: f32, q: &mut [f32]) {
    let alpha = f64::from(alpha);
    let weights: Vec<f64> = (mu.chunks_exact(z.len()))
        .map(|mu| (1.0 + squared_distance(z, mu) / alpha).powf(-0.5 * (alpha + 1.0)))
        .collect();
    let total: f64 = weights.iter().sum();
    for (q, weight) in q.iter_mut().zip(weights) {
        *q = (weight / total) as f32;
    }
}

pub(super) fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
        .sum()
}

/// The reference with its rows spread over threads.
fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [z, mu, q] = views(buffers);
    let (n, d, k) = (p.n as usize, p.d as usize, p.k as usize);
    let mu = &mu.f32()[..k * d];
    (q.f32_mut()[..n * k].par_chunks_mut(k))
        .zip(z.f32()[..n * d].par_chunks(d))
        .for_each(|(q, z)| assign_row(z, mu, p.alpha, q));
}

fn cases() -> Vec<Case> {
    // (n, d, k, alpha): one of each, a prime, around the workgroup size, the paper's, the largest promised.
    [
        (1, 1, 1, 1.0),
        (37, 5, 7, 1.0),
        (63, 10, 10, 1.0),
        (65, 3, 2, 0.5),
        (256, 10, 10, 2.5),
        (5, 256, 1024, 1.0),
    ]
    .map(|(n, d, k, alpha)| case(n, d, k, alpha))
    .to_vec()
}

fn case(n: usize, d: usize, k: usize, alpha: f32) -> Case {
    let params = Params {
        n: param(n),
        d: param(d),
        k: param(k),
        alpha,
    };
    let mut z = inputs::uniform(1, n * d);
    let mu: Vec<f32> = inputs::uniform(2, k * d).iter().map(|v| 3.0 * v).collect();
    z[..d].copy_from_slice(&mu[..d]); // a sample on a centroid
    Case::new(
        format!("{n}x{d}, k {k}, alpha {alpha}"),
        &params,
        inputs::folded(n, 1),
    )
    .input(&z)
    .input(&mu)
    // pow is the loosest step: WGSL allows exp2(y·log2 x), a few ulp of the exponent each.
    .output(
        n * k,
        Tolerance::Near {
            absolute: 1e-7,
            relative: 2e-5,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_form_two_centroids() {
        // z on mu_0, mu_1 at distance 1: weights 1 and 1/2, so q = (2/3, 1/3).
        let mut q = [0.0; 2];
        assign_row(&[0.0], &[0.0, 1.0], 1.0, &mut q);
        assert!(
            (q[0] - 2.0 / 3.0).abs() < 1e-7 && (q[1] - 1.0 / 3.0).abs() < 1e-7,
            "{q:?}"
        );
    }
}
