//! Which clusters to take, without labels.

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
}

/// What was chosen, from what, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The candidate that was taken.
    pub chosen: String,
    /// Whether it is one of a layout of the graph.
    pub of_layout: bool,
    /// (Q_best − Q_raw)·√n: how far the best layout is above k-means on the space.
    pub gain: f64,
    /// Mean adjusted Rand index of the layouts' own best.
    pub stability: f64,
    /// The same of runs of k-means on the space.
    pub raw_stability: f64,
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
    pub(crate) neighbours: usize,
    pub(crate) unique: f64,
    /// k-means on the space, the first that is kept, and others to see how much they differ.
    pub(crate) raw: &'a [Vec<u32>],
    pub(crate) layouts: &'a [Candidate],
}

impl Pool<'_> {
    /// The verdict, and the place of the best candidate of the layouts.
    pub(crate) fn verdict(&self) -> (Verdict, usize) {
        let weigh = |labels: &[u32]| self.graph.modularity(labels, self.resolution);
        let raw = weigh(&self.raw[0]);
        let weights: Vec<f64> = self.layouts.iter().map(|c| weigh(&c.labels)).collect();
        let best = (0..weights.len())
            .max_by(|a, b| weights[*a].total_cmp(&weights[*b]).then(b.cmp(a)))
            .unwrap_or(0);
        let n = self.graph.n_points() as f64;
        let weighed = |(candidate, modularity): (&Candidate, &f64)| Weighed {
            name: candidate.name.clone(),
            modularity: *modularity,
        };
        let mut verdict = Verdict {
            chosen: String::new(),
            of_layout: false,
            gain: (weights.get(best).copied().unwrap_or(raw) - raw) * n.sqrt(),
            stability: mean_ari(&self.best_of_each(&weights)),
            raw_stability: mean_ari(&self.raw[1..].iter().map(|l| &l[..]).collect::<Vec<_>>()),
            unique: self.unique,
            neighbours: self.neighbours,
            candidates: (self.layouts.iter().zip(&weights)).map(weighed).collect(),
        };
        verdict.candidates.push(Weighed {
            name: RAW.into(),
            modularity: raw,
        });
        verdict.of_layout = self.takes_layout(&verdict);
        verdict.chosen = match verdict.of_layout {
            true => self.layouts[best].name.clone(),
            false => String::new(),
        };
        (verdict, best)
    }

    fn takes_layout(&self, verdict: &Verdict) -> bool {
        let n = self.graph.n_points() as f64;
        let clear = verdict.gain >= 1.5;
        let steady = n >= 20.0 * self.k as f64
            && verdict.gain >= 0.25
            && verdict.stability >= 0.7
            && verdict.stability >= verdict.raw_stability + 0.1;
        !self.layouts.is_empty() && self.k >= 4 && verdict.unique >= 0.5 && (clear || steady)
    }

    /// The candidate of highest modularity of each layout.
    fn best_of_each(&self, weights: &[f64]) -> Vec<&[u32]> {
        let layouts = self.layouts.iter().filter_map(|c| c.layout).max();
        let of = |layout: usize| {
            let own = (0..weights.len()).filter(move |c| self.layouts[*c].layout == Some(layout));
            let best = own.max_by(|a, b| weights[*a].total_cmp(&weights[*b]));
            best.map(|c| &self.layouts[c].labels[..])
        };
        (0..layouts.map_or(0, |most| most + 1))
            .filter_map(of)
            .collect()
    }
}

/// What the clusters of k-means on the space are called.
pub(crate) const RAW: &str = "k-means on the inputs";

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
    fn the_highest_modularity_is_the_best() {
        let layouts = [[0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1]].map(|labels| Candidate {
            name: format!("{labels:?}"),
            layout: Some(0),
            labels: labels.to_vec(),
        });
        let graph = triangles();
        let pool = Pool {
            graph: &graph,
            k: 2,
            resolution: 1.0,
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
        let (four, _) = Pool { k: 4, ..pool }.verdict();
        assert!(!four.of_layout, "six points show nothing");
    }

    #[test]
    fn agreement_of_pairs() {
        assert_eq!(mean_ari(&[&[0, 1]]), 1.0);
        assert_eq!(mean_ari(&[&[0, 0, 1, 1], &[1, 1, 0, 0]]), 1.0);
        assert!(mean_ari(&[&[0, 0, 1, 1], &[0, 1, 0, 1], &[0, 0, 1, 1]]) < 0.5);
    }
}
