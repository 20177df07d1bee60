//! UMAP's membership weights of the nearest neighbours (McInnes, Healy, Melville 2018, §3.1 and alg. 3).

use rayon::prelude::*;

use super::inputs;
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case, Element::F32, Kernel, Tolerance, View, grid, params_of, read, views, write,
};

crate::params! {
    /// Rows.
    n: u32,
    /// Neighbours of a row.
    k: u32,
    /// log2(k + 1).
    wanted: f32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "membership",
    wgsl: &[include_str!("../../shaders/membership.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("distance", F32, "(n, k), squared, ascending"),
        write("weight", F32, "(n, k)"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: Some(fast),
    cases,
    mutation: ("sum > params.wanted", "sum < params.wanted"),
};

/// The most neighbours of a row. llvmpipe stops an invocation's loops after 65,535 iterations, and a neighbour
/// takes 43.
pub const MOST: usize = 1024;

/// Halvings of the interval that sigma lies in, or doublings of its lower end while it has no upper one.
const BISECTIONS: usize = 40;

/// weight (n, k) from the squared distances (n, k) of each row's neighbours, ascending.
///
/// A neighbour at an infinite distance is missing: its weight is 0, and sigma is found without it.
///
/// The bisection starts from the mean of D_ij − rho_i. An outlier moves that mean away from sigma, and each factor of 2
/// costs one bisection. A neighbour 10⁶ times as far as the others leaves 20 bits of sigma. From about 10¹² times on
/// sigma stays too large, and the other weights are near 1.
///
/// # Panics
/// If k is 0 or more than [`MOST`].
pub fn membership<D: Device>(device: &D, distance: &Matrix<D>, weight: &Matrix<D>) {
    let (n, k) = (distance.rows, distance.cols);
    distance.expect_shape("distance", n, k);
    weight.expect_shape("weight", n, k);
    assert!((1..=MOST).contains(&k), "{k} neighbours");
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&Params::new(n, k)),
        grid(n, 64),
        &[&distance.buffer, &weight.buffer],
    );
}

impl Params {
    fn new(n: usize, k: usize) -> Self {
        Self {
            n: param(n),
            k: param(k),
            wanted: (k as f64 + 1.0).log2() as f32,
        }
    }
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [distance, weight] = views(buffers);
    let k = p.k as usize;
    for i in 0..p.n as usize {
        weigh_row(
            &distance.f32()[i * k..][..k],
            p.wanted,
            &mut weight.f32_mut()[i * k..][..k],
        );
    }
}

/// One row of weights, in f64.
fn weigh_row(distance: &[f32], wanted: f32, weight: &mut [f32]) {
    let root = |squared: f32| f64::from(squared.max(0.0)).sqrt();
    // D - rho, infinite where the neighbour is missing.
    let mut beyond: Vec<f64> = (distance.iter())
        .map(|squared| match squared.is_finite() {
            true => (root(*squared) - root(distance[0])).max(0.0),
            false => f64::INFINITY,
        })
        .collect();
    let present = || beyond.iter().filter(|value| value.is_finite());
    let total: f64 = present().sum();
    if total > 0.0 {
        let mean = total / present().count() as f64;
        beyond.iter_mut().for_each(|value| *value /= mean);
    }
    let sigma = bandwidth(&beyond, wanted.into());
    for (weight, value) in weight.iter_mut().zip(beyond) {
        *weight = (-value / sigma).exp() as f32;
    }
}

/// sigma in units of the mean.
fn bandwidth(beyond: &[f64], wanted: f64) -> f64 {
    let (mut sigma, mut low, mut high) = (1.0, 0.0, f64::INFINITY);
    for _ in 0..BISECTIONS {
        let sum: f64 = beyond.iter().map(|value| (-value / sigma).exp()).sum();
        if sum > wanted {
            high = sigma;
        } else {
            low = sigma;
        }
        sigma = if high.is_finite() {
            0.5 * (low + high)
        } else {
            2.0 * sigma
        };
    }
    sigma
}

/// The reference with its rows spread over threads.
fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [distance, weight] = views(buffers);
    let (n, k) = (p.n as usize, p.k as usize);
    (weight.f32_mut()[..n * k].par_chunks_mut(k))
        .zip(distance.f32()[..n * k].par_chunks(k))
        .for_each(|(weight, distance)| weigh_row(distance, p.wanted, weight));
}

fn cases() -> Vec<Case> {
    // (n, k): one of each, primes, around the workgroup size, UMAP's 15, the most promised.
    let plain = [
        (1, 1),
        (65, 1),
        (37, 2),
        (64, 15),
        (65, 15),
        (37, 64),
        (3, MOST),
    ]
    .map(|(n, k)| case("plain", k, &sorted(n, k)));
    let special = [(37, 2), (65, 15), (37, 64)].map(|(n, k)| case("special", k, &special(n, k)));
    plain.into_iter().chain(special).collect()
}

