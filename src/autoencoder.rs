//! The autoencoder D-500-500-2000-d and its mirror: layers, forward, backward, update (Xie et al. 2016, §3.2).
//!
//! Layers are numbered 0..2·depth; the first `depth` are the encoder. Every layer has a ReLU but the
//! last of the encoder (the embedding) and the last of all (the reconstruction).
//!
//! Weights lie side by side in two buffers, and so do the layers' inputs and the gradients of their outputs
//! ([`Tape`]): layer l in those of side l mod 2. So two dispatches that share nothing update all layers.

mod groups;
mod snapshot;
mod state;
mod tape;

use std::ops::Range;

use crate::arena::Arena;
use crate::config::{Init, OptimiserKind};
use crate::device::{Device, DeviceBuffer, Matrix};
use crate::error::Result;
use crate::kernels::linear_backward_input::linear_backward_input;
use crate::kernels::linear_forward::linear_forward;
use crate::kernels::linear_forward_loss::{LossForm, linear_forward_loss};
use crate::kernels::linear_update::{LayerPlace, LayerTable, Operands, linear_update};
use crate::loss::LossTerm;
use crate::model::LayerWeights;
use crate::optimiser::{State, Step};
use crate::random::{self, stream};
pub use groups::Groups;
pub use snapshot::Snapshot;
pub use tape::Tape;

/// One fully connected layer: y = act(x·weight + bias).
pub struct Layer<D: Device> {
    /// (in, out).
    pub weight: Matrix<D>,
    /// (1, out).
    pub bias: Matrix<D>,
    /// ReLU or identity.
    pub relu: bool,
}

impl<D: Device> Layer<D> {
    /// A layer of a trained model: the way back from [`Autoencoder::download`].
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn upload(device: &D, weights: &LayerWeights, relu: bool) -> Result<Self> {
        Ok(Self {
            weight: Matrix::upload(device, weights.d_in, weights.d_out, &weights.weight)?,
            bias: Matrix::upload(device, 1, weights.d_out, &weights.bias)?,
            relu,
        })
    }

    /// All layers of one half of a trained model; a ReLU follows all but the last.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn upload_half(device: &D, half: &[LayerWeights]) -> Result<Vec<Self>> {
        let layer = |(l, weights)| Self::upload(device, weights, l + 1 != half.len());
        half.iter().enumerate().map(layer).collect()
    }

    /// y (b, out) from x (b, in).
    pub fn forward(&self, device: &D, x: &Matrix<D>, y: &Matrix<D>) {
        linear_forward(device, x, &self.weight, &self.bias, self.relu, y);
    }

    /// From x (b, in) and a target (b, out): dy (b, out), the gradient before the layer's own activation of its mean
    /// squared error, whose terms go to `losses`; the output is not kept.
    pub fn forward_loss(
        &self,
        device: &D,
        form: LossForm,
        from: [&Matrix<D>; 2],
        term: LossTerm,
        dy: &Matrix<D>,
        losses: &Matrix<D>,
    ) {
        let layer = (&self.weight, &self.bias, self.relu);
        linear_forward_loss(device, form, layer, from, term, dy, losses);
    }

    /// dx (b, in) from dy (b, out), through the ReLU that made x if `relu`.
    pub fn backward_input(
        &self,
        device: &D,
        dy: &Matrix<D>,
        x: &Matrix<D>,
        relu: bool,
        dx: &Matrix<D>,
    ) {
        linear_backward_input(device, dy, &self.weight, x, relu, dx);
    }

    async fn download(&self, device: &D) -> Result<LayerWeights> {
        Ok(LayerWeights {
            weight: self.weight.download(device).await?,
            bias: self.bias.download(device).await?,
            d_in: self.weight.rows,
            d_out: self.weight.cols,
        })
    }
}

/// The autoencoder with its parameters on a device.
pub struct Autoencoder<D: Device> {
    /// Encoder, then decoder.
    pub layers: Vec<Layer<D>>,
    groups: Groups,
    /// Of each side of each group of layers.
    parameters: Vec<[Parameters<D>; 2]>,
}

/// Weight, bias, weight, bias, … of the layers of one side, and what the optimiser remembers of them.
struct Parameters<D: Device> {
    arena: Arena<D>,
    state: Option<State<D>>,
}

/// The layers of one dispatch of an update, and where their operands lie.
pub struct Update<D: Device> {
    group: usize,
    side: usize,
    table: LayerTable<D>,
    operands: Operands<D>,
}

