//! What the choice is made from, and its rules.

use rayon::prelude::*;

use super::super::{Candidate, Graph};
use super::{RAW, RAW_OF_EMBEDDING, Verdict, Weighed};
use crate::metrics;

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
    /// Clusters of the layouts, at least one.
    pub(crate) layouts: &'a [Candidate],
    /// Those of the slowest walks on the graph, with few clusters. They count if they are apart, and for nothing else.
    pub(crate) slow: &'a [Candidate],
}

/// √n·(Q_layout − Q_raw) from which a layout shows what k-means does not see.
const CLEAR: f64 = 1.5;
/// With two or three clusters modularity is easily had: the gain that is clear there, and the least Q_layout − Q_raw.
const CLEAR_OF_FEW: (f64, f64) = (5.0, 0.1);
/// Agreement from which layouts say the same.
const AGREE: f64 = 0.7;
/// Share of the mean conductance of k-means up to which two or three clusters are taken to be apart.
const APART: f64 = 1.0 / 3.0;
/// Share of n/k that a cluster holds which is no mere outliers.
const FAIR: f64 = 0.2;

/// Whether clusters are too few for modularity to say much.
pub(crate) fn are_few(k: usize) -> bool {
    k < 4
}

/// Of the half with the highest modularity, as far as it is not clearly below the highest, the place of the candidate that agrees
/// best with all others; and the highest modularity.
fn agreed(weights: &[(f64, f64)], agreement: &[f64], n: usize) -> (usize, f64) {
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|a, b| weights[*b].0.total_cmp(&weights[*a].0));
    let highest = weights[order[0]].0;
    let least = highest - CLEAR / (n as f64).sqrt();
    let top = order[..order.len().div_ceil(2)].iter().copied();
    let best = top
        .filter(|i| weights[*i].0 >= least)
        .max_by(|a, b| agreement[*a].total_cmp(&agreement[*b]).then(b.cmp(a)));
    (best.expect("the highest is among them"), highest)
}

fn weighed(((candidate, weight), agreement): ((&Candidate, &(f64, f64)), Option<f64>)) -> Weighed {
    Weighed {
        name: candidate.name.clone(),
        modularity: weight.0,
        conductance: weight.1,
        agreement,
    }
}

impl<'a> Pool<'a> {
    /// The verdict, and the best candidate: with few clusters one whose clusters are apart; else of the half with the highest
    /// modularity the one that agrees best with all others.
    pub(crate) fn verdict(&self) -> (Verdict, &'a Candidate) {
        let raw: Vec<(f64, f64)> = self.raw.par_iter().map(|l| self.weigh(l)).collect();
        // A single run of k-means may have ended badly: the best of all is what a layout must be better than.
        let best_raw = (raw.iter()).fold(f64::NEG_INFINITY, |best, (q, _)| best.max(*q));
        let raw_conductance = raw.iter().fold(1.0, |least: f64, (_, c)| c.min(least));
        let weigh = |candidates: &[Candidate]| -> Vec<(f64, f64)> {
            candidates
                .par_iter()
                .map(|c| self.weigh(&c.nearest))
                .collect()
        };
        let (weights, of_slow) = (weigh(self.layouts), weigh(self.slow));
        let agreement = self.agreement();
        let (agreed, highest) = agreed(&weights, &agreement, self.graph.n_points());
        let apart = self.apart(&weights, &of_slow, raw_conductance);
        let best = apart.unwrap_or(&self.layouts[agreed]);
        let usual = self.layouts.iter().zip(&weights);
        let usual = usual.zip(agreement.iter().map(|a| Some(*a)));
        let slow = self.slow.iter().zip(&of_slow).map(|of| (of, None));
        let mut candidates: Vec<Weighed> = usual.chain(slow).map(weighed).collect();
        candidates.push(Weighed {
            name: if self.of_inputs {
                RAW
            } else {
                RAW_OF_EMBEDDING
            }
            .into(),
            modularity: raw[0].0,
            conductance: raw[0].1,
            agreement: None,
        });
        let mut verdict = Verdict {
            chosen: String::new(),
            of_layout: false,
            trained_towards: false,
            gain: (highest - best_raw) * (self.graph.n_points() as f64).sqrt(),
            stability: mean_ari(&self.best_of_each(&weights)),
            conductance: self.graph.conductance(&best.labels),
            raw_conductance,
            raw_stability: mean_ari(&self.raw[1..].iter().map(|l| &l[..]).collect::<Vec<_>>()),
            unique: self.unique,
            neighbours: self.neighbours,
            candidates,
        };
        verdict.of_layout = verdict.is_unique() && (apart.is_some() || self.takes_layout(&verdict));
        if verdict.of_layout {
            verdict.chosen.clone_from(&best.name);
        }
        (verdict, best)
    }

    /// Modularity and mean conductance.
    fn weigh(&self, labels: &[u32]) -> (f64, f64) {
        let modularity = self.graph.modularity(labels, self.resolution);
        (modularity, self.graph.conductance(labels))
    }