/// Squared distances, ascending in each row and as close to each other as in many dimensions.
fn sorted(n: usize, k: usize) -> Vec<f32> {
    let mut values: Vec<f32> = (inputs::uniform(1, n * k).iter())
        .map(|u| 100.0 + 40.0 * u)
        .collect();
    for row in values.chunks_exact_mut(k) {
        row.sort_by(f32::total_cmp);
    }
    values
}

/// Rows with duplicates, missing neighbours, outliers, and of other sizes.
fn special(n: usize, k: usize) -> Vec<f32> {
    let mut values = sorted(n, k);
    for (i, row) in values.chunks_exact_mut(k).enumerate() {
        match i % 12 {
            0 => row.fill(0.0),
            1 => row.fill(7.3),
            2 => row[..k.div_ceil(2)].fill(0.0), // more than log2(k + 1) for k from 7 on
            3 => row[..k.min(4)].fill(0.0),      // log2(k + 1) for 15
            4 => row[k.min(3)..].fill(f32::INFINITY),
            5 => row[k.div_ceil(2)..].fill(f32::INFINITY),
            6 => row.fill(f32::INFINITY),
            7 => row[k - 1] = 1e18,
            8 => row[k - 1] = 1e36,
            9 => row.iter_mut().for_each(|value| *value *= 1e-32),
            10 => row.iter_mut().for_each(|value| *value *= 1e36),
            _ => row[0] = 0.0,
        }
    }
    values
}

fn case(label: &str, k: usize, distance: &[f32]) -> Case {
    let n = distance.len() / k;
    let params = Params::new(n, k);
    // An error of the sum S moves sigma, and that moves a weight by no more than the same error:
    // ∂w_j/∂S = w_j x_j / Σ w x ≤ 1, where x = (D - rho)/sigma. S has k roundings, x and WGSL's exp some 16 more.
    let tolerance = Tolerance::sum(k + 12, params.wanted);
    let label = format!("{n} rows, k {k}, {label}");
    Case::new(label, &params, inputs::folded(n, 64))
        .input(distance)
        .output(n * k, tolerance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    /// The weights of one row.
    fn weights(squared: &[f32]) -> Vec<f32> {
        let cpu = Cpu::new();
        let distance = Matrix::upload(&cpu, 1, squared.len(), squared).unwrap();
        let weight = Matrix::zeros(&cpu, 1, squared.len()).unwrap();
        membership(&cpu, &distance, &weight);
        pollster::block_on(weight.download(&cpu)).unwrap()
    }

    fn expect(squared: &[f32], wanted: &[f32]) {
        let got = weights(squared);
        let close = got.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(close, "{squared:?}: {got:?}, expected {wanted:?}");
    }

    #[test]
    fn closed_form_two_and_three_neighbours() {
        // k 2: w = (1, log2(3) - 1) whatever the distances. k 3 at D = 0, 1, 2: with t = w_2, t + t² = 2 - 1.
        let second = 3f32.log2() - 1.0;
        for scale in [1e-30, 1.0, 1e30] {
            expect(&[scale, 4.0 * scale], &[1.0, second]);
            let golden = 0.5 * (5f32.sqrt() - 1.0);
            expect(&[0.0, scale, 4.0 * scale], &[1.0, golden, golden.powi(2)]);
        }
    }

    #[test]
    fn no_distances_give_nan() {
        let missing = f32::INFINITY;
        expect(&[5.0], &[1.0]);
        expect(&[0.0; 4], &[1.0; 4]);
        expect(&[2.0; 4], &[1.0; 4]);
        expect(&[missing; 3], &[0.0; 3]);
        expect(&[0.0, missing, missing], &[1.0, 0.0, 0.0]);
        // Two of four present: their sum stays below log2(5), so sigma grows and both weigh 1.
        expect(&[1.0, 4.0, missing, missing], &[1.0, 1.0, 0.0, 0.0]);
        // Three at rho are more than log2(5): the other gets nothing.
        expect(&[0.0, 0.0, 0.0, 1.0], &[1.0, 1.0, 1.0, 0.0]);
        assert!(
            weights(&[1e-30, 1.0, 2.0, 1e36])
                .iter()
                .all(|w| (0.0..=1.0).contains(w))
        );
    }

    #[test]
    fn the_weights_sum_to_the_logarithm() {
        for row in sorted(20, 15).chunks_exact(15) {
            let sum: f32 = weights(row).iter().sum();
            assert!((sum - 4.0).abs() < 1e-5, "{sum}");
        }
    }
}
