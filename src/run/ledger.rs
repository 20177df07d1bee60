//! The books of one run: its history, seconds and scores, and what goes to its observer and its store.

use std::time::Duration;

use web_time::Instant;

use super::clock::Clock;
use super::event::{Event, FirstScores};
use super::hands::Hands;
use super::record::{HistoryRecord, LoweredRate};
use crate::checkpoint::{Phase, State};
use crate::error::{Error, Result};
use crate::metrics::Scores;

/// What one run has told so far.
pub(super) struct Ledger<'a, 'h> {
    pub(super) seed: u32,
    pub(super) hands: &'a Hands<'h>,
    /// Ground truth, to score the clusters on the way; training never sees it.
    pub(super) labels: Option<&'a [u32]>,
    pub(super) clock: Clock,
    pub(super) history: Vec<HistoryRecord>,
    /// Scores of the first clusters, once they are found.
    pub(super) first: Option<FirstScores>,
    /// If a phase was begun again at a lower rate: where and why.
    pub(super) lowered: Option<LoweredRate>,
    /// The state at the end of pre-training, to begin clustering again from.
    pub(super) pretrained: Option<State>,
    /// The step of pre-training whose weights are kept; 0 if no samples are held out.
    pub(super) best_step: u64,
    /// k, once it is known.
    pub(super) n_clusters: usize,
    phase_start: Instant,
    /// A loss of clustering and its learning rate, until the refresh that they belong to.
    pending: Option<(f64, f32)>,
    /// Why the last state could not be kept.
    not_kept: Option<Error>,
}

impl<'a, 'h> Ledger<'a, 'h> {
    /// Of the run from a seed, whose data took so long to read.
    pub(super) fn new(
        seed: u32,
        hands: &'a Hands<'h>,
        labels: Option<&'a [u32]>,
        loaded: Duration,
    ) -> Self {
        Self {
            seed,
            hands,
            labels,
            clock: Clock::after(loaded),
            history: Vec::new(),
            first: None,
            lowered: None,
            pretrained: None,
            best_step: 0,
            n_clusters: 0,
            phase_start: Instant::now(),
            pending: None,
            not_kept: None,
        }
    }

    /// Tells the observer.
    pub(super) fn tell(&self, event: &Event<'_>) {
        self.hands.tell(self.seed, event);
    }

    /// How far clusters agree with the labels, if these are known.
    pub(super) fn score(&self, assignment: &[u32]) -> Option<Scores> {
        self.labels.map(|labels| Scores::of(labels, assignment))
    }

    /// Writes down an event of training, and tells it.
    pub(super) fn event(&mut self, event: &Event<'_>) {
        if let Event::State(state) = event {
            return self.keep(state);
        }
        self.tell(event);
        match *event {
            Event::Begin { .. } => {
                self.phase_start = Instant::now();
                self.pending = None;
            }
            Event::Loss {
                phase,
                step,
                loss,
                learning_rate,
            } => match phase {
                "cluster" => self.pending = Some((loss, learning_rate)),
                _ => self.pretrain_loss(phase, step, (loss, learning_rate)),
            },
            Event::Layout { step, loss, .. } => self.layout(step, loss),
            Event::HeldOut {
                step,
                loss,
                best_step,
            } => self.held_out(step, loss, best_step),
            Event::Refresh {
                step,
                label_change,
                assignment,
            } => self.refresh(step, label_change, assignment),
            _ => {}
        }
    }

    /// Forgets what is not of the run any more: clustering begins again, or all of it.
    pub(super) fn begin_again(&mut self, clustering: bool) {
        self.tell(&Event::End);
        let stays =
            |record: &HistoryRecord| clustering && !matches!(record, HistoryRecord::Cluster { .. });
        self.history.retain(stays);
        if !clustering {
            self.best_step = 0;
        }
    }

    /// Why the last state could not be kept, if it could not: whoever stops a run relies on it.
    pub(super) fn not_kept(&mut self) -> Result<()> {
        self.not_kept.take().map_or(Ok(()), Err)
    }

    /// Gives a state to the store, with all that is known.
    fn keep(&mut self, state: &State) {
        let mut state = state.clone();
        self.put_into(&mut state);
        match self.hands.keep(self.seed, &state) {
            Ok(()) => self.not_kept = None,
            Err(error) => {
                if self.not_kept.is_none() {
                    self.tell(&Event::NotKept(&error));
                }
                self.not_kept = Some(error);
            }
        }
        if state.phase == Phase::Pretrained {
            self.pretrained = Some(state);
        }
    }

    fn seconds(&self) -> f64 {
        self.phase_start.elapsed().as_secs_f64()
    }

    fn record(&mut self, record: HistoryRecord, sizes: Option<&[u64]>) {
        self.tell(&Event::Record {
            record: &record,
            sizes,
        });
        self.history.push(record);
    }

    fn pretrain_loss(&mut self, stage: &str, step: u64, (loss, rate): (f64, f32)) {
        let record = HistoryRecord::Pretrain {
            stage: stage.to_owned(),
            step,
            loss: loss as f32,
            learning_rate: Some(rate),
            seconds: self.seconds(),
        };
        self.record(record, None);
    }

    fn layout(&mut self, step: u64, loss: f64) {
        // A run that goes on from a later phase lays out the same again.
        let told = |record: &HistoryRecord| match record {
            HistoryRecord::Neighbours { step, .. } => Some(*step),
            _ => None,
        };
        let last = self.history.iter().rev().find_map(told);
        if last.is_some_and(|last| step <= last) {
            return;
        }
        let record = HistoryRecord::Neighbours {
            step,
            loss: loss as f32,
            seconds: self.seconds(),
        };
        self.record(record, None);
    }

    fn held_out(&mut self, step: u64, loss: f64, best_step: u64) {
        let record = HistoryRecord::HeldOut {
            step,
            loss: loss as f32,
            best_step,
            seconds: self.seconds(),
        };
        self.record(record, None);
        self.best_step = best_step;
    }

    fn refresh(&mut self, step: u64, label_change: f64, assignment: &[u32]) {
        let scores = self.score(assignment);
        let pending = self.pending.take();
        let record = HistoryRecord::Cluster {
            step,
            loss: pending.map(|(loss, _)| loss as f32),
            learning_rate: pending.map(|(_, rate)| rate),
            label_change,
            seconds: self.seconds(),
            acc: scores.map(|scores| scores.acc),
            nmi: scores.map(|scores| scores.nmi),
            ari: scores.map(|scores| scores.ari),
        };
        let mut sizes = vec![0; self.n_clusters];
        for cluster in assignment {
            sizes[*cluster as usize] += 1;
        }
        self.record(record, Some(&sizes));
    }
}
