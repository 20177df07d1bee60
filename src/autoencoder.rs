//! The autoencoder D-500-500-2000-d and its mirror: layers, forward, backward (Xie et al. 2016, §3.2).
//!
//! Layers are numbered 0..2·depth; the first `depth` are the encoder. Every layer has a ReLU but the
//! last of the encoder (the embedding) and the last of all (the reconstruction).

use crate::config::{Init, OptimiserKind};
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::linear_backward_input::linear_backward_input;
use crate::kernels::linear_backward_weight::linear_backward_weight;
use crate::kernels::linear_forward::linear_forward;
use crate::model::LayerWeights;
use crate::optimiser::{Parameter, Step};
use crate::random::{self, stream};

/// One fully connected layer: y = act(x·weight + bias).
pub struct Layer<D: Device> {
    /// (in, out).
    pub weight: Parameter<D>,
    /// (1, out).
    pub bias: Parameter<D>,
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
            weight: Parameter::new(device, weights.d_in, weights.d_out, &weights.weight)?,
            bias: Parameter::new(device, 1, weights.d_out, &weights.bias)?,
            relu,
        })
    }

    /// y (b, out) from x (b, in).
    pub fn forward(&self, device: &D, x: &Matrix<D>, y: &Matrix<D>) {
        linear_forward(
            device,
            x,
            &self.weight.value,
            &self.bias.value,
            self.relu,
            y,
        );
    }

    /// The gradients of weight and bias from the input x (b, in) and dy (b, out), the gradient before the
    /// layer's own activation.
    pub fn backward_parameters(&self, device: &D, x: &Matrix<D>, dy: &Matrix<D>) {
        linear_backward_weight(device, x, dy, &self.weight.grad, &self.bias.grad);
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
        linear_backward_input(device, dy, &self.weight.value, x, relu, dx);
    }

    /// One optimiser step; biases learn at `bias_rate` times the rate of weights.
    pub fn update(&self, device: &D, step: Step, bias_rate: f32) {
        self.weight.update(device, step, 1.0);
        self.bias.update(device, step, bias_rate);
    }

    async fn download(&self, device: &D) -> Result<LayerWeights> {
        Ok(LayerWeights {
            weight: self.weight.value.download(device).await?,
            bias: self.bias.value.download(device).await?,
            d_in: self.weight.value.rows,
            d_out: self.weight.value.cols,
        })
    }
}

/// The autoencoder with its parameters on a device.
pub struct Autoencoder<D: Device> {
    /// Encoder, then decoder.
    pub layers: Vec<Layer<D>>,
}

impl<D: Device> Autoencoder<D> {
    /// Initial weights drawn from (seed, layer, element); `sizes` run from D to d.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn new(device: &D, sizes: &[usize], init: Init, seed: u32) -> Result<Self> {
        let shapes = mirrored(sizes);
        let last = shapes.len() - 1;
        let layers = shapes.iter().enumerate().map(|(l, &(d_in, d_out))| {
            let weights = initial_weights(init, seed, l as u32, d_in, d_out);
            Ok(Layer {
                weight: Parameter::new(device, d_in, d_out, &weights)?,
                bias: Parameter::new(device, 1, d_out, &vec![0.0; d_out])?,
                relu: l != last / 2 && l != last,
            })
        });
        Ok(Self {
            layers: layers.collect::<Result<_>>()?,
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

    /// Zeroes the optimiser's state of some layers.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn reset_optimiser(
        &mut self,
        device: &D,
        layers: std::ops::Range<usize>,
        kind: OptimiserKind,
    ) -> Result<()> {
        for layer in &mut self.layers[layers] {
            layer.weight.reset(device, kind)?;
            layer.bias.reset(device, kind)?;
        }
        Ok(())
    }

    /// Runs some layers forward on x (b, in of the first); outputs go to `tape`.
    pub fn forward(
        &self,
        device: &D,
        layers: std::ops::Range<usize>,
        x: &Matrix<D>,
        tape: &Tape<D>,
    ) {
        let mut input = x.first_rows(tape.rows);
        for l in layers {
            let output = tape.output(l);
            self.layers[l].forward(device, &input, &output);
            input = output;
        }
    }

    /// Runs some layers backward, from the gradient of the last one's output, and updates their
    /// parameters, each after the gradient of its input is known. That of the data `x` itself is not
    /// computed.
    pub fn backward_and_update(
        &self,
        device: &D,
        layers: std::ops::Range<usize>,
        x: &Matrix<D>,
        tape: &Tape<D>,
        step: Step,
        bias_rate: f32,
    ) {
        for l in layers.rev() {
            let layer = &self.layers[l];
            let input = if l == 0 {
                x.clone()
            } else {
                tape.output(l - 1)
            };
            layer.backward_parameters(device, &input, &tape.grad(l));
            if l > 0 {
                let relu = self.layers[l - 1].relu;
                layer.backward_input(device, &tape.grad(l), &input, relu, &tape.grad(l - 1));
            }
            layer.update(device, step, bias_rate);
        }
    }

    /// The parameters of some layers, read back.
    ///
    /// # Errors
    /// The device's.
    pub async fn download(
        &self,
        device: &D,
        layers: std::ops::Range<usize>,
    ) -> Result<Vec<LayerWeights>> {
        let mut weights = Vec::new();
        for layer in &self.layers[layers] {
            weights.push(layer.download(device).await?);
        }
        Ok(weights)
    }
}

/// Outputs and their gradients of every layer for one batch, kept from forward to backward.
pub struct Tape<D: Device> {
    /// Rows of the current batch; the memory holds the largest.
    pub rows: usize,
    outputs: Vec<Matrix<D>>,
    grads: Vec<Matrix<D>>,
}

impl<D: Device> Tape<D> {
    /// Room for batches of up to `rows` through layers of these sizes (D to d).
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn new(device: &D, rows: usize, sizes: &[usize]) -> Result<Self> {
        let make = || {
            mirrored(sizes)
                .iter()
                .map(|(_, d_out)| Matrix::zeros(device, rows, *d_out))
                .collect()
        };
        let (outputs, grads): (Result<_>, Result<_>) = (make(), make());
        Ok(Self {
            rows,
            outputs: outputs?,
            grads: grads?,
        })
    }

    /// Room for the hidden layers of the encoder alone, without gradients.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn forward_only(device: &D, rows: usize, sizes: &[usize]) -> Result<Self> {
        let hidden = &sizes[1..sizes.len() - 1];
        let outputs = hidden
            .iter()
            .map(|cols| Matrix::zeros(device, rows, *cols))
            .collect::<Result<_>>()?;
        Ok(Self {
            rows,
            outputs,
            grads: Vec::new(),
        })
    }

    /// Rows of the largest batch.
    pub fn rows_capacity(&self) -> usize {
        self.outputs.first().map_or(self.rows, |output| output.rows)
    }

    /// Output (b, out) of layer `l`.
    pub fn output(&self, l: usize) -> Matrix<D> {
        self.outputs[l].first_rows(self.rows)
    }

    /// Gradient (b, out) with respect to layer `l`'s output, before its activation.
    pub fn grad(&self, l: usize) -> Matrix<D> {
        self.grads[l].first_rows(self.rows)
    }
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
