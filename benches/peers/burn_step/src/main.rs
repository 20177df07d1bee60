//! Times the training step of the paper's autoencoder in burn, and the encoder's matrix products.
//!
//! The step: gather a batch of rows from the resident data set, forward through
//! 784-500-500-2000-10-2000-500-500-784, mean squared error, backward, optimiser. Prints one JSON line
//! for each row, with the same ids as dec-gpu's own benchmark.
//!
//! `burn_step --backend wgpu|vulkan|cuda|cpu [--batch 256] [--optimizer adam|sgd|both] [--steps 200]
//! [--warm-up 20] [--run 1] [--rows 70000] [--software] [--gemm]`
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
use options::{Backend, Options};

const SIZES: [usize; 5] = [784, 500, 500, 2000, 10];

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse(std::env::args().skip(1))?;
    let device = options.backend.open(options.software)?;
    device.seed(1);
    for optimiser in &options.optimisers {
        let mut training = Training::new(&device, *optimiser, options.batch, options.rows)?;
        let id = format!("step_autoencoder_{}_b{}", optimiser.name(), options.batch);
        let measured = measure(&device, &options, |number| training.step(number))?;
        let loss = training.last_loss();
        if !loss.is_finite() {
            return Err(format!("the loss is {loss}: these steps are not the real work").into());
        }
        print_row(&device, &options, &id, &measured, None);
    }
    if options.gemm {
        for pair in SIZES.windows(2) {
            time_gemm(&device, &options, pair[0], pair[1])?;
        }
    }
    Ok(())
}

/// One forward product of the encoder: `[batch, k] x [k, n]`.
fn time_gemm(device: &Device, options: &Options, k: usize, n: usize) -> Result<(), Box<dyn Error>> {
    let normal = Distribution::Normal(0.0, 1.0);
    let a = Tensor::<2>::random([options.batch, k], normal, device);
    let b = Tensor::<2>::random([k, n], normal, device);
    let mut product = None;
    let measured = measure(device, options, |_| {
        product = Some(a.clone().matmul(b.clone()));
    })?;
    let id = format!("gemm_nn_{}x{k}x{n}", options.batch);
    let operations = 2.0 * (options.batch * k * n) as f64;
    print_row(device, options, &id, &measured, Some(operations));
    Ok(())
}

fn print_row(
    device: &Device,
    options: &Options,
    id: &str,
    measured: &Measured,
    operations: Option<f64>,
) {
    let rounded = |value: f64| (1e4 * value).round() / 1e4;
    let name = match options.backend {
        Backend::Cpu => "cpu".into(),
        _ => (device.identity()).map_or_else(|| format!("{device:?}"), |identity| identity.name),
    };
    let mut row = json!({
        "id": id,
        "peer": format!("burn-{}", options.backend.name()),
        "median_ms": rounded(measured.quantile(0.5)),
        "p10_ms": rounded(measured.quantile(0.1)),
        "min_ms": rounded(measured.quantile(0.0)),
        "first_ms": rounded(measured.first_ms),
        "warm_up_ms": rounded(measured.warm_up_ms),
        "steps": measured.sorted_ms.len() * options.run,
        "run": options.run,
        "version": "burn 0.22.1",
        "device": name,
        "threads": std::thread::available_parallelism().map_or(1, |cores| cores.get()),
    });
    if let Some(operations) = operations {
        row["gflops"] = Value::from(rounded(operations / measured.quantile(0.5) / 1e6));
    }
    println!("{row}");
}
