//! `dec-gpu train`: from a file to clusters.

mod choose;
mod lowered;
mod memory;
mod one_run;
mod prepare;
mod pretrained;
mod recover;
mod results;
mod runs;
mod whole;

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use dec_gpu::config::{Config, ConfigError, DataShape};
use dec_gpu::data::{Dataset, ImageShape, Labels, digits, images};
use dec_gpu::device::Device;
use dec_gpu::model::Model;
use dec_gpu::neighbours::Verdict;
use dec_gpu::report::{self, HistoryRecord, RunMetrics, RunScores, Seconds, Steps};
use dec_gpu::together::{self, Joins};
use dec_gpu::trainer::{ClusterMap, Clustering};
use dec_gpu::{Error, Result};

use super::checkpoint::{self, Checkpoints, Identity, Place};
use super::clusters_arg::ClustersArg;
use super::device::{AnyDevice, DeviceArgs, describe};
use super::explain::explain_run;
use super::input::{ReadArgs, read_text};
use super::max_memory::MaxMemory;
use super::progress::Progress;
use super::report::report_run;
use super::run_dir::RunDir;
use super::tensorboard::Boards;
use super::{Outcome, signals, usage};
use choose::Choosing;
use prepare::PrepareArgs;
use recover::Attempt;
use results::{finish, write_results};
use runs::Seeds;

/// Arguments of `train`.
#[derive(Args)]
pub(crate) struct TrainArgs {
    /// A file, or a folder of IDX parts or of PNG or JPEG images; the format is found from the content
    data: Option<PathBuf>,
    /// Number of clusters; a range such as 2..12, both included, to choose from; or auto, for 2 to a tenth of the
    /// samples, at most 20
    #[arg(short = 'k', long, value_name = "N|A..B|auto")]
    clusters: Option<ClustersArg>,
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    prepare: PrepareArgs,
    /// The run folder
    #[arg(long, value_name = "DIR", default_value = "run")]
    out: PathBuf,
    /// Write into a folder that is not empty
    #[arg(long)]
    force: bool,
    /// Go on with a run that was interrupted, from the newest checkpoint in its folder; without one it begins
    #[arg(long, conflicts_with = "force")]
    resume: bool,
    /// Write a checkpoint so often; 0: only at the end of pre-training and of clustering, and on Ctrl-C or SIGTERM
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    checkpoint_every: u64,
    #[command(flatten)]
    device: DeviceArgs,
    /// fast, balanced or paper [default: fast, or what the configuration names]
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Take the autoencoder of this model.safetensors in place of pre-training
    #[arg(long, value_name = "MODEL")]
    pretrained: Option<String>,
    /// A TOML file over the preset
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One value over preset and file, e.g. --set cluster.gamma=0.1; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Seed of every random number
    #[arg(long, value_name = "N")]
    seed: Option<u32>,
    /// Train from so many seeds, from --seed on, and keep the run that agrees best with the others
    #[arg(long, value_name = "R", default_value_t = 1)]
    runs: u32,
    /// Of --runs, how many train side by side in the same GPU dispatches, 1 to 8 [default: 8 on a GPU,
    /// 1 on the CPU and on software adapters]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=together::MOST as i64))]
    together: Option<u32>,
    /// Write TensorBoard event files and the embedding for its projector; with --runs, a folder seed-N for each
    #[arg(long, value_name = "DIR")]
    tensorboard: Option<PathBuf>,
    /// The most memory to use, e.g. 4G, or host=8G,device=2G: pieces are made smaller to fit; if that is not enough, the
    /// size needed is told and nothing begins (exit code 3)
    #[arg(long, value_name = "SIZE")]
    max_memory: Option<MaxMemory>,
    /// Print metrics.json on stdout
    #[arg(long)]
    json: bool,
}

/// What to train, on whichever device.
struct Job {
    data: Dataset,
    /// For scoring only.
    labels: Option<Labels>,
    config: Config,
    runs: u32,
    /// The numbers of clusters to choose from; none if k is given.
    range: Option<RangeInclusive<usize>>,
    /// The model whose autoencoder is taken.
    pretrained: Option<Model>,
    /// Where TensorBoard looks, if it does.
    boards: Option<Boards>,
    /// When the program began.
    start: Instant,
    folder: RunDir,
    /// What is needed, in words.
    memory: String,
    silent: bool,
}

