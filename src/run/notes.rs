//! What a run knows besides its state, as notes in the state: history, seconds, scores, a lowered rate.

use serde::de::DeserializeOwned;

use super::event::FirstScores;
use super::ledger::Ledger;
use super::record::{HistoryRecord, Seconds, parse_history};
use crate::checkpoint::{Phase, State};
use crate::error::{Error, Result};

/// The notes' names.
const HISTORY: &str = "history";
const SECONDS: &str = "seconds";
const FIRST: &str = "first_scores";
const LOWERED: &str = "lowered_rate";

impl Ledger<'_, '_> {
    /// Adds what is known to a state.
    pub(super) fn put_into(&self, state: &mut State) {
        let mut history = Vec::new();
        for record in &self.history {
            // Writing to memory cannot fail.
            let _ = record.write_line(&mut history);
        }
        state.put_text(HISTORY, String::from_utf8_lossy(&history));
        state.put_text(SECONDS, json(&self.clock.now(state.phase)));
        if let Some(lowered) = &self.lowered {
            state.put_text(LOWERED, json(lowered));
        }
        if let Some(first) = &self.first {
            state.put_text(FIRST, json(first));
        }
    }

    /// Goes on with what a state knows.
    pub(super) fn resume(&mut self, state: &State) -> Result<()> {
        self.history = parse_history(state.text(HISTORY)?)
            .map_err(|error| Error::Run(format!("the checkpoint's history: {error}")))?;
        self.clock.done = note::<Seconds>(state, SECONDS)?;
        self.lowered = optional(state, LOWERED)?;
        let best = |record: &HistoryRecord| match record {
            HistoryRecord::HeldOut { best_step, .. } => Some(*best_step),
            _ => None,
        };
        self.best_step = self.history.iter().rev().find_map(best).unwrap_or(0);
        self.first = match state.phase >= Phase::Cluster {
            true => Some(note::<FirstScores>(state, FIRST)?),
            false => optional(state, FIRST)?,
        };
        Ok(())
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("numbers and names are JSON")
}

fn optional<T: DeserializeOwned>(state: &State, name: &str) -> Result<Option<T>> {
    match state.text(name) {
        Ok(_) => note(state, name).map(Some),
        Err(_) => Ok(None),
    }
}

fn note<T: DeserializeOwned>(state: &State, name: &str) -> Result<T> {
    let wrong = |error| Error::Run(format!("the checkpoint's {name}: {error}"));
    serde_json::from_str(state.text(name)?).map_err(wrong)
}
