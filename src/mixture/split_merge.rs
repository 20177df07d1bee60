//! Split and merge (Ueda, Nakano, Ghahramani and Hinton 2000): two components that overlap become one, another becomes two,
//! and EM goes on from there. A change is kept if the points are then likelier.

use std::ops::Range;

use nalgebra::{DMatrix, SymmetricEigen};

use super::em::{Fit, Moments, Prior, from_labels, log_sum_exp, mixture, pooled, run};
use super::{LONG, Mixture, Points};

/// Changes kept, at most.
const ROUNDS: usize = 10;
/// Pairs that overlap most, which may be merged.
const PAIRS: usize = 6;
/// Components whose split gains most, which may be split.
const SPLITS: usize = 5;
/// Changes of a round that are tried with EM.
const TRIED: usize = 5;
/// Widest directions of a component along which it is split.
const AXES: usize = 3;
/// Iterations by which a split is judged.
const JUDGED: usize = 15;
/// What a change must promise, and then bring, in mean log-likelihood of a point.
const PROMISED: f64 = 0.01;
const BROUGHT: f64 = 1e-3;

/// A merge and a split.
struct Change {
    /// What it should bring.
    estimate: f64,
    pair: [usize; 2],
    split: usize,
    /// Places of the parts among the candidates.
    parts: [usize; 2],
}

/// One component in place of two.
struct Merged {
    pair: [usize; 2],
    gain: f64,
    one: Mixture,
}

/// Two components in place of one.
struct Split {
    component: usize,
    gain: f64,
    two: Mixture,
}

/// The best mixture that such changes lead to.
pub(super) fn improved(points: Points<'_>, mut fit: Fit, prior: &Prior) -> Fit {
    for _ in 0..ROUNDS {
        match round(points, &fit, prior) {
            Some(better) => fit = better,
            None => break,
        }
    }
    fit
}

/// The first change, by what they promise, that makes the points likelier.
fn round(points: Points<'_>, fit: &Fit, prior: &Prior) -> Option<Fit> {
    let k = fit.mixture.n_components();
    if k < 3 {
        return None;
    }
    let moments: Vec<Moments> = (0..k)
        .map(|j| Moments::of(points, fit.responsibility[j..].iter().step_by(k).copied()))
        .collect();
    let pooled = pooled(&moments);
    let merges = merges(points, fit, &pooled, prior);
    let splits = splits(points, fit, prior);
    let mut changes: Vec<Change> = Vec::new();
    for (m, merged) in merges.iter().enumerate() {
        for (s, split) in splits.iter().enumerate() {
            if !merged.pair.contains(&split.component) {
                changes.push(Change {
                    estimate: merged.gain + split.gain,
                    pair: merged.pair,
                    split: split.component,
                    parts: [m, s],
                });
            }
        }
    }
    changes.retain(|change| change.estimate > PROMISED);
    changes.sort_by(|a, b| b.estimate.total_cmp(&a.estimate));
    changes.iter().take(TRIED).find_map(|change| {
        let start = changed(&fit.mixture, change, &merges, &splits);
        let better = run(points, start, prior, LONG)?;
        (better.log_likelihood > fit.log_likelihood + BROUGHT).then_some(better)
    })
}

/// The mixture after a change: the kept components, the merged one, the two halves.
fn changed(old: &Mixture, change: &Change, merges: &[Merged], splits: &[Split]) -> Mixture {
    let [i, j] = change.pair;
    let (merged, halves) = (&merges[change.parts[0]].one, &splits[change.parts[1]].two);
    let mut new = Mixture {
        d: old.d,
        weights: Vec::new(),
        means: Vec::new(),
        covariances: Vec::new(),
    };
    for c in (0..old.n_components()).filter(|c| ![i, j, change.split].contains(c)) {
        append(&mut new, old, c..c + 1, old.weights[c]);
    }
    append(&mut new, merged, 0..1, old.weights[i] + old.weights[j]);
    append(&mut new, halves, 0..2, old.weights[change.split]);
    new
}

/// Adds components of another mixture that have this weight together.
fn append(to: &mut Mixture, from: &Mixture, which: Range<usize>, weight: f64) {
    let d = to.d;
    let own: f64 = from.weights[which.clone()].iter().sum();
    for c in which {
        to.weights.push(from.weights[c] / own * weight);
        to.means.extend(&from.means[c * d..][..d]);
        to.covariances
            .extend(&from.covariances[c * d * d..][..d * d]);
    }
}

/// The pairs that share most points, merged.
fn merges(points: Points<'_>, fit: &Fit, pooled: &[f64], prior: &Prior) -> Vec<Merged> {
    let k = fit.mixture.n_components();
    let one_of = |pair: [usize; 2]| {
        let rows = fit.responsibility.chunks_exact(k);
        let own = Moments::of(points, rows.map(move |row| row[pair[0]] + row[pair[1]]));
        mixture(points.d, &[own], pooled, prior)
    };
    (overlaps(fit).into_iter().take(PAIRS))
        .filter_map(|pair| {
            let one = one_of(pair);
            let gain = likelihood_if_merged(points, fit, pair, &one)? - fit.log_likelihood;
            Some(Merged { pair, gain, one })
        })
        .collect()
}

