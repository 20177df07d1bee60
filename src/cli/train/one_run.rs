//! One run from one seed, phase by phase.

use std::time::Instant;

use dec_gpu::Result;
use dec_gpu::config::Config;
use dec_gpu::data::{Dataset, fit};
use dec_gpu::device::Device;
use dec_gpu::metrics::Scores;
use dec_gpu::report::{RunScores, Seconds, Steps};
use dec_gpu::trainer::Trainer;

use super::results::metrics_of;
use super::{Begin, Found, Run};
use crate::cli::progress::Progress;

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
    let mut trainer = Trainer::new(device, data, affine, config)?;
    if let Some(model) = begin.pretrained {
        trainer.take_autoencoder(model)?;
    }
    let load = start.elapsed().as_secs_f64();
    let mut found = phases(&mut trainer, begin, progress).await?;
    found.seconds.load = load;
    found.seconds.total = start.elapsed().as_secs_f64();
    let on = (device.info(), device.precision());
    let mut metrics = metrics_of(on, data, trainer.config(), &found);
    metrics.forms = device.choices().map(|choices| choices.forms);
    Ok(Run {
        board: finish_board(begin, progress, &found),
        config: trainer.config().clone(),
        found,
        metrics,
        history: std::mem::take(&mut progress.history),
    })
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
    progress.end_phase();
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

    progress.n_clusters = trainer.config().n_clusters.unwrap_or(1);
    let start = Instant::now();
    let clustering = trainer
        .cluster(first, &mut |event| progress.event(event))
        .await?;
    seconds.cluster = start.elapsed().as_secs_f64();
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
