//! `dec-gpu bench`: how fast this machine's device is, and what share of its own best that is.
//!
//! Every row runs what training runs: the typed kernel calls, k-means, and the trainer's own steps.

mod budget;
mod clusters;
mod compare;
mod counted;
mod gemm;
mod markdown;
mod output;
mod results;
mod roofline;
mod sizes;
mod statistics;
mod suite;
mod training;

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand};
use dec_gpu::config::OptimiserKind;
use dec_gpu::device::Device;
use dec_gpu::devices::{AnyDevice, Where};
use dec_gpu::precision::Precision;
use dec_gpu::{Error, Result};

use super::device::{DeviceArgs, describe};
use super::failure::told;
use super::{Outcome, tell, usage};
use budget::Budget;
use counted::{Counted, Recording};
use output::Format;
use results::{COMMIT, Results, Row, SCHEMA, Settings, VERSION, share_of_roofline};
use sizes::Sizes;
use suite::Suite;
use training::Workload;

/// Arguments of `bench`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    command: Option<BenchCommand>,
    /// Samples per step; several with commas [default: 256,1024,4096; with --quick: 8,16]
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    batch: Vec<usize>,
    /// How often each row is measured [default: 10; with --quick: 3]
    #[arg(short, long, value_name = "N")]
    repetitions: Option<usize>,
    /// Only rows whose id holds this text; the roofline's product is always measured
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    filter: String,
    /// Least time of one repetition; short calls are repeated [default: 0.1; with --quick: 0.001]
    #[arg(long, value_name = "SECONDS")]
    min_time: Option<f64>,
    /// Most time of one row: fewer repetitions, at least 3; a row above it is skipped and named
    #[arg(long, value_name = "SECONDS", default_value_t = 20.0)]
    max_time: f64,
    /// What is printed
    #[arg(short = 'o', long, value_name = "FORMAT", default_value = "md")]
    format: Format,
    /// Write into this file instead of printing
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Tiny sizes: does it run at all?
    #[arg(long)]
    quick: bool,
    #[command(flatten)]
    device: DeviceArgs,
}

#[derive(Subcommand)]
enum BenchCommand {
    /// Compare two results written with -o json, row by row
    Compare(compare::CompareArgs),
}

pub(crate) fn run(args: &BenchArgs, quiet: bool) -> Outcome {
    if let Some(BenchCommand::Compare(args)) = &args.command {
        return compare::run(args);
    }
    let plan = Plan::new(args)?;
    let mut place = args.device.place()?;
    place.options.timestamps = true;
    let results = match pollster::block_on(place.open())? {
        AnyDevice::Cpu(cpu) => measure(cpu, &plan, quiet)?,
        AnyDevice::Gpu(gpu) => {
            let mut results = measure(*gpu, &plan, quiet)?;
            if place.options.precision == Precision::F32 {
                results.rows.extend(f16_roofline(place, &plan, quiet)?);
            }
            results
        }
    };
    output::write(&results, args.format, args.out.as_deref())
}

/// What is measured, and how.
struct Plan {
    sizes: Sizes,
    batches: Vec<usize>,
    filter: String,
    settings: Settings,
}

impl Plan {
    fn new(args: &BenchArgs) -> Result<Self> {
        let (sizes, batches, repetitions, min_seconds) = if args.quick {
            (Sizes::quick(), vec![8, 16], 3, 0.001)
        } else {
            (Sizes::full(), vec![256, 1024, 4096], 10, 0.1)
        };
        let asked = !args.batch.is_empty();
        let plan = Self {
            batches: without_repeats(if asked { &args.batch } else { &batches }),
            filter: args.filter.clone(),
            settings: Settings {
                quick: args.quick,
                repetitions: args.repetitions.unwrap_or(repetitions),
                min_seconds: args.min_time.unwrap_or(min_seconds),
                max_seconds: args.max_time,
            },
            sizes,
        };
        plan.check()?;
        Ok(plan)
    }

