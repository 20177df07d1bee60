//! Which clusters to take, without labels.

use std::fmt;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Candidate, Graph};
use crate::metrics;

/// A candidate and what speaks for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weighed {
    /// How it was found.
    pub name: String,
    /// Modularity on the graph.
    pub modularity: f64,
    /// Mean adjusted Rand index with the other candidates of the layouts; none of what is not of a layout.
    pub agreement: Option<f64>,
}

/// What was chosen, from what, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The candidate that was taken.
    pub chosen: String,
    /// Whether it is one of a layout of the graph.
    pub of_layout: bool,
    /// Whether the network was trained towards that layout.
    pub trained_towards: bool,
    /// (Q_layout − Q_raw)·√n: how far the highest modularity of a layout's clusters is above that of k-means on the space.
    pub gain: f64,
    /// Mean adjusted Rand index of the layouts' own best.
    pub stability: f64,
    /// The same of runs of k-means on the space.
    pub raw_stability: f64,
    /// Mean conductance of the best of the layouts' clusters: the share of a cluster's edges that leave it.
    #[serde(default)]
    pub conductance: f64,
    /// The same of k-means on the space, the least of its runs.
    #[serde(default)]
    pub raw_conductance: f64,
    /// The share of rows that differ from all before them.
    pub unique: f64,
    /// Neighbours of each point.
    pub neighbours: usize,
    /// All that was weighed.
    pub candidates: Vec<Weighed>,
}

/// What the choice is made from.
pub(crate) struct Pool<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) k: usize,
    /// Of the modularity.
    pub(crate) resolution: f64,
    /// Whether the space is the inputs', not an embedding's.
    pub(crate) of_inputs: bool,
    pub(crate) neighbours: usize,
    pub(crate) unique: f64,
    /// k-means on the space: the one whose clusters may be taken, and others to see how much they differ.
    pub(crate) raw: &'a [Vec<u32>],
    pub(crate) layouts: &'a [Candidate],
}

/// √n·(Q_layout − Q_raw) from which a layout shows what k-means does not see.
const CLEAR: f64 = 1.5;
/// With two or three clusters modularity is easily had: the gain that is clear there, and the least Q_layout − Q_raw.
const CLEAR_OF_FEW: (f64, f64) = (5.0, 0.1);
/// A smaller gain counts if layouts agree with each other, and better than runs of k-means do.
const STEADY: f64 = 0.25;
/// Agreement from which layouts say the same.
const AGREE: f64 = 0.7;
/// Share of different rows below which a graph is one of repetitions.
const UNIQUE: f64 = 0.5;
/// Share of the modularity of k-means below which the clusters of an autoencoder have lost what neighbours share.
const LOST: f64 = 0.75;
/// Mean conductance of clusters that hardly touch.
const CLEAN: f64 = 0.02;

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modularity = |name: &str| {
            let found = self.candidates.iter().find(|c| c.name == name);
            found.map_or(f64::NAN, |c| c.modularity)
        };
        write!(
            f,
            "first clusters: {}, chosen among {} (modularity on the graph {:.3}, of k-means {:.3}; gain of the layouts {:.2}, their agreement {:.2})",
            self.chosen,
            self.candidates.len(),
            modularity(&self.chosen),
            modularity(RAW).max(modularity(RAW_OF_EMBEDDING)), // there is one of the two
            self.gain,
            self.stability
        )
    }
}

impl Verdict {
    /// Whether most rows differ.
    pub(crate) fn is_unique(&self) -> bool {
        self.unique >= UNIQUE
    }

    /// Whether clusters of this modularity and mean conductance are far worse than those of k-means on the inputs: next
    /// to no modularity, or cut where k-means cuts next to nothing.
    pub(crate) fn is_lost(&self, modularity: f64, conductance: f64) -> bool {
        let raw = self.candidates.iter().find(|c| c.name == RAW);
        let cut = self.raw_conductance < CLEAN && conductance > self.raw_conductance + CLEAN;
        raw.is_some_and(|raw| cut || modularity < LOST * raw.modularity)
    }
}

