//! The clustering loss of a batch and its gradient for the embedding, with the factor c that the centroids' gradient
//! shares (Xie et al. 2016, eqs. 1, 2, 4, 5).

use super::gather_rows::Order;
use super::inputs;
use super::soft_assign::squared_distance;
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case,
    Element::{F32, U32},
    Kernel, Tolerance, View, grid, params_of, read, views, write,
};
use crate::loss::LossTerm;

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
    /// Position in the order that row 0 takes.
    first: u32,
    /// 1: rows of p are named by index, 0: they follow each other.
    indexed: u32,
    /// 1: add to dz, 0: write it.
    accumulate: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "kl_gradient",
    wgsl: &[include_str!("../../shaders/kl_gradient.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("z", F32, "(n, d)"),
        read("mu", F32, "(k, d)"),
        read("p", F32, "(samples, k)"),
        read("index", U32, "(first + n or more)"),
        write("coefficient", F32, "(n, k)"),
        write("dz", F32, "(n, d)"),
        write("loss", F32, "(first_loss + n or more)"),
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

/// A batch and what it is compared with.
#[derive(Clone, Copy)]
pub struct Embedded<'a, D: Device> {
    /// Embedding (b, d).
    pub z: &'a Matrix<D>,
    /// Centroids (k, d).
    pub mu: &'a Matrix<D>,
    /// Degrees of freedom.
    pub alpha: f32,
    /// Target distribution (samples, k), a constant.
    pub p: &'a Matrix<D>,
    /// Which of its rows are the batch's.
    pub order: Order<'a, D>,
}

/// What a batch gives.
#[derive(Clone, Copy)]
pub struct Gradients<'a, D: Device> {
    /// c (b, k).
    pub coefficient: &'a Matrix<D>,
    /// (b, d).
    pub dz: &'a Matrix<D>,
    /// Whether dz is added to what is there: IDEC's reconstruction has written its gradient.
    pub accumulate: bool,
    /// The loss is the sum of b elements (any, 1), from those of the term on.
    pub loss: &'a Matrix<D>,
}

/// The gradients and the loss of a batch. The mean over the batch is [`LossTerm::mean`]`(b)`; IDEC's γ weights its
/// gradient.
pub fn kl_gradient<D: Device>(
    device: &D,
    batch: &Embedded<'_, D>,
    term: LossTerm,
    to: &Gradients<'_, D>,
) {
    let (z, mu, order) = (batch.z, batch.mu, batch.order);
    mu.expect_shape("mu", mu.rows, z.cols);
    batch.p.expect_shape("p", batch.p.rows, mu.rows);
    to.coefficient.expect_shape("coefficient", z.rows, mu.rows);
    to.dz.expect_shape("dz", z.rows, z.cols);
    term.expect_room("loss", to.loss, z.rows);
    let rows = order.index.map_or(batch.p.rows, |index| index.rows);
    let last = order.first + z.rows;
    assert!(last <= rows, "{last} of {rows} samples");
    let params = Params {
        n: param(z.rows),
        d: param(z.cols),
        k: param(mu.rows),
        alpha: batch.alpha,
        gradient_scale: term.gradient_scale,
        loss_scale: term.loss_scale,
        first_loss: param(term.first),
        min_q: MIN_Q,
        first: param(order.first),
        indexed: order.index.is_some().into(),
        accumulate: to.accumulate.into(),
    };
    // Without an index something must still be bound in its place; it is not read.
    let index = order.index.unwrap_or(z);
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(z.rows, 1),
        &[
            &z.buffer,
            &mu.buffer,
            &batch.p.buffer,
            &index.buffer,
            &to.coefficient.buffer,
            &to.dz.buffer,
            &to.loss.buffer,
        ],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let params: Params = params_of(params);
    let [z, mu, p, index, coefficient, dz, loss] = views(buffers);
    let (d, k) = (params.d as usize, params.k as usize);
    for i in 0..params.n as usize {
        let mut row = params.first as usize + i;
        if params.indexed == 1 {
            row = index.u32()[row] as usize;
        }
        let z = &z.f32()[i * d..][..d];
        let (c, divergence) = coefficients(&params, z, mu.f32(), &p.f32()[row * k..][..k]);
        loss.f32_mut()[params.first_loss as usize + i] =
            (f64::from(params.loss_scale) * divergence) as f32;
        for (out, c) in coefficient.f32_mut()[i * k..].iter_mut().zip(&c) {
            *out = *c as f32;
        }
        for (column, dz) in dz.f32_mut()[i * d..][..d].iter_mut().enumerate() {
            let mu = |j: usize| f64::from(mu.f32()[j * d + column]);
            let pulls = (0..k).map(|j| c[j] * (f64::from(z[column]) - mu(j)));
            let kept = if params.accumulate == 1 { *dz } else { 0.0 };
            *dz = (f64::from(kept) + pulls.sum::<f64>()) as f32;
        }
    }
}

