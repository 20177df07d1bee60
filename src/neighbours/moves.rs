//! Moving labels along the graph: each point joins the cluster that it is tied to most, for its size.

use rayon::prelude::*;

use super::Graph;
use crate::random::{self, stream};

/// Rounds; in each all points move, in two halves.
const ROUNDS: u32 = 5;
/// Resolution of the moves: below 1 small clusters are not drawn into large ones and large ones stay whole.
const RESOLUTION: f64 = 0.3;

/// Moves labels below k, five rounds: in each half of a round the points of one parity of a random hash go to
/// argmax_c W(i, c) − γ·s_i·(vol_c − \[c own\]·s_i)/vol, the local move of Louvain (Blondel et al. 2008, eq. 2). A point stays
/// where two are equal, and the last of a cluster stays.
///
/// # Panics
/// With another number of labels than points.
pub fn move_labels(graph: &Graph, labels: &mut [u32], k: usize) {
    assert_eq!(labels.len(), graph.n_points(), "a label for each point");
    let volume = graph.volume();
    if volume <= 0.0 || k < 2 {
        return;
    }
    for half in 0..2 * ROUNDS {
        let mut volumes = graph.volumes(labels);
        volumes.resize(k, 0.0);
        let now = &*labels;
        let wanted: Vec<u32> = (0..labels.len())
            .into_par_iter()
            .map(|i| match parity(i, half / 2) == half % 2 {
                true => best(graph, now, &volumes, volume, i),
                false => now[i],
            })
            .collect();
        take(labels, &wanted, k);
    }
}

fn parity(i: usize, round: u32) -> u32 {
    random::bits(0, round, stream::MOVES, i as u32) & 1
}

/// The cluster that point i goes to.
fn best(graph: &Graph, labels: &[u32], volumes: &[f64], volume: f64, i: usize) -> u32 {
    let (own, strength) = (labels[i], graph.strength[i]);
    // A point has some dozens of neighbours, so few clusters are met.
    let mut ties: Vec<(u32, f64)> = vec![(own, 0.0)];
    for (j, w) in graph.edges(i) {
        match ties.iter_mut().find(|(c, _)| *c == labels[j]) {
            Some((_, tie)) => *tie += w,
            None => ties.push((labels[j], w)),
        }
    }
    let gain = |(c, tie): (u32, f64)| {
        let others = volumes[c as usize] - if c == own { strength } else { 0.0 };
        tie - RESOLUTION * strength * others / volume
    };
    let mut best = (own, gain(ties[0]));
    for tie in &ties[1..] {
        let gain = gain(*tie);
        if gain > best.1 {
            best = (tie.0, gain);
        }
    }
    best.0
}

/// Makes the moves, in order; a cluster keeps its last point.
fn take(labels: &mut [u32], wanted: &[u32], k: usize) {
    let mut sizes = vec![0usize; k];
    labels.iter().for_each(|c| sizes[*c as usize] += 1);
    for (label, wanted) in labels.iter_mut().zip(wanted) {
        if label != wanted && sizes[*label as usize] > 1 {
            sizes[*label as usize] -= 1;
            sizes[*wanted as usize] += 1;
            *label = *wanted;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::graph::tests::triangles;
    use super::*;

    #[test]
    fn a_point_joins_its_friends() {
        let mut labels = [0, 0, 1, 1, 1, 1];
        move_labels(&triangles(), &mut labels, 2);
        assert_eq!(labels, [0, 0, 0, 1, 1, 1]);
    }

    #[test]
    fn no_cluster_is_emptied() {
        // The third cluster's only point is tied to others alone.
        let mut labels = [0, 0, 2, 1, 1, 1];
        move_labels(&triangles(), &mut labels, 3);
        assert_eq!(labels[2], 2);
    }

    #[test]
    fn modularity_at_the_moves_resolution_does_not_fall() {
        let graph = triangles();
        for code in 0..64u32 {
            let mut labels: Vec<u32> = (0..6).map(|bit| code >> bit & 1).collect();
            let before = graph.modularity(&labels, RESOLUTION);
            move_labels(&graph, &mut labels, 2);
            // All of one parity move at once, so a step may overshoot; five rounds may not end below the start here.
            assert!(
                graph.modularity(&labels, RESOLUTION) >= before - 1e-9,
                "{code}"
            );
        }
    }
}
