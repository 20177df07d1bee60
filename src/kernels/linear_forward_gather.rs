//! The first layer forward, straight from the data set: rows in order or through an index, u8 or f32,
//! normalised on the way (Xie et al. 2016, §3.2).

use rayon::prelude::*;

use super::gather_rows::{self, Block, Normalisation, Order, Rows, Source as Storage};
use super::inputs;
use super::linear_forward::{ENCODED_ROWS, LayerOf, add_bias, layer_row};
use crate::cpu::gemm::{gemm, matrix, matrix_mut};
use crate::cpu::operand::operand;
use crate::device::{Device, Matrix, param};
use crate::kernel::Element::{F32, U32};
use crate::kernel::tile::{FORMS, M, Product, TILES};
use crate::kernel::{Case, Kernel, Tolerance, View, params_of, read, views, words_of, write};

crate::params! {
    /// Rows of the batch.
    rows: u32,
    /// Columns of x.
    d_in: u32,
    /// Columns of y.
    d_out: u32,
    /// 1: ReLU, 0: identity.
    relu: u32,
    /// Position in the order that row 0 of the batch takes.
    first: u32,
    /// 1: rows are named by index, 0: they follow each other.
    indexed: u32,
    /// Row of the data set that row 0 of x is.
    block_first: u32,
    /// 0: x holds f32, 1: x holds u8, four to a word.
    source: u32,
    /// Row of y that row 0 is written to.
    out_first: u32,
}

/// The kernel in every form of the product.
pub static KERNELS: [Kernel; FORMS] = super::product_kernels!(
    "linear_forward_gather",
    ["block_value", "ordered_row"],
    &[
        read("x", U32, "(rows of the block, in) f32 bits or packed u8"),
        read("index", U32, "(first + b or more)"),
        read("shift", F32, "(in)"),
        read("scale", F32, "(in)"),
        read("w", F32, "(in, out)"),
        read("bias", F32, "(out)"),
        write("y", F32, "(at least out_first + b, out)"),
    ],
    ("- shift[k]", "+ shift[k]")
);

/// y (b, out) = act(((x − shift)·scale) · w (in, out) + bias (1, out)) for `rows` rows of a block, into the
/// rows of y from `out_first` on. The block must hold every row that the order names.
#[allow(
    clippy::too_many_arguments,
    reason = "where rows come from, through what, and where they go"
)]
pub fn linear_forward_gather<D: Device>(
    device: &D,
    order: Order<'_, D>,
    rows: usize,
    block: &Block<D>,
    normalisation: &Normalisation<D>,
    (w, bias, relu): LayerOf<'_, D>,
    y: &Matrix<D>,
    out_first: usize,
) {
    let Normalisation { shift, scale } = normalisation;
    w.expect_shape("w", shift.cols, y.cols);
    bias.expect_shape("bias", 1, y.cols);
    assert!(
        out_first + rows <= y.rows,
        "rows {out_first}..{} of {}",
        out_first + rows,
        y.rows
    );
    let params = Params {
        rows: param(rows),
        d_in: param(w.rows),
        d_out: param(y.cols),
        relu: relu.into(),
        first: param(order.first),
        indexed: order.index.is_some().into(),
        block_first: param(block.first),
        source: (block.source == Storage::U8).into(),
        out_first: param(out_first),
    };
    // Without an index something must still be bound in its place; it is not read.
    let index = order.index.unwrap_or(shift);
    let inputs = [&block.x, &index.buffer, &shift.buffer, &scale.buffer];
    let [x, index, shift, scale] = inputs;
    let kernel = device.products().form(
        &KERNELS,
        Product {
            rows: ENCODED_ROWS,
            cols: y.cols,
            depth: w.rows,
        },
    );
    device.dispatch(
        kernel,
        bytemuck::bytes_of(&params),
        kernel.form().workgroups(rows, y.cols),
        &[x, index, shift, scale, &w.buffer, &bias.buffer, &y.buffer],
    );
}

