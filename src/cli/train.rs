//! `dec-gpu train`: from a file to clusters.

mod choose;
mod memory;
mod prepare;
mod pretrained;
mod results;
mod whole;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use dec_gpu::config::{Config, ConfigError, DataShape, Resolved};
use dec_gpu::data::{Dataset, ImageShape, digits, images};
use dec_gpu::devices::{AnyDevice, Where};
use dec_gpu::report::DeviceFaultRecord;
use dec_gpu::run::{Fit, Fitted};
use dec_gpu::{DeviceFault, Error, Result, on_device, report, together};

use super::checkpoint::{self, Checkpoints, Identity, Place};
use super::clusters_arg::ClustersArg;
use super::device::{DeviceArgs, describe};
use super::explain::explain_run;
use super::input::{ReadArgs, read_text};
use super::max_memory::MaxMemory;
use super::progress::Progress;
use super::report::report_run;
use super::run_dir::RunDir;
use super::tensorboard::Boards;
use super::{Outcome, signals, usage};
use prepare::PrepareArgs;
use results::{finish, write_results, write_runs};

/// Arguments of `train`.
#[derive(Args)]
pub(crate) struct TrainArgs {
    /// A file, or a folder of IDX parts or of PNG or JPEG images; the format is found from the content
    data: Option<PathBuf>,
    /// Number of clusters; a range such as 2..12, both included, to choose from; or auto, for 2 to a tenth of the
    /// samples, at most 20
    #[arg(short = 'k', long, value_name = "N|A..B|auto")]
    clusters: Option<ClustersArg>,
    /// The run folder
    #[arg(long, value_name = "DIR", default_value = "run")]
    out: PathBuf,
    /// Write into a folder that is not empty
    #[arg(long)]
    force: bool,
    /// Go on with a run that was interrupted, from the newest checkpoint in its folder; without one it begins
    #[arg(long, conflicts_with = "force")]
    resume: bool,
    /// Print metrics.json on stdout
    #[arg(long)]
    json: bool,
    /// fast, balanced or paper [default: fast, or what the configuration names]
    #[arg(long, value_name = "NAME", help_heading = "Configuration")]
    preset: Option<String>,
    /// A TOML file over the preset
    #[arg(long, value_name = "FILE", help_heading = "Configuration")]
    config: Option<PathBuf>,
    /// One value over preset and file, e.g. --set cluster.gamma=0.1; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", help_heading = "Configuration")]
    overrides: Vec<String>,
    /// Seed of every random number
    #[arg(long, value_name = "N", help_heading = "Configuration")]
    seed: Option<u32>,
    /// Take the autoencoder of this model.safetensors in place of pre-training
    #[arg(long, value_name = "MODEL", help_heading = "Configuration")]
    pretrained: Option<String>,
    /// Train from so many seeds, from --seed on, and keep the run that agrees best with the others
    #[arg(
        long,
        value_name = "R",
        default_value_t = 1,
        help_heading = "Several runs"
    )]
    runs: u32,
    /// Of --runs, how many train side by side in the same GPU dispatches, 1 to 8 [default: 8 on a GPU,
    /// 1 on the CPU and on software adapters]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=together::MOST as i64), help_heading = "Several runs")]
    together: Option<u32>,
    /// Write a checkpoint so often; 0: only at the end of pre-training and of clustering, and on Ctrl-C or SIGTERM
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60,
        help_heading = "While it runs"
    )]
    checkpoint_every: u64,
    /// Write TensorBoard event files and the embedding for its projector; with --runs, a folder seed-N for each
    #[arg(long, value_name = "DIR", help_heading = "While it runs")]
    tensorboard: Option<PathBuf>,
    /// The most memory to use, e.g. 4G, or host=8G,device=2G: pieces are made smaller to fit; if that is not enough, the
    /// size needed is told and nothing begins (exit code 3)
    #[arg(long, value_name = "SIZE", help_heading = "While it runs")]
    max_memory: Option<MaxMemory>,
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    prepare: PrepareArgs,
    #[command(flatten)]
    device: DeviceArgs,
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
    let mut place = args.device.place()?;
    let device = pollster::block_on(place.open())?;
    let together = (args.together.unwrap_or_else(|| device.side_by_side())).min(args.runs);
    let max = args.max_memory.unwrap_or_default();
    let fit = memory::fit(&device, (&data, &config), together, range.is_some(), max)?;
    place.options.scratch_divisor = fit.scratch_divisor;
    let mut device = device.with_scratch_divisor(fit.scratch_divisor);
    let folder = RunDir::create(&args.out, replace)?;
    if replace {
        folder.sweep();
    }
    let of = (identity, Place::of(&device));
    let mut checkpoints = Checkpoints::open(&folder, args.checkpoint_every, args.resume, of)?;
    signals::watch().map_err(|error| Error::Run(format!("signals cannot be watched: {error}")))?;
    let boards = match &args.tensorboard {
        Some(path) => Boards::create(path, config.seed, args.runs)?.begin()?,
        None => BTreeMap::new(),
    };
    let silent = quiet || args.json && !std::io::IsTerminal::is_terminal(&std::io::stderr());
    let labels = data.labels.take();
    let mut progress = Progress::new(silent, &folder, labels.as_ref(), boards);
    progress.say(&told(&device, &data, &config, range.as_ref(), &fit.told));
    let fitted = pollster::block_on(
        Fit::new(config)
            .on(place.clone())
            .runs(args.runs, Some(fit.together))
            .choosing(range)
            .from_model(pretrained.as_ref())
            .scored_by(labels.as_ref().map(|labels| &labels.ids[..]))
            .resuming(args.resume)
            .mapped()
            .loaded_in(start.elapsed())
            .observed_by(&mut progress)
            .kept_in(&mut checkpoints)
            .fit_in(&mut device, &data),
    );
    progress.failure()?;
    let mut fitted = fitted.map_err(|error| with_remedy(error, progress.reopened))?;
    fitted.metrics.identity = Some(checkpoints.identity());
    if let Some(runs) = &fitted.runs {
        write_runs(&folder, runs, &progress)?;
    }
    write_results(&folder, &fitted, labels.as_ref(), data.ids.as_deref())?;
    let explained = explain(
        (&mut device, place),
        (&data, &folder),
        &mut fitted,
        &mut progress,
    );
    explained.map_err(|error| with_remedy(error, progress.reopened))?;
    report_run(&folder, &fitted.metrics)?;
    // Last: it is there only when all else is.
    let metrics = &fitted.metrics;
    folder.write(report::METRICS_JSON, |out| metrics.write_json(out))?;
    checkpoints.remove()?;
    progress.board_failure()?;
    finish(args, quiet, metrics)
}

