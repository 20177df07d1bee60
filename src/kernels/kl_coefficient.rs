//! The factor c that both gradients of the clustering loss share, and the loss (Xie et al. 2016, eqs. 2, 4, 5).

use super::inputs;
use super::mse_loss::LossTerm;
use super::soft_assign::squared_distance;
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
    /// Factor on c.
    gradient_scale: f32,
    /// Factor on the loss.
    loss_scale: f32,
    /// The element of loss that row 0 is written to.
    first_loss: u32,
    /// q is not taken smaller than this in the loss.
    min_q: f32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "kl_coefficient",
    wgsl: &[include_str!("../../shaders/kl_coefficient.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("z", F32),
        read("mu", F32),
        read("q", F32),
        read("p", F32),
        write("coefficient", F32),
        write("loss", F32),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: ("u * (p_ij - q_ij)", "u * (p_ij + q_ij)"),
};

/// The smallest q in p·log(p/q): keeps the quotient of two normal numbers finite in f32. A q this small
/// beside a p that matters is no longer the result of eq. 1 on the same z, so the loss may be cut there.
pub const MIN_Q: f32 = 1e-30;

/// A batch and its two distributions.
#[derive(Clone, Copy)]
pub struct Assigned<'a, D: Device> {
    /// Embedding (b, d).
    pub z: &'a Matrix<D>,
    /// Centroids (k, d).
    pub mu: &'a Matrix<D>,
    /// Soft assignment (b, k) of z.
    pub q: &'a Matrix<D>,
    /// Target distribution (b, k), a constant.
    pub p: &'a Matrix<D>,
    /// Degrees of freedom.
    pub alpha: f32,
}

