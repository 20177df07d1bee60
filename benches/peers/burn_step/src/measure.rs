//! Timing in runs: steps are queued, then waited for together.

use std::time::Instant;

use burn::tensor::{Device, ExecutionError};

use crate::options::Options;

/// What was measured, in milliseconds.
pub struct Measured {
    /// The first run: kernels are compiled and tuned in it.
    pub first_ms: f64,
    /// The rest of the warm-up, where some tuning may still fall.
    pub warm_up_ms: f64,
    /// A step's time in each measured run, shortest first.
    pub sorted_ms: Vec<f64>,
}

impl Measured {
    pub fn quantile(&self, share: f64) -> f64 {
        self.sorted_ms[((self.sorted_ms.len() - 1) as f64 * share).round() as usize]
    }
}

pub fn measure(
    device: &Device,
    options: &Options,
    mut step: impl FnMut(usize),
) -> Result<Measured, ExecutionError> {
    let mut number = 0;
    let mut run_ms = || {
        let start = Instant::now();
        for _ in 0..options.run {
            step(number);
            number += 1;
        }
        device.sync()?;
        Ok::<f64, ExecutionError>(1e3 * start.elapsed().as_secs_f64())
    };
    let first_ms = run_ms()?;
    let mut warm_up_ms = 0.0;
    for _ in 0..options.warm_up.div_ceil(options.run) {
        warm_up_ms += run_ms()?;
    }
    let mut sorted_ms = Vec::new();
    for _ in 0..(options.steps / options.run).max(3) {
        sorted_ms.push(run_ms()? / options.run as f64);
    }
    sorted_ms.sort_by(f64::total_cmp);
    Ok(Measured {
        first_ms,
        warm_up_ms,
        sorted_ms,
    })
}
