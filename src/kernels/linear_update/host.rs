//! The update on the host.

use std::borrow::Cow;
use std::cell::Cell;

use super::Params;
use super::table::WORDS;
use crate::cpu::gemm::{gemm, matrix, matrix_mut};
use crate::cpu::operand::operand;
use crate::kernel::tile::GRADIENT_SCALE;
use crate::kernel::{View, params_of, views};
use crate::optimiser::rule_of;

thread_local! {
    /// Room for one layer's gradient: kept, because new memory costs as much as the update.
    static GRADIENT: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// A layer of the table with its operands.
pub(in crate::kernels) struct Layer<'a> {
    d_in: usize,
    d_out: usize,
    x: &'a [f32],
    dy: &'a [f32],
    pub(in crate::kernels) weight: usize,
    pub(in crate::kernels) bias: usize,
}

impl<'a> Layer<'a> {
    pub(in crate::kernels) fn read(words: &[u32], x: &'a [f32], dy: &'a [f32]) -> Self {
        let word = |i: usize| words[i] as usize;
        Self {
            d_in: word(1),
            d_out: word(2),
            x: &x[word(3)..],
            dy: &dy[word(4)..],
            weight: word(5),
            bias: word(6),
        }
    }
}

impl Layer<'_> {
    /// x and dy as the product's form reads them. The bias is no product: its gradient is not rounded.
    fn operands<const FORM: usize>(&self, rows: usize) -> (Cow<'_, [f32]>, Cow<'_, [f32]>) {
        (
            operand::<FORM>(&self.x[..rows * self.d_in], 1.0),
            operand::<FORM>(&self.dy[..rows * self.d_out], GRADIENT_SCALE),
        )
    }
}

pub(super) fn reference<const FORM: usize>(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let rule = rule_of!(p);
    let [table, x, dy, w, m, v] = views(buffers);
    let (rows, bias_rate) = (p.rows as usize, p.learning_rate * p.bias_rate);
    for words in table.u32().chunks_exact(WORDS).take(p.layers as usize) {
        let layer = Layer::read(words, x.f32(), dy.f32());
        reference_gradients::<FORM>(&layer, rows, |at, gradient| {
            let of_bias = (layer.bias..layer.bias + layer.d_out).contains(&at);
            let rate = if of_bias { bias_rate } else { p.learning_rate };
            rule.reference(rate, gradient, at, [w.f32_mut(), m.f32_mut(), v.f32_mut()]);
        });
    }
}

/// Each element of a layer's weight and bias with its gradient, in f64.
pub(in crate::kernels) fn reference_gradients<const FORM: usize>(
    layer: &Layer<'_>,
    rows: usize,
    mut take: impl FnMut(usize, f64),
) {
    let (x, gradients) = layer.operands::<FORM>(rows);
    for c in 0..layer.d_out {
        let rounded = |i: usize| f64::from(gradients[i * layer.d_out + c]);
        let dy = |i: usize| f64::from(layer.dy[i * layer.d_out + c]);
        for r in 0..layer.d_in {
            let products = (0..rows).map(|i| f64::from(x[i * layer.d_in + r]) * rounded(i));
            take(layer.weight + r * layer.d_out + c, products.sum());
        }
        take(layer.bias + c, (0..rows).map(dy).sum());
    }
}

pub(super) fn fast<const FORM: usize>(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let rule = rule_of!(p);
    let [table, x, dy, w, m, v] = views(buffers);
    let (rows, bias_rate) = (p.rows as usize, p.learning_rate * p.bias_rate);
    let mut room = GRADIENT.take();
    for words in table.u32().chunks_exact(WORDS).take(p.layers as usize) {
        let layer = Layer::read(words, x.f32(), dy.f32());
        let (weights, biases) = gradients::<FORM>(&layer, rows, &mut room);
        for (rate, gradients, first) in [
            (p.learning_rate, weights, layer.weight),
            (bias_rate, biases, layer.bias),
        ] {
            let at = first..first + gradients.len();
            let trained = [w.f32_mut(), m.f32_mut(), v.f32_mut()];
            rule.fast(rate, gradients, at, trained);
        }
    }
    GRADIENT.set(room);
}

/// The gradients of a layer's weight and bias.
pub(in crate::kernels) fn gradients<'g, const FORM: usize>(
    layer: &Layer<'_>,
    rows: usize,
    room: &'g mut Vec<f32>,
) -> (&'g [f32], &'g [f32]) {
    let (d_in, d_out) = (layer.d_in, layer.d_out);
    let (x, dy) = layer.operands::<FORM>(rows);
    room.resize(d_in * d_out + d_out, 0.0);
    let (weight, bias) = room.split_at_mut(d_in * d_out);
    gemm(
        matrix(&x, rows, d_in).reversed_axes(),
        matrix(&dy, rows, d_out),
        matrix_mut(weight, d_in, d_out),
        |_, _, _| (),
    );
    bias.fill(0.0);
    for row in layer.dy.chunks_exact(d_out).take(rows) {
        bias.iter_mut().zip(row).for_each(|(sum, dy)| *sum += dy);
    }
    (weight, bias)
}
