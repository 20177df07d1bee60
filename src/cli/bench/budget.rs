//! How often a row is measured, and when it is left out because it would take too long.

/// Fewer repetitions than this are no measurement, unless fewer were asked for.
const FEWEST: usize = 3;

/// The time a row may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// Repetitions wanted.
    pub(super) repetitions: usize,
    /// The least that one repetition takes: short calls are repeated until it is reached.
    pub(super) min_seconds: f64,
    /// The most that all repetitions of a row may take.
    pub(super) max_seconds: f64,
}

/// How a row is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Calls in one repetition.
    pub(super) calls: usize,
    pub(super) repetitions: usize,
}

/// A row would take this long, which is above the budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TooLong {
    pub(super) predicted_seconds: f64,
}

impl Budget {
    /// The fewest repetitions that count.
    fn fewest(&self) -> usize {
        FEWEST.min(self.repetitions)
    }

    /// Whether a call of so many seconds, known or guessed, leaves time for the fewest repetitions.
    pub(super) fn check(&self, call_seconds: f64) -> Result<(), TooLong> {
        let predicted_seconds = self.fewest() as f64 * call_seconds.max(self.min_seconds);
        if predicted_seconds > self.max_seconds {
            return Err(TooLong { predicted_seconds });
        }
        Ok(())
    }

    /// As many repetitions as were asked for, or as there is time for.
    pub(super) fn plan(&self, calls: usize, call_seconds: f64) -> Result<Plan, TooLong> {
        let repetition = calls as f64 * call_seconds;
        self.check(repetition)?;
        let affordable = (self.max_seconds / repetition.max(1e-9)) as usize;
        Ok(Plan {
            calls,
            repetitions: self.repetitions.min(affordable).max(self.fewest()),
        })
    }

    /// The next number of calls to try, after `calls` of them took less than the least time.
    pub(super) fn more_calls(&self, calls: usize, seconds: f64) -> usize {
        let wanted = 1.2 * calls as f64 * self.min_seconds / seconds.max(1e-9);
        // Bounded steps: the first calls are not typical.
        (wanted as usize).clamp(calls + 1, 100 * calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget {
        repetitions: 10,
        min_seconds: 0.1,
        max_seconds: 20.0,
    };

    #[test]
    fn short_calls_get_all_repetitions() {
        let plan = BUDGET.plan(100, 0.001).unwrap();
        assert_eq!((plan.calls, plan.repetitions), (100, 10));
    }

    #[test]
    fn long_calls_get_as_many_as_there_is_time_for() {
        assert_eq!(BUDGET.plan(1, 4.0).unwrap().repetitions, 5);
        assert_eq!(BUDGET.plan(1, 6.5).unwrap().repetitions, 3);
    }

    #[test]
    fn too_long_calls_are_refused_with_the_time_they_would_take() {
        let TooLong { predicted_seconds } = BUDGET.plan(1, 7.0).unwrap_err();
        assert_eq!(predicted_seconds, 21.0);
        assert_eq!(BUDGET.check(7.0), Err(TooLong { predicted_seconds }));
        assert!(BUDGET.check(6.6).is_ok());
    }

    #[test]
    fn one_repetition_is_enough_when_one_was_asked_for() {
        let budget = Budget {
            repetitions: 1,
            ..BUDGET
        };
        assert_eq!(budget.plan(1, 19.0).unwrap().repetitions, 1);
        assert!(budget.plan(1, 21.0).is_err());
    }

    #[test]
    fn the_number_of_calls_grows_towards_the_least_time() {
        assert_eq!(BUDGET.more_calls(1, 0.01), 12);
        assert_eq!(BUDGET.more_calls(1, 1e-7), 100);
        assert_eq!(BUDGET.more_calls(5, 0.099), 6);
    }
}
