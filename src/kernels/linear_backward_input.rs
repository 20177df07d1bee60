//! The gradient with respect to a layer's input: `dx = (dy·wᵀ) ⊙ [x > 0]`.

use ndarray::{Axis, Slice};

use super::inputs;
use super::linear_forward::SHAPES;
use crate::cpu::gemm::{gemm, matrix, matrix_mut};
use crate::cpu::operand::operand;
use crate::device::{Device, Matrix, param};
use crate::kernel::tile::{FORMS, GRADIENT_SCALE, M, Product, TILES};
use crate::kernel::{Case, Element::F32, Kernel, Tolerance, View, params_of, read, views, write};

crate::params! {
    /// Rows of dy.
    rows: u32,
    /// Columns of dx.
    d_in: u32,
    /// Columns of dy.
    d_out: u32,
    /// 1: x came out of a ReLU, 0: no mask.
    relu: u32,
}

/// The kernel in every form of the product.
pub static KERNELS: [Kernel; FORMS] = super::product_kernels!(
    "linear_backward_input",
    [],
    &[
        read("dy", F32, "(b, out)"),
        read("w", F32, "(in, out)"),
        read("x", F32, "(b, in)"),
        write("dx", F32, "(b, in)")
    ],
    ("x[at] > 0.0", "x[at] < 0.0")
);

/// dx (b, in) = dy (b, out) · w (in, out)ᵀ, zero where the layer's input x (b, in) is a ReLU's zero.
///
/// With `relu` false, x only has to have the shape; it is not looked at.
pub fn linear_backward_input<D: Device>(
    device: &D,
    dy: &Matrix<D>,
    w: &Matrix<D>,
    x: &Matrix<D>,
    relu: bool,
    dx: &Matrix<D>,
) {
    w.expect_shape("w", dx.cols, dy.cols);
    x.expect_shape("x", dy.rows, w.rows);
    dx.expect_shape("dx", dy.rows, w.rows);
    let params = Params {
        rows: param(dy.rows),
        d_in: param(dx.cols),
        d_out: param(dy.cols),
        relu: relu.into(),
    };
    let kernel = device.products().form(
        &KERNELS,
        Product {
            rows: dx.rows,
            cols: dx.cols,
            depth: dy.cols,
        },
    );
    device.dispatch(
        kernel,
        bytemuck::bytes_of(&params),
        kernel.form().workgroups(dx.rows, dx.cols),
        &[&dy.buffer, &w.buffer, &x.buffer, &dx.buffer],
    );
}

fn reference<const FORM: usize>(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [dy, w, x, dx] = views(buffers);
    let (d_in, d_out) = (p.d_in as usize, p.d_out as usize);
    let dy = operand::<FORM>(dy.f32(), GRADIENT_SCALE);
    let w = operand::<FORM>(w.f32(), 1.0);
    for i in 0..p.rows as usize {
        for c in 0..d_in {
            let pairs = dy[i * d_out..][..d_out]
                .iter()
                .zip(&w[c * d_out..][..d_out]);
            let sum: f64 = pairs.map(|(dy, w)| f64::from(*dy) * f64::from(*w)).sum();
            let passes = p.relu == 0 || x.f32()[i * d_in + c] > 0.0;
            dx.f32_mut()[i * d_in + c] = if passes { sum as f32 } else { 0.0 };
        }
    }
}

fn fast<const FORM: usize>(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [dy, w, x, dx] = views(buffers);
    let (rows, d_in, d_out) = (p.rows as usize, p.d_in as usize, p.d_out as usize);
    let x = matrix(x.f32(), rows, d_in);
    gemm(
        matrix(&operand::<FORM>(dy.f32(), GRADIENT_SCALE), rows, d_out),
        matrix(&operand::<FORM>(w.f32(), 1.0), d_in, d_out).reversed_axes(),
        matrix_mut(dx.f32_mut(), rows, d_in),
        |row, col, block| {
            if p.relu == 1 {
                let rows = x.slice_axis(Axis(0), Slice::from(row..row + block.nrows()));
                let x = rows.slice_axis(Axis(1), Slice::from(col..col + block.ncols()));
                block.zip_mut_with(&x, |dx, x| *dx = if *x > 0.0 { *dx } else { 0.0 });
            }
        },
    );
}

fn cases<const FORM: usize>() -> Vec<Case> {
    SHAPES
        .iter()
        .flat_map(|shape| [false, true].map(|relu| case::<FORM>(*shape, relu, 1.0)))
        .chain([case::<FORM>((65, 17, 63), true, TINY)])
        .collect()
}

/// Gradients times this are as small as those of a mean over a large batch: f16 alone would lose them.
pub(super) const TINY: f32 = 1.0 / (1 << 24) as f32;

fn sized(p: Product) -> Case {
    case::<M>((p.rows, p.cols, p.depth), true, 1.0)
}

fn case<const FORM: usize>(
    (rows, d_in, d_out): (usize, usize, usize),
    relu: bool,
    size: f32,
) -> Case {
    let params = Params {
        rows: param(rows),
        d_in: param(d_in),
        d_out: param(d_out),
        relu: relu.into(),
    };
    let name = if relu { "masked" } else { "no mask" };
    let dy = inputs::repeated(1, rows * d_out).into_iter();
    Case::new(
        format!("{rows}x{d_in}x{d_out}, {name}, gradients times {size:.0e}"),
        &params,
        TILES[FORM].workgroups(rows, d_in),
    )
    .input(&dy.map(|dy| size * dy).collect::<Vec<_>>())
    .input(&inputs::repeated(2, d_in * d_out))
    .input(&inputs::repeated(3, rows * d_in))
    .output(rows * d_in, Tolerance::sum(d_out, size))
}