/// c (k) of one row and its KL divergence.
fn coefficients(params: &Params, z: &[f32], mu: &[f32], p: &[f32]) -> (Vec<f64>, f64) {
    let alpha = f64::from(params.alpha);
    let factor = f64::from(params.gradient_scale) * (alpha + 1.0) / alpha;
    let u: Vec<f64> = (mu.chunks_exact(z.len()).take(p.len()))
        .map(|mu| 1.0 / (1.0 + squared_distance(z, mu) / alpha))
        .collect();
    let weight = |u: f64| u.powf(0.5 * (alpha + 1.0));
    let total: f64 = u.iter().map(|u| weight(*u)).sum();
    let mut sum = 0.0;
    let of_cluster = |(u, p): (&f64, &f32)| {
        let (q, p) = (weight(*u) / total, f64::from(*p));
        sum += divergence(p, q, params.min_q.into());
        factor * u * (p - q)
    };
    let c = u.iter().zip(p).map(of_cluster).collect();
    (c, sum)
}

/// p·log(p/q), and 0 at p = 0.
fn divergence(p: f64, q: f64, min_q: f64) -> f64 {
    if p > 0.0 {
        p * (p / q.max(min_q)).ln()
    } else {
        0.0
    }
}

/// What is special about a case.
#[derive(Clone, Copy, Default)]
struct Special {
    first_loss: usize,
    indexed: bool,
    accumulate: bool,
    /// A centroid so far away that its q is 0 in f32, which p wants all the same.
    far: bool,
}

fn cases() -> Vec<Case> {
    let plain = Special::default();
    let (indexed, accumulate, far) = (true, true, true);
    let first_loss = 3;
    // (n, d, k, alpha): one of each, primes, clusters and columns around the workgroup size, the paper's, the largest
    // promised.
    vec![
        case([1, 1, 1], 1.0, plain),
        case(
            [37, 5, 7],
            1.0,
            Special {
                first_loss,
                ..plain
            },
        ),
        case([11, 10, 63], 1.0, Special { indexed, ..plain }),
        case(
            [11, 64, 64],
            1.0,
            Special {
                accumulate,
                ..plain
            },
        ),
        case([65, 65, 65], 0.5, Special { indexed, ..plain }),
        case([7, 10, 5], 20.0, Special { far, ..plain }),
        case(
            [256, 10, 10],
            2.5,
            Special {
                first_loss: 256,
                indexed,
                accumulate,
                far: false,
            },
        ),
        case([5, 256, 1024], 1.0, plain),
    ]
}

