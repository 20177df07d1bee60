//! The posterior of a mixture of Gaussians: which component made each sample (Bishop 2006, eq. 9.23).

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
    /// Components.
    k: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "mixture_posterior",
    wgsl: &[include_str!("../../shaders/mixture_posterior.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("z", F32, "(n, d)"),
        read("mu", F32, "(k, d)"),
        read("whitening", F32, "(k, d, d)"),
        read("offset", F32, "(k): log w_j - log |S_j| / 2"),
        write("p", F32, "(n, k)"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: Some(fast),
    cases,
    mutation: ("offset[j] - 0.5 * squares", "offset[j] - 0.4 * squares"),
};

/// A mixture on the device.
pub struct Components<D: Device> {
    /// Means (k, d).
    pub mu: Matrix<D>,
    /// Inverses of the covariances' Cholesky factors (k·d, d), lower triangular.
    pub whitening: Matrix<D>,
    /// log w_j − ½ log |Σ_j| (1, k).
    pub offset: Matrix<D>,
}

/// p (n, k) from z (n, d).
pub fn mixture_posterior<D: Device>(
    device: &D,
    z: &Matrix<D>,
    components: &Components<D>,
    p: &Matrix<D>,
) {
    let Components {
        mu,
        whitening,
        offset,
    } = components;
    let (k, d) = (mu.rows, z.cols);
    mu.expect_shape("mu", k, d);
    whitening.expect_shape("whitening", k * d, d);
    offset.expect_shape("offset", 1, k);
    p.expect_shape("p", z.rows, k);
    let params = Params {
        n: param(z.rows),
        d: param(d),
        k: param(k),
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(z.rows, 1),
        &[
            &z.buffer,
            &mu.buffer,
            &whitening.buffer,
            &offset.buffer,
            &p.buffer,
        ],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [z, mu, whitening, offset, out] = views(buffers);
    let (d, k) = (p.d as usize, p.k as usize);
    for i in 0..p.n as usize {
        let of = [mu.f32(), whitening.f32(), &offset.f32()[..k]];
        posterior_row(&z.f32()[i * d..][..d], of, &mut out.f32_mut()[i * k..][..k]);
    }
}

/// One row of p, in f64.
fn posterior_row(z: &[f32], [mu, whitening, offset]: [&[f32]; 3], p: &mut [f32]) {
    let d = z.len();
    let log_weight = |j: usize| {
        let y = |row: usize| -> f64 {
            let factor = &whitening[(j * d + row) * d..][..=row];
            (factor.iter().zip(z).zip(&mu[j * d..][..d]))
                .map(|((w, z), mu)| f64::from(*w) * (f64::from(*z) - f64::from(*mu)))
                .sum()
        };
        f64::from(offset[j]) - 0.5 * (0..d).map(|row| y(row).powi(2)).sum::<f64>()
    };
    let logs: Vec<f64> = (0..offset.len()).map(log_weight).collect();
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = logs.iter().map(|log| (log - largest).exp()).sum();
    for (p, log) in p.iter_mut().zip(logs) {
        *p = ((log - largest).exp() / total) as f32;
    }
}

/// The reference with its rows spread over threads.
fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [z, mu, whitening, offset, out] = views(buffers);
    let (n, d, k) = (p.n as usize, p.d as usize, p.k as usize);
    let of = [mu.f32(), whitening.f32(), &offset.f32()[..k]];
    (out.f32_mut()[..n * k].par_chunks_mut(k))
        .zip(z.f32()[..n * d].par_chunks(d))
        .for_each(|(out, z)| posterior_row(z, of, out));
}

fn cases() -> Vec<Case> {
    // (n, d, k): one of each, a prime, around the workgroup size, the paper's, the widest promised.
    [
        (1, 1, 1),
        (37, 5, 7),
        (63, 3, 2),
        (65, 10, 10),
        (129, 10, 65),
        (9, 64, 131),
    ]
    .map(|(n, d, k)| case(n, d, k))
    .to_vec()
}

fn case(n: usize, d: usize, k: usize) -> Case {
    let params = Params {
        n: param(n),
        d: param(d),
        k: param(k),
    };
    let mut z = inputs::uniform(1, n * d);
    let mu = inputs::uniform(2, k * d);
    z[..d].copy_from_slice(&mu[..d]); // a sample on a mean
    // Above the diagonal lies what must not be read.
    let entry = |at: usize, value: f32| match (at / d % d).cmp(&(at % d)) {
        std::cmp::Ordering::Less => f32::NAN,
        std::cmp::Ordering::Equal => 1.5 + value,
        std::cmp::Ordering::Greater => 0.5 * value,
    };
    let values = inputs::uniform(3, k * d * d);
    let whitening: Vec<f32> = (values.iter().enumerate())
        .map(|(at, value)| entry(at, *value))
        .collect();
    let label = format!("{n}x{d}, k {k}");
    Case::new(label, &params, inputs::folded(n, 1))
        .input(&z)
        .input(&mu)
        .input(&whitening)
        .input(&inputs::uniform(4, k))
        // A logarithm of size up to about 2·d² is rounded before the exponential.
        .output(
            n * k,
            Tolerance::Near {
                absolute: 1e-6,
                relative: 2e-5 * (d as f32).max(5.0),
            },
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_form_two_components() {
        // Unit variance at 0 and 2, weights 3 : 1, seen from 1: the distances are equal, the weights decide.
        let mut p = [0.0; 2];
        let offset = [3f32.ln(), 0.0];
        posterior_row(&[1.0], [&[0.0, 2.0], &[1.0, 1.0], &offset], &mut p);
        assert!(
            (p[0] - 0.75).abs() < 1e-6 && (p[1] - 0.25).abs() < 1e-6,
            "{p:?}"
        );
    }

    #[test]
    fn a_far_sample_belongs_to_the_nearer_component() {
        let mut p = [0.0; 2];
        posterior_row(&[1e4], [&[0.0, 2.0], &[1.0, 1.0], &[0.0, 0.0]], &mut p);
        assert_eq!(p, [0.0, 1.0]);
    }
}