impl Pool<'_> {
    /// The verdict, and the place of the best candidate of the layouts: of the half with the highest modularity the one
    /// that agrees best with all others.
    pub(crate) fn verdict(&self) -> (Verdict, usize) {
        let weigh = |labels: &[u32]| self.graph.modularity(labels, self.resolution);
        // A single run of k-means may have ended badly: the best of all is what a layout must be better than.
        let raw = self.raw.iter().map(|labels| weigh(labels));
        let raw = raw.fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = self.layouts.iter().map(|c| weigh(&c.nearest)).collect();
        let agreement = self.agreement();
        let mut order: Vec<usize> = (0..weights.len()).collect();
        order.sort_by(|a, b| weights[*b].total_cmp(&weights[*a]));
        let top = &order[..order.len().div_ceil(2)];
        let best = (top.iter().copied())
            .max_by(|a, b| agreement[*a].total_cmp(&agreement[*b]).then(b.cmp(a)))
            .unwrap_or(0);
        let highest = order.first().map_or(raw, |first| weights[*first]);
        let weighed = |i: usize| Weighed {
            name: self.layouts[i].name.clone(),
            modularity: weights[i],
            agreement: Some(agreement[i]),
        };
        let mut verdict = Verdict {
            chosen: String::new(),
            of_layout: false,
            trained_towards: false,
            gain: (highest - raw) * (self.graph.n_points() as f64).sqrt(),
            stability: mean_ari(&self.best_of_each(&weights)),
            conductance: match self.layouts.get(best) {
                Some(best) => self.graph.conductance(&best.labels),
                None => 1.0,
            },
            raw_conductance: (self.raw.iter())
                .map(|labels| self.graph.conductance(labels))
                .fold(1.0, f64::min),
            raw_stability: mean_ari(&self.raw[1..].iter().map(|l| &l[..]).collect::<Vec<_>>()),
            unique: self.unique,
            neighbours: self.neighbours,
            candidates: (0..weights.len()).map(weighed).collect(),
        };
        verdict.candidates.push(Weighed {
            name: if self.of_inputs {
                RAW
            } else {
                RAW_OF_EMBEDDING
            }
            .into(),
            modularity: raw,
            agreement: None,
        });
        verdict.of_layout = self.takes_layout(&verdict);
        if verdict.of_layout {
            verdict.chosen.clone_from(&self.layouts[best].name);
        }
        (verdict, best)
    }

    fn takes_layout(&self, verdict: &Verdict) -> bool {
        let n = self.graph.n_points() as f64;
        if self.layouts.is_empty() || !verdict.is_unique() {
            return false;
        }
        // Modularity gains by cutting a cluster that holds most points into equal parts. The normalised cut does not, and
        // such a cut falls elsewhere in every layout.
        let agree = verdict.stability >= AGREE;
        if !agree && verdict.conductance >= verdict.raw_conductance {
            return false;
        }
        if self.k < 4 {
            let (gain, least) = CLEAR_OF_FEW;
            return verdict.gain >= gain && verdict.gain >= least * n.sqrt();
        }
        let steady = n >= 20.0 * self.k as f64
            && verdict.gain >= STEADY
            && agree
            && verdict.stability >= verdict.raw_stability + 0.1;
        verdict.gain >= CLEAR || steady
    }

    /// The mean adjusted Rand index of each candidate of the layouts with the others.
    fn agreement(&self) -> Vec<f64> {
        let count = self.layouts.len();
        let pairs: Vec<(usize, usize)> = (0..count)
            .flat_map(|a| (a + 1..count).map(move |b| (a, b)))
            .collect();
        let scores: Vec<f64> = (pairs.par_iter())
            .map(|(a, b)| metrics::ari(&self.layouts[*a].nearest, &self.layouts[*b].nearest))
            .collect();
        let mut sums = vec![0.0; count];
        for ((a, b), score) in pairs.into_iter().zip(scores) {
            sums[a] += score;
            sums[b] += score;
        }
        let others = count.saturating_sub(1).max(1) as f64;
        sums.into_iter().map(|sum| sum / others).collect()
    }

    /// The candidate of highest modularity of each layout.
    fn best_of_each(&self, weights: &[f64]) -> Vec<&[u32]> {
        let layouts = self.layouts.iter().filter_map(|c| c.layout).max();
        let of = |layout: usize| {
            let own = (0..weights.len()).filter(move |c| self.layouts[*c].layout == Some(layout));
            let best = own.max_by(|a, b| weights[*a].total_cmp(&weights[*b]));
            best.map(|c| &self.layouts[c].nearest[..])
        };
        (0..layouts.map_or(0, |most| most + 1))
            .filter_map(of)
            .collect()
    }
}

/// What the clusters of k-means on the space are called.
pub(crate) const RAW: &str = "k-means on the inputs";
/// The same where the space is an embedding.
const RAW_OF_EMBEDDING: &str = "k-means on the embedding";

/// Mean adjusted Rand index of all pairs; 1 of fewer than two.
fn mean_ari(all: &[&[u32]]) -> f64 {
    let pairs =
        (all.iter().enumerate()).flat_map(|(i, a)| all[i + 1..].iter().map(move |b| (a, b)));
    let scores: Vec<f64> = pairs.map(|(a, b)| metrics::ari(a, b)).collect();
    match scores.len() {
        0 => 1.0,
        pairs => scores.iter().sum::<f64>() / pairs as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::super::graph::tests::triangles;
    use super::*;

    #[test]
    fn the_best_agrees_and_has_a_high_modularity() {
        let all = [[0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0]];
        let layouts = all.map(|labels| Candidate {
            name: format!("{labels:?}"),
            layout: Some(0),
            labels: labels.to_vec(),
            nearest: labels.to_vec(),
        });
        let graph = triangles();
        let pool = Pool {
            graph: &graph,
            k: 2,
            resolution: 1.0,
            of_inputs: true,
            neighbours: 2,
            unique: 1.0,
            raw: &[vec![0, 1, 0, 1, 0, 1]],
            layouts: &layouts,
        };
        let (verdict, best) = pool.verdict();
        assert_eq!(best, 1);
        assert!(
            verdict.gain > 0.5 && !verdict.of_layout,
            "two clusters are left to others: {verdict:?}"
        );
        let near = Pool {
            k: 4,
            raw: &[vec![0, 1, 0, 1, 0, 1], vec![0, 0, 1, 1, 1, 1]],
            ..pool
        };
        let (four, _) = near.verdict();
        assert!(!four.of_layout, "six points show nothing: {four:?}");
        let raw = four.candidates.last().expect("k-means").modularity;
        assert!(raw > 0.0, "{four:?}");
        assert!(four.is_lost(0.7 * raw, 0.5) && !four.is_lost(0.8 * raw, 0.5));
        let clean = Verdict {
            raw_conductance: 0.01,
            ..four
        };
        assert!(clean.is_lost(raw, 0.04) && !clean.is_lost(raw, 0.02));
    }

    #[test]
    fn agreement_of_pairs() {
        assert_eq!(mean_ari(&[&[0, 1]]), 1.0);
        assert_eq!(mean_ari(&[&[0, 0, 1, 1], &[1, 1, 0, 0]]), 1.0);
        assert!(mean_ari(&[&[0, 0, 1, 1], &[0, 1, 0, 1], &[0, 0, 1, 1]]) < 0.5);
    }
}