/// coefficient (b, k); the loss is the sum of the b elements of `loss` (any, 1) from `term.first` on.
///
/// The mean over the batch is [`LossTerm::mean`]`(b)`; IDEC's γ weights its gradient.
pub fn kl_coefficient<D: Device>(
    device: &D,
    batch: &Assigned<'_, D>,
    term: LossTerm,
    coefficient: &Matrix<D>,
    loss: &Matrix<D>,
) {
    let Assigned { z, mu, q, p, alpha } = *batch;
    mu.expect_shape("mu", mu.rows, z.cols);
    q.expect_shape("q", z.rows, mu.rows);
    p.expect_shape("p", z.rows, mu.rows);
    coefficient.expect_shape("coefficient", z.rows, mu.rows);
    term.expect_room("loss", loss, z.rows);
    let params = Params {
        n: param(z.rows),
        d: param(z.cols),
        k: param(mu.rows),
        alpha,
        gradient_scale: term.gradient_scale,
        loss_scale: term.loss_scale,
        first_loss: param(term.first),
        min_q: MIN_Q,
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(z.rows, 1),
        &[
            &z.buffer,
            &mu.buffer,
            &q.buffer,
            &p.buffer,
            &coefficient.buffer,
            &loss.buffer,
        ],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let params: Params = params_of(params);
    let [z, mu, q, p, coefficient, loss] = views(buffers);
    let (d, k) = (params.d as usize, params.k as usize);
    let alpha = f64::from(params.alpha);
    let factor = f64::from(params.gradient_scale) * (alpha + 1.0) / alpha;
    for i in 0..params.n as usize {
        let mut row_loss = 0.0;
        for j in 0..k {
            let distance = squared_distance(&z.f32()[i * d..][..d], &mu.f32()[j * d..][..d]);
            let u = 1.0 / (1.0 + distance / alpha);
            let (q, p) = (q.f32()[i * k + j], p.f32()[i * k + j]);
            coefficient.f32_mut()[i * k + j] = (factor * u * (f64::from(p) - f64::from(q))) as f32;
            row_loss += divergence(p, q, params.min_q);
        }
        loss.f32_mut()[params.first_loss as usize + i] =
            (f64::from(params.loss_scale) * row_loss) as f32;
    }
}

/// p·log(p/q), and 0 at p = 0.
fn divergence(p: f32, q: f32, min_q: f32) -> f64 {
    if p > 0.0 {
        f64::from(p) * (f64::from(p) / f64::from(q.max(min_q))).ln()
    } else {
        0.0
    }
}

fn cases() -> Vec<Case> {
    // (n, d, k, alpha, first loss): one of each, primes, clusters around the workgroup size, the paper's, the
    // largest promised.
    [
        (1, 1, 1, 1.0, 0),
        (37, 5, 7, 1.0, 3),
        (11, 10, 63, 1.0, 0),
        (11, 10, 64, 1.0, 0),
        (65, 3, 65, 0.5, 0),
        (256, 10, 10, 2.5, 256),
        (5, 256, 1024, 1.0, 0),
    ]
    .map(|(n, d, k, alpha, first)| case([n, d, k], alpha, first))
    .to_vec()
}

fn case([n, d, k]: [usize; 3], alpha: f32, first: usize) -> Case {
    let params = Params {
        n: param(n),
        d: param(d),
        k: param(k),
        alpha,
        gradient_scale: 0.1 / n as f32,
        loss_scale: 1.0 / n as f32,
        first_loss: param(first),
        min_q: MIN_Q,
    };
    let mut z = inputs::uniform(1, n * d);
    let mu: Vec<f32> = inputs::uniform(2, k * d).iter().map(|v| 3.0 * v).collect();
    z[..d].copy_from_slice(&mu[..d]); // a sample on a centroid
    let mut q = inputs::distribution(3, n, k);
    let mut p = inputs::distribution(4, n, k);
    if n > 2 && k > 1 {
        one_hot(&mut q[..k], 0);
        one_hot(&mut p[..k], 1); // p where q is 0
        one_hot(&mut p[k..2 * k], k - 1); // p·log p at 0
        one_hot(&mut q[2 * k..3 * k], 0);
        one_hot(&mut p[2 * k..3 * k], 0); // no loss, no pull
    }
    Case::new(
        format!("{n}x{d}, k {k}, alpha {alpha}, loss from {first}"),
        &params,
        inputs::folded(n, 1),
    )
    .input(&z)
    .input(&mu)
    .input(&q)
    .input(&p)
    // Differences of inputs and sums of squares lose nothing to cancellation: d + 12 roundings, all relative.
    .output(
        n * k,
        Tolerance::Near {
            absolute: 1e-30,
            relative: (d as f32 + 12.0) * f32::EPSILON,
        },
    )
    // WGSL's log is good to 2^-21 near 1 and 3 ulp elsewhere; the p that weigh the terms sum to 1.
    .update(
        &vec![-7.0f32; first + n],
        Tolerance::Near {
            absolute: 2e-6 * params.loss_scale,
            relative: 2e-5,
        },
    )
}

fn one_hot(row: &mut [f32], j: usize) {
    row.fill(0.0);
    row[j] = 1.0;
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests {
    use super::testing::Problem;
    use super::*;
    use crate::cpu::Cpu;

    #[test]
    fn closed_form_two_centroids() {
        // z on mu_0, mu_1 at distance 1: u = (1, 1/2), q = (2/3, 1/3). With p = (1/3, 2/3):
        // c = 2·(1·(-1/3), 1/2·1/3) = (-2/3, 1/3); loss = 1/3 log 1/2 + 2/3 log 2 = log 2 / 3.
        let cpu = Cpu::reference();
        let matrix = |rows, cols, v: &[f32]| Matrix::upload(&cpu, rows, cols, v).unwrap();
        let (one, two) = (1.0 / 3.0, 2.0 / 3.0);
        let batch = Assigned {
            z: &matrix(1, 1, &[0.0]),
            mu: &matrix(2, 1, &[0.0, 1.0]),
            q: &matrix(1, 2, &[two, one]),
            p: &matrix(1, 2, &[one, two]),
            alpha: 1.0,
        };
        let (coefficient, loss) = (matrix(1, 2, &[0.0; 2]), matrix(1, 1, &[0.0]));
        kl_coefficient(&cpu, &batch, LossTerm::mean(1), &coefficient, &loss);
        let c = pollster::block_on(coefficient.download(&cpu)).unwrap();
        let l = pollster::block_on(loss.download(&cpu)).unwrap();
        assert!(
            (c[0] + two).abs() < 1e-6 && (c[1] - one).abs() < 1e-6,
            "{c:?}"
        );
        assert!((l[0] - std::f32::consts::LN_2 / 3.0).abs() < 1e-6, "{l:?}");
    }

    #[test]
    fn the_divergence_is_guarded() {
        assert_eq!(divergence(0.0, 0.0, MIN_Q), 0.0);
        assert_eq!(divergence(0.0, 0.5, MIN_Q), 0.0);
        assert_eq!(divergence(1.0, 1.0, MIN_Q), 0.0);
        assert!((divergence(1.0, 0.0, MIN_Q) - 30.0 * 10f64.ln()).abs() < 1e-5);
    }

    #[test]
    fn the_loss_is_that_of_the_equations() {
        for alpha in [1.0, 0.5, 2.5] {
            let problem = Problem::new(alpha);
            let wide = |v: &[f32]| v.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
            let want = problem.loss(&wide(&problem.z), &wide(&problem.mu));
            let (_, got) = problem.run();
            assert!((got - want).abs() < 1e-6, "{got} {want}");
        }
    }
}
