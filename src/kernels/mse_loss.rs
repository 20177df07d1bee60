//! The reconstruction loss, a mean squared error, and its gradient.

use rayon::prelude::*;

use super::inputs;
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case, Element::F32, Kernel, Tolerance, View, grid, params_of, read, views, write,
};

crate::params! {
    /// Elements of y.
    n: u32,
    /// 1: y came through a ReLU, whose derivative dy takes in; 0: it did not.
    relu: u32,
    /// Factor on y - x.
    gradient_scale: f32,
    /// Factor on (y - x)².
    loss_scale: f32,
    /// The element of partial that the first group is written to.
    first_partial: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "mse_loss",
    wgsl: &[include_str!("../../shaders/mse_loss.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("y", F32),
        read("x", F32),
        write("dy", F32),
        write("partial", F32),
    ],
    workgroup_size: [256, 1, 1],
    tile: None,
    reference,
    fast: Some(fast),
    cases,
    mutation: ("width = 128u", "width = 64u"),
};

/// Elements summed by one workgroup.
const GROUP: usize = 1024;

/// Elements of `partial` that a loss over `elements` elements takes.
pub fn partials(elements: usize) -> usize {
    elements.div_ceil(GROUP)
}

/// How a loss and its gradient are scaled, and where the loss's terms go.
///
/// The terms of many steps lie one after the other and are read late: no extra dispatch and no read-back
/// in a step.
#[derive(Clone, Copy, Debug)]
pub struct LossTerm {
    /// Factor on the gradient, with the loss's weight in the total.
    pub gradient_scale: f32,
    /// Factor on the loss that is reported, without that weight.
    pub loss_scale: f32,
    /// The element of the terms' buffer that the first term is written to.
    pub first: usize,
}

impl LossTerm {
    /// The mean over `count` terms, written from element 0.
    pub fn mean(count: usize) -> Self {
        let scale = (1.0 / count as f64) as f32;
        Self {
            gradient_scale: scale,
            loss_scale: scale,
            first: 0,
        }
    }

    /// The mean over `elements` squares, whose gradient brings a factor 2.
    pub fn mean_squared_error(elements: usize) -> Self {
        Self::mean(elements).weighted(2.0)
    }

    /// The same loss with its gradient weighted; what is reported stays.
    pub fn weighted(self, weight: f32) -> Self {
        Self {
            gradient_scale: weight * self.gradient_scale,
            ..self
        }
    }

    /// The same loss written from element `first`.
    pub fn at(self, first: usize) -> Self {
        Self { first, ..self }
    }

    /// Panics unless `terms` (any, 1) has room for `count` terms.
    pub(super) fn expect_room<D: Device>(&self, name: &str, terms: &Matrix<D>, count: usize) {
        terms.expect_shape(name, terms.rows, 1);
        let last = self.first + count;
        assert!(
            last <= terms.rows,
            "{name} has {} rows of {last}",
            terms.rows
        );
    }
}

/// dy (b, D) from the reconstruction y (b, D) and the input x (b, D); the loss is the sum of the
/// [`partials`]`(b·D)` elements of `partial` (any, 1) from `term.first` on.
///
/// With `relu`, y is the output of a ReLU and dy the gradient before it.
pub fn mse_loss<D: Device>(
    device: &D,
    y: &Matrix<D>,
    x: &Matrix<D>,
    term: LossTerm,
    relu: bool,
    dy: &Matrix<D>,
    partial: &Matrix<D>,
) {
    x.expect_shape("x", y.rows, y.cols);
    dy.expect_shape("dy", y.rows, y.cols);
    term.expect_room("partial", partial, partials(y.len()));
    let params = Params {
        n: param(y.len()),
        relu: relu.into(),
        gradient_scale: term.gradient_scale,
        loss_scale: term.loss_scale,
        first_partial: param(term.first),
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(y.len(), GROUP as u32),
        &[&y.buffer, &x.buffer, &dy.buffer, &partial.buffer],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [y, x, dy, partial] = views(buffers);
    let n = p.n as usize;
    for group in 0..partials(n) {
        let mut sum = 0.0;
        for i in group * GROUP..n.min((group + 1) * GROUP) {
            let difference = f64::from(y.f32()[i]) - f64::from(x.f32()[i]);
            let cut = p.relu == 1 && y.f32()[i] <= 0.0;
            dy.f32_mut()[i] = if cut {
                0.0
            } else {
                (f64::from(p.gradient_scale) * difference) as f32
            };
            sum += difference * difference;
        }
        partial.f32_mut()[p.first_partial as usize + group] =
            (f64::from(p.loss_scale) * sum) as f32;
    }
}

/// Groups spread over threads; each sums in 16 fixed lanes, so that the loop vectorises and the bits do
/// not depend on the threads.
fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [y, x, dy, partial] = views(buffers);
    let n = p.n as usize;
    (
        y.f32()[..n].par_chunks(GROUP),
        x.f32()[..n].par_chunks(GROUP),
        dy.f32_mut()[..n].par_chunks_mut(GROUP),
        &mut partial.f32_mut()[p.first_partial as usize..][..partials(n)],
    )
        .into_par_iter()
        .with_min_len(32)
        .for_each(|(y, x, dy, partial)| {
            let sum = fast_group(&p, y, x, dy);
            *partial = (f64::from(p.loss_scale) * sum) as f32;
        });
}

fn fast_group(p: &Params, y: &[f32], x: &[f32], dy: &mut [f32]) -> f64 {
    const LANES: usize = 16;
    // Without a ReLU no y is at or below the floor.
    let floor = if p.relu == 1 { 0.0 } else { f32::NEG_INFINITY };
    let mut sums = [0.0f32; LANES];
    let rows = y.chunks(LANES).zip(x.chunks(LANES));
    for ((y, x), dy) in rows.zip(dy.chunks_mut(LANES)) {
        for (((y, x), dy), sum) in y.iter().zip(x).zip(dy).zip(&mut sums) {
            let difference = y - x;
            *dy = if *y <= floor {
                0.0
            } else {
                p.gradient_scale * difference
            };
            *sum += difference * difference;
        }
    }
    sums.iter().map(|sum| f64::from(*sum)).sum()
}

fn cases() -> Vec<Case> {
    // (b, D, first, ReLU): one, primes, around the 1024 elements of a group, batches of digits and of units.
    [
        (1, 1, 0, false),
        (37, 5, 2, true),
        (1, 255, 0, false),
        (3, 341, 0, true),
        (2, 512, 1, false),
        (5, 205, 0, true),
        (65, 13, 0, false),
        (256, 784, 196, false),
        (256, 500, 0, true),
    ]
    .map(|(b, cols, first, relu)| case(b, cols, first, relu))
    .to_vec()
}

fn case(b: usize, cols: usize, first: usize, relu: bool) -> Case {
    let n = b * cols;
    let term = LossTerm::mean_squared_error(n);
    let params = Params {
        n: param(n),
        relu: relu.into(),
        gradient_scale: term.gradient_scale,
        loss_scale: term.loss_scale,
        first_partial: param(first),
    };
    let mut y = inputs::uniform(1, n);
    if relu {
        y.iter_mut().for_each(|y| *y = y.max(0.0));
    }
    Case::new(
        format!("{b}x{cols}, partial from {first}, relu {relu}"),
        &params,
        inputs::folded(n, GROUP as u32),
    )
    .input(&y)
    .input(&inputs::uniform(2, n))
    // A difference and a product, each rounded once.
    .output(
        n,
        Tolerance::Near {
            absolute: 1e-30,
            relative: 4.0 * f32::EPSILON,
        },
    )
    // Squares are positive: at most 4 + 8 additions meet in one sum on a device, 64 + 16 in `fast`.
    .update(
        &vec![-7.0f32; first + partials(n)],
        Tolerance::Near {
            absolute: 1e-30,
            relative: 1e-5,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    fn run(cpu: Cpu, y: &[f32], x: &[f32], relu: bool) -> (Vec<f32>, f64) {
        let n = y.len();
        let matrix = |v: &[f32]| Matrix::upload(&cpu, 1, n, v).unwrap();
        let dy = Matrix::zeros(&cpu, 1, n).unwrap();
        let partial = Matrix::zeros(&cpu, partials(n), 1).unwrap();
        let term = LossTerm::mean_squared_error(n);
        mse_loss(&cpu, &matrix(y), &matrix(x), term, relu, &dy, &partial);
        let loss = pollster::block_on(partial.download(&cpu)).unwrap();
        (
            pollster::block_on(dy.download(&cpu)).unwrap(),
            loss.iter().map(|v| f64::from(*v)).sum(),
        )
    }

    #[test]
    fn closed_form() {
        // y - x = (1, -2, 0, 3): loss (1 + 4 + 0 + 9)/4 = 7/2, dy = 2/4·(y - x), 0 where a ReLU gave 0.
        for cpu in [Cpu::reference(), Cpu::new()] {
            let (y, x) = ([1.0, 0.0, 5.0, 3.0], [0.0, 2.0, 5.0, 0.0]);
            assert_eq!(run(cpu, &y, &x, false), (vec![0.5, -1.0, 0.0, 1.5], 3.5));
            assert_eq!(run(cpu, &y, &x, true), (vec![0.5, 0.0, 0.0, 1.5], 3.5));
        }
    }

    #[test]
    fn dy_is_the_derivative_of_the_loss() {
        let (y, x) = (inputs::uniform(1, 1500), inputs::uniform(2, 1500));
        let mean_square = |y: &[f64]| -> f64 {
            let squares = y.iter().zip(&x).map(|(y, x)| (y - f64::from(*x)).powi(2));
            squares.sum::<f64>() / 1500.0
        };
        let (dy, loss) = run(Cpu::reference(), &y, &x, false);
        let wide: Vec<f64> = y.iter().map(|v| f64::from(*v)).collect();
        assert!((loss - mean_square(&wide)).abs() < 1e-6);
        for i in (0..1500).step_by(97) {
            let shifted = |by: f64| {
                let mut y = wide.clone();
                y[i] += by;
                mean_square(&y)
            };
            let want = (shifted(1e-3) - shifted(-1e-3)) / 2e-3;
            assert!((f64::from(dy[i]) - want).abs() < 1e-9, "{} {want}", dy[i]);
        }
    }
}
