//! A contingency table that is filled block by block.

use rustc_hash::FxHashMap;

use super::{Contingency, of_counts};

/// How often each class met each cluster so far; memory grows with the pairs met, not with the samples.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    counts: FxHashMap<(u32, u32), u64>,
}

impl Tally {
    /// Counts one sample.
    pub fn add(&mut self, class: u32, cluster: u32) {
        *self.counts.entry((class, cluster)).or_default() += 1;
    }

    /// The table, once it is known which class each number meant that was counted.
    pub fn table(&self, class_of: impl Fn(u32) -> u32) -> Contingency {
        let mut counts: FxHashMap<(u32, u32), u64> = FxHashMap::default();
        for ((class, cluster), count) in &self.counts {
            *counts.entry((class_of(*class), *cluster)).or_default() += count;
        }
        let mut runs: Vec<_> = counts.into_iter().collect();
        runs.sort_unstable();
        of_counts(runs)
    }
}

#[cfg(test)]
mod tests {
    use super::super::contingency;
    use super::*;

    #[test]
    fn is_the_table_of_all_samples() {
        let (labels, assignment) = ([5, 5, 2, 9, 2, 5], [1, 1, 0, 3, 1, 0]);
        let mut tally = Tally::default();
        for (class, cluster) in labels.iter().zip(assignment) {
            tally.add(*class, cluster);
        }
        assert_eq!(
            tally.table(|class| class),
            contingency(&labels, &assignment)
        );
        let merged = labels.map(|class| class.min(5));
        assert_eq!(
            tally.table(|class| class.min(5)),
            contingency(&merged, &assignment)
        );
        assert_eq!(Tally::default().table(|class| class).n_samples, 0);
    }
}
