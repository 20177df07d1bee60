//! What progress knows, in checkpoints.

use dec_gpu::checkpoint::{Phase, State};
use dec_gpu::metrics::Scores;
use dec_gpu::report::{HistoryRecord, Seconds, parse_history};
use dec_gpu::{Error, Result};
use serde::de::DeserializeOwned;

use super::Progress;

/// The notes' names.
const HISTORY: &str = "history";
const SECONDS: &str = "seconds";
const FIRST: &str = "first_scores";
const LOWERED: &str = "lowered_rate";

/// Scores of the first clusters: of k-means, of a mixture, and of the graph of neighbours.
pub(crate) type FirstScores = [Option<Scores>; 3];

impl Progress {
    /// Writes a checkpoint.
    pub(super) fn keep(&mut self, state: &State) {
        if state.phase == Phase::Pretrained {
            self.pretrained = Some(state.clone());
        }
        let Some(keeper) = &mut self.keeper else {
            return;
        };
        let mut history = Vec::new();
        for record in &self.history {
            // Writing to memory cannot fail.
            let _ = record.write_line(&mut history);
        }
        let text = String::from_utf8_lossy(&history).into_owned();
        keeper.notes.insert(HISTORY.into(), text);
        if let Some(lowered) = &self.lowered {
            keeper.notes.insert(LOWERED.into(), json(lowered));
        }
        let seconds = self.clock.now(state.phase);
        keeper.notes.insert(SECONDS.into(), json(&seconds));
        if let Some(failure) = keeper.keep(state) {
            self.say(&format!("warning: {failure}"));
        }
    }

    /// Remembers the scores of the first clusters, which a run that goes on in clustering has no other way to know.
    pub(crate) fn note_first_scores(&mut self, scores: &FirstScores) {
        if let Some(keeper) = &mut self.keeper {
            keeper.notes.insert(FIRST.into(), json(scores));
        }
    }

    /// Forgets what is not of the run any more: clustering begins again, or all of it.
    pub(crate) fn begin_again(&mut self, clustering: bool) {
        self.end_phase();
        let stays =
            |record: &HistoryRecord| clustering && !matches!(record, HistoryRecord::Cluster { .. });
        self.history.retain(stays);
        if !clustering {
            self.best_step = 0;
        }
    }

    /// The scores of the first clusters of a run that was interrupted after them.
    pub(crate) fn first_scores(&self, state: &State) -> Result<FirstScores> {
        note(state, FIRST)
    }

    /// Goes on with the history and the seconds of a state.
    pub(crate) fn resume(&mut self, state: &State) -> Result<()> {
        self.history = parse_history(state.text(HISTORY)?)
            .map_err(|error| Error::Run(format!("the checkpoint's history: {error}")))?;
        self.clock.done = note::<Seconds>(state, SECONDS)?;
        if state.text(LOWERED).is_ok() {
            self.lowered = Some(note(state, LOWERED)?);
        }
        let best = |record: &HistoryRecord| match record {
            HistoryRecord::HeldOut { best_step, .. } => Some(*best_step),
            _ => None,
        };
        self.best_step = self.history.iter().rev().find_map(best).unwrap_or(0);
        if let Ok(text) = state.text(FIRST) {
            let text = text.to_owned();
            self.keeper.iter_mut().for_each(|keeper| {
                keeper.notes.insert(FIRST.into(), text.clone());
            });
        }
        Ok(())
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("numbers and names are JSON")
}

fn note<T: DeserializeOwned>(state: &State, name: &str) -> Result<T> {
    let wrong = |error| Error::Run(format!("the checkpoint's {name}: {error}"));
    serde_json::from_str(state.text(name)?).map_err(wrong)
}
