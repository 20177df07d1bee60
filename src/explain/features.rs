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
    let clusters = decoded
        .chunks_exact(dim)
        .zip(columns.member_means.chunks_exact(dim));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_differences_of_the_members_come_first() {
        // Three columns with mean 1; deviations 2, 4 and 0. Cluster 1 has no members.
        let columns = ColumnStatistics {
            mean: vec![1.0; 3],
            deviation: vec![2.0, 4.0, 0.0],
            member_means: vec![2.0, -7.0, 1.0, f32::NAN, f32::NAN, f32::NAN, 3.0, 5.0, 1.0],
            low: -7.0,
            high: 5.0,
        };
        let decoded = [101.0, 1.0, 9.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0];
        let found = features(&decoded, &columns);
        let row = |f: &Feature| {
            (
                f.cluster,
                f.rank,
                f.column,
                f.difference,
                f.decoded_difference,
            )
        };
        assert_eq!(
            found.iter().map(row).collect::<Vec<_>>(),
            [
                (0, 1, 1, -2.0, 0.0),
                (0, 2, 0, 0.5, 50.0),
                (0, 3, 2, 0.0, 0.0),
                (2, 1, 0, 1.0, 0.0),
                (2, 2, 1, 1.0, 0.0),
                (2, 3, 2, 0.0, 0.0),
            ]
        );
        let values = |f: &Feature| (f.decoded, f.member_mean, f.overall_mean);
        assert_eq!(values(&found[1]), (101.0, 2.0, 1.0));
    }

    #[test]
    fn no_more_than_are_listed() {
        let columns = ColumnStatistics {
            mean: vec![0.0; 25],
            deviation: vec![1.0; 25],
            member_means: (0..25).map(|v| v as f32).collect(),
            low: 0.0,
            high: 24.0,
        };
        let found = features(&[0.0; 25], &columns);
        let columns: Vec<_> = found.iter().map(|f| f.column).collect();
        assert_eq!(columns, [24, 23, 22, 21, 20, 19, 18, 17, 16, 15]);
    }
}
