//! Rows scaled to length 1 (Dhillon and Modha 2001, §2): the squared distance of two is then 2 − 2·cosine.

use rayon::prelude::*;

use super::inputs;
use crate::device::{Device, Matrix, param};
use crate::kernel::{Case, Element::F32, Kernel, Tolerance, View, grid, params_of, views, write};

crate::params! {
    /// Rows of x.
    n: u32,
    /// Columns of x.
    m: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "unit_rows",
    wgsl: &[
        include_str!("../../shaders/row_length.wgsl"),
        include_str!("../../shaders/unit_rows.wgsl"),
    ],
    params: Params::FIELDS,
    bindings: &[write("x", F32, "(n, m)")],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: Some(fast),
    cases,
    mutation: ("sum += value * value", "sum += value"),
};

/// Divides each row of x (n, m) by its Euclidean length, in place.
///
/// A row of zeros stays zero. So does a row whose largest magnitude is subnormal, because some devices read such
/// numbers as zero.
pub fn unit_rows<D: Device>(device: &D, x: &Matrix<D>) {
    x.expect_shape("x", x.rows, x.cols);
    let params = Params {
        n: param(x.rows),
        m: param(x.cols),
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(x.rows, 1),
        &[&x.buffer],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x] = views(buffers);
    let m = p.m as usize;
    for i in 0..p.n as usize {
        scale_row(&mut x.f32_mut()[i * m..][..m]);
    }
}

/// A row's length, in f64, where no square of an f32 overflows or underflows; none of a row that counts as zero.
pub(super) fn length(x: &[f32]) -> Option<f64> {
    let largest = x.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
    let squares = x.iter().map(|x| f64::from(*x).powi(2));
    (largest >= f32::MIN_POSITIVE).then(|| squares.sum::<f64>().sqrt())
}

fn scale_row(x: &mut [f32]) {
    let length = length(x);
    for x in x {
        *x = length.map_or(0.0, |length| (f64::from(*x) / length) as f32);
    }
}

/// The reference with its rows spread over threads.
fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x] = views(buffers);
    let (n, m) = (p.n as usize, p.m as usize);
    x.f32_mut()[..n * m].par_chunks_mut(m).for_each(scale_row);
}

fn cases() -> Vec<Case> {
    // (n, m): one, primes, around the workgroup size, MNIST's, a row of many strides.
    let plain = [
        (1, 1),
        (37, 5),
        (63, 10),
        (5, 63),
        (7, 64),
        (65, 65),
        (3, 784),
        (2, 5003),
    ]
    .map(|(n, m)| case("plain", m, inputs::uniform(1, n * m)));
    let extreme = [(13, 3), (26, 130)].map(|(n, m)| case("extreme", m, extreme(n, m)));
    plain.into_iter().chain(extreme).collect()
}

/// Rows whose squares overflow or underflow, rows around the kernel's bounds, and rows of zeros or subnormal numbers.
/// The last two kinds mix sizes.
pub(super) fn extreme(n: usize, m: usize) -> Vec<f32> {
    let mut x = inputs::uniform(2, n * m);
    let power = |exponent: i32| 2f32.powi(exponent);
    for (i, row) in x.chunks_exact_mut(m).enumerate() {
        let size = match i % 13 {
            0 => 0.0,
            1 => power(-126) / 8.0,
            2 => power(-124),
            3 => power(-100),
            4 => power(-63),
            5 => power(-43),
            6 => power(-41),
            7 => power(42),
            8 => power(43),
            9 => power(64),
            10 => power(127),
            _ => 1.0,
        };
        row.iter_mut().for_each(|x| *x *= size);
        match i % 13 {
            10 => row[0] = f32::MAX,
            11 => row[m - 1] = 1e30,
            12 => row[m - 1] = 1e-30,
            _ => {}
        }
    }
    x
}

fn case(label: &str, m: usize, x: Vec<f32>) -> Case {
    let n = x.len() / m;
    let params = Params {
        n: param(n),
        m: param(m),
    };
    let label = format!("{n}x{m}, {label}");
    Case::new(label, &params, inputs::folded(n, 1)).update(&x, tolerance(m))
}

/// A lane adds m/64 squares and the tree 6 times; the root halves that. WGSL's division and sqrt are good to 2.5 and some 4
/// ulp; there are up to two of each. What is subnormal beside a large value may be read as zero.
pub(super) fn tolerance(m: usize) -> Tolerance {
    let roundings = 0.5 * (m.div_ceil(64) + 6) as f32 + 14.0;
    Tolerance::Near {
        absolute: f32::MIN_POSITIVE,
        relative: roundings * f32::EPSILON,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    #[test]
    fn closed_form_three_four_five() {
        let cpu = Cpu::new();
        let x = [3.0, -4.0, 0.0, 0.0, 3e38, 3e38, -6e-39, 8e-39, 3e-30, 4e-30];
        let x = Matrix::upload(&cpu, 5, 2, &x).unwrap();
        unit_rows(&cpu, &x);
        let half = 0.5f32.sqrt();
        let wanted = [0.6, -0.8, 0.0, 0.0, half, half, 0.0, 0.0, 0.6, 0.8];
        let got = pollster::block_on(x.download(&cpu)).unwrap();
        let close = got.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-7);
        assert!(close, "{got:?}");
    }
}
