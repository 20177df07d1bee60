//! The graph of nearest neighbours: symmetric, weighted, in compressed rows.

/// An undirected weighted graph in compressed rows: each edge is in the rows of both its points.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// Where the neighbours of each point begin (n + 1).
    pub start: Vec<u32>,
    /// Neighbours, rising within a point.
    pub neighbour: Vec<u32>,
    /// The weight w_ij of each edge, above 0.
    pub weight: Vec<f32>,
    /// s_i, the sum of a point's weights (n).
    pub strength: Vec<f64>,
}

impl Graph {
    /// The fuzzy union of directed memberships (McInnes, Healy and Melville 2018, §3.1):
    /// w_ij = w_j|i + w_i|j − w_j|i·w_i|j. `nearest` and `membership` hold k values for each point; an index that is
    /// not below n, or a weight of 0, is no edge.
    ///
    /// # Panics
    /// If the two differ in length or do not hold whole rows.
    pub fn of_memberships(nearest: &[u32], membership: &[f32], k: usize) -> Self {
        assert_eq!(nearest.len(), membership.len(), "a weight for each index");
        assert!(nearest.len().is_multiple_of(k), "rows of {k}");
        let n = nearest.len() / k;
        let there = rows(nearest, membership, k);
        let back = transposed(&there, n);
        let (mut start, mut neighbour, mut weight) = (vec![0], Vec::new(), Vec::new());
        for (there, back) in there.iter().zip(&back) {
            for (j, w) in union(there, back) {
                neighbour.push(j);
                weight.push(w);
            }
            start.push(u32::try_from(neighbour.len()).expect("fewer than 2^32 edges"));
        }
        Self::new(start, neighbour, weight)
    }

    /// A graph whose edges are in both rows.
    pub(crate) fn new(start: Vec<u32>, neighbour: Vec<u32>, weight: Vec<f32>) -> Self {
        let sum = |row: &[u32]| {
            let weights = &weight[row[0] as usize..row[1] as usize];
            weights.iter().map(|w| f64::from(*w)).sum()
        };
        Self {
            strength: start.windows(2).map(sum).collect(),
            start,
            neighbour,
            weight,
        }
    }

    /// n.
    pub fn n_points(&self) -> usize {
        self.strength.len()
    }

    /// The neighbours of a point and the weights of the edges to them.
    pub fn edges(&self, i: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let row = self.start[i] as usize..self.start[i + 1] as usize;
        let neighbours = self.neighbour[row.clone()].iter();
        (neighbours.zip(&self.weight[row])).map(|(j, w)| (*j as usize, f64::from(*w)))
    }

    /// The sum of all strengths, which is twice the sum of the edges.
    pub fn volume(&self) -> f64 {
        self.strength.iter().sum()
    }

    /// Modularity with a resolution γ (Newman and Girvan 2004; Reichardt and Bornholdt 2006, eq. 5):
    /// Q = Σ_c in_c/vol − γ Σ_c (vol_c/vol)². A graph without edges has 0.
    ///
    /// # Panics
    /// With another number of labels than points.
    pub fn modularity(&self, labels: &[u32], resolution: f64) -> f64 {
        assert_eq!(labels.len(), self.n_points(), "a label for each point");
        let volume = self.volume();
        if volume <= 0.0 {
            return 0.0;
        }
        let inside: f64 = (0..labels.len())
            .map(|i| {
                let own = self.edges(i).filter(|(j, _)| labels[*j] == labels[i]);
                own.map(|(_, w)| w).sum::<f64>()
            })
            .sum();
        let volumes = self.volumes(labels).into_iter();
        let squares: f64 = volumes.map(|v| (v / volume).powi(2)).sum();
        inside / volume - resolution * squares
    }

    /// The mean conductance of the clusters, 0 to 1: the normalised cut (Shi and Malik 2000) over their number,
    /// (1/k) Σ_c (vol_c − in_c)/vol_c. Clusters without edges do not count; 0 if none has any. Unlike modularity it does
    /// not ask for equal sizes.
    ///
    /// # Panics
    /// With another number of labels than points.
    pub fn conductance(&self, labels: &[u32]) -> f64 {
        assert_eq!(labels.len(), self.n_points(), "a label for each point");
        let volumes = self.volumes(labels);
        let mut cut = vec![0.0; volumes.len()];
        for (i, label) in labels.iter().enumerate() {
            let others = self.edges(i).filter(|(j, _)| labels[*j] != *label);
            cut[*label as usize] += others.map(|(_, w)| w).sum::<f64>();
        }
        let with_edges = cut.iter().zip(&volumes).filter(|(_, v)| **v > 0.0);
        let shares: Vec<f64> = with_edges.map(|(cut, volume)| cut / volume).collect();
        shares.iter().sum::<f64>() / shares.len().max(1) as f64
    }

    /// The volume of each cluster, up to the largest label.
    pub(crate) fn volumes(&self, labels: &[u32]) -> Vec<f64> {
        let clusters = labels.iter().max().map_or(0, |most| *most as usize + 1);
        let mut volumes = vec![0.0; clusters];
        for (label, strength) in labels.iter().zip(&self.strength) {
            volumes[*label as usize] += strength;
        }
        volumes
    }