    fn check(&self) -> Result<()> {
        let n = self.sizes.n;
        if let Some(batch) = self.batches.iter().find(|batch| !(1..=n).contains(batch)) {
            return Err(usage(format!(
                "--batch is {batch}, expected 1 to {n}, the samples of the data set"
            )));
        }
        if self.settings.repetitions == 0 {
            return Err(usage("--repetitions is 0, expected at least 1"));
        }
        for (name, seconds) in [
            ("--min-time", self.settings.min_seconds),
            ("--max-time", self.settings.max_seconds),
        ] {
            if !(seconds > 0.0 && seconds.is_finite()) {
                return Err(usage(format!(
                    "{name} is {seconds}, expected a positive number of seconds"
                )));
            }
        }
        Ok(())
    }
}

impl Settings {
    fn budget(&self) -> Budget {
        Budget {
            repetitions: self.repetitions,
            min_seconds: self.min_seconds,
            max_seconds: self.max_seconds,
        }
    }
}

/// Each batch once: ids are unique.
fn without_repeats(batches: &[usize]) -> Vec<usize> {
    let mut kept = Vec::new();
    for batch in batches {
        if !kept.contains(batch) {
            kept.push(*batch);
        }
    }
    kept
}

/// Measures every row that was asked for on one device.
fn measure<D: Recording>(device: D, plan: &Plan, quiet: bool) -> Result<Results> {
    let settings = &plan.settings;
    if !quiet {
        tell(&format!("measuring on {}", describe(&device)));
    }
    let device = Counted::new(device);
    let mut suite = Suite::new(&device, settings.budget(), plan.filter.clone(), quiet)?;
    measure_all(&mut suite, plan)?;
    let Suite {
        mut rows, skipped, ..
    } = suite;
    Ok(Results {
        schema: SCHEMA,
        version: VERSION.into(),
        commit: COMMIT.into(),
        unix_seconds: unix_seconds(),
        device: device.info(),
        precision: device.products().precision(),
        settings: settings.clone(),
        roofline: share_of_roofline(&mut rows),
        rows,
        skipped,
    })
}

/// What the adapter does at best at f16, for comparison, where every row is asked for: one row, or none and the reason.
fn f16_roofline(mut place: Where, plan: &Plan, quiet: bool) -> Result<Vec<Row>> {
    if !plan.filter.is_empty() {
        return Ok(Vec::new());
    }
    place.options.precision = Precision::F16;
    place.options.form = None; // it was one of f32's
    let device = match pollster::block_on(place.open()) {
        Ok(AnyDevice::Gpu(gpu)) => Counted::new(*gpu),
        Ok(AnyDevice::Cpu(_)) => return Ok(Vec::new()),
        Err(error @ Error::NoAdapter(_)) => {
            if !quiet {
                tell(&format!("no product at f16 is measured: {}", told(&error)));
            }
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let mut suite = Suite::new(&device, plan.settings.budget(), String::new(), quiet)?;
    roofline::square_product(&mut suite, &plan.sizes, "_f16")?;
    Ok(suite.rows)
}

fn measure_all<D: Recording>(suite: &mut Suite<'_, D>, plan: &Plan) -> Result<()> {
    let sizes = &plan.sizes;
    roofline::measure(suite, sizes)?;
    for &batch in &plan.batches {
        gemm::measure(suite, sizes, batch)?;
    }
    let workload = Workload::new(sizes, sizes.n);
    for &batch in &plan.batches {
        workload.autoencoder_step(suite, OptimiserKind::Adam, batch)?;
        workload.autoencoder_step(suite, OptimiserKind::Sgd, batch)?;
        workload.dec_step(suite, batch)?;
    }
    for &batch in &plan.batches {
        training::encode(suite, sizes, batch)?;
    }
    workload.refresh(suite)?;
    clusters::measure(suite, sizes)?;
    for &batch in &plan.batches {
        workload.epoch(suite, batch)?;
    }
    if suite.matched {
        return Ok(());
    }
    Err(usage(format!(
        "no row's id holds '{}'; run without --filter, or with --quick, to see them",
        plan.filter
    )))
}

fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs())
}