/// What every run begins with besides the data.
struct Begin<'a> {
    /// For scoring only.
    labels: Option<&'a [u32]>,
    /// The names of the labels' classes.
    label_names: &'a [String],
    boards: Option<&'a Boards>,
    checkpoints: Option<&'a Checkpoints>,
    choosing: Option<&'a Choosing<'a>>,
    pretrained: Option<&'a Model>,
}

/// One of the runs, with all that its files are made of.
struct Run {
    config: Config,
    found: Found,
    metrics: RunMetrics,
    history: Vec<HistoryRecord>,
    /// Whether TensorBoard got all; if not, the run is whole all the same.
    board: Result<()>,
}

/// What a run found.
struct Found {
    clustering: Clustering,
    model: Model,
    scores: Option<RunScores>,
    choice: Option<Verdict>,
    map: Option<ClusterMap>,
    seconds: Seconds,
    steps: Steps,
}

pub(crate) fn run(args: &TrainArgs, quiet: bool) -> Outcome {
    let start = Instant::now();
    let mut config = configuration(args)?;
    if config.n_clusters.is_none() && args.clusters.is_none() {
        return Err(ConfigError::NoClusters.into());
    }
    if args.runs == 0 {
        return Err(usage("--runs is 0, expected at least 1"));
    }
    let whole = args.resume && whole::is(&args.out);
    let replace = may_replace(args)?;
    if !whole {
        RunDir::check(&args.out, replace)?;
    }
    let data = read(args)?;
    let range = choose::range(args, &data, &mut config)?;
    let pretrained = pretrained::model(&mut config, &data)?;
    let mut data = prepare::prepared(data, &config, pretrained.as_ref())?;
    let config = config.resolve(DataShape::of(&data))?;
    let runs = (args.runs, choose::told(&config, range.as_ref()));
    let identity = Identity::of(&data, &config, runs);
    if whole {
        return whole::tell_again(args, quiet, &config, &identity.short());
    }
    let device = args.device.open()?;
    let together = args
        .together
        .unwrap_or_else(|| side_by_side(&device))
        .min(args.runs);
    let max = args.max_memory.unwrap_or_default();
    let fit = memory::fit(&device, (&data, &config), together, range.is_some(), max)?;
    let folder = RunDir::create(&args.out, replace)?;
    if replace {
        folder.sweep();
    }
    let of = (identity, Place::of(&device));
    let checkpoints = Checkpoints::open(&folder, args.checkpoint_every, args.resume, of)?;
    signals::watch().map_err(|error| Error::Run(format!("signals cannot be watched: {error}")))?;
    let boards = (args.tensorboard.as_deref())
        .map(|path| Boards::create(path, config.seed, args.runs))
        .transpose()?;
    let job = Job {
        config,
        runs: args.runs,
        range,
        pretrained,
        boards,
        labels: data.labels.take(),
        data,
        start,
        folder,
        memory: fit.told,
        silent: quiet || args.json && !std::io::IsTerminal::is_terminal(&std::io::stderr()),
    };
    let attempt = Attempt::first(checkpoints, fit.together);
    let device_args = DeviceArgs {
        scratch_divisor: fit.scratch_divisor,
        ..args.device.clone()
    };
    let device = device.with_scratch_divisor(fit.scratch_divisor);
    let metrics = recover::train(&device_args, device, &job, attempt)?;
    finish(args, quiet, &metrics)
}

/// Whether files of the run folder may be replaced: with --force, and those of a run that goes on.
fn may_replace(args: &TrainArgs) -> Result<bool> {
    let out = args.out.display();
    let begun = checkpoint::any(&args.out);
    if begun && !args.resume && !args.force {
        return Err(usage(format!(
            "{out} holds a run that was interrupted; pass --resume to go on with it, or --force to begin again"
        )));
    }
    Ok(args.force || args.resume && (begun || checkpoint::only_begun(&args.out)))
}

