//! The means of clusters.

use rayon::prelude::*;

/// The means of clusters of rows.
pub(crate) struct Means {
    d: usize,
    /// (k, d); zeros for a cluster without rows.
    pub(crate) values: Vec<f64>,
    /// Rows of each cluster (k).
    pub(crate) sizes: Vec<usize>,
}

impl Means {
    /// Of the clusters of rows (n, d) whose labels (n) are below k.
    pub(crate) fn of(rows: &[f32], d: usize, labels: &[u32], k: usize) -> Self {
        let (mut values, mut sizes) = (vec![0.0f64; k * d], vec![0; k]);
        for (row, label) in rows.chunks_exact(d).zip(labels) {
            let c = *label as usize;
            sizes[c] += 1;
            let sums = values[c * d..][..d].iter_mut();
            sums.zip(row).for_each(|(sum, x)| *sum += f64::from(*x));
        }
        for (mean, size) in values.chunks_exact_mut(d).zip(&sizes) {
            mean.iter_mut()
                .for_each(|sum| *sum /= (*size).max(1) as f64);
        }
        Self { d, values, sizes }
    }

    /// The mean of each cluster; of one without rows that of all rows, (k, d).
    pub(crate) fn filled(&self) -> Vec<f32> {
        let d = self.d;
        let n: usize = self.sizes.iter().sum();
        let mut all = vec![0.0; d];
        for (mean, size) in self.values.chunks_exact(d).zip(&self.sizes) {
            let share = *size as f64 / n.max(1) as f64;
            (all.iter_mut().zip(mean)).for_each(|(sum, x)| *sum += share * x);
        }
        let of = |(mean, size): (_, &usize)| if *size > 0 { mean } else { &all[..] };
        let means = self.values.chunks_exact(d).zip(&self.sizes).map(of);
        means.flatten().map(|x| *x as f32).collect()
    }

    /// The cluster with rows whose mean is nearest to each row (n, d).
    pub(crate) fn nearest(&self, rows: &[f32]) -> Vec<u32> {
        let nearest = |row: &[f32]| {
            let distance = |c: usize| -> f64 {
                let pairs = row.iter().zip(&self.values[c * self.d..]);
                pairs.map(|(x, mean)| (f64::from(*x) - mean).powi(2)).sum()
            };
            let taken = (0..self.sizes.len()).filter(|c| self.sizes[*c] > 0);
            let distances = taken.map(|c| (c, distance(c)));
            let nearest = distances.min_by(|a, b| a.1.total_cmp(&b.1));
            nearest.map_or(0, |(c, _)| c as u32)
        };
        rows.par_chunks_exact(self.d).map(nearest).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_three_clusters_one_without_rows() {
        let rows = [0.0, 0.0, 2.0, 0.0, 10.0, 6.0];
        let means = Means::of(&rows, 2, &[0, 0, 2], 3);
        assert_eq!(means.sizes, [2, 0, 1]);
        assert_eq!(means.values, [1.0, 0.0, 0.0, 0.0, 10.0, 6.0]);
        assert_eq!(means.filled(), [1.0, 0.0, 4.0, 2.0, 10.0, 6.0]);
        assert_eq!(means.nearest(&[0.0, 0.0, 9.0, 9.0]), [0, 2]);
    }
}
