//! The confusion table after matching clusters to classes.

use super::contingency;

/// Classes against clusters, the columns ordered so that matched pairs come in the order of classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    /// Class ids, ascending: the rows (r).
    pub classes: Vec<u32>,
    /// Cluster ids: the columns (c). First the matched ones in the order of their classes, then the
    /// rest, ascending. With every class matched the matched samples lie on the diagonal.
    pub clusters: Vec<u32>,
    /// For each column (c), the class id that the best one-to-one matching gives the cluster.
    pub class_of_cluster: Vec<Option<u32>>,
    /// Samples of class i in cluster j (r, c), row-major.
    pub counts: Vec<u64>,
}

/// The confusion table of `labels` (n) and `assignment` (n), with the matching of [`super::acc`].
///
/// Dense, for tables and pictures: r·c·8 bytes.
pub fn confusion(labels: &[u32], assignment: &[u32]) -> Confusion {
    let table = contingency(labels, assignment);
    let matching = table.class_of_cluster();
    let mut order: Vec<usize> = (0..table.clusters.len()).collect();
    // A stable sort: unmatched clusters, all with the same key, stay ascending.
    order.sort_by_key(|&cluster| matching[cluster].unwrap_or(usize::MAX));

    let mut column_of = vec![0; order.len()];
    for (column, &cluster) in order.iter().enumerate() {
        column_of[cluster] = column;
    }
    let mut counts = vec![0; table.classes.len() * order.len()];
    for &(class, cluster, count) in &table.cells {
        counts[class * order.len() + column_of[cluster]] = count;
    }
    Confusion {
        clusters: order.iter().map(|&c| table.clusters[c]).collect(),
        class_of_cluster: order
            .iter()
            .map(|&c| matching[c].map(|class| table.classes[class]))
            .collect(),
        classes: table.classes,
        counts,
    }
}
