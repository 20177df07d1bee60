//! The paper's autoencoder and one training step of it.

use std::error::Error;

use burn::module::Module;
use burn::nn::loss::{MseLoss, Reduction};
use burn::nn::{Linear, LinearConfig};
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::prelude::*;
use burn::tensor::{Distribution, activation::relu};

use crate::SIZES;

#[derive(Clone, Copy)]
pub enum Optimiser {
    Adam,
    Sgd,
}

impl Optimiser {
    pub fn name(self) -> &'static str {
        match self {
            Self::Adam => "adam",
            Self::Sgd => "sgd",
        }
    }

    fn learning_rate(self) -> f64 {
        match self {
            Self::Adam => 1e-3,
            Self::Sgd => 0.1,
        }
    }

    fn init(self) -> ModuleOptimizer {
        match self {
            Self::Adam => AdamConfig::new().init(),
            Self::Sgd => SgdConfig::new()
                .with_momentum(Some(
                    MomentumConfig::new().with_momentum(0.9).with_dampening(0.0),
                ))
                .init(),
        }
    }
}

#[derive(Module, Debug)]
struct Autoencoder {
    layers: Vec<Linear>,
}

impl Autoencoder {
    fn new(device: &Device) -> Self {
        let mirror = SIZES.iter().rev().skip(1);
        let sizes: Vec<usize> = SIZES.iter().chain(mirror).copied().collect();
        let layers = sizes.windows(2);
        Self {
            layers: layers
                .map(|pair| LinearConfig::new(pair[0], pair[1]).init(device))
                .collect(),
        }
    }

    /// ReLU after every layer but the embedding and the reconstruction.
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let last = self.layers.len() - 1;
        let embedding = last / 2;
        let layers = self.layers.iter().enumerate();
        layers.fold(x, |x, (index, layer)| {
            let y = layer.forward(x);
            if index == embedding || index == last {
                y
            } else {
                relu(y)
            }
        })
    }
}

pub struct Training {
    /// Taken and put back by every step, as burn's optimiser consumes the model.
    autoencoder: Option<Autoencoder>,
    optimiser: ModuleOptimizer,
    learning_rate: f64,
    data: Tensor<2>,
    order: Tensor<1, Int>,
    batch: usize,
    rows: usize,
    loss: Option<Tensor<1>>,
}

impl Training {
    pub fn new(
        device: &Device,
        optimiser: Optimiser,
        batch: usize,
        rows: usize,
    ) -> Result<Self, Box<dyn Error>> {
        if batch > rows {
            return Err(format!("--batch: {batch} of {rows} rows").into());
        }
        let training_device = device.clone().autodiff();
        let normal = Distribution::Normal(0.0, 1.0);
        Ok(Self {
            autoencoder: Some(Autoencoder::new(&training_device)),
            optimiser: optimiser.init(),
            learning_rate: optimiser.learning_rate(),
            data: Tensor::random([rows, SIZES[0]], normal, &training_device),
            order: Tensor::from_ints(shuffled(rows).as_slice(), &training_device),
            batch,
            rows,
            loss: None,
        })
    }

    pub fn step(&mut self, number: usize) {
        let Some(autoencoder) = self.autoencoder.take() else {
            return;
        };
        let first = number % (self.rows / self.batch) * self.batch;
        let index = self.order.clone().slice(first..first + self.batch);
        let x = self.data.clone().select(0, index);
        let loss = MseLoss::new().forward(autoencoder.forward(x.clone()), x, Reduction::Mean);
        let gradients = GradientsParams::from_grads(loss.backward(), &autoencoder);
        self.loss = Some(loss);
        let trained = (self.optimiser).step(self.learning_rate, autoencoder, gradients);
        self.autoencoder = Some(trained);
    }

    pub fn last_loss(&self) -> f32 {
        let loss = self.loss.as_ref().map(|loss| loss.clone().into_scalar());
        loss.unwrap_or(f32::NAN)
    }
}

/// A fixed order of all rows in which neighbours are far apart: 31,607 shares no factor with round numbers.
fn shuffled(rows: usize) -> Vec<i32> {
    (0..rows).map(|row| (row * 31_607 % rows) as i32).collect()
}