    /// With few clusters: of the candidates whose clusters touch far less than those of k-means, and are no mere outliers, the one
    /// whose clusters touch least.
    fn apart(
        &self,
        weights: &[(f64, f64)],
        of_slow: &[(f64, f64)],
        raw_conductance: f64,
    ) -> Option<&'a Candidate> {
        if !are_few(self.k) || raw_conductance <= 0.0 {
            return None; // nothing touches less than nothing
        }
        // Of equals the first is taken: the slow walks hold such clusters best.
        let slow = self.slow.iter().zip(of_slow);
        let all = slow.chain(self.layouts.iter().zip(weights));
        all.filter(|(candidate, (_, conductance))| {
            *conductance <= APART * raw_conductance && self.is_fair(&candidate.nearest)
        })
        .min_by(|(_, a), (_, b)| a.1.total_cmp(&b.1))
        .map(|(candidate, _)| candidate)
    }

    /// Whether each cluster holds a fair part of the points.
    fn is_fair(&self, labels: &[u32]) -> bool {
        let mut sizes = vec![0.0; self.k];
        labels
            .iter()
            .for_each(|label| sizes[*label as usize] += 1.0);
        let least = FAIR * self.graph.n_points() as f64 / self.k as f64;
        sizes.iter().all(|size| *size >= least)
    }

    fn takes_layout(&self, verdict: &Verdict) -> bool {
        let n = self.graph.n_points() as f64;
        // Modularity gains by cutting a cluster that holds most points into equal parts. The normalised cut does not, and
        // such a cut falls elsewhere in every layout.
        if verdict.is_cut(verdict.conductance) {
            return false;
        }
        if verdict.stability < AGREE && verdict.conductance >= verdict.raw_conductance {
            return false;
        }
        if are_few(self.k) {
            let (gain, least) = CLEAR_OF_FEW;
            return verdict.gain >= gain && verdict.gain >= least * n.sqrt();
        }
        verdict.gain >= CLEAR
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
    fn best_of_each(&self, weights: &[(f64, f64)]) -> Vec<&[u32]> {
        let layouts = self.layouts.iter().filter_map(|c| c.layout).max();
        let of = |layout: usize| {
            let own = (0..weights.len()).filter(move |c| self.layouts[*c].layout == Some(layout));
            let best = own.max_by(|a, b| weights[*a].0.total_cmp(&weights[*b].0));
            best.map(|c| &self.layouts[c].nearest[..])
        };
        (0..layouts.map_or(0, |most| most + 1))
            .filter_map(of)
            .collect()
    }
}

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
    use super::super::super::graph::tests::triangles;
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
            slow: &[],
        };
        let (verdict, best) = pool.verdict();
        assert_eq!(best.name, layouts[1].name);
        assert!(verdict.gain > 0.5 && verdict.of_layout, "{verdict:?}");
        let (as_good, _) = Pool {
            raw: &[vec![1, 1, 1, 0, 0, 0], vec![0, 1, 0, 1, 0, 1]],
            ..pool
        }
        .verdict();
        assert!(
            !as_good.of_layout,
            "two clusters that k-means has too are left to others: {as_good:?}"
        );
        let near = Pool {
            k: 4,
            raw: &[vec![0, 0, 1, 1, 1, 1], vec![0, 1, 0, 1, 0, 1]],
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
    fn few_outliers_are_not_a_cluster_apart() {
        // Two rings of 20 points, nothing between them, and one point that hangs on the first.
        let next = |i: u32| match i {
            0..20 => (i + 1) % 20,
            20..40 => 20 + (i + 1) % 20,
            _ => 0,
        };
        let nearest: Vec<u32> = (0..41).map(next).collect();
        let graph = Graph::of_memberships(&nearest, &[1.0; 41], 1);
        let candidate = |first: u32| {
            let labels: Vec<u32> = (0..41)
                .map(|i| u32::from((first..40).contains(&i)))
                .collect();
            Candidate {
                name: format!("from {first}"),
                layout: None,
                nearest: labels.clone(),
                labels,
            }
        };
        let (slow, layouts) = ([candidate(20)], [candidate(39)]);
        let pool = Pool {
            graph: &graph,
            k: 2,
            resolution: 1.0,
            of_inputs: true,
            neighbours: 1,
            unique: 1.0,
            raw: &[(0..41).map(|i| i % 2).collect()],
            layouts: &layouts,
            slow: &slow,
        };
        assert!(pool.is_fair(&slow[0].labels) && !pool.is_fair(&layouts[0].labels));
        let (verdict, best) = pool.verdict();
        assert_eq!(best.name, "from 20", "{verdict:?}");
        assert!(verdict.of_layout, "{verdict:?}");
    }

    #[test]
    fn agreement_of_pairs() {
        assert_eq!(mean_ari(&[&[0, 1]]), 1.0);
        assert_eq!(mean_ari(&[&[0, 0, 1, 1], &[1, 1, 0, 0]]), 1.0);
        assert!(mean_ari(&[&[0, 0, 1, 1], &[0, 1, 0, 1], &[0, 0, 1, 1]]) < 0.5);
    }
}
