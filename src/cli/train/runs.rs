//! Several runs from different seeds: one after the other or side by side, and which one to keep.

use std::time::Instant;

use dec_gpu::Result;
use dec_gpu::config::Config;
use dec_gpu::data::Dataset;
use dec_gpu::report::{self, OneRun, Runs};
use dec_gpu::together::{self, Joins};

use super::super::progress::Progress;
use super::super::run_dir::RunDir;
use super::one_run::one_run;
use super::{Begin, Run};

/// What to train, and how often.
pub(super) struct Seeds {
    /// Of the first run; the seed of each next one is one higher.
    pub(super) config: Config,
    pub(super) runs: u32,
    /// Runs side by side, at most [`together::MOST`].
    pub(super) together: u32,
    /// When the first run began.
    pub(super) start: Instant,
}

impl Seeds {
    /// Every run, in the order of the seeds.
    pub(super) fn train<D: Joins>(
        &self,
        device: &D,
        data: &Dataset,
        begin: &Begin<'_>,
        progress: &mut Progress,
    ) -> Result<Vec<Run>> {
        let configs: Vec<Config> = (0..self.runs)
            .map(|r| Config {
                seed: self.config.seed.wrapping_add(r),
                ..self.config.clone()
            })
            .collect();
        let mut done = Vec::new();
        for chunk in configs.chunks(self.together as usize) {
            let since = if done.is_empty() {
                self.start
            } else {
                Instant::now()
            };
            if let [config] = chunk {
                if self.runs > 1 {
                    let (run, seed) = (done.len() + 1, config.seed);
                    progress.say(&format!("run {run} of {}, seed {seed}", self.runs));
                }
                let run = one_run(device, data, config.clone(), since, begin, progress);
                done.push(pollster::block_on(run)?);
            } else {
                done.extend(side_by_side(device, data, (chunk, since), begin, progress)?);
            }
        }
        Ok(done)
    }
}

/// Trains from all these configurations at once. Each run's seconds are those of all.
fn side_by_side<D: Joins>(
    device: &D,
    data: &Dataset,
    (configs, since): (&[Config], Instant),
    begin: &Begin<'_>,
    progress: &Progress,
) -> Result<Vec<Run>> {
    let seeds: Vec<String> = configs
        .iter()
        .map(|config| config.seed.to_string())
        .collect();
    progress.say(&format!(
        "{} runs side by side, seeds {}",
        configs.len(),
        seeds.join(", ")
    ));
    let (runs, counts) = pollster::block_on(together::run(device, configs.len(), |i, member| {
        let config = configs[i].clone();
        let mut progress = progress.of_seed(config.seed);
        async move { one_run(&member, data, config, since, begin, &mut progress).await }
    }));
    let together::Counts { asked, dispatched } = counts;
    progress.say(&format!("{asked} dispatches were done as {dispatched}"));
    runs.into_iter().collect()
}

/// The place of the run to keep. Several runs are compared, and the comparison is written and told.
pub(super) fn compare(runs: &[Run], folder: &RunDir, progress: &Progress) -> Result<usize> {
    if runs.len() == 1 {
        return Ok(0);
    }
    let one = |run: &Run| OneRun {
        seed: run.metrics.seed,
        agreement: 0.0, // filled in by the comparison
        stop_reason: run.metrics.stop_reason,
        scores: run.metrics.scores,
    };
    let assignments: Vec<&[u32]> = runs
        .iter()
        .map(|run| &run.found.clustering.assignment[..])
        .collect();
    let compared = Runs::compare(runs.iter().map(one).collect(), &assignments);
    folder.write(report::RUNS_JSON, |out| compared.write_json(out))?;
    progress.say(&format!(
        "stability {:.3} (mean ARI among the runs); seed {} agrees best with the others and is kept",
        compared.stability, compared.kept
    ));
    if let Some(dec) = &compared.dec {
        let line = [("ACC", dec.acc), ("NMI", dec.nmi), ("ARI", dec.ari)]
            .map(|(name, score)| format!("{name} {:.4} ± {:.4}", score.mean, score.sd));
        progress.say(&format!(
            "DEC over {} runs: {}",
            runs.len(),
            line.join(", ")
        ));
    }
    let kept = runs
        .iter()
        .position(|run| run.metrics.seed == compared.kept);
    Ok(kept.expect("the kept seed is one of the runs'"))
}
