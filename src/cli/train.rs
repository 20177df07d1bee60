//! `dec-gpu train`: from a file to clusters.

mod choose;
mod pretrained;
mod results;
mod runs;

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use dec_gpu::Result;
use dec_gpu::config::{Config, ConfigError, DataShape};
use dec_gpu::data::{Dataset, digits, fit, images};
use dec_gpu::device::Device;
use dec_gpu::metrics::Scores;
use dec_gpu::model::Model;
use dec_gpu::report::{self, HistoryRecord, RunMetrics, RunScores, Seconds, Steps};
use dec_gpu::trainer::{Clustering, Trainer};

use super::clusters_arg::ClustersArg;
use super::device::{AnyDevice, DeviceArgs, describe};
use super::explain::explain_run;
use super::input::{ReadArgs, read_text};
use super::progress::Progress;
use super::run_dir::RunDir;
use super::{Outcome, usage};
use choose::Choosing;
use results::{finish, metrics_of, write_results};

/// Arguments of `train`.
#[derive(Args)]
pub(crate) struct TrainArgs {
    /// A file or folder: IDX(.gz), NPY, NPZ, CSV, TSV; the format is found from the content
    data: Option<PathBuf>,
    /// Number of clusters; a range such as 2..12, both included, to choose from; or auto, for 2 to a tenth of the
    /// samples, at most 20
    #[arg(short = 'k', long, value_name = "N|A..B|auto")]
    clusters: Option<ClustersArg>,
    #[command(flatten)]
    read: ReadArgs,
    /// The run folder
    #[arg(long, value_name = "DIR", default_value = "run")]
    out: PathBuf,
    /// Write into a folder that is not empty
    #[arg(long)]
    force: bool,
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
    /// Print metrics.json on stdout
    #[arg(long)]
    json: bool,
}

/// What to train.
struct Plan {
    config: Config,
    runs: u32,
    /// The numbers of clusters to choose from; none if k is given.
    range: Option<RangeInclusive<usize>>,
    /// The model whose autoencoder is taken.
    pretrained: Option<Model>,
}

/// What every run begins with besides the data.
struct Begin<'a> {
    /// For scoring only.
    labels: Option<&'a [u32]>,
    choosing: Option<&'a Choosing<'a>>,
    pretrained: Option<&'a Model>,
}

/// One of the runs, with all that its files are made of.
struct Run {
    config: Config,
    found: Found,
    metrics: RunMetrics,
    history: Vec<HistoryRecord>,
}

/// What a run found.
struct Found {
    clustering: Clustering,
    model: Model,
    scores: Option<RunScores>,
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
    RunDir::check(&args.out, args.force)?;
    let data = read(args)?;
    let range = choose::range(args, &data, &mut config)?;
    let pretrained = pretrained::model(&mut config, &data)?;
    let plan = Plan {
        pretrained,
        config: config.resolve(DataShape::of(&data))?,
        runs: args.runs,
        range,
    };
    let device = args.device.open()?;
    let folder = RunDir::create(&args.out, args.force)?;
    let progress =
        Progress::new(quiet || args.json && !std::io::IsTerminal::is_terminal(&std::io::stderr()));
    let metrics = match device {
        AnyDevice::Cpu(cpu) => train(&cpu, data, plan, start, &folder, progress)?,
        AnyDevice::Gpu(gpu) => train(&*gpu, data, plan, start, &folder, progress)?,
    };
    finish(args, quiet, &metrics)
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
    Ok(config)
}

fn read(args: &TrainArgs) -> Result<Dataset> {
    match &args.data {
        Some(path) => args.read.read(path),
        None if args.read.names_labels() => Err(usage("labels were given, but no DATA")),
        None => Ok(digits()),
    }
}

/// That the rows are taken for images, if training warps them.
fn warped(data: &Dataset, config: &Config) -> String {
    let on = [config.augment.pretrain, config.augment.cluster].contains(&Some(true));
    match images(data).filter(|_| on) {
        Some((height, width)) => format!(" ({height} x {width} images, warped at random)"),
        None => String::new(),
    }
}

/// Trains on one device, from one seed or several, and writes the run folder.
fn train<D: Device>(
    device: &D,
    mut data: Dataset,
    plan: Plan,
    start: Instant,
    folder: &RunDir,
    mut progress: Progress,
) -> Result<RunMetrics> {
    let Plan {
        config,
        runs,
        range,
        pretrained,
    } = plan;
    progress.say(&format!(
        "{}: {} samples x {} inputs{}, {} clusters, preset {}, on {}",
        data.name,
        data.n_samples,
        data.input_dim,
        warped(&data, &config),
        choose::told(&config, range.as_ref()),
        config.preset,
        describe(device)
    ));
    let labels = data.labels.take().map(|labels| labels.ids);
    let choosing = range.map(|range| Choosing {
        data: &data,
        range,
        folder,
    });
    let begin = Begin {
        labels: labels.as_deref(),
        choosing: choosing.as_ref(),
        pretrained: pretrained.as_ref(),
    };
    let mut done = Vec::new();
    for r in 0..runs {
        let mut config = config.clone();
        config.seed = config.seed.wrapping_add(r);
        if runs > 1 {
            progress.say(&format!("run {} of {runs}, seed {}", r + 1, config.seed));
        }
        let since = if r == 0 { start } else { Instant::now() };
        done.push(one_run(
            device,
            &data,
            config,
            since,
            &begin,
            &mut progress,
        )?);
    }
    let kept = runs::compare(&done, folder, &progress)?;
    let run = done.swap_remove(kept);
    write_results(folder, &run)?;
    let of = (&run.found.model, &run.found.clustering);
    explain_run(device, &data, of, folder)?;
    // Last: it is there only when all else is.
    folder.write(report::METRICS_JSON, |out| run.metrics.write_json(out))?;
    Ok(run.metrics)
}