    /// Each point's share of weight in each of k clusters (n, k): A·onehot with the rows of A of sum 1. A point without
    /// edges is in its own cluster.
    pub fn shares(&self, labels: &[u32], k: usize) -> Vec<f32> {
        let mut shares = vec![0.0; labels.len() * k];
        for (i, row) in shares.chunks_exact_mut(k).enumerate() {
            if self.strength[i] <= 0.0 {
                row[labels[i] as usize] = 1.0;
            }
            for (j, w) in self.edges(i) {
                row[labels[j] as usize] += (w / self.strength[i]) as f32;
            }
        }
        shares
    }
}

/// The memberships of each point, by rising index.
fn rows(nearest: &[u32], membership: &[f32], k: usize) -> Vec<Vec<(u32, f32)>> {
    let n = (nearest.len() / k) as u32;
    let row = |(nearest, membership): (&[u32], &[f32])| {
        let pairs = nearest.iter().copied().zip(membership.iter().copied());
        let mut row: Vec<_> = pairs.filter(|(j, w)| *j < n && *w > 0.0).collect();
        row.sort_unstable_by_key(|(j, _)| *j);
        row
    };
    (nearest.chunks_exact(k).zip(membership.chunks_exact(k)))
        .map(row)
        .collect()
}

/// The same edges from the other end.
fn transposed(rows: &[Vec<(u32, f32)>], n: usize) -> Vec<Vec<(u32, f32)>> {
    let mut back = vec![Vec::new(); n];
    for (i, row) in rows.iter().enumerate() {
        for (j, w) in row {
            back[*j as usize].push((i as u32, *w));
        }
    }
    back
}

/// Merges two rising rows; an edge in both has the weight a + b − a·b.
fn union(a: &[(u32, f32)], b: &[(u32, f32)]) -> Vec<(u32, f32)> {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut both = Vec::new();
    loop {
        let next = match (a.peek(), b.peek()) {
            (None, None) => return both,
            (Some((i, _)), Some((j, _))) if i == j => {
                let ((j, one), (_, other)) = (a.next().expect("seen"), b.next().expect("seen"));
                (*j, one + other - one * other)
            }
            (Some((i, _)), Some((j, _))) if j < i => *b.next().expect("seen"),
            (None, Some(_)) => *b.next().expect("seen"),
            (Some(_), _) => *a.next().expect("seen"),
        };
        both.push(next);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Two triangles, joined by one weak edge.
    pub(in crate::neighbours) fn triangles() -> Graph {
        let nearest = [1, 2, 0, 2, 0, 1, 4, 5, 3, 5, 3, 2];
        let mut membership = [1.0f32; 12];
        membership[11] = 0.5; // 5 → 2
        Graph::of_memberships(&nearest, &membership, 2)
    }

    #[test]
    fn an_edge_is_in_both_rows_with_the_union_of_its_weights() {
        let graph = triangles();
        let edges: Vec<_> = graph.edges(2).collect();
        assert_eq!(edges, [(0, 1.0), (1, 1.0), (5, 0.5)]);
        let edges: Vec<_> = graph.edges(5).collect();
        assert_eq!(edges, [(2, 0.5), (3, 1.0), (4, 1.0)]);
        assert_eq!(graph.strength, [2.0, 2.0, 2.5, 2.0, 2.0, 2.5]);
        let half = Graph::of_memberships(&[1, 0], &[0.5, 0.5], 1);
        assert_eq!(half.weight, [0.75, 0.75]);
    }

    #[test]
    fn closed_form_modularity() {
        let graph = triangles();
        // 12 of 13 lie inside, each cluster has half of the volume.
        let apart = [0, 0, 0, 1, 1, 1];
        assert!((graph.modularity(&apart, 1.0) - (12.0 / 13.0 - 0.5)).abs() < 1e-12);
        assert!((graph.modularity(&apart, 0.3) - (12.0 / 13.0 - 0.15)).abs() < 1e-12);
        assert!(graph.modularity(&[0; 6], 1.0).abs() < 1e-12);
        assert!((graph.conductance(&apart) - 0.5 / 6.5).abs() < 1e-12);
        assert_eq!(graph.conductance(&[0; 6]), 0.0);
    }

    #[test]
    fn a_graph_without_edges_has_shares_and_no_modularity() {
        let graph = Graph::of_memberships(&[7, 7], &[1.0, 0.0], 1);
        assert_eq!(graph.neighbour.len(), 0);
        assert_eq!(graph.modularity(&[0, 1], 1.0), 0.0);
        assert_eq!(graph.conductance(&[0, 1]), 0.0);
        assert_eq!(graph.shares(&[0, 1], 2), [1.0, 0.0, 0.0, 1.0]);
        let shares = triangles().shares(&[0, 0, 0, 1, 1, 1], 2);
        assert!((shares[2 * 2] - 0.8).abs() < 1e-6, "{shares:?}");
    }
}
