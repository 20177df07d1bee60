//! Runs from several seeds: one after the other or side by side, and which one to keep.

use std::time::Duration;

use super::Fitted;
use super::event::Event;
use super::hands::Hands;
use super::ledger::Ledger;
use super::one::{Plan, one};
use super::record::{OneRun, Runs};
use crate::config::Resolved;
use crate::device::Device;
use crate::error::Result;
use crate::together::{self, Joins};

/// How often to train, and from which seeds.
pub(super) struct Seeds<'a> {
    /// Of the first run; the seed of each next one is one higher.
    pub(super) config: &'a Resolved,
    pub(super) runs: u32,
    /// Runs side by side, at most [`together::MOST`].
    pub(super) together: u32,
    /// For scoring only.
    pub(super) labels: Option<&'a [u32]>,
    /// What the first runs' data took to read.
    pub(super) loaded: Duration,
}

impl Seeds<'_> {
    /// Trains from every seed, as many at a time as there may be side by side, and gives the run to keep: the one that
    /// agrees best with the others.
    pub(super) async fn side_by_side<D: Joins>(
        &self,
        device: &D,
        plan: &Plan<'_>,
        hands: &Hands<'_>,
    ) -> Result<Fitted> {
        let mut done = Vec::new();
        for chunk in self.configs().chunks(self.together as usize) {
            match chunk {
                [config] => done.push(self.next(device, plan, hands, (config, done.len())).await?),
                _ => done.extend(
                    self.at_once(device, plan, hands, (chunk, done.len()))
                        .await?,
                ),
            }
        }
        Ok(kept(done))
    }

    /// The same one after the other, on a device that cannot join dispatches.
    pub(super) async fn one_by_one<D: Device>(
        &self,
        device: &D,
        plan: &Plan<'_>,
        hands: &Hands<'_>,
    ) -> Result<Fitted> {
        let mut done = Vec::new();
        for config in &self.configs() {
            done.push(self.next(device, plan, hands, (config, done.len())).await?);
        }
        Ok(kept(done))
    }

    fn configs(&self) -> Vec<Resolved> {
        let of_run = |r| Resolved {
            seed: self.config.seed.wrapping_add(r),
            ..self.config.clone()
        };
        (0..self.runs).map(of_run).collect()
    }

    /// The books of a run that so many others came before.
    fn ledger<'l, 'h>(&'l self, seed: u32, hands: &'l Hands<'h>, before: usize) -> Ledger<'l, 'h> {
        let loaded = if before == 0 {
            self.loaded
        } else {
            Duration::ZERO
        };
        Ledger::new(seed, hands, self.labels, loaded)
    }

    async fn next<D: Device>(
        &self,
        device: &D,
        plan: &Plan<'_>,
        hands: &Hands<'_>,
        (config, before): (&Resolved, usize),
    ) -> Result<Fitted> {
        let ledger = self.ledger(config.seed, hands, before);
        if self.runs > 1 {
            ledger.tell(&Event::Run {
                number: before + 1,
                of: self.runs as usize,
            });
        }
        one(device, plan, config.clone(), ledger).await
    }

    /// Trains from all these configurations at once. Each run's seconds are those of all.
    async fn at_once<D: Joins>(
        &self,
        device: &D,
        plan: &Plan<'_>,
        hands: &Hands<'_>,
        (configs, before): (&[Resolved], usize),
    ) -> Result<Vec<Fitted>> {
        let seeds: Vec<u32> = configs.iter().map(|config| config.seed).collect();
        hands.tell(seeds[0], &Event::SideBySide(&seeds));
        let (runs, counts) = together::run(device, configs.len(), |i, member| {
            let config = configs[i].clone();
            let ledger = self.ledger(config.seed, hands, before);
            async move { one(&member, plan, config, ledger).await }
        })
        .await;
        let together::Counts { asked, dispatched } = counts;
        hands.tell(seeds[0], &Event::Joined { asked, dispatched });
        runs.into_iter().collect()
    }
}

/// The run to keep. Several are compared.
fn kept(mut runs: Vec<Fitted>) -> Fitted {
    if runs.len() == 1 {
        return runs.swap_remove(0);
    }
    let one = |run: &Fitted| OneRun {
        seed: run.metrics.seed,
        agreement: 0.0, // filled in by the comparison
        stop_reason: run.metrics.stop_reason,
        scores: run.metrics.scores,
    };
    let assignments: Vec<&[u32]> = runs
        .iter()
        .map(|run| &run.clustering.assignment[..])
        .collect();
    let compared = Runs::compare(runs.iter().map(one).collect(), &assignments);
    let is_kept = |run: &Fitted| run.metrics.seed == compared.kept;
    let place = runs.iter().position(is_kept);
    let mut kept = runs.swap_remove(place.expect("the kept seed is one of the runs'"));
    kept.runs = Some(compared);
    kept
}
