//! One run from one seed, phase by phase.

use std::time::Instant;

use dec_gpu::checkpoint::{Phase, State};
use dec_gpu::config::Config;
use dec_gpu::data::{Affine, Dataset, fit};
use dec_gpu::device::Device;
use dec_gpu::metrics::Scores;
use dec_gpu::report::{RunScores, Steps};
use dec_gpu::trainer::{Event, First, Trainer};
use dec_gpu::{Error, Result};

use super::lowered::lower;
use super::results::metrics_of;
use super::{Begin, Found, Run};
use crate::cli::checkpoint::Keeper;
use crate::cli::progress::{FirstScores, Progress};

/// Trains from one seed on a device; `start` is when the run began.
pub(super) async fn one_run<D: Device>(
    device: &D,
    data: &Dataset,
    config: Config,
    start: Instant,
    begin: &Begin<'_>,
    progress: &mut Progress,
) -> Result<Run> {
    progress.board = (begin.boards)
        .map(|boards| boards.begin(config.seed))
        .transpose()?;
    let affine = match begin.pretrained {
        Some(model) => model.affine(),
        None => fit(data, config.normalisation()),
    };
    progress.keeper = begin.checkpoints.map(|all| all.keeper(config.seed));
    let mut state = match begin.checkpoints {
        Some(all) => all.newest(config.seed)?,
        None => None,
    };
    progress.clock.done.load = start.elapsed().as_secs_f64();
    if let Some(state) = &state {
        progress.resume(state)?;
        progress.say(&format!("going on from {}", state.place()));
    }
    let before = progress.clock.done.total;
    let mut config = config;
    let (mut found, config) = loop {
        match attempt(device, data, (&affine, &config), begin, progress, state).await {
            // Whoever interrupts relies on the checkpoint.
            Err(Error::Interrupted { phase, step }) => {
                progress.end_phase();
                progress.keeper.iter_mut().try_for_each(Keeper::failure)?;
                return Err(Error::Interrupted { phase, step });
            }
            Err(error) => state = lower(error, &mut config, progress)?,
            Ok(done) => break done,
        }
    };
    found.seconds.total = before + start.elapsed().as_secs_f64();
    let on = (device.info(), device.products().precision());
    let mut metrics = metrics_of(on, data, &config, &found);
    metrics.forms = (found.model.forms.as_ref()).map(|choices| choices.forms.clone());
    metrics.lowered_rate = progress.lowered.take();
    Ok(Run {
        board: finish_board(begin, progress, &found),
        config,
        found,
        metrics,
        history: std::mem::take(&mut progress.history),
    })
}

/// All phases with one configuration, from a state if there is one; what they found, and the configuration at the end.
async fn attempt<D: Device>(
    device: &D,
    data: &Dataset,
    (affine, config): (&Affine, &Config),
    begin: &Begin<'_>,
    progress: &mut Progress,
    state: Option<State>,
) -> Result<(Found, Config)> {
    let mut trainer = Trainer::new(device, data, affine.clone(), config.clone())?;
    if let Some(model) = begin.pretrained {
        trainer.take_autoencoder(model)?;
    }
    if let Some(keeper) = &progress.keeper {
        trainer.ask_between_steps(keeper.wish());
    }
    let mut first = FirstScores::default();
    if let Some(state) = state {
        if state.phase >= Phase::Cluster {
            first = progress.first_scores(&state)?;
        }
        trainer.resume(state)?;
    }
    let found = phases(&mut trainer, begin, progress, first).await?;
    Ok((found, trainer.config().clone()))
}

/// Gives TensorBoard the embedding, if it watches.
fn finish_board(begin: &Begin<'_>, progress: &mut Progress, found: &Found) -> Result<()> {
    let Some(board) = progress.board.take() else {
        return Ok(());
    };
    let labels = begin.labels.map(|ids| (ids, begin.label_names));
    let (shown, n) = (
        board.finish(&found.clustering, labels)?,
        found.clustering.assignment.len(),
    );
    if shown < n {
        progress.say(&format!(
            "TensorBoard's projector gets {shown} of {n} samples, drawn at random, the same in every run"
        ));
    }
    Ok(())
}

