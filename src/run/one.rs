//! One run from one seed, stage by stage.

use std::ops::RangeInclusive;

use super::Fitted;
use super::event::{Event, FirstFound, FirstScores};
use super::ledger::Ledger;
use super::lowered::lower;
use super::metrics::metrics_of;
use super::record::{RunScores, Seconds, Steps};
use super::trainer::{Choice, ClusterMap, Clustering, First, Trainer};
use crate::checkpoint::{Phase, State};
use crate::config::Resolved;
use crate::data::{Affine, Dataset, fit};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::neighbours::Verdict;

/// What every run begins with.
#[derive(Clone)]
pub(super) struct Plan<'a> {
    pub(super) data: &'a Dataset,
    /// The numbers of clusters to choose from; none if k is given.
    pub(super) range: Option<RangeInclusive<usize>>,
    /// The model whose autoencoder is taken in place of pre-training.
    pub(super) model: Option<&'a Model>,
    /// Whether the samples are laid out for people.
    pub(super) mapped: bool,
    /// Whether a run goes on from what its store has.
    pub(super) resume: bool,
}

/// What the stages found.
pub(super) struct Found {
    pub(super) clustering: Clustering,
    pub(super) model: Model,
    pub(super) scores: Option<RunScores>,
    pub(super) verdict: Option<Verdict>,
    pub(super) choice: Option<Choice>,
    pub(super) map: Option<ClusterMap>,
    pub(super) steps: Steps,
    pub(super) seconds: Seconds,
    /// The configuration at the end: the run chooses some of its values.
    pub(super) config: Resolved,
}

/// Trains from one seed on a device.
pub(super) async fn one<D: Device>(
    device: &D,
    plan: &Plan<'_>,
    mut config: Resolved,
    mut ledger: Ledger<'_, '_>,
) -> Result<Fitted> {
    let affine = match plan.model {
        Some(model) => model.affine(),
        None => fit(plan.data, config.data.normalisation),
    };
    let mut state = ledger.hands.begin(ledger.seed, plan.resume)?;
    ledger.clock.end_of_loading();
    if let Some(state) = &state {
        ledger.resume(state)?;
        ledger.tell(&Event::GoesOn(state));
    }
    let found = loop {
        let attempt = attempt(device, plan, (&affine, &config), &mut ledger, state);
        match attempt.await {
            Err(Error::Interrupted { phase, step }) => {
                ledger.tell(&Event::End);
                ledger.not_kept()?;
                return Err(Error::Interrupted { phase, step });
            }
            Err(error) => state = lower(error, &mut config, &mut ledger)?,
            Ok(found) => break found,
        }
    };
    ledger.tell(&Event::Done(&found.clustering));
    let mut metrics = metrics_of(device, plan.data, &found);
    metrics.lowered_rate = ledger.lowered;
    Ok(Fitted {
        model: found.model,
        clustering: found.clustering,
        metrics,
        history: ledger.history,
        config: found.config,
        map: found.map,
        choice: found.choice,
        runs: None,
    })
}

/// All stages with one configuration, from a state if there is one.
async fn attempt<D: Device>(
    device: &D,
    plan: &Plan<'_>,
    (affine, config): (&Affine, &Resolved),
    ledger: &mut Ledger<'_, '_>,
    state: Option<State>,
) -> Result<Found> {
    let mut trainer = Trainer::new(device, plan.data, affine.clone(), config.clone())?;
    if let Some(model) = plan.model {
        trainer.take_autoencoder(model)?;
    }
    let (hands, seed) = (ledger.hands, ledger.seed);
    trainer.ask_between_steps(move || hands.wish(seed));
    if let Some(state) = state {
        trainer.resume(state)?;
    }
    stages(&mut trainer, plan, ledger).await
}

