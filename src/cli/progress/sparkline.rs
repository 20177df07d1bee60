//! A series as a row of bars, one character each.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The last `width` values of a series, from its lowest to its highest.
pub(super) fn trend(values: &[f64], width: usize) -> String {
    let last = &values[values.len().saturating_sub(width)..];
    let finite = || last.iter().copied().filter(|value| value.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    sparkline(last, low, high)
}

/// Counts, from zero to the largest.
pub(super) fn heights(counts: &[u64]) -> String {
    let values: Vec<f64> = counts.iter().map(|count| *count as f64).collect();
    let high = values.iter().copied().fold(1.0, f64::max);
    sparkline(&values, 0.0, high)
}

/// A bar for each value between `low` and `high`; a blank where it is not a number, a middle bar if all are the same.
fn sparkline(values: &[f64], low: f64, high: f64) -> String {
    let bar = |value: &f64| match (value - low) / (high - low) {
        _ if !value.is_finite() => ' ',
        share if share.is_finite() => {
            let level = (share.clamp(0.0, 1.0) * (BARS.len() - 1) as f64).round();
            BARS[level as usize]
        }
        _ => BARS[BARS.len() / 2 - 1],
    };
    values.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_rise_with_the_values() {
        let values: Vec<f64> = (0..8).map(f64::from).collect();
        assert_eq!(trend(&values, 20), "▁▂▃▄▅▆▇█");
        assert_eq!(trend(&[3.0, -1.0, 1.0], 20), "█▁▅");
        assert_eq!(heights(&[0, 10, 5]), "▁█▅");
    }

    #[test]
    fn only_the_last_values_count() {
        assert_eq!(trend(&[1000.0, 1.0, 2.0], 2), "▁█");
    }

    #[test]
    fn a_flat_series_is_level_and_an_empty_one_empty() {
        assert_eq!(trend(&[0.5; 3], 20), "▄▄▄");
        assert_eq!(trend(&[0.0], 20), "▄");
        assert_eq!(heights(&[0, 0]), "▁▁");
        assert_eq!(trend(&[], 20), "");
        assert_eq!(trend(&[1.0], 0), "");
        assert_eq!(heights(&[]), "");
    }

    #[test]
    fn what_is_no_number_is_blank_and_bends_no_other_bar() {
        let values = [f64::NAN, 0.0, f64::INFINITY, 7.0, f64::NEG_INFINITY];
        assert_eq!(trend(&values, 20), " ▁ █ ");
        assert_eq!(trend(&[f64::NAN; 2], 20), "  ");
        assert_eq!(trend(&[-f64::MAX, f64::MAX], 20).chars().count(), 2);
    }
}
