//! A fully connected layer: y = act(x·weight + bias) (Xie et al. 2016, §3.2).

use super::{Kind, LayerKind, Names, Parameter};
use crate::config::Init;
use crate::device::{Device, Matrix};
use crate::kernels::linear_backward_input::linear_backward_input;
use crate::kernels::linear_forward::{LayerOf, linear_forward, linear_forward_into};
use crate::net::file::{Operators, Tensors, Width};
use crate::net::values::LayerValues;
use crate::random::{self, stream};

/// Every value of the output depends on every value of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dense {
    /// Values that it takes.
    pub d_in: usize,
    /// Values that it gives.
    pub d_out: usize,
    /// ReLU or identity.
    pub relu: bool,
}

impl LayerKind for Dense {
    fn d_in(&self) -> usize {
        self.d_in
    }

    fn d_out(&self) -> usize {
        self.d_out
    }

    fn relu(&self) -> bool {
        self.relu
    }

    fn with_relu(self, relu: bool) -> Self {
        Self { relu, ..self }
    }

    fn mirror(&self) -> Option<Kind> {
        Some(Kind::Dense(Self {
            d_in: self.d_out,
            d_out: self.d_in,
            relu: false,
        }))
    }

    fn parameters(&self) -> Vec<Parameter> {
        vec![
            Parameter {
                name: "weight",
                shape: vec![self.d_in, self.d_out],
            },
            Parameter {
                name: "bias",
                shape: vec![self.d_out],
            },
        ]
    }

    fn initial(&self, init: Init, seed: u32, layer: u32) -> Vec<Vec<f32>> {
        vec![
            initial_weights(init, (seed, layer), (self.d_in, self.d_out)),
            vec![0.0; self.d_out],
        ]
    }

    fn is_linear(&self) -> bool {
        true
    }

    fn linear<'a, D: Device>(&self, own: &'a [Matrix<D>]) -> Option<LayerOf<'a, D>> {
        Some((&own[0], &own[1], self.relu))
    }

    fn forward<D: Device>(&self, device: &D, own: &[Matrix<D>], x: &Matrix<D>, y: &Matrix<D>) {
        linear_forward(device, x, &own[0], &own[1], self.relu, y);
    }

    fn encode<D: Device>(
        &self,
        device: &D,
        own: &[Matrix<D>],
        x: &Matrix<D>,
        (y, first): (&Matrix<D>, usize),
    ) {
        linear_forward_into(device, x, &own[0], &own[1], self.relu, y, first);
    }

    fn backward<D: Device>(
        &self,
        device: &D,
        own: &[Matrix<D>],
        dy: &Matrix<D>,
        (x, relu): (&Matrix<D>, bool),
        dx: &Matrix<D>,
    ) {
        linear_backward_input(device, dy, &own[0], x, relu, dx);
    }

    fn write(&self, values: &[Vec<f32>], graph: &mut dyn Operators, names: Names<'_>) {
        let (layer, shape) = (names.layer, [self.d_in, self.d_out]);
        let weight = graph.floats(&format!("{layer}.weight"), &shape, &values[0]);
        let bias = graph.floats(&format!("{layer}.bias"), &shape[1..], &values[1]);
        let inputs = [names.value, &weight, &bias];
        if !self.relu {
            graph.node("Gemm", &inputs, &[], names.output);
            return;
        }
        let sum = graph.node("Gemm", &inputs, &[], layer);
        graph.node("Relu", &[&sum], &[], names.output);
    }

    fn read<T: Tensors>(
        file: &T,
        name: &str,
        width: Option<Width>,
    ) -> Result<(LayerValues, Width), T::Error> {
        let tensor = format!("{name}.weight");
        let (d_in, d_out, weight) = file.matrix(&tensor, width)?;
        let like = format!("the columns of {tensor}");
        let bias = file.vector(&format!("{name}.bias"), d_out, &like)?;
        let width = Width {
            values: d_out,
            like,
        };
        Ok((LayerValues::dense((d_in, d_out), weight, bias), width))
    }
}

fn initial_weights(
    init: Init,
    (seed, layer): (u32, u32),
    (d_in, d_out): (usize, usize),
) -> Vec<f32> {
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