impl<D: Device> Autoencoder<D> {
    /// Initial weights drawn from (seed, layer, element); `sizes` run from D to d, `groups` must be made for them.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn new(
        device: &D,
        sizes: &[usize],
        groups: &Groups,
        init: Init,
        seed: u32,
    ) -> Result<Self> {
        let initial = |l: usize, (d_in, d_out)| {
            let weight = initial_weights(init, seed, l as u32, d_in, d_out);
            [weight, vec![0.0; d_out]]
        };
        Self::with(device, sizes, groups, &initial)
    }

    /// The layers of a trained model, encoder and decoder; the way back from [`Autoencoder::download`].
    ///
    /// # Errors
    /// The device's, when memory runs out.
    ///
    /// # Panics
    /// If the layers are not of these sizes.
    pub fn trained(
        device: &D,
        sizes: &[usize],
        groups: &Groups,
        layers: &[&LayerWeights],
    ) -> Result<Self> {
        let of_model = |l: usize, shape| {
            let own = layers[l];
            assert_eq!((own.d_in, own.d_out), shape, "layer {l}");
            [own.weight.clone(), own.bias.clone()]
        };
        Self::with(device, sizes, groups, &of_model)
    }

    /// Layers whose weight and bias are told by number and shape.
    fn with(
        device: &D,
        sizes: &[usize],
        groups: &Groups,
        values: &dyn Fn(usize, (usize, usize)) -> [Vec<f32>; 2],
    ) -> Result<Self> {
        let shapes = mirrored(sizes);
        Self::of_sides(&shapes, groups, |group, side| {
            parameters_of_side(device, &shapes, groups.range(group), side, values)
        })
    }

    /// Layers of these shapes whose parameters are told by group and side.
    fn of_sides(
        shapes: &[(usize, usize)],
        groups: &Groups,
        side: impl Fn(usize, usize) -> Result<Parameters<D>>,
    ) -> Result<Self> {
        let last = shapes.len() - 1;
        let (mut layers, mut parameters) = (Vec::new(), Vec::new());
        for (group, range) in groups.iter().enumerate() {
            let sides = [side(group, 0)?, side(group, 1)?];
            layers.extend(range.clone().map(|l| {
                let (arena, first) = (&sides[l % 2].arena, 2 * place_on_side(range, l));
                Layer {
                    weight: arena.matrix(first),
                    bias: arena.matrix(first + 1),
                    relu: l != last / 2 && l != last,
                }
            }));
            parameters.push(sides);
        }
        Ok(Self {
            layers,
            groups: groups.clone(),
            parameters,
        })
    }

    /// The layers from the inputs to the embedding.
    pub fn encoder(&self) -> &[Layer<D>] {
        &self.layers[..self.depth()]
    }

    /// Layers of the encoder.
    pub fn depth(&self) -> usize {
        self.layers.len() / 2
    }

    /// Zeroes the optimiser's state of all layers.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn reset_optimiser(&mut self, device: &D, kind: OptimiserKind) -> Result<()> {
        for Parameters { arena, state } in self.parameters.iter_mut().flatten() {
            *state = None; // freed before the new one is made
            *state = Some(State::zeros(device, arena.buffer.words(), kind)?);
        }
        Ok(())
    }

    /// Runs some layers forward from the tape's input of the first to its output of the last.
    pub fn forward(&self, device: &D, layers: Range<usize>, tape: &Tape<D>) {
        for l in layers {
            self.layers[l].forward(device, &tape.input(l), &tape.output(l));
        }
    }

    /// The form in which the loss of layer `l` is computed.
    pub fn loss_form(&self, device: &D, l: usize, tape: &Tape<D>) -> LossForm {
        let weight = &self.layers[l].weight;
        LossForm::new(device, tape.rows_capacity(), (weight.rows, weight.cols))
    }

    /// From the gradient of the last layer's output those of all layers' outputs before it, and of the first
    /// layer's input unless that is the data.
    pub fn backward(&self, device: &D, layers: Range<usize>, tape: &Tape<D>) {
        for l in layers.rev().filter(|l| *l > 0) {
            let (dy, x, dx) = (tape.grad(l), tape.input(l), tape.grad(l - 1));
            let relu = self.layers[l - 1].relu;
            self.layers[l].backward_input(device, &dy, &x, relu, &dx);
        }
    }

    /// What it takes to update some layers from the tape, group by group.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn updates(
        &self,
        device: &D,
        layers: Range<usize>,
        tape: &Tape<D>,
    ) -> Result<Vec<Update<D>>> {
        let mut updates = Vec::new();
        for (group, range) in self.groups.iter().enumerate() {
            for side in [0, 1] {
                let own = range
                    .clone()
                    .filter(|l| layers.contains(l) && l % 2 == side);
                let places: Vec<_> = own.map(|l| self.place(l, tape.operand(l))).collect();
                if places.is_empty() {
                    continue;
                }
                updates.push(Update {
                    group,
                    side,
                    table: LayerTable::new(device, tape.rows_capacity(), places)?,
                    operands: tape.operands(group, side),
                });
            }
        }
        Ok(updates)
    }

    /// What it takes to update one layer from an input and a gradient that lie elsewhere.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn update_of(
        &self,
        device: &D,
        l: usize,
        x: &Matrix<D>,
        dy: &Matrix<D>,
    ) -> Result<Update<D>> {
        Ok(Update {
            group: self.groups.of(l),
            side: l % 2,
            table: LayerTable::new(device, x.rows, vec![self.place(l, [0, 0])])?,
            operands: Operands {
                x: x.buffer.clone(),
                dy: dy.buffer.clone(),
            },
        })
    }

    /// Where layer `l` lies, if its input and gradient begin at these elements of their buffers.
    fn place(&self, l: usize, [x, dy]: [usize; 2]) -> LayerPlace {
        let group = self.groups.of(l);
        let arena = &self.parameters[group][l % 2].arena;
        let first = 2 * place_on_side(self.groups.range(group), l);
        let weight = &self.layers[l].weight;
        LayerPlace {
            d_in: weight.rows,
            d_out: weight.cols,
            x,
            dy,
            weight: arena.offset(first),
            bias: arena.offset(first + 1),
        }
    }

    /// One step of the optimiser on the layers of an update, from `rows` rows; biases learn at `bias_rate` times the
    /// rate of weights.
    ///
    /// # Panics
    /// If [`Autoencoder::reset_optimiser`] was not called for this kind of step.
    pub fn update(
        &self,
        device: &D,
        updates: &[Update<D>],
        rows: usize,
        (step, bias_rate): (Step, f32),
    ) {
        for update in updates {
            let Parameters { arena, state } = &self.parameters[update.group][update.side];
            let state = (state.as_ref()).expect("the optimiser was reset before its first step");
            let (table, operands) = (&update.table, &update.operands);
            linear_update(
                device,
                table,
                rows,
                operands,
                (step, bias_rate),
                &arena.buffer,
                state,
            );
        }
    }

    /// The parameters of some layers, read back.
    ///
    /// # Errors
    /// The device's.
    pub async fn download(&self, device: &D, layers: Range<usize>) -> Result<Vec<LayerWeights>> {
        let mut weights = Vec::new();
        for layer in &self.layers[layers] {
            weights.push(layer.download(device).await?);
        }
        Ok(weights)
    }
}

