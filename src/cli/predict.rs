//! `dec-gpu predict`: the clusters of new samples, by the model of a run, in memory that does not grow with them.

mod outputs;
#[cfg(feature = "parquet")]
mod parquet;
mod reader;
mod totals;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use dec_gpu::data::{Block, BlockOptions, Shard};
use dec_gpu::device::{Device, DeviceInfo};
use dec_gpu::metrics::Scores;
use dec_gpu::model::Model;
use dec_gpu::predict::{BATCH_SIZE, Predictor, block_rows, check_input_size};
use dec_gpu::{Result, on_device};

use super::device::DeviceArgs;
use super::input::{ReadArgs, read_model};
use super::run_dir::RunDir;
use super::{Outcome, print_json, print_text, tell, usage};
use outputs::{Format, Outputs};
use reader::{Blocks, with_blocks};
use totals::Totals;

/// Lines about the progress come at most this often.
const QUIET_TIME: Duration = Duration::from_secs(10);

/// Arguments of `predict`.
#[derive(Args)]
pub(crate) struct PredictArgs {
    /// model.safetensors of a run folder
    model: PathBuf,
    /// A file or folder, as `train` takes it, with as many values per sample
    data: PathBuf,
    /// The folder for the labels, soft_assignment.npy and embedding.npy
    #[arg(long, value_name = "DIR", default_value = "predictions")]
    out: PathBuf,
    /// Write into a folder that is not empty
    #[arg(long)]
    force: bool,
    /// How labels and confidence are written
    #[arg(long, value_name = "NAME", default_value = "csv")]
    format: Format,
    /// Only part i of N of the samples, counted from 0: the parts one after the other are the whole
    #[arg(long, value_name = "i/N", allow_hyphen_values = true)]
    shard: Option<Shard>,
    /// Label samples whose confidence is below P, from 0 to 1, with -1
    #[arg(long, value_name = "P", value_parser = confidence, allow_negative_numbers = true)]
    min_confidence: Option<f32>,
    /// Samples encoded at a time; the results do not depend on it
    #[arg(long, value_name = "N", default_value_t = BATCH_SIZE)]
    batch_size: usize,
    /// Samples read at a time; the results do not depend on it
    #[arg(long, value_name = "N", hide = true)]
    block_rows: Option<NonZeroUsize>,
    /// Print a JSON object on stdout
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    device: DeviceArgs,
}

pub(crate) fn run(args: &PredictArgs, quiet: bool) -> Outcome {
    if args.batch_size == 0 {
        return Err(usage("--batch-size is 0, expected at least 1"));
    }
    let model = read_model(&args.model)?;
    let blocks = BlockOptions {
        rows: Some(args.block_rows.unwrap_or_else(|| block_rows(&model))),
        shard: args.shard,
    };
    let options = args.read.options_for(&model);
    let (totals, device) = with_blocks(&args.data, &options, &blocks, |blocks| {
        assign_all(args, &model, blocks, quiet)
    })?;
    if let (Some(least), false) = (args.min_confidence, quiet) {
        let (unsure, n) = (totals.unsure, totals.n_samples);
        tell(&format!(
            "{unsure} of {n} samples have a confidence below {least} and label -1"
        ));
    }
    if args.json {
        return print_json(&json(args, &totals, &device));
    }
    if quiet {
        return Ok(ExitCode::SUCCESS);
    }
    print_text(&summary(args, &totals))
}

/// Assigns every block. The device is opened and the folder made when data have come that fit the model.
fn assign_all(
    args: &PredictArgs,
    model: &Model,
    mut blocks: Blocks,
    quiet: bool,
) -> Result<(Totals, DeviceInfo)> {
    let first = blocks.next()?;
    if let Some(block) = &first {
        let (model_file, data_file) = (args.model.to_string_lossy(), args.data.to_string_lossy());
        check_input_size(model, &model_file, &block.rows, &data_file)?;
    }
    let device = args.device.open()?;
    let folder = RunDir::create(&args.out, args.force)?;
    if args.force {
        folder.sweep();
    }
    let stream = Stream {
        args,
        model,
        folder: &folder,
        quiet,
    };
    let result = on_device!(&device, device => stream.run(device, first, blocks));
    let info = device.info();
    if result.is_err() {
        folder.remove_if_new();
    }
    Ok((result?, info))
}

