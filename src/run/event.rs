//! What a run tells while it goes on, and who listens.

use serde::{Deserialize, Serialize};

use super::record::{HistoryRecord, LoweredRate};
use super::trainer::{Candidate, Choice, Clustering, Course};
use crate::checkpoint::State;
use crate::device::DeviceFault;
use crate::error::Error;
use crate::metrics::Scores;
use crate::neighbours::Verdict;

/// What training tells while it runs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// One of several runs begins.
    Run {
        /// Which, from 1.
        number: usize,
        /// Of how many.
        of: usize,
    },
    /// Runs from these seeds begin side by side; each tells of itself from here on.
    SideBySide(&'a [u32]),
    /// Runs side by side have ended.
    Joined {
        /// Dispatches that they asked for.
        asked: u64,
        /// Dispatches that were done.
        dispatched: u64,
    },
    /// The run goes on from a checkpoint.
    GoesOn(&'a State),
    /// A phase begins.
    Begin {
        /// What it is, e.g. `pretrain` or `layer 2 of 4`.
        phase: &'a str,
        /// Its steps, at most.
        steps: u64,
    },
    /// What has steps has ended; it may have taken fewer than it could.
    End,
    /// The layouts of the graph of neighbours have moved.
    Layout {
        /// Steps done.
        step: u64,
        /// Of how many.
        steps: u64,
        /// Mean loss of a point in this step, over all layouts.
        loss: f64,
    },
    /// The mean loss of the steps since the last such event.
    Loss {
        /// The phase.
        phase: &'a str,
        /// Steps done.
        step: u64,
        /// Mean over those steps: of squares per element in pre-training, KL per sample in clustering.
        loss: f64,
        /// The learning rate of the last of them.
        learning_rate: f32,
    },
    /// Pre-training was judged by the samples it does not see.
    HeldOut {
        /// Steps done.
        step: u64,
        /// Mean of squares per element over these samples.
        loss: f64,
        /// The step with the lowest such loss so far; its weights are kept.
        best_step: u64,
    },
    /// Pre-training has ended with the weights of an earlier step.
    Best {
        /// That step.
        step: u64,
        /// Steps taken.
        of: u64,
    },
    /// A number of clusters was tried.
    Candidate(&'a Candidate),
    /// The number of clusters was chosen.
    Choice(&'a Choice),
    /// The first clusters were found.
    First(FirstFound<'a>),
    /// The clusters agree less with the first embedding's neighbours than the first clusters did.
    Worse {
        /// The agreement over time.
        course: Course,
        /// Whether the best state is taken again.
        back: bool,
    },
    /// The target distribution was updated.
    Refresh {
        /// Clustering steps done.
        step: u64,
        /// Share of labels that changed since the last update.
        label_change: f64,
        /// Every sample's cluster (n).
        assignment: &'a [u32],
    },
    /// A line was added to the history.
    Record {
        /// The line.
        record: &'a HistoryRecord,
        /// Samples in each cluster (k), if it is of clustering.
        sizes: Option<&'a [u64]>,
    },
    /// k-means on the inputs begins, for comparison.
    Baseline,
    /// The state between two steps, as was wished ([`super::trainer::Trainer::ask_between_steps`]). [`super::Fit`] gives
    /// it to its store and does not tell it.
    State(&'a State),
    /// The store could not keep a state; training goes on, and an earlier one stays. Told once until it can again.
    NotKept(&'a Error),
    /// Numbers ran away; the phase begins again, once, at a lower rate.
    Lowered(&'a LoweredRate),
    /// The device failed; it is opened again, once, after too little memory in smaller pieces, and every run goes on from
    /// its last state.
    Reopened(&'a DeviceFault),
    /// The run has its clusters.
    Done(&'a Clustering),
}

/// The first clusters, and how far each kind agrees with the labels, where these are known.
#[derive(Clone, Copy, Debug)]
pub struct FirstFound<'a> {
    /// The scores.
    pub scores: FirstScores,
    /// Of a mixture, if there is one: whether it agreed better with nearest neighbours than k-means, whose clusters it has
    /// otherwise.
    pub mixture_earned: Option<bool>,
    /// Whether there are clusters of the graph of neighbours that the run learns from.
    pub has_graph: bool,
    /// What was chosen by the graph, if there is one.
    pub verdict: Option<&'a Verdict>,
}

/// Scores of the first clusters, of those kinds that there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FirstScores {
    /// Of k-means on the embedding.
    pub kmeans: Option<Scores>,
    /// Of a mixture of Gaussians.
    pub mixture: Option<Scores>,
    /// Of k-means on the smoothed embedding, where the mixture agreed no better with nearest neighbours.
    pub smoothed_kmeans: Option<Scores>,
    /// Of the graph of neighbours.
    pub neighbours: Option<Scores>,
}

/// Who listens to a run, and may end it.
pub trait Observer {
    /// Something happened in the run from this seed.
    fn event(&mut self, seed: u32, event: &Event<'_>);

    /// Asked between any two steps: whether to end with [`Error::Interrupted`] once the state is kept.
    fn stops(&self) -> bool {
        false
    }
}

/// A closure hears of one run or of several.
impl<F: FnMut(&Event<'_>)> Observer for F {
    fn event(&mut self, _seed: u32, event: &Event<'_>) {
        self(event);
    }
}