/// Explains the run's clusters. If the device fails only now, it is opened again, once, as in training.
fn explain(
    (device, place): (&mut AnyDevice, Where),
    (data, folder): (&Dataset, &RunDir),
    fitted: &mut Fitted,
    progress: &mut Progress<'_>,
) -> Result<()> {
    let of = (&fitted.model, &fitted.clustering);
    let fault = match on_device!(&*device, device => explain_run(device, data, of, folder)) {
        Err(Error::Device(fault)) if fault.can_pass() && !progress.reopened => fault,
        done => return done,
    };
    progress.reopen(&fault);
    pollster::block_on(device.open_again(place, &fault))?;
    match on_device!(&*device, device => explain_run(device, data, of, folder)) {
        Err(Error::Device(second)) => Err(fault.then(&second.text).into()),
        done => {
            fitted.metrics.device_fault = Some(DeviceFaultRecord { text: fault.text });
            done
        }
    }
}

/// What helps after a second fault of the device.
fn with_remedy(error: Error, reopened: bool) -> Error {
    match error {
        Error::Device(fault) if reopened => DeviceFault {
            text: format!(
                "{}; the last checkpoint stays, --resume goes on from it",
                fault.text
            ),
            ..fault
        }
        .into(),
        error => error,
    }
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
fn warped(data: &Dataset, config: &Resolved) -> String {
    let on = [config.augment.pretrain, config.augment.cluster].contains(&true);
    match images(data).filter(|_| on) {
        Some(ImageShape { height, width, .. }) => {
            format!(" ({height} x {width} images, warped at random)")
        }
        None => String::new(),
    }
}

/// What is trained, and where.
fn told(
    device: &AnyDevice,
    data: &Dataset,
    config: &Resolved,
    range: Option<&RangeInclusive<usize>>,
    memory: &str,
) -> String {
    format!(
        "{}: {} samples x {} inputs{}{}, {} clusters, preset {}, on {}, {memory}",
        data.name,
        data.n_samples,
        data.input_dim,
        prepare::told(data),
        warped(data, config),
        choose::told(config, range),
        config.preset,
        on_device!(device, device => describe(device)),
    )
}
