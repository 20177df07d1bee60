//! The columns in which a cluster differs most from all samples.

use super::ColumnStatistics;
use super::smallest::smallest;

/// Features that are listed of each cluster, at most.
pub const MOST_FEATURES: usize = 10;

/// One column of one cluster.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Feature {
    /// The cluster, j.
    pub cluster: u32,
    /// From 1, by the size of `difference`.
    pub rank: usize,
    /// The column.
    pub column: usize,
    /// The decoded centroid there.
    pub decoded: f32,
    /// The mean of the cluster's members there.
    pub member_mean: f32,
    /// The mean of all samples there.
    pub overall_mean: f64,
    /// Member mean less overall mean, in standard deviations of the column.
    pub difference: f64,
    /// Decoded centroid less overall mean, in standard deviations of the column.
    pub decoded_difference: f64,
}

/// The columns in which each cluster's member mean differs most from the mean of all samples, in standard
/// deviations of the column; the first of equals comes first. `decoded` is (k, D).
///
/// A cluster without members has none.
pub fn features(decoded: &[f32], columns: &ColumnStatistics) -> Vec<Feature> {
    let dim = columns.mean.len();
    let clusters = decoded.chunks_exact(dim).zip(columns.member_means.chunks_exact(dim));
    (clusters.enumerate())
        .filter(|(_, (_, members))| members.iter().all(|mean| mean.is_finite()))
        .flat_map(|(cluster, (decoded, members))| of_cluster(cluster, decoded, members, columns))
        .collect()
}

fn of_cluster(
    cluster: usize,
    decoded: &[f32],
    members: &[f32],
    columns: &ColumnStatistics,
) -> Vec<Feature> {
    let difference = |column: usize| columns.standardised(column, members[column].into());
    let order = |a: &usize, b: &usize| {
        let (of_a, of_b) = (difference(*a).abs(), difference(*b).abs());
        of_b.total_cmp(&of_a).then(a.cmp(b))
    };
    let chosen = smallest((0..members.len()).collect(), MOST_FEATURES, order);
    let feature = |(column, rank): (usize, usize)| Feature {
        cluster: cluster as u32,
        rank,
        column,
        decoded: decoded[column],
        member_mean: members[column],
        overall_mean: columns.mean[column],
        difference: difference(column),
        decoded_difference: columns.standardised(column, decoded[column].into()),
    };
    chosen.into_iter().zip(1..).map(feature).collect()
}
