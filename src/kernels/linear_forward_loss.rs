//! The last layer forward with its loss, a mean squared error, and the gradient: y = act(x·w + bias) is compared with
//! a target and not stored (Xie et al. 2016, §3.2).

use std::ops::Range;

use rayon::prelude::*;

use super::inputs;
use super::linear_forward::{LayerOf, SHAPES, add_bias, layer_row};
use crate::cpu::gemm::{gemm, matrix, matrix_mut};
use crate::cpu::operand::operand;
use crate::device::{Device, Matrix, param};
use crate::kernel::tile::{FORMS, M, Product, TILES, Tile};
use crate::kernel::{Case, Element::F32, Kernel, Tolerance, View, params_of, read, views, write};
use crate::loss::LossTerm;

crate::params! {
    /// Rows of x.
    rows: u32,
    /// Columns of x.
    d_in: u32,
    /// Columns of y.
    d_out: u32,
    /// 1: ReLU, 0: identity.
    relu: u32,
    /// Factor on y - target.
    gradient_scale: f32,
    /// Factor on (y - target)².
    loss_scale: f32,
    /// The element of partial that the first tile's sum is written to.
    first_partial: u32,
}

/// The kernel in every form of the product.
pub static KERNELS: [Kernel; FORMS] = super::product_kernels!(
    "linear_forward_loss",
    [sum, "linear_product"],
    &[
        read("x", F32, "(b, in)"),
        read("w", F32, "(in, out)"),
        read("bias", F32, "(out)"),
        read("goal", F32, "(b, out), the target"),
        write("dy", F32, "(b, out)"),
        write("partial", F32, "(first_partial + tiles or more)"),
    ],
    ("difference * difference", "difference * 0.5")
);

/// The form of the product that a layer's loss is computed in, for batches of up to so many rows. The number of
/// partial sums depends on it, so it is chosen once.
#[derive(Clone, Copy)]
pub struct LossForm(&'static Kernel);

impl LossForm {
    /// The form for a layer (in, out).
    pub fn new<D: Device>(device: &D, rows: usize, (d_in, d_out): (usize, usize)) -> Self {
        let product = Product {
            rows,
            cols: d_out,
            depth: d_in,
        };
        Self(device.products().form(&KERNELS, product))
    }

    /// Elements of `partial` that a loss over (rows, out) takes.
    pub fn partials(self, rows: usize, d_out: usize) -> usize {
        tiles(self.0.form(), rows, d_out)
    }
}

fn tiles(tile: &Tile, rows: usize, d_out: usize) -> usize {
    rows.div_ceil(tile.rows) * d_out.div_ceil(tile.cols)
}

/// dy (b, out) from x (b, in), the layer and the target (b, out), before the layer's own activation; the loss is the
/// sum of [`LossForm::partials`] elements of `partial` (any, 1) from `term.first` on.
pub fn linear_forward_loss<D: Device>(
    device: &D,
    form: LossForm,
    (w, bias, relu): LayerOf<'_, D>,
    [x, target]: [&Matrix<D>; 2],
    term: LossTerm,
    dy: &Matrix<D>,
    partial: &Matrix<D>,
) {
    w.expect_shape("w", x.cols, dy.cols);
    bias.expect_shape("bias", 1, dy.cols);
    target.expect_shape("target", x.rows, dy.cols);
    dy.expect_shape("dy", x.rows, w.cols);
    term.expect_room("partial", partial, form.partials(x.rows, dy.cols));
    let params = Params {
        rows: param(x.rows),
        d_in: param(x.cols),
        d_out: param(dy.cols),
        relu: relu.into(),
        gradient_scale: term.gradient_scale,
        loss_scale: term.loss_scale,
        first_partial: param(term.first),
    };
    device.dispatch(
        form.0,
        bytemuck::bytes_of(&params),
        form.0.form().workgroups(x.rows, dy.cols),
        &[
            &x.buffer,
            &w.buffer,
            &bias.buffer,
            &target.buffer,
            &dy.buffer,
            &partial.buffer,
        ],
    );
}

fn reference<const FORM: usize>(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, w, bias, goal, dy, partial] = views(buffers);
    let (rows, d_in, d_out) = (p.rows as usize, p.d_in as usize, p.d_out as usize);
    let (x, w) = (operand::<FORM>(x.f32(), 1.0), operand::<FORM>(w.f32(), 1.0));
    for i in 0..rows {
        let row = &x[i * d_in..][..d_in];
        let y = &mut dy.f32_mut()[i * d_out..][..d_out];
        layer_row(row, &w, bias.f32(), false, y);
    }
    let (goal, dy) = (goal.f32(), dy.f32_mut());
    for (tile, (rows, cols)) in tiles_of(&TILES[FORM], rows, d_out).enumerate() {
        let mut sum = 0.0;
        for at in rows.flat_map(|r| cols.clone().map(move |c| r * d_out + c)) {
            let cut = p.relu == 1 && dy[at] <= 0.0;
            let y = if cut { 0.0 } else { f64::from(dy[at]) };
            let difference = y - f64::from(goal[at]);
            let gradient = f64::from(p.gradient_scale) * difference;
            dy[at] = if cut { 0.0 } else { gradient as f32 };
            sum += difference * difference;
        }
        partial.f32_mut()[p.first_partial as usize + tile] = (f64::from(p.loss_scale) * sum) as f32;
    }
}