fn case([n, d, k]: [usize; 3], alpha: f32, special: Special) -> Case {
    let samples = n + 9;
    let params = Params {
        n: param(n),
        d: param(d),
        k: param(k),
        alpha,
        gradient_scale: 0.5,
        loss_scale: 1.0 / n as f32,
        first_loss: param(special.first_loss),
        min_q: MIN_Q,
        first: 2,
        indexed: special.indexed.into(),
        accumulate: special.accumulate.into(),
    };
    let mut z = inputs::uniform(1, n * d);
    let mut mu: Vec<f32> = inputs::uniform(2, k * d).iter().map(|v| 3.0 * v).collect();
    z[..d].copy_from_slice(&mu[..d]); // a sample on a centroid
    let mut p = inputs::distribution(4, samples, k);
    for row in 2..4 {
        one_hot(&mut p[row * k..][..k], (row - 1) % k); // p·log p at 0
    }
    if special.far {
        mu[d..2 * d].fill(1e4);
    }
    let index: Vec<u32> = (0..samples as u32).rev().collect();
    let factor = params.gradient_scale * (alpha + 1.0) / alpha;
    // WGSL's pow is exp2 of a product with log2: q is good to some 5e-6·(alpha + 1), and c with it. u·|z - mu| is at
    // most √alpha/2, and rounding adds to the sum over clusters.
    let near = |absolute: f32, relative: f32| Tolerance::Near { absolute, relative };
    let of_q = 5e-6 * (alpha + 1.0);
    let dz = if special.accumulate {
        inputs::uniform(5, n * d)
    } else {
        vec![f32::NAN; n * d]
    };
    Case::new(
        format!(
            "{n}x{d}, k {k}, alpha {alpha}, indexed {}, accumulate {}, loss from {}",
            special.indexed, special.accumulate, special.first_loss
        ),
        &params,
        inputs::folded(n, 1),
    )
    .input(&z)
    .input(&mu)
    .input(&p)
    .input(&index)
    .output(n * k, near(of_q * factor, 2e-5))
    .update(&dz, near(factor * alpha.sqrt() * (of_q + 8e-6), 2e-6))
    // WGSL's log is good to 2^-21 near 1 and 3 ulp elsewhere; the p that weigh the terms sum to 1.
    .update(
        &vec![-7.0f32; special.first_loss + n],
        near(1e-5 * params.loss_scale, 2e-5),
    )
}

fn one_hot(row: &mut [f32], j: usize) {
    row.fill(0.0);
    row[j] = 1.0;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    #[test]
    fn closed_form_two_centroids() {
        // z on mu_0, mu_1 at distance 1: u = (1, 1/2), q = (2/3, 1/3). With p = (1/3, 2/3):
        // c = 2·(1·(-1/3), 1/2·1/3) = (-2/3, 1/3); loss = 1/3 log 1/2 + 2/3 log 2 = log 2 / 3; dz = 1/3·(0 - 1),
        // on top of 1.
        let cpu = Cpu::reference();
        let matrix = |rows, cols, v: &[f32]| Matrix::upload(&cpu, rows, cols, v).unwrap();
        let (one, two) = (1.0 / 3.0, 2.0 / 3.0);
        let batch = Embedded {
            z: &matrix(1, 1, &[0.0]),
            mu: &matrix(2, 1, &[0.0, 1.0]),
            alpha: 1.0,
            p: &matrix(2, 2, &[9.0, 9.0, one, two]),
            order: Order {
                index: None,
                first: 1,
            },
        };
        let (coefficient, loss) = (matrix(1, 2, &[0.0; 2]), matrix(1, 1, &[0.0]));
        let dz = matrix(1, 1, &[1.0]);
        let to = Gradients {
            coefficient: &coefficient,
            dz: &dz,
            accumulate: true,
            loss: &loss,
        };
        kl_gradient(&cpu, &batch, LossTerm::mean(1), &to);
        let read = |m: &Matrix<Cpu>| pollster::block_on(m.download(&cpu)).unwrap();
        let (c, l) = (read(&coefficient), read(&loss));
        assert!(
            (c[0] + two).abs() < 1e-6 && (c[1] - one).abs() < 1e-6,
            "{c:?}"
        );
        assert!((l[0] - std::f32::consts::LN_2 / 3.0).abs() < 1e-6, "{l:?}");
        assert!((read(&dz)[0] - two).abs() < 1e-6);
    }

    #[test]
    fn the_divergence_is_guarded() {
        let min_q = f64::from(MIN_Q);
        assert_eq!(divergence(0.0, 0.0, min_q), 0.0);
        assert_eq!(divergence(0.0, 0.5, min_q), 0.0);
        assert_eq!(divergence(1.0, 1.0, min_q), 0.0);
        assert!((divergence(1.0, 0.0, min_q) - 30.0 * 10f64.ln()).abs() < 1e-5);
    }
}
