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
    let ends = [(Kind::Nearest, near as fn(&_, &_) -> _), (Kind::Farthest, far)];
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
    let samples = outputs.assignment.iter().zip(outputs.embedding.chunks_exact(d));
    for (index, (&cluster, z)) in samples.enumerate() {
        let mu = &model.centroids[cluster as usize * d..][..d];
        let squares = z.iter().zip(mu).map(|(z, mu)| (f64::from(*z) - f64::from(*mu)).powi(2));
        let squared = squares.sum();
        members[cluster as usize].push(Member { squared, index });
    }
    members
}
