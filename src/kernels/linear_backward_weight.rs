//! The gradients with respect to a layer's weight and bias: dw = xᵀ·dy, dbias_c = Σ_i dy_ic.

use super::inputs;
use super::linear_backward_input::TINY;
use super::linear_forward::SHAPES;
use crate::cpu::gemm::{gemm, matrix, matrix_mut};
use crate::cpu::operand::operand;
use crate::device::{Device, Matrix, param};
use crate::kernel::{Case, Element::F32, Kernel, Tolerance, View, params_of, read, views, write};
use crate::tile::{FORMS, GRADIENT_SCALE, Product, TILES};

crate::params! {
    /// Rows of x and dy.
    rows: u32,
    /// Columns of x.
    d_in: u32,
    /// Columns of dy.
    d_out: u32,
}

/// The kernel in every form of the product.
pub static KERNELS: [Kernel; FORMS] = super::product_kernels!(
    "linear_backward_weight",
    &[
        read("x", F32),
        read("dy", F32),
        write("dw", F32),
        write("dbias", F32)
    ],
    ("row == 0u) + dy", "row == 0u) - dy")
);

/// dw (in, out) = x (b, in)ᵀ · dy (b, out) and dbias (1, out) = the column sums of dy.
pub fn linear_backward_weight<D: Device>(
    device: &D,
    x: &Matrix<D>,
    dy: &Matrix<D>,
    dw: &Matrix<D>,
    dbias: &Matrix<D>,
) {
    dy.expect_shape("dy", x.rows, dw.cols);
    dw.expect_shape("dw", x.cols, dy.cols);
    dbias.expect_shape("dbias", 1, dy.cols);
    let params = Params {
        rows: param(x.rows),
        d_in: param(x.cols),
        d_out: param(dy.cols),
    };
    let form = device.tile(Product {
        rows: dw.rows,
        cols: dw.cols,
        depth: x.rows,
    });
    device.dispatch(
        &KERNELS[form],
        bytemuck::bytes_of(&params),
        TILES[form].workgroups(dw.rows, dw.cols),
        &[&x.buffer, &dy.buffer, &dw.buffer, &dbias.buffer],
    );
}

fn reference<const FORM: usize>(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, dy, dw, dbias] = views(buffers);
    let (rows, d_in, d_out) = (p.rows as usize, p.d_in as usize, p.d_out as usize);
    let a = operand::<FORM>(x.f32(), 1.0);
    let b = operand::<FORM>(dy.f32(), GRADIENT_SCALE);
    for c in 0..d_out {
        for r in 0..d_in {
            let sum: f64 = (0..rows)
                .map(|i| f64::from(a[i * d_in + r]) * f64::from(b[i * d_out + c]))
                .sum();
            dw.f32_mut()[r * d_out + c] = sum as f32;
        }
        let dy = (0..rows).map(|i| f64::from(dy.f32()[i * d_out + c]));
        dbias.f32_mut()[c] = dy.sum::<f64>() as f32; // no product, so nothing is rounded
    }
}

fn fast<const FORM: usize>(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, dy, dw, dbias] = views(buffers);
    let (rows, d_in, d_out) = (p.rows as usize, p.d_in as usize, p.d_out as usize);
    gemm(
        matrix(&operand::<FORM>(x.f32(), 1.0), rows, d_in).reversed_axes(),
        matrix(&operand::<FORM>(dy.f32(), GRADIENT_SCALE), rows, d_out),
        matrix_mut(dw.f32_mut(), d_in, d_out),
        |_, _, _| (),
    );
    let dbias = &mut dbias.f32_mut()[..d_out];
    dbias.fill(0.0);
    for row in dy.f32().chunks_exact(d_out).take(rows) {
        dbias.iter_mut().zip(row).for_each(|(sum, dy)| *sum += dy);
    }
}

fn cases<const FORM: usize>() -> Vec<Case> {
    let plain = SHAPES.iter().map(|shape| case::<FORM>(*shape, 1.0));
    plain.chain([case::<FORM>((65, 17, 63), TINY)]).collect()
}

fn case<const FORM: usize>((rows, d_in, d_out): (usize, usize, usize), size: f32) -> Case {
    let dy = inputs::uniform(2, rows * d_out).into_iter();
    let params = Params {
        rows: param(rows),
        d_in: param(d_in),
        d_out: param(d_out),
    };
    Case::new(
        format!("{rows}x{d_in}x{d_out}, gradients times {size:.0e}"),
        &params,
        TILES[FORM].workgroups(d_in, d_out),
    )
    .input(&inputs::uniform(1, rows * d_in))
    .input(&dy.map(|dy| size * dy).collect::<Vec<_>>())
    .output(d_in * d_out, Tolerance::sum(rows, size))
    .output(d_out, Tolerance::sum(rows, size))
}
