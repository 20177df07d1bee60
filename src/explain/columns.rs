//! What the columns of the data are like: over all samples, and over the members of each cluster.

use crate::data::Dataset;

/// Mean and spread of the columns, in the units of the data.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnStatistics {
    /// The mean of all samples (D).
    pub mean: Vec<f64>,
    /// The standard deviation of all samples, dividing by n (D); exactly 0 for a constant column.
    pub deviation: Vec<f64>,
    /// The mean of each cluster's members (k, D); NaN for a cluster without members.
    pub member_means: Vec<f32>,
    /// The least value of the whole set.
    pub low: f64,
    /// The largest value of the whole set.
    pub high: f64,
}

impl ColumnStatistics {
    /// Reads the data twice, row by row; bytes stay bytes.
    pub fn of(data: &Dataset, assignment: &[u32], k: usize) -> Self {
        let sums = Sums::of(data, assignment, k);
        let n = assignment.len() as f64;
        let mean: Vec<f64> = (sums.low.iter().zip(&sums.high))
            .zip(&sums.all)
            // A constant is its own mean, without the rounding of a sum.
            .map(|((low, high), sum)| if low == high { *low } else { sum / n })
            .collect();
        Self {
            deviation: deviation(data, &mean),
            mean,
            member_means: sums.member_means(),
            low: sums.low.iter().copied().fold(f64::INFINITY, f64::min),
            high: sums.high.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    /// How far a value of a column is from the mean of all samples, in standard deviations; 0 for a
    /// constant column, which tells nothing apart.
    pub fn standardised(&self, column: usize, value: f64) -> f64 {
        match self.deviation[column] {
            0.0 => 0.0,
            deviation => (value - self.mean[column]) / deviation,
        }
    }
}

/// What one pass over the rows gives.
struct Sums {
    /// Of all samples (D).
    all: Vec<f64>,
    /// Of each cluster's members (k, D).
    members: Vec<f64>,
    /// Members of each cluster (k).
    sizes: Vec<u64>,
    /// The least value of each column (D).
    low: Vec<f64>,
    /// The largest value of each column (D).
    high: Vec<f64>,
}

impl Sums {
    fn of(data: &Dataset, assignment: &[u32], k: usize) -> Self {
        let dim = data.input_dim;
        let mut sums = Self {
            all: vec![0.0; dim],
            members: vec![0.0; k * dim],
            sizes: vec![0; k],
            low: vec![f64::INFINITY; dim],
            high: vec![f64::NEG_INFINITY; dim],
        };
        let mut clusters = assignment.iter();
        data.each_row(|row| {
            if let Some(cluster) = clusters.next() {
                sums.add(row, *cluster as usize);
            }
        });
        sums
    }

    fn add(&mut self, row: &[f64], cluster: usize) {
        self.sizes[cluster] += 1;
        let members = &mut self.members[cluster * row.len()..][..row.len()];
        for (column, value) in row.iter().enumerate() {
            self.all[column] += value;
            members[column] += value;
            self.low[column] = self.low[column].min(*value);
            self.high[column] = self.high[column].max(*value);
        }
    }

    fn member_means(&self) -> Vec<f32> {
        let clusters = self.members.chunks_exact(self.all.len()).zip(&self.sizes);
        clusters
            .flat_map(|(sums, size)| sums.iter().map(|sum| (sum / *size as f64) as f32))
            .collect()
    }
}

/// A pass of its own, because the sum of squares less the square of the sum loses all digits where the mean
/// is large against the deviation.
fn deviation(data: &Dataset, mean: &[f64]) -> Vec<f64> {
    let mut squares = vec![0.0; mean.len()];
    data.each_row(|row| {
        for ((sum, value), mean) in squares.iter_mut().zip(row).zip(mean) {
            let deviation = value - mean;
            *sum += deviation * deviation;
        }
    });
    let n = data.n_samples as f64;
    squares.into_iter().map(|sum| (sum / n).sqrt()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Values;

    fn set(n: usize, values: Values) -> Dataset {
        Dataset::new("test", n, 2, values)
    }

    #[test]
    fn means_and_deviations() {
        // Columns 1, 3, 5, 7 and 2, 2, 2, 6; the last sample is alone in cluster 2, cluster 1 is empty.
        let data = set(4, Values::U8(vec![1, 2, 3, 2, 5, 2, 7, 6]));
        let found = ColumnStatistics::of(&data, &[0, 0, 0, 2], 3);
        assert_eq!(found.mean, [4.0, 3.0]);
        assert_eq!(found.deviation, [5f64.sqrt(), 3f64.sqrt()]);
        assert_eq!((found.low, found.high), (1.0, 7.0));
        let [members, empty, alone] = [0, 1, 2].map(|j| &found.member_means[2 * j..][..2]);
        assert_eq!((members, alone), (&[3.0, 2.0][..], &[7.0, 6.0][..]));
        assert!(empty.iter().all(|mean| mean.is_nan()), "{empty:?}");
        assert_eq!(found.standardised(0, 4.0 - 5f64.sqrt()), -1.0);
    }

    #[test]
    fn a_constant_column_differs_in_nothing() {
        // A sum of three times 0.1 divided by 3 is not 0.1.
        let data = set(3, Values::F32(vec![0.1, 1.0, 0.1, 2.0, 0.1, 3.0]));
        let found = ColumnStatistics::of(&data, &[0, 0, 1], 2);
        assert_eq!(found.deviation[0], 0.0);
        assert_eq!(found.standardised(0, 5.0), 0.0);
        assert!(found.standardised(1, 5.0) > 1.0);
    }
}
