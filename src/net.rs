//! A network: a list of layers of any [`Kind`], the encoder and the decoder that is its mirror ([`Plan`]). The paper's is
//! D-500-500-2000-d and back (Xie et al. 2016, §3.2).
//!
//! A kind of layer owns its sizes, parameters, names, what it computes forward and backward, and its form in files.
//!
//! Parameters lie side by side in two buffers, and so do the layers' inputs and the gradients of their outputs
//! ([`Tape`]): layer l in those of side l mod 2. So two dispatches that share nothing update all layers.

mod file;
mod gradients;
mod groups;
mod kind;
mod layer;
mod parameters;
mod plan;
mod snapshot;
mod state;
mod tape;
mod update;
mod values;

use std::ops::Range;

use crate::arena::Arena;
use crate::config::Init;
use crate::device::Result;
use crate::device::{Device, Matrix};
use crate::kernels::linear_forward_loss::LossForm;
pub(crate) use file::{Operators, Tensors, Width};
pub use gradients::Gradients;
pub use groups::Groups;
pub(crate) use kind::Names;
pub use kind::{Dense, Kind, Parameter, RmsRows};
pub use layer::Layer;
use parameters::{Parameters, on_side};
pub use plan::Plan;
pub use snapshot::Snapshot;
pub use tape::Tape;
pub use update::Update;
pub use values::{LayerValues, half};

/// A network with its parameters on a device.
pub struct Network<D: Device> {
    /// Encoder, then decoder.
    pub layers: Vec<Layer<D>>,
    plan: Plan,
    groups: Groups,
    /// Of each side of each group of layers.
    parameters: Vec<[Parameters<D>; 2]>,
}

impl<D: Device> Network<D> {
    /// Initial parameters drawn from (seed, layer, element); `groups` must be made for the plan.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn new(device: &D, plan: &Plan, groups: &Groups, init: Init, seed: u32) -> Result<Self> {
        Self::with(device, plan, groups, &|l| {
            plan.kinds()[l].initial(init, seed, l as u32)
        })
    }

    /// The layers of a trained model, encoder and decoder; the way back from [`Network::download`].
    ///
    /// # Errors
    /// The device's, when memory runs out.
    ///
    /// # Panics
    /// If the layers are not those of the plan.
    pub fn trained(
        device: &D,
        plan: &Plan,
        groups: &Groups,
        layers: &[&LayerValues],
    ) -> Result<Self> {
        Self::with(device, plan, groups, &|l| {
            assert_eq!(layers[l].kind, plan.kinds()[l], "layer {l}");
            layers[l].parameters.clone()
        })
    }

    /// Layers whose parameters are told by number.
    fn with(
        device: &D,
        plan: &Plan,
        groups: &Groups,
        values: &dyn Fn(usize) -> Vec<Vec<f32>>,
    ) -> Result<Self> {
        Self::of_sides(plan, groups, |group, side| {
            let layers = groups.range(group);
            let values: Vec<Vec<f32>> = on_side(layers, side).flat_map(values).collect();
            let slices: Vec<&[f32]> = values.iter().map(Vec::as_slice).collect();
            let shapes = plan.parameter_shapes(layers, side);
            Ok(Parameters {
                arena: Arena::upload(device, &shapes, &slices)?,
                state: None,
            })
        })
    }

    /// Layers whose parameters are told by group and side.
    fn of_sides<E>(
        plan: &Plan,
        groups: &Groups,
        side: impl Fn(usize, usize) -> Result<Parameters<D>, E>,
    ) -> Result<Self, E> {
        let (mut layers, mut parameters) = (Vec::new(), Vec::new());
        for (group, range) in groups.iter().enumerate() {
            let sides = [side(group, 0)?, side(group, 1)?];
            layers.extend(range.clone().map(|l| {
                let kind = plan.kinds()[l].clone();
                let (arena, first) = (&sides[l % 2].arena, plan.first_parameter(range, l));
                let own = first..first + kind.parameters().len();
                Layer {
                    parameters: own.map(|i| arena.matrix(i)).collect(),
                    kind,
                }
            }));
            parameters.push(sides);
        }
        Ok(Self {
            layers,
            plan: plan.clone(),
            groups: groups.clone(),
            parameters,
        })
    }

    /// What the layers are.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The layers from the inputs to the embedding.
    pub fn encoder(&self) -> &[Layer<D>] {
        &self.layers[..self.depth()]
    }

    /// Layers of the encoder.
    pub fn depth(&self) -> usize {
        self.plan.depth()
    }

    /// Runs some layers forward from the tape's input of the first to its output of the last.
    pub fn forward(&self, device: &D, layers: Range<usize>, tape: &Tape<D>) {
        for l in layers {
            self.layers[l].forward(device, &tape.input(l), &tape.output(l));
        }
    }

    /// As [`Network::forward`], but what the last of the layers gives goes to `output` (b, out).
    pub fn forward_into(
        &self,
        device: &D,
        layers: Range<usize>,
        tape: &Tape<D>,
        output: &Matrix<D>,
    ) {
        let last = layers.end - 1;
        self.forward(device, layers.start..last, tape);
        self.layers[last].forward(device, &tape.input(last), output);
    }

    /// The form in which the loss of layer `l` is computed.
    pub fn loss_form(&self, device: &D, l: usize, tape: &Tape<D>) -> LossForm {
        let kind = &self.plan.kinds()[l];
        LossForm::new(device, tape.rows_capacity(), (kind.d_in(), kind.d_out()))
    }

    /// From the gradient of the last layer's output those of all layers' outputs before it, and of the first
    /// layer's input unless nothing before it is trained.
    pub fn backward(&self, device: &D, layers: Range<usize>, tape: &Tape<D>) {
        for l in layers.rev().filter(|l| *l > self.plan.head()) {
            let (dy, x, dx) = (tape.grad(l), tape.input(l), tape.grad(l - 1));
            let relu = self.plan.reads_relu(l);
            self.layers[l].backward_input(device, &dy, &x, relu, &dx);
        }
    }

    /// The parameters of some layers, read back.
    ///
    /// # Errors
    /// The device's.
    pub async fn download(&self, device: &D, layers: Range<usize>) -> Result<Vec<LayerValues>> {
        let mut values = Vec::new();
        for layer in &self.layers[layers] {
            values.push(layer.download(device).await?);
        }
        Ok(values)
    }
}
