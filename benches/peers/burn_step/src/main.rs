//! Times the training step of the paper's autoencoder in burn, and the encoder's matrix products.
//!
//! The step: gather a batch of rows from the resident data set, forward through
//! 784-500-500-2000-10-2000-500-500-784, mean squared error, backward, optimiser. Prints one JSON line
//! for each row, with the same ids as dec-gpu's own benchmark.
//!
//! `burn_step --backend wgpu|vulkan|cuda|cpu [--batch 256] [--optimizer adam|sgd|both] [--steps 200]
//! [--warm-up 20] [--run 1] [--software] [--gemm]`
//!
//! `wgpu` compiles WGSL. `vulkan` and `cuda` are features of this package, off by default: with
//! `vulkan` on, every Vulkan adapter gets SPIR-V, so `wgpu` is then refused. `cpu` is burn's `flex`.
//! `--software` takes a software adapter. Autotuning falls into the first step (`first_ms`) and the
//! warm-up; neither is part of the times.

mod measure;
mod network;
mod options;

use std::error::Error;

use burn::prelude::*;
use burn::tensor::Distribution;
use serde_json::{Value, json};

use measure::{Measured, measure};
use network::Training;
use options::Options;

const SIZES: [usize; 5] = [784, 500, 500, 2000, 10];
const ROWS: usize = 70_000;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse(std::env::args().skip(1))?;
    let (device, device_name) = options.backend.open(options.software)?;
    device.seed(1);
    let bench = Bench {
        options,
        device,
        device_name,
    };
    bench.time_steps()?;
    if bench.options.gemm {
        for layer in SIZES.windows(2) {
            bench.time_product(layer[0], layer[1])?;
        }
    }
    Ok(())
}

struct Bench {
    options: Options,
    device: Device,
    device_name: String,
}

impl Bench {
    fn time_steps(&self) -> Result<(), Box<dyn Error>> {
        let batch = self.options.batch;
        for optimiser in &self.options.optimisers {
            let mut training = Training::new(&self.device, *optimiser, batch)?;
            let measured = measure(&self.device, &self.options, |number| training.step(number))?;
            let loss = training.last_loss();
            if !loss.is_finite() {
                return Err(
                    format!("the loss is {loss}: these steps are not the real work").into(),
                );
            }
            let id = format!("step_autoencoder_{}_b{batch}", optimiser.name());
            self.print_row(&id, &measured, None);
        }
        Ok(())
    }

    /// One forward product of the encoder: `[batch, d_in] x [d_in, d_out]`.
    fn time_product(&self, d_in: usize, d_out: usize) -> Result<(), Box<dyn Error>> {
        let batch = self.options.batch;
        let normal = Distribution::Normal(0.0, 1.0);
        let x = Tensor::<2>::random([batch, d_in], normal, &self.device);
        let w = Tensor::<2>::random([d_in, d_out], normal, &self.device);
        let mut product = None;
        let measured = measure(&self.device, &self.options, |_| {
            product = Some(x.clone().matmul(w.clone()));
        })?;
        let id = format!("gemm_nn_{batch}x{d_in}x{d_out}");
        let operations = 2.0 * (batch * d_in * d_out) as f64;
        self.print_row(&id, &measured, Some(operations));
        Ok(())
    }

    fn print_row(&self, id: &str, measured: &Measured, operations: Option<f64>) {
        let rounded = |value: f64| (1e4 * value).round() / 1e4;
        let mut row = json!({
            "id": id,
            "peer": format!("burn-{}", self.options.backend.name()),
            "median_ms": rounded(measured.quantile(0.5)),
            "p10_ms": rounded(measured.quantile(0.1)),
            "min_ms": rounded(measured.quantile(0.0)),
            "first_ms": rounded(measured.first_ms),
            "warm_up_ms": rounded(measured.warm_up_ms),
            "steps": measured.sorted_ms.len() * self.options.run,
            "run": self.options.run,
            "version": "burn 0.22.1",
            "device": self.device_name,
            "threads": std::thread::available_parallelism().map_or(1, |cores| cores.get()),
        });
        if let Some(operations) = operations {
            row["gflops"] = Value::from(rounded(operations / measured.quantile(0.5) / 1e6));
        }
        println!("{row}");
    }
}