/// What it takes to go from blocks to files.
struct Stream<'a> {
    args: &'a PredictArgs,
    model: &'a Model,
    folder: &'a RunDir,
    quiet: bool,
}

impl Stream<'_> {
    fn run<D: Device>(
        &self,
        device: &D,
        mut next: Option<Block>,
        mut blocks: Blocks,
    ) -> Result<Totals> {
        let args = self.args;
        let batch_size = match &next {
            // Of all blocks the first is the largest.
            Some(block) => args.batch_size.min(block.rows.n_samples),
            None => 1,
        };
        let mut predictor = Predictor::new(device, self.model, batch_size)?;
        let first = next.as_ref().map_or(0, |block| block.first);
        let with_ids = next.as_ref().is_some_and(|block| block.rows.ids.is_some());
        let mut outputs = Outputs::begin(self.folder, args.format, self.model, first, with_ids)?;
        let mut totals = Totals::new(self.model.n_clusters);
        let mut progress = Progress::new(self.quiet);
        while let Some(block) = next {
            let rows = self.model.prepare(block.rows, block.first)?;
            let found = pollster::block_on(predictor.assign(&rows))?;
            let labels = totals.add(&found, rows.labels.as_ref(), args.min_confidence);
            outputs.write(&labels, &found, rows.ids.as_deref())?;
            progress.show(totals.n_samples);
            // Before the next one is taken, so that no third is read beside them.
            drop(rows);
            next = blocks.next()?;
        }
        outputs.publish()?;
        Ok(totals)
    }
}

/// Says now and then how far it is; how many samples there are is not known.
struct Progress {
    quiet: bool,
    start: Instant,
    last: Instant,
}

impl Progress {
    fn new(quiet: bool) -> Self {
        let start = Instant::now();
        Self {
            quiet,
            start,
            last: start,
        }
    }

    fn show(&mut self, samples: u64) {
        if self.quiet || self.last.elapsed() < QUIET_TIME {
            return;
        }
        self.last = Instant::now();
        let rate = samples as f64 / self.start.elapsed().as_secs_f64();
        tell(&format!("{samples} samples, {rate:.0} per second"));
    }
}

fn json(args: &PredictArgs, totals: &Totals, device: &DeviceInfo) -> String {
    let object = serde_json::json!({
        "n_samples": totals.n_samples,
        "n_clusters": totals.cluster_sizes.len(),
        "device": device,
        "mean_confidence": totals.mean_confidence(),
        "cluster_sizes": totals.cluster_sizes,
        "scores": totals.scores(),
        "shard": args.shard.map(|shard| shard.to_string()),
        "below_min_confidence": args.min_confidence.map(|_| totals.unsure),
    });
    format!("{object:#}\n")
}

fn summary(args: &PredictArgs, totals: &Totals) -> String {
    let out = args.out.display();
    if totals.n_samples == 0 {
        return format!("no samples in this shard\nresults in {out}\n");
    }
    let sizes: Vec<String> = totals.cluster_sizes.iter().map(u64::to_string).collect();
    let mut text = String::new();
    if let Some(Scores { acc, nmi, ari }) = totals.scores() {
        text += &format!("ACC {acc:.4}, NMI {nmi:.4}, ARI {ari:.4}\n");
    }
    text += &format!("cluster sizes: {}\n", sizes.join(" "));
    text += &format!("mean confidence: {:.3}\n", totals.mean_confidence());
    text + &format!("results in {out}\n")
}

/// A share that is a confidence.
fn confidence(text: &str) -> std::result::Result<f32, &'static str> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("expected a number from 0 to 1"),
    }
}
