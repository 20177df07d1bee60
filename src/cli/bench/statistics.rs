//! The middle of some samples and how far they lie from it.

/// Median, spread and extremes of samples in the samples' unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Summary {
    pub(super) median: f64,
    /// Median absolute deviation from the median: one slow sample does not move it.
    pub(super) spread: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Summary {
    /// Of at least one sample.
    pub(super) fn of(samples: &[f64]) -> Self {
        let middle = median(samples);
        let deviations: Vec<f64> = samples.iter().map(|x| (x - middle).abs()).collect();
        Self {
            median: middle,
            spread: median(&deviations),
            min: samples.iter().copied().fold(f64::INFINITY, f64::min),
            max: samples.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

/// The middle one, or the mean of the two in the middle.
pub(super) fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (below, above) = ((sorted.len() - 1) / 2, sorted.len() / 2);
    f64::midpoint(sorted[below], sorted[above])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_odd_and_even_numbers_of_samples() {
        assert_eq!(median(&[7.0]), 7.0);
        assert_eq!(median(&[9.0, 1.0, 4.0]), 4.0);
        assert_eq!(median(&[8.0, 1.0, 2.0, 4.0]), 3.0);
    }

    #[test]
    fn one_slow_sample_moves_the_maximum_alone() {
        let calm = Summary::of(&[10.0, 11.0, 12.0, 13.0, 14.0]);
        assert_eq!((calm.median, calm.spread), (12.0, 1.0));
        let slow = Summary::of(&[10.0, 11.0, 12.0, 13.0, 900.0]);
        assert_eq!((slow.median, slow.spread), (12.0, 1.0));
        assert_eq!((slow.min, slow.max), (10.0, 900.0));
    }
}
