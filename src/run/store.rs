//! Where the states of runs are kept, so that a run can go on.

use crate::checkpoint::State;
use crate::error::Result;

/// Keeps the states of runs: in files, in memory, elsewhere.
pub trait Store {
    /// The run from this seed begins, or goes on.
    fn begins(&mut self, _seed: u32) {}

    /// The newest state of the run from this seed; none if there is none.
    ///
    /// # Errors
    /// It is of another run, or nothing that was kept can be read.
    fn newest(&mut self, seed: u32) -> Result<Option<State>>;

    /// Whether it is time to keep a state again; asked between any two steps. At the end of pre-training and of
    /// clustering, and when a run is stopped, one is kept in any case.
    fn is_due(&self, seed: u32) -> bool;

    /// Keeps a state, whole or not at all.
    ///
    /// # Errors
    /// It could not. Training goes on without, and an earlier state stays.
    fn keep(&mut self, seed: u32, state: &State) -> Result<()>;
}
