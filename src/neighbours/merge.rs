//! Joining many small clusters into k along the graph.

use super::{Graph, Means};

/// Two clusters that were joined, as in scipy's linkage: clusters are numbered from 0, the one made by the i-th joining is
/// number `count` + i.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Joining {
    /// The two.
    pub joined: [usize; 2],
    /// The weight between them over the product of their volumes, times the volume of the graph: 1 if no more than by
    /// chance, 0 if nothing ties them.
    pub tie: f64,
    /// Members of both.
    pub size: usize,
}

/// Clusters that are joined.
struct Clusters {
    /// Weight between two (count, count).
    between: Vec<Vec<f64>>,
    volume: Vec<f64>,
    size: Vec<usize>,
    /// Mean (d) of each.
    mean: Vec<Vec<f64>>,
    /// The present number of each; none if it is part of another.
    number: Vec<Option<usize>>,
    /// Which place each first cluster is at now.
    place: Vec<usize>,
}

/// Joins the clusters of `labels` until k are left that hold at least n/(10 k) points each, then gives the small rest to the
/// clusters that they are best tied to. The pair of largest C_ab/(v_a·v_b) is joined first, C_ab the weight between two
/// clusters and v their volumes; where nothing ties any pair, the two whose means in `points` (n, d) are nearest. Returns
/// labels below k.
pub fn merge(graph: &Graph, labels: &[u32], points: &[f32], d: usize, k: usize) -> Vec<u32> {
    let mut clusters = Clusters::of(graph, labels, points, d);
    let least = labels.len() as f64 / (10.0 * k as f64);
    let large = |clusters: &Clusters| {
        let large = clusters
            .alive()
            .filter(|c| clusters.size[*c] as f64 >= least);
        large.count()
    };
    let mut made = clusters.size.len();
    while large(&clusters) > k {
        let (a, b, _) = clusters.closest();
        clusters.join(a, b, made);
        made += 1;
    }
    // The small rest, the smallest first, until no more than k are left.
    while clusters.alive().count() > k {
        let a = clusters.smallest();
        let b = clusters.closest_to(a);
        clusters.join(b, a, made);
        made += 1;
    }
    let names: Vec<usize> = clusters.alive().collect();
    let name = |c: &u32| {
        let place = clusters.place[*c as usize];
        names.binary_search(&place).expect("alive") as u32
    };
    labels.iter().map(name).collect()
}

/// The order in which the clusters of `labels` (n), all below k and none empty, join until one is left: the tree of
/// clusters.
pub fn tree(graph: &Graph, labels: &[u32], points: &[f32], d: usize) -> Vec<Joining> {
    let mut clusters = Clusters::of(graph, labels, points, d);
    let (count, volume) = (clusters.size.len(), graph.volume());
    let mut joinings = Vec::new();
    for made in count..(2 * count).saturating_sub(1) {
        let (a, b, tie) = clusters.closest();
        let joined = [a, b].map(|c| clusters.number[c].expect("alive"));
        clusters.join(a, b, made);
        joinings.push(Joining {
            joined: [joined[0].min(joined[1]), joined[0].max(joined[1])],
            tie: tie * volume,
            size: clusters.size[a],
        });
    }
    joinings
}

impl Clusters {
    fn of(graph: &Graph, labels: &[u32], points: &[f32], d: usize) -> Self {
        let volume = graph.volumes(labels);
        let count = volume.len();
        let mut between = vec![vec![0.0; count]; count];
        let means = Means::of(points, d, labels, count);
        for (i, label) in labels.iter().enumerate() {
            let own = *label as usize;
            for (j, w) in graph.edges(i) {
                between[own][labels[j] as usize] += w;
            }
        }
        Self {
            between,
            volume,
            number: (means.sizes)
                .iter()
                .enumerate()
                .map(|(c, n)| (*n > 0).then_some(c))
                .collect(),
            size: means.sizes,
            mean: means.values.chunks_exact(d).map(<[f64]>::to_vec).collect(),
            place: (0..count).collect(),
        }
    }

