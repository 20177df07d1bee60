//! The seconds of a run, over all its parts if it was interrupted.

use std::time::Instant;

use dec_gpu::checkpoint::Phase;
use dec_gpu::report::Seconds;

/// What the phases took so far.
pub(crate) struct Clock {
    /// Of the phases that have ended, and of the parts before an interruption.
    pub(crate) done: Seconds,
    /// When the present phase, or its present part, began.
    phase: Instant,
    /// When the run, or its present part, began.
    run: Instant,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            done: Seconds::default(),
            phase: Instant::now(),
            run: Instant::now(),
        }
    }
}

impl Clock {
    /// A phase begins.
    pub(crate) fn begin(&mut self) {
        self.phase = Instant::now();
    }

    /// The phase has ended; `of` picks its place.
    pub(crate) fn end(&mut self, of: impl Fn(&mut Seconds) -> &mut f64) {
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
        seconds.total += self.run.elapsed().as_secs_f64();
        seconds
    }
}
