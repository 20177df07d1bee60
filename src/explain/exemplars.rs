//! The members that are nearest to their centroid, and those farthest from it.

use std::cmp::Ordering;

use super::smallest::smallest;
use super::{Certainty, Outputs};
use crate::model::Model;

/// Which end of a cluster an exemplar is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Near the centroid: what the cluster is about.
    Nearest,
    /// Far from it: where the cluster ends.
    Farthest,
}

impl Kind {
    /// The name in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Farthest => "farthest",
        }
    }
}

/// A sample that stands for its cluster.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exemplar {
    /// The cluster, c_i.
    pub cluster: u32,
    /// Which end of it.
    pub kind: Kind,
    /// From 1: the nearest of the nearest, the farthest of the farthest.
    pub rank: usize,
    /// The sample, i.
    pub index: usize,
    /// ‖z_i − mu_j‖.
    pub distance: f64,
    /// How sure its assignment is.
    pub certainty: Certainty,
}

/// The `most` nearest and the `most` farthest members of each cluster by ‖z_i − mu_j‖; the first sample of
/// equals comes first.
///
/// A cluster of fewer than 2·`most` members has some in both, one without members has none.
pub fn exemplars(
    model: &Model,
    outputs: &Outputs<'_>,
    certainty: &[Certainty],
    most: usize,
) -> Vec<Exemplar> {
    let ends = [
        (Kind::Nearest, near as fn(&_, &_) -> _),
        (Kind::Farthest, far),
    ];
    let mut found = Vec::new();
    for (cluster, members) in members(model, outputs).into_iter().enumerate() {
        for (kind, order) in ends {
            let chosen = smallest(members.clone(), most, order);
            found.extend(chosen.into_iter().zip(1..).map(|(member, rank)| Exemplar {
                cluster: cluster as u32,
                kind,
                rank,
                index: member.index,
                distance: member.squared.sqrt(),
                certainty: certainty[member.index],
            }));
        }
    }
    found
}

/// A sample in its cluster.
#[derive(Clone, Copy)]
struct Member {
    /// ‖z_i − mu_j‖².
    squared: f64,
    index: usize,
}

fn near(a: &Member, b: &Member) -> Ordering {
    (a.squared.total_cmp(&b.squared)).then(a.index.cmp(&b.index))
}

fn far(a: &Member, b: &Member) -> Ordering {
    (b.squared.total_cmp(&a.squared)).then(a.index.cmp(&b.index))
}

/// The members of each cluster (k).
fn members(model: &Model, outputs: &Outputs<'_>) -> Vec<Vec<Member>> {
    let d = model.embedding_dim;
    let mut members = vec![Vec::new(); model.n_clusters];
    let samples = outputs
        .assignment
        .iter()
        .zip(outputs.embedding.chunks_exact(d));
    for (index, (&cluster, z)) in samples.enumerate() {
        let mu = &model.centroids[cluster as usize * d..][..d];
        let squares = z
            .iter()
            .zip(mu)
            .map(|(z, mu)| (f64::from(*z) - f64::from(*mu)).powi(2));
        let squared = squares.sum();
        members[cluster as usize].push(Member { squared, index });
    }
    members
}

#[cfg(test)]
mod tests {
    use super::super::tests::model;
    use super::*;

    #[test]
    fn nearest_and_farthest_with_ties_by_index() {
        // mu = 0 and 10; cluster 0 has members at distance 3, 1, 1, 3, 2, cluster 1 one at distance 4.
        let outputs = Outputs {
            assignment: &[0, 0, 0, 1, 0, 0],
            soft_assignment: &[],
            embedding: &[3.0, -1.0, 1.0, 6.0, -3.0, 2.0],
        };
        let sure = [0, 1, 2, 3, 4, 5].map(|i| Certainty {
            confidence: i as f32,
            margin: 0.0,
        });
        let found = exemplars(&model(&[0.0, 10.0]), &outputs, &sure, 2);
        let row = |e: &Exemplar| (e.cluster, e.kind, e.rank, e.index, e.distance);
        assert_eq!(
            found.iter().map(row).collect::<Vec<_>>(),
            [
                (0, Kind::Nearest, 1, 1, 1.0),
                (0, Kind::Nearest, 2, 2, 1.0),
                (0, Kind::Farthest, 1, 0, 3.0),
                (0, Kind::Farthest, 2, 4, 3.0),
                (1, Kind::Nearest, 1, 3, 4.0),
                (1, Kind::Farthest, 1, 3, 4.0),
            ]
        );
        let own = |e: &Exemplar| e.certainty.confidence == e.index as f32;
        assert!(found.iter().all(own), "{found:?}");
    }
}