/// The layers of a side of a group, in order.
fn on_side(layers: &Range<usize>, side: usize) -> impl Iterator<Item = usize> {
    layers.clone().filter(move |l| l % 2 == side)
}

/// Which one of its side's layers a layer of a group is.
fn place_on_side(layers: &Range<usize>, l: usize) -> usize {
    on_side(&(layers.start..l), l % 2).count()
}

/// Weights and biases of a side of a group of layers.
fn parameters_of_side<D: Device>(
    device: &D,
    shapes: &[(usize, usize)],
    layers: &Range<usize>,
    side: usize,
    values: &dyn Fn(usize, (usize, usize)) -> [Vec<f32>; 2],
) -> Result<Parameters<D>> {
    let values: Vec<Vec<f32>> = on_side(layers, side)
        .flat_map(|l| values(l, shapes[l]))
        .collect();
    let slices: Vec<&[f32]> = values.iter().map(Vec::as_slice).collect();
    let own = groups::parameter_shapes(shapes, layers, side);
    Ok(Parameters {
        arena: Arena::upload(device, &own, &slices)?,
        state: None,
    })
}

/// (in, out) of every layer of the encoder and its mirror.
fn mirrored(sizes: &[usize]) -> Vec<(usize, usize)> {
    let encoder = sizes.windows(2).map(|pair| (pair[0], pair[1]));
    let decoder = encoder.clone().rev().map(|(d_in, d_out)| (d_out, d_in));
    encoder.chain(decoder).collect()
}

fn initial_weights(init: Init, seed: u32, layer: u32, d_in: usize, d_out: usize) -> Vec<f32> {
    let stream = stream::WEIGHTS + layer;
    let elements = 0..(d_in * d_out) as u32;
    let uniform = |bound: f64| {
        let draw = move |i| (f64::from(random::uniform(seed, 0, stream, i)) * 2.0 - 1.0) * bound;
        elements.clone().map(|i| draw(i) as f32).collect()
    };
    match init {
        Init::GlorotUniform => uniform((6.0 / (d_in + d_out) as f64).sqrt()),
        Init::FanInUniform => uniform((1.0 / d_in as f64).sqrt()),
        Init::Normal001 => elements
            .map(|i| 0.01 * random::normal(seed, 0, stream, i))
            .collect(),
    }
}
