//! The gradients of several layers' weights and biases, dw = xᵀ·dy and dbias_c = Σ_i dy_ic, and one step of the optimiser
//! on them, in one dispatch; no gradient is stored.

pub(super) mod host;
pub(super) mod table;
#[cfg(test)]
mod tests;

use super::inputs;
use super::linear_forward::SHAPES;
use crate::device::{Device, DeviceBuffer, param};
use crate::kernel::tile::{FORMS, M, Product, TILES};
use crate::kernel::{
    Case,
    Element::{F32, U32},
    Kernel, Tolerance, grid, read, write,
};
use crate::optimiser::{Rule, State, Step};
use host::{fast, reference};
pub use table::{LayerPlace, LayerTable};

crate::params! {
    /// Rows of every x and dy.
    rows: u32,
    /// Layers in the table.
    layers: u32,
    /// Tiles of all layers.
    tiles: u32,
    /// Elements of w below it take Adam, the others SGD: all or 0.
    adam: u32,
    /// Of the weights.
    learning_rate: f32,
    /// Decay of the first moment; of SGD: the momentum.
    beta1: f32,
    /// Decay of the second moment.
    beta2: f32,
    /// Keeps the quotient finite.
    epsilon: f32,
    /// 1/(1 - beta1^t).
    correction1: f32,
    /// 1/(1 - beta2^t).
    correction2: f32,
    /// Factor on the learning rate of the biases.
    bias_rate: f32,
}

/// The kernel in every form of the product.
pub static KERNELS: [Kernel; FORMS] = super::product_kernels!(
    "linear_update",
    ["optimiser", "layer_gradients"],
    &[
        read("table", U32, "(layers, 7)"),
        read("x", F32, "(b, in) of every layer, one behind the other"),
        read("dy", F32, "(b, out) of every layer"),
        write(
            "w",
            F32,
            "(in, out) and (out), weight and bias of every layer"
        ),
        write(
            "m",
            F32,
            "(in, out) and (out), as w: first moment, or velocity"
        ),
        write(
            "v",
            F32,
            "(in, out) and (out), as w: second moment; of SGD (1), not touched"
        ),
    ],
    ("root + params.epsilon", "root + 2.0 * params.epsilon")
);

/// What the layers' operands lie in.
pub struct Operands<D: Device> {
    /// Inputs of the layers.
    pub x: D::Buffer,
    /// Gradients of their outputs, before the activation.
    pub dy: D::Buffer,
}

/// One step on the layers of a table, from the first `rows` rows of their operands. `w` holds their weights and
/// biases, `state` what the optimiser remembers of them; biases learn at `bias_rate` times the rate of weights.
pub fn linear_update<D: Device>(
    device: &D,
    layers: &LayerTable<D>,
    rows: usize,
    from: &Operands<D>,
    (step, bias_rate): (Step, f32),
    w: &D::Buffer,
    state: &State<D>,
) {
    layers.expect_room(rows, from, w.words());
    state.expect_kind(step);
    assert_eq!(state.m.words(), w.words(), "the optimiser's state of w");
    let rule = Rule::from(step);
    device.dispatch(
        layers.kernel(),
        bytemuck::bytes_of(&params(
            &rule,
            rows,
            layers.len(),
            layers.tiles(),
            bias_rate,
        )),
        grid(layers.tiles(), 1),
        &[layers.buffer(), &from.x, &from.dy, w, &state.m, &state.v],
    );
}

fn params(rule: &Rule, rows: usize, layers: usize, tiles: usize, bias_rate: f32) -> Params {
    Params {
        rows: param(rows),
        layers: param(layers),
        tiles: param(tiles),
        adam: rule.adam,
        learning_rate: rule.learning_rate,
        beta1: rule.beta1,
        beta2: rule.beta2,
        epsilon: rule.epsilon,
        correction1: rule.correction1,
        correction2: rule.correction2,
        bias_rate,
    }
}

fn cases<const FORM: usize>() -> Vec<Case> {
    let sgd = Rule::sgd(0.1, 0.9);
    let adam = Rule::adam(0.1, [0.9, 0.999], 0.1, 3);
    let single = SHAPES.iter().enumerate().map(|(i, &(rows, d_in, d_out))| {
        let rule = if i % 2 == 0 { &sgd } else { &adam };
        case::<FORM>(rows, &[(d_in, d_out)], rule, 1.0)
    });
    // Layers that share a dispatch, with tiles of their own: an autoencoder's, and a wide one between narrow ones.
    let several = [
        case::<FORM>(40, &[(33, 65), (65, 7), (7, 65), (65, 33)], &adam, 1.0),
        case::<FORM>(17, &[(3, 2), (130, 70), (1, 1)], &sgd, 2.0),
    ];
    single.chain(several).collect()
}

/// One layer, whose table is the same in every form.
fn sized(p: Product) -> Case {
    let rule = Rule::adam(1e-3, [0.9, 0.999], 1e-8, 3);
    let mut case = case::<M>(p.depth, &[(p.rows, p.cols)], &rule, 1.0);
    let params = Params {
        tiles: u32::MAX, // the grid is exact in every form
        ..params(&rule, p.depth, 1, 1, 1.0)
    };
    case.params = bytemuck::bytes_of(&params).to_vec();
    case
}

/// Layers whose operands lie one behind the other.
fn case<const FORM: usize>(
    rows: usize,
    shapes: &[(usize, usize)],
    rule: &Rule,
    bias_rate: f32,
) -> Case {
    let (places, [x, dy, w]) = table::in_order(rows, shapes);
    let (words, tiles) = table::words(&places, &TILES[FORM]);
    let name = if rule.adam != 0 { "Adam" } else { "SGD" };
    // The gradient's error reaches m, v and w by factors below 1.
    let tolerance = Tolerance::sum(rows, 1.0);
    let second = if rule.adam != 0 { w } else { 1 };
    let moments: Vec<f32> = (inputs::repeated(6, second).iter())
        .map(|v| 0.1 + v * v)
        .collect();
    Case::new(
        format!("{rows} rows, {shapes:?}, {name}"),
        &params(rule, rows, shapes.len(), tiles, bias_rate),
        grid(tiles, 1),
    )
    .input(&words)
    .input(&inputs::repeated(1, x))
    .input(&inputs::repeated(3, dy))
    .update(&inputs::repeated(5, w), tolerance)
    .update(&inputs::repeated(7, w), tolerance)
    .update(&moments, tolerance)
}