/// As many runs as a device gains from: a processor, and one that plays a GPU, has no idle units to fill.
fn side_by_side(device: &AnyDevice) -> u32 {
    match device {
        AnyDevice::Gpu(gpu) if gpu.info().kind != "software" => together::MOST as u32,
        _ => 1,
    }
}

fn configuration(args: &TrainArgs) -> Result<Config> {
    let text = args.config.as_deref().map(read_text).transpose()?;
    let name = args.config.as_ref().map(|path| path.display().to_string());
    let file = name.as_deref().zip(text.as_deref());
    let mut config = Config::layered(args.preset.as_deref(), file, &args.overrides)?;
    config.seed = args.seed.unwrap_or(config.seed);
    config.pretrain.model = args.pretrained.clone().or(config.pretrain.model);
    let default_clusters = args.data.is_none().then_some(10); // the embedded digits
    let number = args.clusters.as_ref().and_then(ClustersArg::number);
    config.n_clusters = number.or(config.n_clusters).or(default_clusters);
    args.prepare.over(&mut config);
    Ok(config)
}

fn read(args: &TrainArgs) -> Result<Dataset> {
    match &args.data {
        Some(path) => {
            memory::check_data(path, &args.read, args.max_memory.unwrap_or_default())?;
            args.read.read(path)
        }
        None if args.read.names_labels() => Err(usage("labels were given, but no DATA")),
        None => Ok(digits()),
    }
}

/// That the rows are taken for images, if training warps them.
fn warped(data: &Dataset, config: &Config) -> String {
    let on = [config.augment.pretrain, config.augment.cluster].contains(&Some(true));
    match images(data).filter(|_| on) {
        Some(ImageShape { height, width, .. }) => {
            format!(" ({height} x {width} images, warped at random)")
        }
        None => String::new(),
    }
}

/// Trains on one device, from one seed or several, and writes the run folder.
fn train<D: Joins>(device: &D, job: &Job, attempt: &Attempt) -> Result<RunMetrics> {
    let mut progress = Progress::new(job.silent);
    let (data, folder) = (&job.data, &job.folder);
    progress.say(&told(device, job));
    let labels = job.labels.as_ref();
    let choosing = job.range.clone().map(|range| Choosing {
        data,
        range,
        folder,
    });
    let begin = Begin {
        labels: labels.map(|labels| &labels.ids[..]),
        label_names: labels.map_or(&[], |labels| &labels.names),
        boards: job.boards.as_ref(),
        checkpoints: Some(&attempt.checkpoints),
        choosing: choosing.as_ref(),
        pretrained: job.pretrained.as_ref(),
    };
    let seeds = Seeds {
        config: job.config.clone(),
        runs: job.runs,
        together: attempt.together,
        start: job.start,
    };
    let mut done = seeds.train(device, data, &begin, &mut progress)?;
    let kept = runs::compare(&done, folder, &progress)?;
    let boards = done
        .iter_mut()
        .try_for_each(|run| std::mem::replace(&mut run.board, Ok(())));
    let mut run = done.swap_remove(kept);
    run.metrics.device_fault.clone_from(&attempt.fault);
    run.metrics.identity = Some(attempt.checkpoints.identity());
    write_results(folder, &run, labels, data.ids.as_deref())?;
    let of = (&run.found.model, &run.found.clustering);
    explain_run(device, data, of, folder)?;
    report_run(folder, &run.metrics)?;
    // Last: it is there only when all else is.
    folder.write(report::METRICS_JSON, |out| run.metrics.write_json(out))?;
    attempt.checkpoints.remove()?;
    boards.map(|()| run.metrics)
}

/// What is trained, and where.
fn told(device: &impl Device, job: &Job) -> String {
    let Job {
        data,
        config,
        range,
        ..
    } = job;
    format!(
        "{}: {} samples x {} inputs{}{}, {} clusters, preset {}, on {}, {}",
        data.name,
        data.n_samples,
        data.input_dim,
        prepare::told(data),
        warped(data, config),
        choose::told(config, range.as_ref()),
        config.preset,
        describe(device),
        job.memory
    )
}