/// Pre-train, choose k if asked to, first centroids, cluster; each timed. What was done before an interruption is passed
/// over.
async fn phases<D: Device>(
    trainer: &mut Trainer<'_, D>,
    begin: &Begin<'_>,
    progress: &mut Progress,
    resumed: FirstScores,
) -> Result<Found> {
    let labels = begin.labels;
    progress.labels = labels.map(<[u32]>::to_vec);
    let score = |assignment: &[u32]| labels.map(|labels| Scores::of(labels, assignment));
    progress.clock.begin();
    if begin.choosing.is_some() {
        trainer.let_graph_wait();
    } else if begin.pretrained.is_none() && trainer.waits_for_neighbours() {
        find_neighbours(trainer, progress).await?;
    }
    let pretrain_steps = pretrain(trainer, begin, progress).await?;
    progress.clock.begin();
    let first = match trainer.is_before(Phase::Cluster) {
        true => Some(first_clusters(trainer, begin, progress).await?),
        false => None,
    };
    progress.clock.end(|seconds| &mut seconds.init);
    let [autoencoder_kmeans, autoencoder_mixture, neighbours] =
        first.as_ref().map_or(resumed, |(_, scores)| *scores);

    progress.n_clusters = trainer.config().n_clusters.unwrap_or(1);
    let mut observe = |event: &Event<'_>| progress.event(event);
    let clustering = match first {
        Some((first, _)) => trainer.cluster(first, &mut observe).await?,
        None => trainer.go_on_clustering(&mut observe).await?,
    };
    progress.clock.end(|seconds| &mut seconds.cluster);
    progress.end_phase();

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
        neighbours,
        dec,
    });
    progress.clock.begin();
    let map = trainer.map(&clustering).await?;
    progress.clock.end(|seconds| &mut seconds.map);
    let steps = Steps {
        pretrain: pretrain_steps,
        cluster: clustering.steps,
    };
    Ok(Found {
        model: trainer.model(&clustering).await?,
        clustering,
        scores,
        choice: trainer.verdict().cloned(),
        map,
        seconds: progress.clock.done,
        steps,
    })
}

/// Steps of pre-training.
async fn pretrain<D: Device>(
    trainer: &mut Trainer<'_, D>,
    begin: &Begin<'_>,
    progress: &mut Progress,
) -> Result<u64> {
    progress.clock.begin();
    let steps = match begin.pretrained {
        Some(_) => 0,
        None => trainer.pretrain(&mut |event| progress.event(event)).await?,
    };
    progress.clock.end(|seconds| &mut seconds.pretrain);
    progress.end_phase();
    if progress.best_step > 0 && trainer.is_before(Phase::Cluster) {
        progress.say(&format!(
            "pretrain: lowest loss on samples held out at step {} of {steps}; its weights are kept",
            progress.best_step
        ));
    }
    Ok(steps)
}

/// The first clusters, after the choice of k if it was asked for, and their scores.
async fn first_clusters<D: Device>(
    trainer: &mut Trainer<'_, D>,
    begin: &Begin<'_>,
    progress: &mut Progress,
) -> Result<(First<D>, FirstScores)> {
    let labels = begin.labels;
    if let Some(choosing) = begin.choosing {
        choosing.run(trainer, labels, progress).await?;
    }
    find_neighbours(trainer, progress).await?;
    let first = trainer.first_clusters().await?;
    let score = |assignment: &[u32]| labels.map(|labels| Scores::of(labels, assignment));
    let mixture = first.mixture.as_ref();
    let graph = first.graph.as_ref().filter(|graph| !graph.is_final);
    let scores = [
        score(&first.kmeans.assignment),
        mixture.and_then(|mixture| score(&mixture.assignment)),
        graph.and_then(|graph| score(&graph.assignment)),
    ];
    progress.say(&scored("autoencoder + k-means", scores[0]));
    if let Some(mixture) = mixture {
        progress.say(&scored("autoencoder + mixture", scores[1]));
        if !mixture.earned {
            progress.say("the mixture agreed no better with nearest neighbours than k-means, so its components are the clusters of k-means");
        }
    }
    if let Some(verdict) = trainer.verdict() {
        progress.say(&verdict.to_string());
    }
    if graph.is_some() {
        progress.say(&scored("graph of neighbours", scores[2]));
    }
    progress.note_first_scores(&scores);
    Ok((first, scores))
}

/// Lays out the graph of neighbours, if that was not done.
async fn find_neighbours<D: Device>(
    trainer: &mut Trainer<'_, D>,
    progress: &mut Progress,
) -> Result<()> {
    trainer
        .find_neighbours(&mut |event| progress.event(event))
        .await?;
    progress.clock.end(|seconds| &mut seconds.neighbours);
    progress.end_phase();
    Ok(())
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
