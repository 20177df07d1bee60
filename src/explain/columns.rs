//! What the columns of the data are like: over all samples, and over the members of each cluster.

use crate::data::{Dataset, Values};

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
        match &data.values {
            Values::U8(values) => of_values(values, data.input_dim, assignment, k),
            Values::F32(values) => of_values(values, data.input_dim, assignment, k),
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

fn of_values<T: Copy + Into<f64>>(
    values: &[T],
    dim: usize,
    assignment: &[u32],
    k: usize,
) -> ColumnStatistics {
    let sums = Sums::of(values, dim, assignment, k);
    let n = assignment.len() as f64;
    let mean: Vec<f64> = (sums.low.iter().zip(&sums.high))
        .zip(&sums.all)
        // A constant is its own mean, without the rounding of a sum.
        .map(|((low, high), sum)| if low == high { *low } else { sum / n })
        .collect();
    ColumnStatistics {
        deviation: deviation(values, &mean),
        mean,
        member_means: sums.member_means(),
        low: sums.low.iter().copied().fold(f64::INFINITY, f64::min),
        high: sums.high.iter().copied().fold(f64::NEG_INFINITY, f64::max),
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
    fn of<T: Copy + Into<f64>>(values: &[T], dim: usize, assignment: &[u32], k: usize) -> Self {
        let mut sums = Self {
            all: vec![0.0; dim],
            members: vec![0.0; k * dim],
            sizes: vec![0; k],
            low: vec![f64::INFINITY; dim],
            high: vec![f64::NEG_INFINITY; dim],
        };
        for (row, cluster) in values.chunks_exact(dim).zip(assignment) {
            sums.add(row, *cluster as usize);
        }
        sums
    }

    fn add<T: Copy + Into<f64>>(&mut self, row: &[T], cluster: usize) {
        self.sizes[cluster] += 1;
        let members = &mut self.members[cluster * row.len()..][..row.len()];
        for (column, value) in row.iter().enumerate() {
            let value: f64 = (*value).into();
            self.all[column] += value;
            members[column] += value;
            self.low[column] = self.low[column].min(value);
            self.high[column] = self.high[column].max(value);
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
fn deviation<T: Copy + Into<f64>>(values: &[T], mean: &[f64]) -> Vec<f64> {
    let mut squares = vec![0.0; mean.len()];
    for row in values.chunks_exact(mean.len()) {
        for ((sum, value), mean) in squares.iter_mut().zip(row).zip(mean) {
            let deviation = (*value).into() - mean;
            *sum += deviation * deviation;
        }
    }
    let n = (values.len() / mean.len()) as f64;
    squares.into_iter().map(|sum| (sum / n).sqrt()).collect()
}
