//! Normalisation: one shift and one scale per column, fitted on the whole set.
//!
//! The values are never rewritten: the device applies `x' = (x - shift) * scale` as it gathers a
//! batch, so bytes stay bytes. Fitting streams over the rows with f64 sums.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Dataset;

/// How the values are brought to a common scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Normalisation {
    /// As they are.
    None,
    /// The smallest value of the whole set to 0, the largest to 1. Right for images, whose pixels
    /// share one unit. A set of one value everywhere becomes 0.
    #[default]
    UnitRange,
    /// One factor that makes the mean of x² over the whole set 1, as in section 4.1 of the paper
    /// (‖x‖² / D is about 1). Zeros stay zeros, which suits counts and tf-idf.
    UnitMeanSquare,
    /// Every column to mean 0 and variance 1 (dividing by n), for columns of different units. A
    /// constant column becomes 0.
    Standardise,
}

impl Normalisation {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 4] = [
        Self::None,
        Self::UnitRange,
        Self::UnitMeanSquare,
        Self::Standardise,
    ];

    /// The name in configurations and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::UnitRange => "unit-range",
            Self::UnitMeanSquare => "unit-mean-square",
            Self::Standardise => "standardise",
        }
    }
}

impl fmt::Display for Normalisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no normalisation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "normalisation {found:?} not found, expected none, unit-range, unit-mean-square or standardise"
)]
pub struct UnknownNormalisation {
    found: String,
}

impl FromStr for Normalisation {
    type Err = UnknownNormalisation;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|known| known.as_str() == name);
        found.ok_or_else(|| UnknownNormalisation {
            found: name.to_owned(),
        })
    }
}

/// `x' = (x - shift) * scale`, column by column. Every scale is finite and above 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Affine {
    /// What is taken from each column (D).
    pub shift: Vec<f32>,
    /// What each column is then multiplied with (D).
    pub scale: Vec<f32>,
}

impl Affine {
    /// The same shift and scale for all `input_dim` columns.
    pub fn uniform(input_dim: usize, shift: f32, scale: f32) -> Self {
        Self {
            shift: vec![shift; input_dim],
            scale: vec![scale; input_dim],
        }
    }

    /// Normalise one row in place.
    pub fn apply(&self, row: &mut [f32]) {
        for ((x, shift), scale) in row.iter_mut().zip(&self.shift).zip(&self.scale) {
            *x = (*x - shift) * scale;
        }
    }

    /// Bring one normalised row back to the units of the data, in place: `x = x' / scale + shift`.
    pub fn undo(&self, row: &mut [f32]) {
        for ((x, shift), scale) in row.iter_mut().zip(&self.shift).zip(&self.scale) {
            *x = (f64::from(*x) / f64::from(*scale) + f64::from(*shift)) as f32;
        }
    }
}

/// Fit a normalisation on all rows of a set.
pub fn fit(set: &Dataset, normalisation: Normalisation) -> Affine {
    match normalisation {
        Normalisation::None => Affine::uniform(set.input_dim, 0.0, 1.0),
        Normalisation::UnitRange => unit_range(set),
        Normalisation::UnitMeanSquare => unit_mean_square(set),
        Normalisation::Standardise => standardise(set),
    }
}

fn unit_range(set: &Dataset) -> Affine {
    let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
    set.each_row(|row| {
        min = row.iter().copied().fold(min, f64::min);
        max = row.iter().copied().fold(max, f64::max);
    });
    let min = if min.is_finite() { min } else { 0.0 };
    Affine::uniform(set.input_dim, min as f32, inverse(max - min))
}

fn unit_mean_square(set: &Dataset) -> Affine {
    let mut sum = 0.0;
    set.each_row(|row| {
        for value in row {
            sum += value * value;
        }
    });
    let count = set.n_samples * set.input_dim;
    let mean_square = sum / count.max(1) as f64;
    Affine::uniform(set.input_dim, 0.0, inverse(mean_square.sqrt()))
}

