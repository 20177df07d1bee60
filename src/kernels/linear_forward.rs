//! One layer forward: y = act(x·w + bias) (Xie et al. 2016, §3.2).

use ndarray::ArrayViewMut2;

use super::inputs;
use crate::cpu::gemm::{gemm, matrix, matrix_mut};
use crate::cpu::operand::operand;
use crate::device::{Device, Matrix, param};
use crate::kernel::tile::{FORMS, M, Product, TILES};
use crate::kernel::{Case, Element::F32, Kernel, Tolerance, View, params_of, read, views, write};

crate::params! {
    /// Rows of x.
    rows: u32,
    /// Columns of x.
    d_in: u32,
    /// Columns of y.
    d_out: u32,
    /// 1: ReLU, 0: identity.
    relu: u32,
    /// Row of y that row 0 is written to.
    first: u32,
}

/// A layer: weight (in, out), bias (1, out), and whether it has a ReLU.
pub type LayerOf<'a, D> = (&'a Matrix<D>, &'a Matrix<D>, bool);

/// The kernel in every form of the product.
pub static KERNELS: [Kernel; FORMS] = super::product_kernels!(
    "linear_forward",
    ["linear_product"],
    &[
        read("x", F32, "(b, in)"),
        read("w", F32, "(in, out)"),
        read("bias", F32, "(out)"),
        write("y", F32, "(at least first + b, out)")
    ],
    ("value + bias[col]", "value - bias[col]")
);

/// y (b, out) = act(x (b, in) · w (in, out) + bias (1, out)); ReLU or identity.
pub fn linear_forward<D: Device>(
    device: &D,
    x: &Matrix<D>,
    w: &Matrix<D>,
    bias: &Matrix<D>,
    relu: bool,
    y: &Matrix<D>,
) {
    y.expect_shape("y", x.rows, w.cols);
    let kernel = device.products().form(
        &KERNELS,
        Product {
            rows: x.rows,
            cols: y.cols,
            depth: x.cols,
        },
    );
    dispatch(device, x, (w, bias), relu, y, 0, kernel);
}

/// The rows that encoding counts on when it picks a form, so that what a row gives does not depend on how
/// many rows are encoded together.
pub(super) const ENCODED_ROWS: usize = 1024;

/// As [`linear_forward`], into the rows of y from `first` on. A row gives the same bits among any others.
pub fn linear_forward_into<D: Device>(
    device: &D,
    x: &Matrix<D>,
    w: &Matrix<D>,
    bias: &Matrix<D>,
    relu: bool,
    y: &Matrix<D>,
    first: usize,
) {
    let kernel = device.products().form(
        &KERNELS,
        Product {
            rows: ENCODED_ROWS,
            cols: y.cols,
            depth: x.cols,
        },
    );
    dispatch(device, x, (w, bias), relu, y, first, kernel);
}

fn dispatch<D: Device>(
    device: &D,
    x: &Matrix<D>,
    (w, bias): (&Matrix<D>, &Matrix<D>),
    relu: bool,
    y: &Matrix<D>,
    first: usize,
    kernel: &'static Kernel,
) {
    w.expect_shape("w", x.cols, y.cols);
    bias.expect_shape("bias", 1, y.cols);
    assert!(
        first + x.rows <= y.rows,
        "rows {first}..{} of {}",
        first + x.rows,
        y.rows
    );
    let params = Params {
        rows: param(x.rows),
        d_in: param(x.cols),
        d_out: param(y.cols),
        relu: relu.into(),
        first: param(first),
    };
    device.dispatch(
        kernel,
        bytemuck::bytes_of(&params),
        kernel.form().workgroups(x.rows, y.cols),
        &[&x.buffer, &w.buffer, &bias.buffer, &y.buffer],
    );
}

fn reference<const FORM: usize>(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, w, bias, y] = views(buffers);
    let (d_in, d_out) = (p.d_in as usize, p.d_out as usize);
    let (x, w) = (operand::<FORM>(x.f32(), 1.0), operand::<FORM>(w.f32(), 1.0));
    for i in 0..p.rows as usize {
        let row = &x[i * d_in..][..d_in];
        let out = (p.first as usize + i) * d_out;
        layer_row(
            row,
            &w,
            bias.f32(),
            p.relu == 1,
            &mut y.f32_mut()[out..][..d_out],
        );
    }
}

/// One row of a layer, with f64 sums.
pub(super) fn layer_row(x: &[f32], w: &[f32], bias: &[f32], relu: bool, y: &mut [f32]) {
    let d_out = y.len();
    for (c, y) in y.iter_mut().enumerate() {
        let products = x
            .iter()
            .enumerate()
            .map(|(k, x)| f64::from(*x) * f64::from(w[k * d_out + c]));
        let sum = products.sum::<f64>() + f64::from(bias[c]);
        *y = if relu { sum.max(0.0) } else { sum } as f32;
    }
}

fn fast<const FORM: usize>(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, w, bias, y] = views(buffers);
    let (rows, d_in, d_out) = (p.rows as usize, p.d_in as usize, p.d_out as usize);
    let bias = bias.f32();
    gemm(
        matrix(&operand::<FORM>(x.f32(), 1.0), rows, d_in),
        matrix(&operand::<FORM>(w.f32(), 1.0), d_in, d_out),
        matrix_mut(&mut y.f32_mut()[p.first as usize * d_out..], rows, d_out),
        |_, col, block| add_bias(block, &bias[col..], p.relu == 1),
    );
}

/// The epilogue of a forward layer on one block of y.
pub(super) fn add_bias(y: &mut ArrayViewMut2<'_, f32>, bias: &[f32], relu: bool) {
    for mut row in y.rows_mut() {
        let row = row
            .as_slice_mut()
            .expect("rows of a row-major matrix are contiguous");
        for (y, bias) in row.iter_mut().zip(bias) {
            *y += bias;
            if relu {
                *y = y.max(0.0);
            }
        }
    }
}

/// (b, in, out) of the layers' cases: ones, primes, around the tile, and the paper's layers.
pub(super) const SHAPES: [(usize, usize, usize); 10] = [
    (1, 1, 1),
    (17, 19, 23),
    (63, 15, 65),
    (64, 16, 64),
    (65, 17, 63),
    (129, 33, 10),
    (40, 10, 200),
    (112, 784, 130),
    (96, 300, 10),
    (140, 9, 131),
];

fn cases<const FORM: usize>() -> Vec<Case> {
    let plain = SHAPES
        .iter()
        .flat_map(|shape| [false, true].map(|relu| case::<FORM>(*shape, relu, 0)));
    plain.chain([case::<FORM>((65, 17, 63), true, 3)]).collect()
}

fn sized(p: Product) -> Case {
    case::<M>((p.rows, p.depth, p.cols), true, 0)
}

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
        first: param(first),
    };
    let name = if relu { "ReLU" } else { "linear" };
    let y = vec![f32::NAN; rows * d_out];
    let kept = inputs::repeated(4, first * d_out);
    Case::new(
        format!("{rows}x{d_in}x{d_out}, {name}, from row {first}"),
        &params,
        TILES[FORM].workgroups(rows, d_out),
    )
    .input(&inputs::repeated(1, rows * d_in))
    .input(&inputs::repeated(2, d_in * d_out))
    .input(&inputs::repeated(3, d_out))
    .update(&[kept, y].concat(), Tolerance::sum(d_in + 1, 1.0))
}