    fn alive(&self) -> impl Iterator<Item = usize> + '_ {
        let alive = self.number.iter().enumerate();
        alive.filter_map(|(c, number)| number.map(|_| c))
    }

    /// How strongly two are tied: C_ab/(v_a·v_b).
    fn tie(&self, a: usize, b: usize) -> f64 {
        let volumes = self.volume[a] * self.volume[b];
        match volumes > 0.0 {
            true => self.between[a][b] / volumes,
            false => 0.0,
        }
    }

    /// The squared distance of the means of two.
    fn apart(&self, a: usize, b: usize) -> f64 {
        let pairs = self.mean[a].iter().zip(&self.mean[b]);
        pairs.map(|(x, y)| (x - y).powi(2)).sum()
    }

    /// The most tied of some pairs, of equals the one with the nearest means; and how tied.
    fn most_tied(
        &self,
        pairs: impl Iterator<Item = (usize, usize)>,
    ) -> Option<(usize, usize, f64)> {
        let mut best: Option<(usize, usize, f64)> = None;
        for (a, b) in pairs {
            let tie = self.tie(a, b);
            let better = best.is_none_or(|(c, d, most)| {
                tie > most || (tie == most && self.apart(a, b) < self.apart(c, d))
            });
            if better {
                best = Some((a, b, tie));
            }
        }
        best
    }

    fn closest(&self) -> (usize, usize, f64) {
        let alive: Vec<usize> = self.alive().collect();
        let pairs = alive.iter().enumerate();
        let pairs = pairs.flat_map(|(i, a)| alive[i + 1..].iter().map(|b| (*a, *b)));
        self.most_tied(pairs).expect("two clusters")
    }

    fn smallest(&self) -> usize {
        self.alive()
            .min_by_key(|c| self.size[*c])
            .expect("a cluster")
    }

    fn closest_to(&self, a: usize) -> usize {
        let pairs = self.alive().filter(|b| *b != a).map(|b| (a, b));
        self.most_tied(pairs).expect("another cluster").1
    }

    /// Makes b part of a, which gets a new number.
    fn join(&mut self, a: usize, b: usize, number: usize) {
        for c in 0..self.size.len() {
            let tie = self.between[b][c];
            self.between[a][c] += tie;
            let tie = self.between[c][b];
            self.between[c][a] += tie;
        }
        self.volume[a] += self.volume[b];
        let (own, other) = (self.size[a] as f64, self.size[b] as f64);
        let mean = std::mem::take(&mut self.mean[b]);
        for (x, y) in self.mean[a].iter_mut().zip(&mean) {
            *x = (own * *x + other * y) / (own + other);
        }
        self.size[a] += self.size[b];
        self.number[b] = None;
        self.number[a] = Some(number);
        self.place
            .iter_mut()
            .filter(|place| **place == b)
            .for_each(|place| *place = a);
    }
}

#[cfg(test)]
mod tests {
    use super::super::graph::tests::triangles;
    use super::*;

    const POINTS: [f32; 6] = [0.0, 1.0, 2.0, 10.0, 11.0, 12.0];

    #[test]
    fn six_points_become_their_two_triangles() {
        let labels = merge(&triangles(), &[0, 1, 2, 3, 4, 5], &POINTS, 1, 2);
        assert_eq!(labels, [0, 0, 0, 1, 1, 1]);
    }

    #[test]
    fn clusters_that_nothing_ties_join_by_their_means() {
        let alone = Graph::of_memberships(&[9; 6], &[0.0; 6], 1);
        let labels = merge(&alone, &[0, 1, 2, 3, 4, 5], &POINTS, 1, 2);
        assert_eq!(labels, [0, 0, 0, 1, 1, 1]);
    }

    #[test]
    fn names_that_nobody_has_are_left_out() {
        let labels = merge(&triangles(), &[7, 7, 7, 3, 3, 3], &POINTS, 1, 2);
        assert_eq!(labels, [1, 1, 1, 0, 0, 0]);
    }

    #[test]
    fn the_tree_joins_the_tied_first() {
        let tree = tree(&triangles(), &[0, 0, 1, 2, 2, 2], &POINTS, 1);
        assert_eq!(tree.len(), 2);
        assert_eq!((tree[0].joined, tree[0].size), ([0, 1], 3));
        assert_eq!((tree[1].joined, tree[1].size), ([2, 3], 6));
        assert!(tree[0].tie > 1.0 && tree[1].tie < 1.0, "{tree:?}");
    }
}
