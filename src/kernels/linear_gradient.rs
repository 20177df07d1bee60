//! The gradients of several layers' weights and biases, dw = xᵀ·dy and dbias_c = Σ_i dy_ic, in one dispatch, stored:
//! [`super::linear_update`] without the optimiser's step.

use super::inputs;
use super::linear_forward::SHAPES;
use super::linear_update::host::{Layer, gradients, reference_gradients};
use super::linear_update::table::{self, WORDS};
use super::linear_update::{LayerTable, Operands};
use crate::device::{Device, DeviceBuffer, param};
use crate::kernel::tile::{FORMS, M, Product, TILES};
use crate::kernel::{
    Case,
    Element::{F32, U32},
    Kernel, Tolerance, View, grid, params_of, read, views, write,
};

crate::params! {
    /// Rows of every x and dy.
    rows: u32,
    /// Layers in the table.
    layers: u32,
    /// Tiles of all layers.
    tiles: u32,
}

/// The kernel in every form of the product.
pub static KERNELS: [Kernel; FORMS] = super::product_kernels!(
    "linear_gradient",
    ["layer_gradients"],
    &[
        read("table", U32, "(layers, 7)"),
        read("x", F32, "(b, in) of every layer, one behind the other"),
        read("dy", F32, "(b, out) of every layer"),
        write(
            "g",
            F32,
            "(in, out) and (out), gradients of weight and bias of every layer"
        ),
    ],
    ("g[at] = of_weight", "g[at] = -of_weight")
);

/// The gradients of the layers of a table, from the first `rows` rows of their operands, to `g`, which is laid out as their
/// weights and biases are.
pub fn linear_gradient<D: Device>(
    device: &D,
    layers: &LayerTable<D>,
    rows: usize,
    from: &Operands<D>,
    g: &D::Buffer,
) {
    layers.expect_room(rows, from, g.words());
    let params = Params {
        rows: param(rows),
        layers: param(layers.len()),
        tiles: param(layers.tiles()),
    };
    device.dispatch(
        of_form(layers.kernel()),
        bytemuck::bytes_of(&params),
        grid(layers.tiles(), 1),
        &[layers.buffer(), &from.x, &from.dy, g],
    );
}

/// The form of the product that the table's tiles are of.
fn of_form(other: &Kernel) -> &'static Kernel {
    let same = |kernel: &&Kernel| std::ptr::eq(kernel.form(), other.form());
    KERNELS
        .iter()
        .find(same)
        .expect("every kernel has every form")
}

fn reference<const FORM: usize>(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [table, x, dy, g] = views(buffers);
    for words in table.u32().chunks_exact(WORDS).take(p.layers as usize) {
        let layer = Layer::read(words, x.f32(), dy.f32());
        reference_gradients::<FORM>(&layer, p.rows as usize, |at, gradient| {
            g.f32_mut()[at] = gradient as f32;
        });
    }
}

fn fast<const FORM: usize>(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [table, x, dy, g] = views(buffers);
    let mut room = Vec::new();
    for words in table.u32().chunks_exact(WORDS).take(p.layers as usize) {
        let layer = Layer::read(words, x.f32(), dy.f32());
        let (weight, bias) = gradients::<FORM>(&layer, p.rows as usize, &mut room);
        g.f32_mut()[layer.weight..][..weight.len()].copy_from_slice(weight);
        g.f32_mut()[layer.bias..][..bias.len()].copy_from_slice(bias);
    }
}

fn cases<const FORM: usize>() -> Vec<Case> {
    let single = (SHAPES.iter()).map(|&(rows, d_in, d_out)| case::<FORM>(rows, &[(d_in, d_out)]));
    // Layers that share a dispatch, with tiles of their own.
    let several = case::<FORM>(40, &[(33, 65), (65, 7), (7, 65), (65, 33)]);
    single.chain([several]).collect()
}

/// One layer, whose table is the same in every form.
fn sized(p: Product) -> Case {
    let mut case = case::<M>(p.depth, &[(p.rows, p.cols)]);
    let params = Params {
        rows: param(p.depth),
        layers: 1,
        tiles: u32::MAX, // the grid is exact in every form
    };
    case.params = bytemuck::bytes_of(&params).to_vec();
    case
}

/// Layers whose operands lie one behind the other.
fn case<const FORM: usize>(rows: usize, shapes: &[(usize, usize)]) -> Case {
    let (places, [x, dy, w]) = table::in_order(rows, shapes);
    let (words, tiles) = table::words(&places, &TILES[FORM]);
    let params = Params {
        rows: param(rows),
        layers: param(shapes.len()),
        tiles: param(tiles),
    };
    Case::new(format!("{rows} rows, {shapes:?}"), &params, grid(tiles, 1))
        .input(&words)
        .input(&inputs::repeated(1, x))
        .input(&inputs::repeated(3, dy))
        .output(w, Tolerance::sum(rows, 1.0))
}
