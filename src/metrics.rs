//! External scores of a clustering: how well an assignment agrees with known labels. Two internal scores need none:
//! [`Neighbours::agreement`] and [`silhouette()`].
//!
//! With n_ij = |class i ∩ cluster j|, a_i = Σ_j n_ij, b_j = Σ_i n_ij and n = Σ_ij n_ij:
//!
//! | score | formula | range |
//! |---|---|---|
//! | [`acc`] | max over one-to-one matchings m of Σ_i n_i,m(i) / n | \[0, 1\] |
//! | [`nmi`] | I(a; b) / ½(H(a) + H(b)), natural logarithms | \[0, 1\] |
//! | [`ari`] | Hubert and Arabie's pair counts, corrected for chance | \[-½, 1\] |
//!
//! Class and cluster ids are names, not indices: they may have gaps and be in any order. On empty
//! input every score is 1, as scikit-learn has it for NMI and ARI: nothing is misplaced.
//! Every score panics when the two slices differ in length; such a call is a bug.

mod assignment;
mod confusion;
mod neighbours;
mod silhouette;
mod tally;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use confusion::{Confusion, confusion};
pub use neighbours::Neighbours;
pub use silhouette::silhouette;
pub use tally::Tally;

/// The three scores that papers on deep clustering report.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Clustering accuracy, see [`acc`].
    pub acc: f64,
    /// Normalised mutual information, see [`nmi`].
    pub nmi: f64,
    /// Adjusted Rand index, see [`ari`].
    pub ari: f64,
}

impl Scores {
    /// All three scores of `assignment` (n) against `labels` (n), from one contingency table.
    ///
    /// ```
    /// use dec_gpu::metrics::Scores;
    ///
    /// let scores = Scores::of(&[0, 0, 1, 1], &[7, 7, 3, 3]);
    /// assert_eq!((scores.acc, scores.nmi, scores.ari), (1.0, 1.0, 1.0));
    /// ```
    pub fn of(labels: &[u32], assignment: &[u32]) -> Self {
        Self::of_table(&contingency(labels, assignment))
    }

    /// All three scores of a contingency table.
    pub fn of_table(table: &Contingency) -> Self {
        Self {
            acc: table.acc(),
            nmi: table.nmi(),
            ari: table.ari(),
        }
    }
}

/// Clustering accuracy: the share of samples on the best one-to-one matching of clusters to classes.
///
/// `labels` and `assignment` are both (n). The matching is optimal (linear assignment on the
/// contingency table), not the greedy "majority class per cluster", which is purity.
///
/// Costs O(n log n + r² c) time and r·c·8 bytes, with r ≤ c the numbers of classes and clusters.
pub fn acc(labels: &[u32], assignment: &[u32]) -> f64 {
    contingency(labels, assignment).acc()
}

/// Mutual information over the arithmetic mean of the two entropies.
///
/// That is the paper's normalisation and scikit-learn's since 0.22 (geometric before). Two constant
/// assignments give 1 as in scikit-learn, although the formula is 0/0 there; if only one is
/// constant the score is 0.
pub fn nmi(labels: &[u32], assignment: &[u32]) -> f64 {
    contingency(labels, assignment).nmi()
}

/// Adjusted Rand index (Hubert and Arabie 1985): 1 for equal partitions, about 0 for random ones.
pub fn ari(labels: &[u32], assignment: &[u32]) -> f64 {
    contingency(labels, assignment).ari()
}

/// How often each class meets each cluster; the source of every score here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contingency {
    /// Distinct class ids, ascending (r).
    pub classes: Vec<u32>,
    /// Distinct cluster ids, ascending (c).
    pub clusters: Vec<u32>,
    /// `(class index, cluster index, count)` of the non-zero cells, in row-major order. Sparse, so
    /// that a column of a million distinct ids cannot ask for a million squared cells.
    pub cells: Vec<(usize, usize, u64)>,
    /// Samples per class (r).
    pub class_sizes: Vec<u64>,
    /// Samples per cluster (c).
    pub cluster_sizes: Vec<u64>,
    /// All samples.
    pub n_samples: u64,
}

/// The contingency table of `labels` (n) and `assignment` (n), in O(n log n).
///
/// # Panics
/// If the two differ in length.
pub fn contingency(labels: &[u32], assignment: &[u32]) -> Contingency {
    assert!(
        labels.len() == assignment.len(),
        "labels have length {} but the assignment has length {}",
        labels.len(),
        assignment.len()
    );
    let mut pairs: Vec<(u32, u32)> = labels
        .iter()
        .copied()
        .zip(assignment.iter().copied())
        .collect();
    pairs.sort_unstable();
    let run = |run: &[(u32, u32)]| (run[0], run.len() as u64);
    of_counts(pairs.chunk_by(|a, b| a == b).map(run).collect())
}