/// Neighbours, pre-training, the choice of k if asked for, first clusters, clustering; each timed. What was done before an
/// interruption is passed over.
async fn stages<D: Device>(
    trainer: &mut Trainer<'_, D>,
    plan: &Plan<'_>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<Found> {
    ledger.clock.begin();
    if plan.range.is_some() {
        trainer.let_graph_wait();
    } else if plan.model.is_none() && trainer.waits_for_neighbours() {
        find_neighbours(trainer, ledger).await?;
    }
    let pretrain_steps = pretrain(trainer, plan, ledger).await?;
    ledger.clock.begin();
    let (mut choice, mut first) = (None, None);
    if trainer.is_before(Phase::Cluster) {
        choice = choose(trainer, plan, ledger).await?;
        first = Some(first_clusters(trainer, ledger).await?);
    }
    ledger.clock.end(|seconds| &mut seconds.init);

    ledger.n_clusters = trainer.config().n_clusters;
    let mut tell = |event: &Event<'_>| ledger.event(event);
    let clustering = match first {
        Some(first) => trainer.cluster(first, &mut tell).await?,
        None => trainer.go_on_clustering(&mut tell).await?,
    };
    ledger.clock.end(|seconds| &mut seconds.cluster);
    ledger.tell(&Event::End);

    let scores = scores(trainer, &clustering, ledger).await?;
    ledger.clock.begin();
    let map = match plan.mapped {
        true => trainer.map(&clustering).await?,
        false => None,
    };
    ledger.clock.end(|seconds| &mut seconds.map);
    Ok(Found {
        model: trainer.model(&clustering).await?,
        scores,
        verdict: trainer.verdict().cloned(),
        choice,
        map,
        steps: Steps {
            pretrain: pretrain_steps,
            cluster: clustering.steps,
        },
        clustering,
        seconds: ledger.clock.whole(),
        config: trainer.config().clone(),
    })
}

/// Lays out the graph of neighbours, if that was not done.
async fn find_neighbours<D: Device>(
    trainer: &mut Trainer<'_, D>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<()> {
    (trainer.find_neighbours(&mut |event| ledger.event(event))).await?;
    ledger.clock.end(|seconds| &mut seconds.neighbours);
    ledger.tell(&Event::End);
    Ok(())
}

/// Steps of pre-training.
async fn pretrain<D: Device>(
    trainer: &mut Trainer<'_, D>,
    plan: &Plan<'_>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<u64> {
    ledger.clock.begin();
    let steps = match plan.model {
        Some(_) => 0,
        None => trainer.pretrain(&mut |event| ledger.event(event)).await?,
    };
    ledger.clock.end(|seconds| &mut seconds.pretrain);
    ledger.tell(&Event::End);
    if ledger.best_step > 0 && trainer.is_before(Phase::Cluster) {
        ledger.tell(&Event::Best {
            step: ledger.best_step,
            of: steps,
        });
    }
    Ok(steps)
}

/// The choice of k, if it was asked for.
async fn choose<D: Device>(
    trainer: &mut Trainer<'_, D>,
    plan: &Plan<'_>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<Option<Choice>> {
    let Some(range) = plan.range.clone() else {
        return Ok(None);
    };
    let mut tell = |event: &Event<'_>| ledger.event(event);
    let choice = (trainer.choose_clusters(plan.data, range, &mut tell)).await?;
    ledger.tell(&Event::Choice(&choice));
    Ok(Some(choice))
}

/// The first clusters and their scores.
async fn first_clusters<D: Device>(
    trainer: &mut Trainer<'_, D>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<First<D>> {
    find_neighbours(trainer, ledger).await?;
    let first = trainer.first_clusters().await?;
    let graph = first.graph.as_ref().filter(|graph| !graph.is_final);
    let mixture = first.mixture.as_ref();
    let of_mixture = |earned| {
        let found = mixture.filter(|mixture| mixture.earned == earned)?;
        ledger.score(&found.assignment)
    };
    let scores = FirstScores {
        kmeans: ledger.score(&first.kmeans.assignment),
        mixture: of_mixture(true),
        smoothed_kmeans: of_mixture(false),
        neighbours: graph.and_then(|graph| ledger.score(&graph.assignment)),
    };
    ledger.tell(&Event::First(FirstFound {
        scores,
        mixture_earned: mixture.map(|mixture| mixture.earned),
        has_graph: graph.is_some(),
        verdict: trainer.verdict(),
    }));
    ledger.first = Some(scores);
    Ok(first)
}

/// Agreement with the labels after each stage, if they are known. The baseline is for comparison only, so it comes last and
/// counts in no phase.
async fn scores<D: Device>(
    trainer: &Trainer<'_, D>,
    clustering: &Clustering,
    ledger: &Ledger<'_, '_>,
) -> Result<Option<RunScores>> {
    let Some(dec) = ledger.score(&clustering.assignment) else {
        return Ok(None);
    };
    let mut kmeans = None;
    if trainer.config().kmeans.baseline {
        ledger.tell(&Event::Baseline);
        kmeans = ledger.score(&trainer.kmeans_on_inputs().await?.assignment);
    }
    let first = ledger.first.unwrap_or_default();
    Ok(Some(RunScores {
        kmeans,
        autoencoder_kmeans: first.kmeans,
        autoencoder_mixture: first.mixture,
        autoencoder_smoothed_kmeans: first.smoothed_kmeans,
        neighbours: first.neighbours,
        dec,
    }))
}