/// Rows and columns of every tile of (rows, cols), in order.
fn tiles_of(
    tile: &Tile,
    rows: usize,
    cols: usize,
) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    let (height, width) = (tile.rows, tile.cols);
    (0..rows).step_by(height).flat_map(move |r| {
        let of_row = (0..cols).step_by(width);
        of_row.map(move |c| (r..rows.min(r + height), c..cols.min(c + width)))
    })
}

fn fast<const FORM: usize>(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, w, bias, goal, dy, partial] = views(buffers);
    let (rows, d_in, d_out) = (p.rows as usize, p.d_in as usize, p.d_out as usize);
    let (bias, dy) = (bias.f32(), &mut dy.f32_mut()[..rows * d_out]);
    gemm(
        matrix(&operand::<FORM>(x.f32(), 1.0), rows, d_in),
        matrix(&operand::<FORM>(w.f32(), 1.0), d_in, d_out),
        matrix_mut(dy, rows, d_out),
        |_, col, block| add_bias(block, &bias[col..], p.relu == 1),
    );
    let tile = &TILES[FORM];
    let partial = &mut partial.f32_mut()[p.first_partial as usize..];
    let across = d_out.div_ceil(tile.cols);
    (
        dy.par_chunks_mut(tile.rows * d_out),
        goal.f32()[..rows * d_out].par_chunks(tile.rows * d_out),
        partial[..across * rows.div_ceil(tile.rows)].par_chunks_mut(across),
    )
        .into_par_iter()
        .for_each(|(y, goal, partial)| fast_band(&p, tile.cols, y, goal, partial));
}

/// One row of tiles: y becomes dy. Each row of a tile is summed in 16 fixed lanes, so that the loop vectorises and
/// the bits do not depend on the threads.
fn fast_band(p: &Params, width: usize, y: &mut [f32], goal: &[f32], partial: &mut [f32]) {
    let d_out = p.d_out as usize;
    let mut sums = vec![0.0f64; partial.len()];
    for (y, goal) in y.chunks_exact_mut(d_out).zip(goal.chunks_exact(d_out)) {
        for ((y, goal), sum) in y.chunks_mut(width).zip(goal.chunks(width)).zip(&mut sums) {
            *sum += fast_row(p, y, goal);
        }
    }
    for (partial, sum) in partial.iter_mut().zip(sums) {
        *partial = (f64::from(p.loss_scale) * sum) as f32;
    }
}

fn fast_row(p: &Params, y: &mut [f32], goal: &[f32]) -> f64 {
    const LANES: usize = 16;
    // Without a ReLU no y is at or below the floor.
    let floor = if p.relu == 1 { 0.0 } else { f32::NEG_INFINITY };
    let mut sums = [0.0f32; LANES];
    for (y, goal) in y.chunks_mut(LANES).zip(goal.chunks(LANES)) {
        for ((y, goal), sum) in y.iter_mut().zip(goal).zip(&mut sums) {
            let difference = *y - goal;
            *y = if *y <= floor {
                0.0
            } else {
                p.gradient_scale * difference
            };
            *sum += difference * difference;
        }
    }
    sums.iter().map(|sum| f64::from(*sum)).sum()
}

