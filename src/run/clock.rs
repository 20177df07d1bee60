//! The seconds of a run, over all its parts if it was interrupted.

use std::time::Duration;

use web_time::Instant;

use super::record::Seconds;
use crate::checkpoint::Phase;

/// What the phases took so far.
pub(super) struct Clock {
    /// Of the phases that have ended, and of the parts before an interruption.
    pub(super) done: Seconds,
    /// What went before the run.
    loaded: Duration,
    /// When the present phase, or its present part, began.
    phase: Instant,
    /// When the run, or its present part, began.
    run: Instant,
}

impl Clock {
    /// The run begins; reading its data took so long.
    pub(super) fn after(loaded: Duration) -> Self {
        Self {
            done: Seconds::default(),
            loaded,
            phase: Instant::now(),
            run: Instant::now(),
        }
    }

    /// The data are as the network takes them.
    pub(super) fn end_of_loading(&mut self) {
        self.done.load = self.since_start();
    }

    /// A phase begins.
    pub(super) fn begin(&mut self) {
        self.phase = Instant::now();
    }

    /// The phase has ended; `of` picks its place.
    pub(super) fn end(&mut self, of: impl Fn(&mut Seconds) -> &mut f64) {
        *of(&mut self.done) += self.phase.elapsed().as_secs_f64();
        self.begin();
    }

    /// The seconds so far, in a phase.
    pub(super) fn now(&self, phase: Phase) -> Seconds {
        let mut seconds = self.done;
        let own = self.phase.elapsed().as_secs_f64();
        match phase {
            Phase::Neighbours => seconds.neighbours += own,
            Phase::Layer(_) | Phase::EndToEnd | Phase::Pretrained => seconds.pretrain += own,
            Phase::Cluster | Phase::Clustered => seconds.cluster += own,
        }
        seconds.total += self.since_start();
        seconds
    }

    /// The seconds at the end.
    pub(super) fn whole(&self) -> Seconds {
        let mut seconds = self.done;
        seconds.total += self.since_start();
        seconds
    }

    fn since_start(&self) -> f64 {
        (self.loaded + self.run.elapsed()).as_secs_f64()
    }
}
