//! Where to run: every adapter, the one that `--backend auto` takes, and the same code on it. See `docs/devices.md`.
//!
//! ```sh
//! cargo run --release --locked --example devices
//! ```

use std::time::Instant;

use dec_gpu::config::{Config, DataShape};
use dec_gpu::cpu::Cpu;
use dec_gpu::data::{Dataset, Values, fit};
use dec_gpu::device::Device;
use dec_gpu::gpu::{Gpu, GpuOptions, adapters, choose};
use dec_gpu::random::normal;
use dec_gpu::trainer::Trainer;

fn main() -> dec_gpu::Result<()> {
    let reports = pollster::block_on(adapters(None));
    for report in &reports {
        let info = &report.info;
        let verdict = match &report.refusal {
            Some(reason) => format!("refused: {reason}"),
            None if report.is_software() => "usable, if it is named".into(),
            None => "usable".into(),
        };
        println!(
            "{}: {} via {} ({}): {verdict}",
            report.index, info.name, info.backend, info.kind
        );
    }
    println!("{} adapters", reports.len());

    // The first real GPU that fits. None, and this code goes on where it always can.
    match choose(&reports, None, None) {
        Ok(report) => {
            let gpu = pollster::block_on(Gpu::open(report, GpuOptions::default()))?;
            train_on(&gpu)
        }
        Err(error) => {
            println!("{error}");
            train_on(&Cpu::new())
        }
    }
}

/// A short training, on whatever device.
fn train_on<D: Device>(device: &D) -> dec_gpu::Result<()> {
    // (200, 6), two groups.
    let value = |i: u32, j: u32| 4.0 * (i % 2) as f32 + normal(0, i, 0, j);
    let values = (0..200)
        .flat_map(|i| (0..6).map(move |j| value(i, j)))
        .collect();
    let data = Dataset::new("pairs", 200, 6, Values::F32(values));
    let mut config = Config::layered(None, None, &["pretrain.steps=200".into()])?;
    config.n_clusters = Some(2);
    let config = config.resolve(DataShape::of(&data))?;
    let affine = fit(&data, config.normalisation());

    let start = Instant::now();
    let mut trainer = Trainer::new(device, &data, affine, config)?;
    let found = pollster::block_on(async {
        trainer.pretrain(&mut |_| {}).await?;
        let first = trainer.first_clusters().await?;
        trainer.cluster(first, &mut |_| {}).await
    })?;
    let (info, seconds) = (device.info(), start.elapsed().as_secs_f64());
    println!(
        "{} via {}: {} steps of clustering, {seconds:.1} s in all",
        info.name, info.backend, found.steps
    );
    Ok(())
}