fn cases<const FORM: usize>() -> Vec<Case> {
    let shapes = SHAPES.iter().enumerate();
    let plain = shapes.map(|(i, shape)| case::<FORM>(*shape, i % 2 == 1, 0));
    plain.chain([case::<FORM>((65, 17, 63), true, 5)]).collect()
}

fn sized(p: Product) -> Case {
    let mut case = case::<M>((p.rows, p.depth, p.cols), false, 0);
    let most = TILES.iter().map(|tile| tiles(tile, p.rows, p.cols)).max();
    let partial = case.buffers.last_mut().expect("the partial sums");
    partial.words.resize(most.unwrap_or(0), 0);
    case
}

/// With a ReLU the inputs are small integers: the sums are exact, so every device cuts the same elements.
fn case<const FORM: usize>(
    (rows, d_in, d_out): (usize, usize, usize),
    relu: bool,
    first: usize,
) -> Case {
    let params = Params {
        rows: param(rows),
        d_in: param(d_in),
        d_out: param(d_out),
        relu: relu.into(),
        gradient_scale: 0.25,
        loss_scale: 0.5,
        first_partial: param(first),
    };
    let draw = if relu {
        inputs::integers
    } else {
        inputs::repeated
    };
    let tile = &TILES[FORM];
    let name = if relu { "ReLU" } else { "linear" };
    Case::new(
        format!("{rows}x{d_in}x{d_out}, {name}, partial from {first}"),
        &params,
        tile.workgroups(rows, d_out),
    )
    .input(&draw(1, rows * d_in))
    .input(&draw(2, d_in * d_out))
    .input(&draw(3, d_out))
    .input(&draw(4, rows * d_out))
    .output(rows * d_out, Tolerance::sum(d_in + 2, 1.0))
    // Squares of sums of d_in products are positive: their errors add up to less than this share.
    .update(
        &vec![-7.0f32; first + tiles(tile, rows, d_out)],
        Tolerance::Near {
            absolute: 1e-6,
            relative: 1e-4,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    /// dy and the loss for y = x·1 + 0, one column.
    fn run(cpu: Cpu, x: &[f32], target: &[f32], relu: bool) -> (Vec<f32>, f64) {
        let n = x.len();
        let column = |v: &[f32]| Matrix::upload(&cpu, n, 1, v).unwrap();
        let one = |v: f32| Matrix::upload(&cpu, 1, 1, &[v]).unwrap();
        let form = LossForm::new(&cpu, n, (1, 1));
        let dy = Matrix::zeros(&cpu, n, 1).unwrap();
        let partial = Matrix::zeros(&cpu, form.partials(n, 1), 1).unwrap();
        let (w, bias, term) = (one(1.0), one(0.0), LossTerm::mean_squared_error(n));
        let layer = (&w, &bias, relu);
        linear_forward_loss(
            &cpu,
            form,
            layer,
            [&column(x), &column(target)],
            term,
            &dy,
            &partial,
        );
        let loss = pollster::block_on(partial.download(&cpu)).unwrap();
        (
            pollster::block_on(dy.download(&cpu)).unwrap(),
            loss.iter().map(|v| f64::from(*v)).sum(),
        )
    }

    #[test]
    fn closed_form() {
        // y - target = (1, -2, 0, 3): loss (1 + 4 + 0 + 9)/4 = 7/2, dy = 2/4·(y - target), 0 where a ReLU gave 0.
        for cpu in [Cpu::reference(), Cpu::new()] {
            let (x, target) = ([1.0, 0.0, 5.0, 3.0], [0.0, 2.0, 5.0, 0.0]);
            assert_eq!(
                run(cpu, &x, &target, false),
                (vec![0.5, -1.0, 0.0, 1.5], 3.5)
            );
            assert_eq!(run(cpu, &x, &target, true), (vec![0.5, 0.0, 0.0, 1.5], 3.5));
        }
    }

    #[test]
    fn a_relu_cuts_what_is_below_zero() {
        for cpu in [Cpu::reference(), Cpu::new()] {
            let (dy, loss) = run(cpu, &[-3.0, 1.0], &[1.0, 0.0], true);
            assert_eq!((dy, loss), (vec![0.0, 1.0], 1.0));
        }
    }
}
