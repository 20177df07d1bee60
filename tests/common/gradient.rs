//! The gradients of a layer's parameters, and a layer that is trained alone.

use dec_gpu::config::OptimiserKind;
use dec_gpu::cpu::Cpu;
use dec_gpu::device::{Device, Matrix};
use dec_gpu::kernels::centroid_gradient;
use dec_gpu::kernels::linear_gradient::linear_gradient;
use dec_gpu::kernels::linear_update::{LayerPlace, LayerTable, Operands, linear_update};
use dec_gpu::optimiser::{State, Step};

/// dw (in, out) and dbias (1, out) from x (b, in) and dy (b, out).
pub fn layer_gradients(device: &Cpu, x: &Matrix<Cpu>, dy: &Matrix<Cpu>) -> [Matrix<Cpu>; 2] {
    let layer = OneLayer::new(device, x.rows, x.cols, dy.cols, OptimiserKind::Sgd, None);
    let from = Operands {
        x: x.buffer.clone(),
        dy: dy.buffer.clone(),
    };
    let g = (device.zeros(layer.d_in * layer.d_out + layer.d_out)).expect("host memory suffices");
    linear_gradient(device, &layer.table, x.rows, &from, &g);
    layer.parts(device, &g)
}

/// dmu (k, d) from the coefficient (b, k), z (b, d) and mu (k, d).
pub fn centroid_gradient(
    device: &Cpu,
    coefficient: &Matrix<Cpu>,
    z: &Matrix<Cpu>,
    mu: &Matrix<Cpu>,
) -> Matrix<Cpu> {
    let g = Matrix::zeros(device, mu.rows, mu.cols).expect("host memory suffices");
    centroid_gradient::centroid_gradient(device, coefficient, z, mu, &g);
    g
}

/// A layer that is trained alone: its weight, then its bias.
pub struct OneLayer {
    d_in: usize,
    d_out: usize,
    table: LayerTable<Cpu>,
    w: <Cpu as Device>::Buffer,
    state: State<Cpu>,
}

impl OneLayer {
    /// Weights from `weight`, or zeros; biases are zeros.
    pub fn new(
        device: &Cpu,
        rows: usize,
        d_in: usize,
        d_out: usize,
        kind: OptimiserKind,
        weight: Option<&[f32]>,
    ) -> Self {
        let place = LayerPlace {
            d_in,
            d_out,
            x: 0,
            dy: 0,
            weight: 0,
            bias: d_in * d_out,
        };
        let mut values = vec![0.0; d_in * d_out + d_out];
        if let Some(weight) = weight {
            values[..weight.len()].copy_from_slice(weight);
        }
        Self {
            d_in,
            d_out,
            table: LayerTable::new(device, rows, vec![place]).expect("host memory suffices"),
            w: device.upload(&values).expect("host memory suffices"),
            state: State::zeros(device, values.len(), kind).expect("host memory suffices"),
        }
    }

    /// One step from x (b, in) and dy (b, out).
    pub fn step(&self, device: &Cpu, x: &Matrix<Cpu>, dy: &Matrix<Cpu>, step: Step) {
        let from = Operands {
            x: x.buffer.clone(),
            dy: dy.buffer.clone(),
        };
        let (table, w, state) = (&self.table, &self.w, &self.state);
        linear_update(device, table, x.rows, &from, (step, 1.0), w, state);
    }

    /// The weight (in, out).
    pub fn weight(&self, device: &Cpu) -> Matrix<Cpu> {
        let [weight, _] = self.parts(device, &self.w);
        weight
    }

    /// Values of the weight (in, out) and of the bias (1, out).
    fn parts(&self, device: &Cpu, buffer: &<Cpu as Device>::Buffer) -> [Matrix<Cpu>; 2] {
        let words = pollster::block_on(device.download(buffer)).expect("host memory suffices");
        let values: &[f32] = bytemuck::cast_slice(&words);
        let (weight, bias) = values.split_at(self.d_in * self.d_out);
        [(self.d_in, weight), (1, bias)].map(|(rows, values)| {
            Matrix::upload(device, rows, self.d_out, values).expect("host memory suffices")
        })
    }
}