/// One run from one seed.
fn one_run<D: Device>(
    device: &D,
    data: &Dataset,
    config: Config,
    start: Instant,
    begin: &Begin<'_>,
    progress: &mut Progress,
) -> Result<Run> {
    let affine = match begin.pretrained {
        Some(model) => model.affine(),
        None => fit(data, config.normalisation()),
    };
    let mut trainer = Trainer::new(device, data, affine, config)?;
    if let Some(model) = begin.pretrained {
        trainer.take_autoencoder(model)?;
    }
    let load = start.elapsed().as_secs_f64();
    let mut found = pollster::block_on(phases(&mut trainer, begin, progress))?;
    found.seconds.load = load;
    found.seconds.total = start.elapsed().as_secs_f64();
    let on = (device.info(), device.precision());
    let shape = (data.n_samples, data.input_dim);
    let mut metrics = metrics_of(on, shape, trainer.config(), &found);
    metrics.forms = device.choices().map(|choices| choices.forms);
    Ok(Run {
        config: trainer.config().clone(),
        found,
        metrics,
        history: std::mem::take(&mut progress.history),
    })
}

/// Pre-train, choose k if asked to, first centroids, cluster; each timed.
async fn phases<D: Device>(
    trainer: &mut Trainer<'_, D>,
    begin: &Begin<'_>,
    progress: &mut Progress,
) -> Result<Found> {
    let labels = begin.labels;
    progress.labels = labels.map(<[u32]>::to_vec);
    let score = |assignment: &[u32]| labels.map(|labels| Scores::of(labels, assignment));
    let mut seconds = Seconds::default();
    let start = Instant::now();
    let pretrain_steps = match begin.pretrained {
        Some(_) => 0,
        None => trainer.pretrain(&mut |event| progress.event(event)).await?,
    };
    seconds.pretrain = start.elapsed().as_secs_f64();
    if progress.best_step > 0 {
        progress.say(&format!(
            "pretrain: lowest loss on samples held out at step {} of {pretrain_steps}; its weights are kept",
            progress.best_step
        ));
    }

    let start = Instant::now();
    if let Some(choosing) = begin.choosing {
        choosing.run(trainer, labels, progress).await?;
    }
    let first = trainer.first_clusters().await?;
    let autoencoder_kmeans = score(&first.kmeans.assignment);
    let of_mixture = first
        .mixture
        .as_ref()
        .map(|mixture| &mixture.assignment[..]);
    let autoencoder_mixture = of_mixture.and_then(score);
    seconds.init = start.elapsed().as_secs_f64();
    progress.say(&scored("autoencoder + k-means", autoencoder_kmeans));
    if of_mixture.is_some() {
        progress.say(&scored("autoencoder + mixture", autoencoder_mixture));
        if first
            .mixture
            .as_ref()
            .is_some_and(|mixture| !mixture.earned)
        {
            progress.say("its clusters are those of k-means on the smoothed embedding: a mixture's agree no better with the neighbours");
        }
    }

    let start = Instant::now();
    let clustering = trainer
        .cluster(first, &mut |event| progress.event(event))
        .await?;
    seconds.cluster = start.elapsed().as_secs_f64();

    // The baseline is for comparison only, so it comes last and counts in no phase.
    let kmeans = match labels {
        Some(labels) if trainer.config().kmeans.baseline => {
            progress.say("k-means on the inputs, for comparison");
            Some(Scores::of(
                labels,
                &trainer.kmeans_on_inputs().await?.assignment,
            ))
        }
        _ => None,
    };
    let scores = score(&clustering.assignment).map(|dec| RunScores {
        kmeans,
        autoencoder_kmeans,
        autoencoder_mixture,
        dec,
    });
    let steps = Steps {
        pretrain: pretrain_steps,
        cluster: clustering.steps,
    };
    Ok(Found {
        model: trainer.model(&clustering).await?,
        clustering,
        scores,
        seconds,
        steps,
    })
}

fn scored(what: &str, scores: Option<Scores>) -> String {
    match scores {
        Some(s) => format!(
            "{what}: ACC {:.4}, NMI {:.4}, ARI {:.4}",
            s.acc, s.nmi, s.ari
        ),
        None => format!("{what}: done"),
    }
}
