//! The gradient of rows scaled to a mean square of 1 ([`super::rms_rows`]).

use super::inputs;
use super::rms_rows::root_mean_square;
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case, Element::F32, Kernel, Tolerance, View, grid, params_of, read, views, write,
};

crate::params! {
    /// Rows of x.
    n: u32,
    /// Columns of x.
    m: u32,
    /// 1: x came out of a ReLU.
    relu: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "rms_rows_backward",
    wgsl: &[
        include_str!("../../shaders/row_length.wgsl"),
        include_str!("../../shaders/rms_rows_backward.wgsl"),
    ],
    params: Params::FIELDS,
    bindings: &[
        read("x", F32, "(n, m)"),
        read("dy", F32, "(n, m)"),
        write("dx", F32, "(n, m)"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: ("dy[at] - y * mean", "dy[at]"),
};

/// dx (n, m) from dy (n, m), through the ReLU that made x if `relu`. A row of zeros has no gradient: its dx is zero.
pub fn rms_rows_backward<D: Device>(
    device: &D,
    dy: &Matrix<D>,
    x: &Matrix<D>,
    relu: bool,
    dx: &Matrix<D>,
) {
    x.expect_shape("x", dy.rows, dy.cols);
    dx.expect_shape("dx", dy.rows, dy.cols);
    let params = Params {
        n: param(x.rows),
        m: param(x.cols),
        relu: relu.into(),
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(x.rows, 1),
        &[&x.buffer, &dy.buffer, &dx.buffer],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, dy, dx] = views(buffers);
    let m = p.m as usize;
    for i in 0..p.n as usize {
        let (x, dy) = (&x.f32()[i * m..][..m], &dy.f32()[i * m..][..m]);
        row(x, dy, p.relu == 1, &mut dx.f32_mut()[i * m..][..m]);
    }
}

fn row(x: &[f32], dy: &[f32], relu: bool, dx: &mut [f32]) {
    let Some(root) = root_mean_square(x) else {
        return dx.fill(0.0);
    };
    let y = |c: usize| f64::from(x[c]) / root;
    let products = (0..x.len()).map(|c| y(c) * f64::from(dy[c]));
    let mean = products.sum::<f64>() / x.len() as f64;
    for (c, dx) in dx.iter_mut().enumerate() {
        *dx = match relu && x[c] <= 0.0 {
            true => 0.0,
            false => ((f64::from(dy[c]) - y(c) * mean) / root) as f32,
        };
    }
}

fn cases() -> Vec<Case> {
    // (n, m): one, primes, around the workgroup size, MNIST's.
    [(1, 1), (37, 5), (5, 63), (7, 64), (65, 65), (3, 784)]
        .into_iter()
        .zip([false, true].into_iter().cycle())
        .map(|(shape, relu)| case(shape, relu))
        .collect()
}

fn case((n, m): (usize, usize), relu: bool) -> Case {
    let params = Params {
        n: param(n),
        m: param(m),
        relu: relu.into(),
    };
    let mut x = inputs::uniform(1, n * m);
    if n > 2 {
        x[m..2 * m].fill(0.0); // a row of zeros
    }
    // |dy| ≤ 1, and the mean of the products has |y|·|dy| ≤ sqrt(m) at most; a row's root is above a few hundredths.
    let tolerance = Tolerance::Near {
        absolute: (m as f32 + 64.0) * f32::EPSILON,
        relative: 1e-4,
    };
    let name = if relu { "ReLU" } else { "linear" };
    Case::new(format!("{n}x{m}, {name}"), &params, inputs::folded(n, 1))
        .input(&x)
        .input(&inputs::uniform(2, n * m))
        .output(n * m, tolerance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    #[test]
    fn a_longer_row_gives_the_same_and_so_has_no_gradient() {
        // dy·x = 0: only the length's root remains. dy along x: nothing is left.
        let cpu = Cpu::new();
        let matrix = |v: &[f32]| Matrix::upload(&cpu, 1, 2, v).unwrap();
        for (dy, wanted) in [([4.0, -3.0], [4.0, -3.0]), ([3.0, 4.0], [0.0, 0.0])] {
            let dx = matrix(&[f32::NAN; 2]);
            rms_rows_backward(&cpu, &matrix(&dy), &matrix(&[3.0, 4.0]), false, &dx);
            let root = 12.5f32.sqrt();
            let got = pollster::block_on(dx.download(&cpu)).unwrap();
            let close = got
                .iter()
                .zip(wanted)
                .all(|(a, b)| (a - b / root).abs() < 1e-6);
            assert!(close, "{got:?}");
        }
    }
}