/// Two passes, because the sum of squares less the square of the sum loses all digits where the
/// mean is large against the deviation.
fn standardise(set: &Dataset) -> Affine {
    let mut affine = Affine::uniform(set.input_dim, 0.0, 1.0);
    if set.n_samples == 0 {
        return affine;
    }
    let n = set.n_samples as f64;
    let first = set.row(0);
    let mut mean = vec![0.0; set.input_dim];
    let mut constant = vec![true; set.input_dim];
    set.each_row(|row| {
        for (column, value) in row.iter().enumerate() {
            mean[column] += value / n;
            constant[column] &= *value == first[column];
        }
    });
    let mut variance = vec![0.0; set.input_dim];
    set.each_row(|row| {
        for (column, value) in row.iter().enumerate() {
            let deviation = value - mean[column];
            variance[column] += deviation * deviation / n;
        }
    });
    for column in 0..set.input_dim {
        // A constant is taken away exactly, not by a mean that has been rounded.
        let (shift, scale) = match constant[column] {
            true => (first[column], 1.0),
            false => (mean[column], inverse(variance[column].sqrt())),
        };
        affine.shift[column] = shift as f32;
        affine.scale[column] = scale;
    }
    affine
}

/// 1 / `spread` as a scale: 1 where there is no spread, or so little that f32 cannot hold it.
fn inverse(spread: f64) -> f32 {
    let scale = (1.0 / spread) as f32;
    if scale.is_finite() && scale > 0.0 {
        scale
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Values;

    fn set(values: Values, input_dim: usize) -> Dataset {
        let n_samples = match &values {
            Values::U8(values) => values.len() / input_dim,
            Values::F32(values) => values.len() / input_dim,
            Values::Sparse(values) => values.n_rows(),
        };
        Dataset::new("x", n_samples, input_dim, values)
    }

    fn applied(values: &[f32], dim: usize, normalisation: Normalisation) -> Vec<f32> {
        let affine = fit(&set(Values::F32(values.to_vec()), dim), normalisation);
        let mut rows = values.to_vec();
        rows.chunks_exact_mut(dim).for_each(|row| affine.apply(row));
        rows
    }

    #[test]
    fn names_go_both_ways() {
        for normalisation in Normalisation::ALL {
            assert_eq!(normalisation.to_string().parse(), Ok(normalisation));
        }
        assert!("Unit-Range".parse::<Normalisation>().is_err());
    }

    #[test]
    fn unit_range_is_global() {
        let found = applied(&[-2.0, 0.0, 2.0, 6.0], 2, Normalisation::UnitRange);
        assert_eq!(found, [0.0, 0.25, 0.5, 1.0]);
        assert_eq!(applied(&[5.0; 4], 2, Normalisation::UnitRange), [0.0; 4]);
        let bytes = fit(
            &set(Values::U8(vec![0, 16, 4, 8]), 2),
            Normalisation::UnitRange,
        );
        assert_eq!(bytes, Affine::uniform(2, 0.0, 1.0 / 16.0));
    }

    #[test]
    fn unit_mean_square_keeps_zeros() {
        let found = applied(&[0.0, 3.0, 0.0, 4.0], 2, Normalisation::UnitMeanSquare);
        let mean_square = found.iter().map(|x| x * x).sum::<f32>() / 4.0;
        assert!((mean_square - 1.0).abs() < 1e-6);
        assert_eq!((found[0], found[2]), (0.0, 0.0));
        assert_eq!(
            applied(&[0.0; 4], 2, Normalisation::UnitMeanSquare),
            [0.0; 4]
        );
    }

    #[test]
    fn standardise_is_by_column() {
        let rows = [1.0, 0.1, 1e30, 2.0, 0.1, 2e30, 3.0, 0.1, 3e30];
        let found = applied(&rows, 3, Normalisation::Standardise);
        let high = 1.5f32.sqrt();
        let expected = [-high, 0.0, -high, 0.0, 0.0, 0.0, high, 0.0, high];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
        assert_eq!([found[1], found[4], found[7]], [0.0; 3]);
    }

    #[test]
    fn degenerate_sets_stay_finite() {
        let sets: [&[f32]; 4] = [&[1.0], &[1e-45, 0.0], &[3e38, 1.0], &[-1e30, 1e30]];
        for values in sets {
            for normalisation in Normalisation::ALL {
                let found = applied(values, 1, normalisation);
                assert!(
                    found.iter().all(|x| x.is_finite()),
                    "{values:?} {normalisation}"
                );
            }
        }
    }

    #[test]
    fn none_changes_nothing() {
        assert_eq!(applied(&[1.5, -2.0], 1, Normalisation::None), [1.5, -2.0]);
    }
}
