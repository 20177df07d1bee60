//! The target distribution p (Xie et al. 2016, eq. 3).

use super::inputs;
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case, Element::F32, Kernel, Tolerance, View, grid, params_of, read, views, write,
};

crate::params! {
    /// Rows of q.
    n: u32,
    /// Clusters.
    k: u32,
    /// f_j is not taken smaller than this.
    min_frequency: f32,
    /// β.
    balance: f32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "target_distribution",
    wgsl: &[include_str!("../../shaders/target_distribution.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("q", F32, "(n, k)"),
        read("f", F32, "(1, k)"),
        write("p", F32, "(n, k)"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: ("q_ij * q_ij / frequency", "q_ij / frequency"),
};

/// The smallest f_j divided by. It only has to keep an empty cluster (0/0) out: a column whose whole mass
/// is below it has weights q²/f ≤ q ≤ 10⁻¹², and a row's weights sum to at least 1/n (Cauchy-Schwarz), so
/// clamping moves p by at most n·10⁻¹²: below f32's resolution up to 60,000 samples, 10⁻⁶ at a million.
pub const MIN_FREQUENCY: f32 = 1e-12;

/// p (n, k) from q (n, k) and the frequencies f (1, k), which are sums over the whole data set.
///
/// `balance` is the exponent β on f: with the paper's 1 clusters weigh alike however large they are, which draws them
/// to equal sizes; with 0 samples do. (β is this project's addition.)
///
/// A row of q that is all zero has no weights to normalise; its p is q, so that it pulls nowhere.
pub fn target_distribution<D: Device>(
    device: &D,
    q: &Matrix<D>,
    f: &Matrix<D>,
    balance: f32,
    p: &Matrix<D>,
) {
    f.expect_shape("f", 1, q.cols);
    p.expect_shape("p", q.rows, q.cols);
    let params = Params {
        n: param(q.rows),
        k: param(q.cols),
        min_frequency: MIN_FREQUENCY,
        balance,
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(q.rows, 64),
        &[&q.buffer, &f.buffer, &p.buffer],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let params: Params = params_of(params);
    let [q, f, p] = views(buffers);
    let k = params.k as usize;
    for i in 0..params.n as usize {
        sharpen_row(
            &q.f32()[i * k..][..k],
            f.f32(),
            &params,
            &mut p.f32_mut()[i * k..][..k],
        );
    }
}

/// One row of p, in f64.
fn sharpen_row(q: &[f32], f: &[f32], params: &Params, p: &mut [f32]) {
    let frequency = |f: f32| f64::from(f.max(params.min_frequency)).powf(f64::from(params.balance));
    let weights: Vec<f64> = (q.iter().zip(f))
        .map(|(q, f)| f64::from(*q).powi(2) / frequency(*f))
        .collect();
    let total: f64 = weights.iter().sum();
    for ((p, q), weight) in p.iter_mut().zip(q).zip(weights) {
        *p = if total > 0.0 {
            (weight / total) as f32
        } else {
            *q
        };
    }
}

fn cases() -> Vec<Case> {
    // (n, k): one, primes, around the workgroup size, a batch, the most clusters promised.
    let mut cases: Vec<Case> = [(1, 1), (37, 7), (63, 10), (64, 10), (256, 10), (5, 1024)]
        .map(|(n, k)| {
            let q = inputs::distribution(1, n, k);
            let workgroups = grid(n, 64);
            case(
                &format!("{n}x{k}"),
                &q,
                &column_sums(&q, k),
                1.0,
                workgroups,
            )
        })
        .to_vec();
    for balance in [0.0, 0.5, 2.0] {
        let (q, label) = (
            inputs::distribution(2, 67, 10),
            format!("67x10, balance {balance}"),
        );
        cases.push(case(
            &label,
            &q,
            &column_sums(&q, 10),
            balance,
            grid(67, 64),
        ));
    }
    cases.push(extreme_rows_case());
    cases
}

/// Rows that are one-hot, all zero, or hold tiny values, and a cluster whose frequency is zero.
fn extreme_rows_case() -> Case {
    let k = 5;
    let mut q = inputs::distribution(3, 65, k);
    q[..k].copy_from_slice(&[0.0, 1.0, 0.0, 0.0, 0.0]);
    q[k..2 * k].fill(0.0);
    q[2 * k..3 * k].copy_from_slice(&[0.75, 1e-25, 1e-30, 0.0, 0.25]);
    q.chunks_mut(k).for_each(|row| row[3] = 0.0);
    let f = column_sums(&q, k);
    assert_eq!(f[3], 0.0);
    case(
        "65x5, one-hot and zero rows, tiny values, an empty cluster, folded grid",
        &q,
        &f,
        1.0,
        inputs::folded(65, 64),
    )
}

fn case(label: &str, q: &[f32], f: &[f32], balance: f32, workgroups: [u32; 3]) -> Case {
    let params = Params {
        n: param(q.len() / f.len()),
        k: param(f.len()),
        min_frequency: MIN_FREQUENCY,
        balance,
    };
    // A power is two functions of a few ulp, and an error of the logarithm counts times β.
    let power = if balance == 1.0 { 0.0 } else { 64.0 * balance };
    Case::new(label, &params, workgroups)
        .input(q)
        .input(f)
        // Positive terms: two divisions of 2.5 ulp, a product and the sum of k, all relative.
        .output(
            q.len(),
            Tolerance::Near {
                absolute: 1e-30,
                relative: (f.len() as f32 + 16.0 + power) * f32::EPSILON,
            },
        )
}

fn column_sums(q: &[f32], k: usize) -> Vec<f32> {
    let sum = |j: usize| q[j..].iter().step_by(k).sum();
    (0..k).map(sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sharpened<const K: usize>(q: [f32; K], f: [f32; K]) -> [f32; K] {
        balanced(q, f, 1.0)
    }

    fn balanced<const K: usize>(q: [f32; K], f: [f32; K], balance: f32) -> [f32; K] {
        let mut p = [f32::NAN; K];
        let params = Params {
            n: 1,
            k: param(K),
            min_frequency: MIN_FREQUENCY,
            balance,
        };
        sharpen_row(&q, &f, &params, &mut p);
        p
    }

    #[test]
    fn the_balance_is_an_exponent() {
        // 1/4 and 1/4 over f^β: without balance equal; with β = 1/2 over 3 and 1, with 2 over 81 and 1.
        let (q, f) = ([0.5, 0.5], [9.0, 1.0]);
        assert_eq!(balanced(q, f, 0.0), [0.5, 0.5]);
        assert_eq!(balanced(q, f, 0.5), [0.25, 0.75]);
        assert_eq!(balanced(q, f, 2.0), [1.0 / 82.0, 81.0 / 82.0]);
    }

    #[test]
    fn closed_form_two_rows() {
        // q = ((3/4, 1/4), (1/2, 1/2)): f = (5/4, 3/4). Row 0: 9/16·4/5 = 9/20 and 1/16·4/3 = 1/12,
        // so p = (27/32, 5/32). Row 1: 1/4·4/5 = 1/5 and 1/4·4/3 = 1/3, so p = (3/8, 5/8).
        let f = [1.25, 0.75];
        assert_eq!(sharpened([0.75, 0.25], f), [27.0 / 32.0, 5.0 / 32.0]);
        assert_eq!(sharpened([0.5, 0.5], f), [3.0 / 8.0, 5.0 / 8.0]);
    }

    #[test]
    fn equal_frequencies_square_and_normalise() {
        // 1 : 4 : 9 over 14.
        let p = sharpened([1.0 / 6.0, 2.0 / 6.0, 3.0 / 6.0], [2.0; 3]);
        for (p, want) in p.into_iter().zip([1.0 / 14.0, 4.0 / 14.0, 9.0 / 14.0]) {
            assert!((p - want).abs() < 1e-7, "{p} {want}");
        }
    }

    #[test]
    fn nothing_becomes_nan() {
        assert_eq!(sharpened([1.0, 0.0], [1.0, 0.0]), [1.0, 0.0]);
        assert_eq!(sharpened([0.0, 0.0], [1.0, 0.0]), [0.0, 0.0]);
        assert_eq!(sharpened([0.0, 0.0], [0.0, 0.0]), [0.0, 0.0]);
    }
}
