//! Where to run: every adapter, the one that `--backend auto` takes, and the same code on it. See `docs/devices.md`.
//!
//! ```sh
//! cargo run --release --locked --example devices
//! ```

use std::time::Instant;

use dec_gpu::Error;
use dec_gpu::config::{Config, DataShape};
use dec_gpu::data::{Dataset, Values};
use dec_gpu::devices::Where;
use dec_gpu::gpu::adapters;
use dec_gpu::random::normal;
use dec_gpu::run::Fit;

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

    // The first real GPU that fits. None, and the same code goes on where it always can.
    match train_on(Where::gpu(None, None)) {
        Err(error @ Error::NoAdapter(_)) => {
            println!("{error}");
            train_on(Where::cpu())
        }
        done => done,
    }
}

/// A short training, on whatever device.
fn train_on(place: Where) -> dec_gpu::Result<()> {
    // (200, 6), two groups.
    let value = |i: u32, j: u32| 4.0 * (i % 2) as f32 + normal(0, i, 0, j);
    let values = (0..200)
        .flat_map(|i| (0..6).map(move |j| value(i, j)))
        .collect();
    let data = Dataset::new("pairs", 200, 6, Values::F32(values));
    let mut config = Config::layered(None, None, &["pretrain.steps=200".into()])?;
    config.n_clusters = Some(2);
    let config = config.resolve(DataShape::of(&data))?;

    let start = Instant::now();
    let fitted = pollster::block_on(Fit::new(config).on(place).fit(&data))?;
    let (info, steps) = (fitted.metrics.device, fitted.clustering.steps);
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{} via {}: {steps} steps of clustering, {seconds:.1} s in all",
        info.name, info.backend
    );
    Ok(())
}
