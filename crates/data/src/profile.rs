//! What the values look like: whether columns share a unit. The rule for normalisation reads it.

use super::{Dataset, Values};

/// How the columns of a data set compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// Bytes, or values within [0, 1]: pixels and shares.
    Bounded,
    /// Columns of one unit: counts, weights of words.
    OneUnit,
    /// Columns of different units.
    Mixed,
}

/// Columns are of one unit if the 90th percentile of their ranges is at most this many times the 10th.
const SAME_UNIT: f64 = 10.0;
/// The same for more than [`WIDE`] columns of which few are zero: of many columns the small ones would count for nothing.
const SAME_UNIT_WIDE: f64 = 5.0;
/// Columns of a wide table.
const WIDE: usize = 50;
/// A column so many times as wide as the median drowns all others.
const DROWNS: f64 = 100.0;
/// Rows with a larger share of zeros are counts or weights of words, whatever their ranges.
const MOSTLY_ZEROS: f64 = 0.9;

/// Compares the columns of a data set by their ranges; constant columns say nothing and are left out.
pub fn columns(data: &Dataset) -> Columns {
    let weighted = (data.prepared.as_ref()).is_some_and(|own| !own.steps.is_empty());
    match &data.values {
        Values::U8(_) => return Columns::Bounded,
        Values::F32(values)
            if !weighted && values.iter().all(|value| (0.0..=1.0).contains(value)) =>
        {
            return Columns::Bounded;
        }
        // Sparse or prepared shares are weights of words, not pixels.
        Values::F32(_) | Values::Sparse(_) => {}
    }
    let mut low = vec![f64::INFINITY; data.input_dim];
    let mut high = vec![f64::NEG_INFINITY; data.input_dim];
    let mut zeros = 0usize;
    data.each_row(|row| {
        for ((low, high), value) in low.iter_mut().zip(&mut high).zip(row) {
            zeros += usize::from(*value == 0.0);
            *low = low.min(*value);
            *high = high.max(*value);
        }
    });
    let ranges = low.iter().zip(&high).map(|(low, high)| high - low);
    let mut ranges: Vec<f64> = ranges.filter(|range| *range > 0.0).collect();
    ranges.sort_by(f64::total_cmp);
    let at = |share: f64| {
        ranges
            .get((share * (ranges.len().max(1) - 1) as f64).round() as usize)
            .copied()
    };
    let cells = data.n_samples as f64 * data.input_dim as f64;
    let mostly_zeros = zeros as f64 > MOSTLY_ZEROS * cells;
    let wide = data.input_dim > WIDE && !mostly_zeros;
    let drowned = match (at(0.5), ranges.last()) {
        (Some(median), Some(largest)) => !mostly_zeros && *largest > DROWNS * median,
        _ => false,
    };
    let same_unit = if wide { SAME_UNIT_WIDE } else { SAME_UNIT };
    match (at(0.1), at(0.9)) {
        _ if drowned => Columns::Mixed,
        (Some(small), Some(large)) if large > same_unit * small => Columns::Mixed,
        _ => Columns::OneUnit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(input_dim: usize, values: Vec<f32>) -> Dataset {
        Dataset::new(
            "test",
            values.len() / input_dim,
            input_dim,
            Values::F32(values),
        )
    }

    #[test]
    fn columns_are_told_apart_by_their_ranges() {
        assert_eq!(
            columns(&set(2, vec![0.0, 1.0, 0.5, 0.25])),
            Columns::Bounded
        );
        assert_eq!(columns(&set(2, vec![0.0, 3.0, 9.0, 4.0])), Columns::OneUnit);
        assert_eq!(
            columns(&set(2, vec![0.0, 1000.0, 1.0, 9000.0])),
            Columns::Mixed
        );
        assert_eq!(
            columns(&set(1, vec![7.0, 7.0])),
            Columns::OneUnit,
            "a constant column"
        );
        // Ranges of 7 to 1: one unit of few columns, not of many, but of many mostly zero again.
        let uneven = |d: usize, zeros: usize| {
            let value = |i: usize| match i % d < zeros || i < d {
                true => 0.0,
                false => -1.0 - 6.0 * (i % d % 2) as f32,
            };
            columns(&set(d, (0..3 * d).map(value).collect()))
        };
        assert_eq!(uneven(40, 0), Columns::OneUnit);
        assert_eq!(uneven(60, 0), Columns::Mixed);
        assert_eq!(uneven(60, 58), Columns::OneUnit);
        let one_huge = |i: usize| [1.0, 2.0, 3.0, 900.0][i % 4] * (i / 4) as f32;
        assert_eq!(
            columns(&set(4, (0..12).map(one_huge).collect())),
            Columns::Mixed
        );
        assert_eq!(columns(&crate::digits()), Columns::Bounded);
    }
}