/// The table of `((class, cluster), count)`, ascending.
fn of_counts(runs: Vec<((u32, u32), u64)>) -> Contingency {
    let mut classes: Vec<u32> = runs.iter().map(|&((class, _), _)| class).collect();
    classes.dedup();
    let mut clusters: Vec<u32> = runs.iter().map(|&((_, cluster), _)| cluster).collect();
    clusters.sort_unstable();
    clusters.dedup();

    let mut class_sizes = vec![0; classes.len()];
    let mut cluster_sizes = vec![0; clusters.len()];
    let n_samples = runs.iter().map(|(_, count)| count).sum();
    let mut cells = Vec::with_capacity(runs.len());
    for ((class, cluster), count) in runs {
        // Every id of a run is in its list, so the partition point is the id's own place.
        let row = classes.partition_point(|&id| id < class);
        let column = clusters.partition_point(|&id| id < cluster);
        class_sizes[row] += count;
        cluster_sizes[column] += count;
        cells.push((row, column, count));
    }
    Contingency {
        classes,
        clusters,
        cells,
        class_sizes,
        cluster_sizes,
        n_samples,
    }
}

impl Contingency {
    /// The best one-to-one matching: for each cluster (c), the index of its class.
    ///
    /// `None` where no class is left for a cluster, or none that shares a sample with it. Ties are
    /// broken by the order of ids, the same way every time.
    pub fn class_of_cluster(&self) -> Vec<Option<usize>> {
        let (n_classes, n_clusters) = (self.classes.len(), self.clusters.len());
        // The smaller side makes the rows: padding to a square would cost time for no other answer.
        let transposed = n_classes > n_clusters;
        let (n_rows, n_columns) = if transposed {
            (n_clusters, n_classes)
        } else {
            (n_classes, n_clusters)
        };
        let cell = |class: usize, cluster: usize| match transposed {
            true => cluster * n_columns + class,
            false => class * n_columns + cluster,
        };
        let mut gain = vec![0_i64; n_rows * n_columns];
        for &(class, cluster, count) in &self.cells {
            gain[cell(class, cluster)] = count as i64;
        }
        let mut class_of_cluster = vec![None; n_clusters];
        let matched = assignment::assign_max(&gain, n_rows, n_columns).column_of_row;
        for (row, column) in matched.into_iter().enumerate() {
            let (class, cluster) = if transposed {
                (column, row)
            } else {
                (row, column)
            };
            if gain[cell(class, cluster)] > 0 {
                class_of_cluster[cluster] = Some(class);
            }
        }
        class_of_cluster
    }

    /// See [`acc`].
    pub fn acc(&self) -> f64 {
        if self.n_samples == 0 {
            return 1.0;
        }
        let class_of_cluster = self.class_of_cluster();
        let matched: u64 = self
            .cells
            .iter()
            .filter(|&&(class, cluster, _)| class_of_cluster[cluster] == Some(class))
            .map(|&(_, _, count)| count)
            .sum();
        matched as f64 / self.n_samples as f64
    }

    /// See [`nmi`].
    pub fn nmi(&self) -> f64 {
        let n = self.n_samples as f64;
        let mean_entropy = (entropy(&self.class_sizes, n) + entropy(&self.cluster_sizes, n)) / 2.0;
        if mean_entropy == 0.0 {
            return 1.0;
        }
        let information: f64 = self
            .cells
            .iter()
            .map(|&(class, cluster, count)| {
                let count = count as f64;
                let by_chance =
                    self.class_sizes[class] as f64 * (self.cluster_sizes[cluster] as f64 / n);
                count / n * (count / by_chance).ln()
            })
            .sum();
        // Rounding can leave the sum a few ulp outside the interval it lies in.
        (information / mean_entropy).clamp(0.0, 1.0)
    }

    /// See [`ari`].
    pub fn ari(&self) -> f64 {
        // Ordered pairs, as integers: exact, and i128 holds their products up to 2^31 samples.
        let square = |&count: &u64| i128::from(count) * i128::from(count);
        let n = i128::from(self.n_samples);
        let in_cell: i128 = self.cells.iter().map(|(_, _, count)| square(count)).sum();
        let in_class: i128 = self.class_sizes.iter().map(square).sum();
        let in_cluster: i128 = self.cluster_sizes.iter().map(square).sum();

        let both = in_cell - n;
        let class_only = in_class - in_cell;
        let cluster_only = in_cluster - in_cell;
        let neither = n * n - in_class - in_cluster + in_cell;
        if class_only == 0 && cluster_only == 0 {
            return 1.0;
        }
        let above_chance = both * neither - class_only * cluster_only;
        let most = (both + class_only) * (class_only + neither)
            + (both + cluster_only) * (cluster_only + neither);
        2.0 * above_chance as f64 / most as f64
    }
}

/// H = -Σ p ln p of a partition with these sizes, in nats. Exactly 0 for a single part.
fn entropy(sizes: &[u64], n: f64) -> f64 {
    sizes
        .iter()
        .map(|&size| size as f64 / n)
        .map(|p| -p * p.ln())
        .sum()
}
