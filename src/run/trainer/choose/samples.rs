//! The samples by which k is chosen.

use crate::config::ConfigError;
use crate::random::{self, stream};

/// At most so many samples take part: it bounds the time of each k.
const MOST: usize = 9000;

/// Draws nine tenths of n samples from the seed, at most [`MOST`], by their place in the data. Those that the permutation
/// begins with were once held out to judge by; who takes part stays as it was, and so does the k that is chosen.
pub(super) fn sample(seed: u32, n: usize) -> Vec<u32> {
    let (passed_over, taken) = counts(n);
    let order = random::permutation(seed, stream::CHOOSE, 0, n);
    order[passed_over..][..taken].to_vec()
}

/// How many of n samples are passed over and how many are taken: a tenth, at least one, and nine.
fn counts(n: usize) -> (usize, usize) {
    let all = n.min(MOST / 9 * 10);
    let passed_over = (all / 10).max(1).min(all);
    (passed_over, all - passed_over)
}

/// Refuses a range of k that goes further than there are samples to learn from.
pub(super) fn check(n: usize, largest: usize) -> Result<(), ConfigError> {
    match counts(n).1 {
        n_samples if largest > n_samples => Err(ConfigError::TooManyToChoose {
            n_clusters: largest,
            n_samples,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_tenths_are_taken_and_large_sets_are_sampled() {
        let taken = sample(3, 1000);
        let different: std::collections::BTreeSet<_> = taken.iter().collect();
        assert_eq!((taken.len(), different.len()), (900, 900));
        assert_eq!(sample(3, 50_000).len(), 9000);
        assert_eq!([0, 1, 2, 9].map(counts), [(0, 0), (1, 0), (1, 1), (1, 8)]);
    }

    #[test]
    fn more_clusters_than_samples_to_learn_from_are_refused() {
        assert_eq!(check(10, 9), Ok(()));
        let error = check(10, 10).unwrap_err().to_string();
        assert!(error.contains("up to 10 but 9 samples"), "{error}");
    }
}