/// Pairs of components, those first that share most points: by the cosine of their responsibilities.
fn overlaps(fit: &Fit) -> Vec<[usize; 2]> {
    let k = fit.mixture.n_components();
    let mut products = vec![0.0; k * k];
    for row in fit.responsibility.chunks_exact(k) {
        for (i, r) in row.iter().enumerate().filter(|(_, r)| **r > 1e-6) {
            super::add(&mut products[i * k..][..k], row, *r);
        }
    }
    let cosine = |[i, j]: [usize; 2]| {
        products[i * k + j]
            / (products[i * (k + 1)] * products[j * (k + 1)])
                .sqrt()
                .max(1e-12)
    };
    let mut pairs: Vec<[usize; 2]> = (0..k)
        .flat_map(|i| (i + 1..k).map(move |j| [i, j]))
        .collect();
    pairs.sort_by(|a, b| cosine(*b).total_cmp(&cosine(*a)));
    pairs
}

/// The mean log-likelihood with one component in the place of a pair, before EM goes on.
fn likelihood_if_merged(
    points: Points<'_>,
    fit: &Fit,
    pair: [usize; 2],
    one: &Mixture,
) -> Option<f64> {
    let weight = fit.mixture.weights[pair[0]] + fit.mixture.weights[pair[1]];
    let own = Fit::of(points, one.clone())?.joint;
    let rows = fit.joint.chunks_exact(fit.mixture.n_components()).zip(own);
    let sum: f64 = rows
        .map(|(row, own)| {
            let kept = row.iter().enumerate();
            let kept = kept.filter(|(j, _)| !pair.contains(j)).map(|(_, log)| *log);
            log_sum_exp(kept.chain([own + weight.ln()]))
        })
        .sum();
    Some(sum / points.len() as f64)
}

/// The components whose own points two Gaussians explain better than one, those first that gain most.
fn splits(points: Points<'_>, fit: &Fit, prior: &Prior) -> Vec<Split> {
    let k = fit.mixture.n_components();
    let mut splits: Vec<Split> = (0..k)
        .filter_map(|j| split(points, fit, j, prior))
        .collect();
    splits.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    splits.truncate(SPLITS);
    splits
}

/// The best split of component j along one of its widest directions.
fn split(points: Points<'_>, fit: &Fit, j: usize, prior: &Prior) -> Option<Split> {
    let (d, k) = (points.d, fit.mixture.n_components());
    let own: Vec<f64> = (points.rows().zip(fit.responsibility.chunks_exact(k)))
        .filter(|(_, row)| row[j] > 0.5)
        .flat_map(|(x, _)| x.to_vec())
        .collect();
    let own = Points { values: &own, d };
    if own.len() < 4 * d {
        return None;
    }
    // As the halves, it knows no other covariance than that of these points.
    let one = Fit::of(own, from_labels(own, &vec![0; own.len()], 1, prior))?;
    let halves = sides(&fit.mixture, j, own)
        .into_iter()
        .filter_map(|labels| {
            let start = from_labels(own, &labels, 2, prior);
            run(own, start, prior, JUDGED)
        });
    let two = halves.reduce(|best, fit| {
        if fit.log_likelihood > best.log_likelihood {
            fit
        } else {
            best
        }
    })?;
    let share = own.len() as f64 / points.len() as f64;
    Some(Split {
        component: j,
        gain: (two.log_likelihood - one.log_likelihood) * share,
        two: two.mixture,
    })
}

/// The points on either side of the mean, for each of the widest directions of component j; none with a side of few.
fn sides(mixture: &Mixture, j: usize, own: Points<'_>) -> Vec<Vec<u32>> {
    let d = mixture.d;
    let covariance = DMatrix::from_row_slice(d, d, &mixture.covariances[j * d * d..][..d * d]);
    let eigen = SymmetricEigen::new(covariance);
    let mut order: Vec<usize> = (0..d).collect();
    order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
    let mean = &mixture.means[j * d..][..d];
    let side = |axis: usize| -> Vec<u32> {
        let along = eigen.eigenvectors.column(axis);
        let projected = |x: &[f64]| -> f64 {
            let off = x.iter().zip(mean).zip(along.iter());
            off.map(|((x, mean), axis)| (x - mean) * axis).sum()
        };
        own.rows().map(|x| u32::from(projected(x) > 0.0)).collect()
    };
    (order.into_iter().take(AXES).map(side))
        .filter(|labels| {
            let high = labels.iter().filter(|label| **label == 1).count();
            high.min(labels.len() - high) >= 2 * d
        })
        .collect()
}
