//! Rows scaled to a mean square of 1: the normalisation of Xie et al. 2016 (§4.2), of each sample for itself. It is that of
//! Zhang and Sennrich 2019 (eq. 4) without gain.

use rayon::prelude::*;

use super::inputs;
use super::unit_rows::length;
use crate::device::{Device, Matrix, param};
use crate::kernel::{Case, Element::F32, Kernel, View, grid, params_of, read, views, write};

crate::params! {
    /// Rows of x.
    n: u32,
    /// Columns of x.
    m: u32,
    /// Row of y that row 0 is written to.
    first: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "rms_rows",
    wgsl: &[
        include_str!("../../shaders/row_length.wgsl"),
        include_str!("../../shaders/rms_rows.wgsl"),
    ],
    params: Params::FIELDS,
    bindings: &[read("x", F32, "(n, m)"), write("y", F32, "(rows, m)")],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: Some(fast),
    cases,
    mutation: ("/ sqrt(f32(params.m))", "/ f32(params.m)"),
};

/// The rows of x (n, m), each divided by the root of its mean square, into the rows of y from `first` on. A row of zeros, or
/// of subnormal numbers, gives zeros. A row gives the same bits among any others.
pub fn rms_rows<D: Device>(device: &D, x: &Matrix<D>, y: &Matrix<D>, first: usize) {
    x.expect_shape("x", x.rows, y.cols);
    assert!(
        first + x.rows <= y.rows,
        "rows {first}..{} of {}",
        first + x.rows,
        y.rows
    );
    let params = Params {
        n: param(x.rows),
        m: param(x.cols),
        first: param(first),
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(x.rows, 1),
        &[&x.buffer, &y.buffer],
    );
}

/// What a row is divided by, if it has one.
pub(super) fn root_mean_square(x: &[f32]) -> Option<f64> {
    length(x).map(|length| length / (x.len() as f64).sqrt())
}

fn row(x: &[f32], y: &mut [f32]) {
    let root = root_mean_square(x);
    for (x, y) in x.iter().zip(y) {
        *y = root.map_or(0.0, |root| (f64::from(*x) / root) as f32);
    }
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, y] = views(buffers);
    let (m, first) = (p.m as usize, p.first as usize);
    for i in 0..p.n as usize {
        row(
            &x.f32()[i * m..][..m],
            &mut y.f32_mut()[(first + i) * m..][..m],
        );
    }
}

/// The reference with its rows spread over threads.
fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, y] = views(buffers);
    let (n, m, first) = (p.n as usize, p.m as usize, p.first as usize);
    let to = y.f32_mut()[first * m..][..n * m].par_chunks_mut(m);
    let rows = x.f32()[..n * m].par_chunks(m).zip(to);
    rows.for_each(|(x, y)| row(x, y));
}

fn cases() -> Vec<Case> {
    // (n, m): one, primes, around the workgroup size, MNIST's, a row of many strides.
    let shapes = [
        (1, 1),
        (37, 5),
        (5, 63),
        (7, 64),
        (65, 65),
        (3, 784),
        (2, 5003),
    ];
    let plain = shapes.map(|(n, m)| case("plain", m, &inputs::uniform(1, n * m)));
    let extreme = [(13, 3), (26, 130)];
    let extreme = extreme.map(|(n, m)| case("extreme", m, &super::unit_rows::extreme(n, m)));
    plain.into_iter().chain(extreme).collect()
}

fn case(label: &str, m: usize, x: &[f32]) -> Case {
    let n = x.len() / m;
    let first = 2; // rows of y before the batch's stay
    let params = Params {
        n: param(n),
        m: param(m),
        first: param(first),
    };
    let y = [vec![7.0; first * m], vec![f32::NAN; n * m]].concat();
    let label = format!("{n}x{m}, {label}");
    Case::new(label, &params, inputs::folded(n, 1))
        .input(x)
        .update(&y, super::unit_rows::tolerance(m))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    #[test]
    fn closed_form() {
        // (3, 4): the mean square is 25/2. (0, 0) stays.
        let cpu = Cpu::new();
        let x = Matrix::upload(&cpu, 2, 2, &[3.0, -4.0, 0.0, 0.0]).unwrap();
        let y = Matrix::zeros(&cpu, 2, 2).unwrap();
        rms_rows(&cpu, &x, &y, 0);
        let root = 12.5f32.sqrt();
        let got = pollster::block_on(y.download(&cpu)).unwrap();
        let wanted = [3.0 / root, -4.0 / root, 0.0, 0.0];
        let close = got.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(close, "{got:?}");
    }
}