/// The batch as the loader sees it: (rows, in), gathered and normalised.
fn gathered(
    p: &Params,
    x: &View<'_>,
    index: &View<'_>,
    shift: &View<'_>,
    scale: &View<'_>,
) -> Vec<f32> {
    let rows = Rows {
        p: gather_rows::Params {
            rows: p.rows,
            cols: p.d_in,
            first: p.first,
            indexed: p.indexed,
            block_first: p.block_first,
            block_rows: u32::MAX - p.block_first,
            source: p.source,
        },
        index: index.u32(),
        x,
        shift: shift.f32(),
        scale: scale.f32(),
    };
    let mut batch = vec![0.0; (p.rows * p.d_in) as usize];
    let out = batch.par_chunks_mut(p.d_in as usize).enumerate();
    out.with_min_len(32).for_each(|(i, out)| {
        rows.copy(i, out);
    });
    batch
}

fn reference<const FORM: usize>(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, index, shift, scale, w, bias, y] = views(buffers);
    let (d_in, d_out) = (p.d_in as usize, p.d_out as usize);
    let batch = gathered(&p, x, index, shift, scale);
    let (batch, w) = (operand::<FORM>(&batch, 1.0), operand::<FORM>(w.f32(), 1.0));
    let y = &mut y.f32_mut()[p.out_first as usize * d_out..];
    for (row, y) in batch.chunks(d_in).zip(y.chunks_mut(d_out)) {
        layer_row(row, &w, bias.f32(), p.relu == 1, y);
    }
}

fn fast<const FORM: usize>(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, index, shift, scale, w, bias, y] = views(buffers);
    let (rows, d_in, d_out) = (p.rows as usize, p.d_in as usize, p.d_out as usize);
    let batch = gathered(&p, x, index, shift, scale);
    let bias = bias.f32();
    gemm(
        matrix(&operand::<FORM>(&batch, 1.0), rows, d_in),
        matrix(&operand::<FORM>(w.f32(), 1.0), d_in, d_out),
        matrix_mut(
            &mut y.f32_mut()[p.out_first as usize * d_out..],
            rows,
            d_out,
        ),
        |_, col, block| add_bias(block, &bias[col..], p.relu == 1),
    );
}

fn cases<const FORM: usize>() -> Vec<Case> {
    // (rows of the set, rows of the batch, in, out): ragged, around the tile, the paper's first layer.
    let shapes = [
        (1, 1, 1, 1),
        (29, 17, 19, 23),
        (100, 65, 17, 63),
        (300, 64, 784, 70),
    ];
    let variants = [
        (Storage::F32, true),
        (Storage::U8, true),
        (Storage::U8, false),
    ];
    shapes
        .iter()
        .flat_map(|shape| variants.map(|(source, indexed)| case::<FORM>(*shape, source, indexed)))
        .collect()
}

fn sized(p: Product) -> Case {
    case::<M>((p.rows, p.rows, p.depth, p.cols), Storage::U8, true)
}

fn case<const FORM: usize>(
    (n, rows, d_in, d_out): (usize, usize, usize, usize),
    source: Storage,
    indexed: bool,
) -> Case {
    let block_first = 5; // the block starts at this row of the data set
    let params = Params {
        rows: param(rows),
        d_in: param(d_in),
        d_out: param(d_out),
        relu: 1,
        first: param(if indexed {
            n - rows
        } else {
            n - rows + block_first
        }),
        indexed: indexed.into(),
        block_first: param(block_first),
        source: (source == Storage::U8).into(),
        out_first: 2,
    };
    let values = inputs::repeated(1, n * d_in);
    let (x, scale): (_, f32) = match source {
        Storage::F32 => (words_of(&values), 1.0),
        Storage::U8 => {
            let bytes: Vec<u8> = values.iter().map(|v| (128.0 + 127.0 * v) as u8).collect();
            (words_of(&bytes), 1.0 / 255.0)
        }
    };
    let order = crate::random::permutation(4, 0, 0, n);
    let index: Vec<u32> = order.iter().map(|i| i + block_first as u32).collect();
    let kept = vec![7.0; 2 * d_out]; // rows of y before the batch's stay
    let label = format!("{rows} of {n}x{d_in}x{d_out}, {source:?}, indexed {indexed}");
    Case::new(label, &params, TILES[FORM].workgroups(rows, d_out))
        .input(&x)
        .input(&index)
        .input(&inputs::repeated(5, d_in))
        .input(&vec![scale; d_in])
        .input(&inputs::repeated(2, d_in * d_out))
        .input(&inputs::repeated(3, d_out))
        .update(
            &[kept, vec![f32::NAN; rows * d_out]].concat(),
            Tolerance::sum(d_in + 1, 2.0),
        )
}
