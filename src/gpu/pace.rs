//! How much work one submit may hold: about [`TARGET`] by what its kernels took before.
//!
//! Some systems reset a GPU whose submit takes seconds, so a submit must not grow long when a phase of cheap dispatches
//! is followed by one of dear ones. A kernel that was never measured counts as dear.

use std::time::Duration;

use rustc_hash::FxHashMap;

/// How long one submit should take.
const TARGET: Duration = Duration::from_millis(20);
/// The share of the target that a dispatch of an unknown kernel counts for.
const UNKNOWN: f64 = 0.125;
/// Most dispatches in one submit; also the slots of the parameter ring.
pub(super) const MOST_DISPATCHES: usize = 1024;

/// A kernel's address.
type KernelId = usize;

/// Seconds that a workgroup of each kernel takes, as far as is known.
#[derive(Default)]
pub(super) struct Pace {
    seconds_per_group: FxHashMap<KernelId, f64>,
}

/// What one submit holds.
#[derive(Default)]
pub(super) struct Work {
    /// Workgroups and predicted seconds of each kernel.
    kernels: FxHashMap<KernelId, (f64, f64)>,
    predicted: f64,
    dispatches: usize,
}

impl Work {
    /// Whether it is time to submit.
    pub(super) fn is_full(&self) -> bool {
        self.dispatches >= MOST_DISPATCHES || self.predicted >= TARGET.as_secs_f64()
    }
}

impl Pace {
    /// Adds a dispatch to what the next submit holds.
    pub(super) fn add(&self, work: &mut Work, kernel: KernelId, workgroups: [u32; 3]) {
        let groups: f64 = workgroups.iter().map(|count| f64::from(*count)).product();
        let known = self.seconds_per_group.get(&kernel);
        let seconds = known.map_or(UNKNOWN * TARGET.as_secs_f64(), |each| groups * each);
        let (all_groups, all_seconds) = work.kernels.entry(kernel).or_default();
        *all_groups += groups;
        *all_seconds += seconds;
        work.predicted += seconds;
        work.dispatches += 1;
    }

    /// Takes in how long a submit took. What was unknown is known now; what was known moves half the way, because
    /// which of a submit's kernels was mistaken cannot be told.
    pub(super) fn learn(&mut self, work: &Work, seconds: f64) {
        let error = (seconds / work.predicted.max(1e-9)).max(1e-6);
        for (kernel, (groups, predicted)) in &work.kernels {
            let each = predicted / groups.max(1.0);
            self.seconds_per_group
                .entry(*kernel)
                .and_modify(|known| *known *= error.sqrt())
                .or_insert(each * error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: KernelId = 1;
    const DEAR: KernelId = 2;
    const GROUPS: [u32; 3] = [10, 2, 1];

    /// Submits of one kernel, each dispatch of which takes so many seconds; returns the dispatches of the last.
    fn submits(pace: &mut Pace, kernel: KernelId, each: f64, count: usize) -> usize {
        let mut dispatches = 0;
        for _ in 0..count {
            let mut work = Work::default();
            while !work.is_full() {
                pace.add(&mut work, kernel, GROUPS);
            }
            dispatches = work.dispatches;
            pace.learn(&work, each * dispatches as f64);
        }
        dispatches
    }

    #[test]
    fn a_submit_comes_to_take_the_target() {
        let mut pace = Pace::default();
        assert_eq!(submits(&mut pace, CHEAP, 1e-4, 1), 8, "unknown at first");
        let near = |got: usize, want: usize| assert!(got.abs_diff(want) <= 1, "{got}, {want}");
        near(submits(&mut pace, CHEAP, 1e-4, 10), 200);
        near(submits(&mut pace, CHEAP, 1e-3, 20), 20); // the clock fell
        assert_eq!(submits(&mut pace, CHEAP, 1e-7, 20), MOST_DISPATCHES);
    }

    #[test]
    fn dear_kernels_behind_cheap_ones_make_no_long_submit() {
        let mut pace = Pace::default();
        assert_eq!(submits(&mut pace, CHEAP, 1e-6, 20), MOST_DISPATCHES);
        // 8 unknown dispatches of 10 ms; from then on two.
        assert_eq!(submits(&mut pace, DEAR, 1e-2, 1), 8);
        assert!(submits(&mut pace, DEAR, 1e-2, 1) <= 3);
        // The cheap ones are still known.
        assert_eq!(submits(&mut pace, CHEAP, 1e-6, 1), MOST_DISPATCHES);
    }

    #[test]
    fn larger_dispatches_count_for_more() {
        let mut pace = Pace::default();
        submits(&mut pace, CHEAP, 1e-4, 10);
        let mut work = Work::default();
        pace.add(&mut work, CHEAP, [1000, 20, 1]); // a thousand times as many workgroups
        assert!(work.is_full());
    }
}
