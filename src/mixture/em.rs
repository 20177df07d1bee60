//! Expectation and maximisation (Bishop 2006, eqs. 9.23 to 9.28), with a prior on the covariances.

use rayon::prelude::*;

use super::density::Density;
use super::{Mixture, Points, add};

/// Points whose sums one thread makes: fixed, so that the sums do not depend on the threads.
const PART: usize = 512;
/// EM ends when the mean log-likelihood of a point grows by less.
const TOLERANCE: f64 = 1e-4;
/// A smaller responsibility changes nothing.
const NEGLIGIBLE: f64 = 1e-10;

/// What is known of covariances before any point is seen.
pub(super) struct Prior {
    /// Points that the pooled covariance counts for.
    pub(super) strength: f64,
    /// Added to each variance.
    pub(super) floor: f64,
}

/// A mixture and what it says of the points.
pub(super) struct Fit {
    pub(super) mixture: Mixture,
    /// log w_j N(x_i; …), without the constant (m, k).
    pub(super) joint: Vec<f64>,
    /// Who made each point (m, k).
    pub(super) responsibility: Vec<f64>,
    /// Mean over the points, without the constant.
    pub(super) log_likelihood: f64,
}

impl Fit {
    /// Evaluates a mixture; none if that cannot be done.
    pub(super) fn of(points: Points<'_>, mixture: Mixture) -> Option<Self> {
        let density = Density::of(&mixture)?;
        let k = density.n_components();
        let mut joint = vec![0.0; points.len() * k];
        let mut responsibility = vec![0.0; points.len() * k];
        let sums: Vec<f64> = (joint.par_chunks_mut(PART * k))
            .zip(responsibility.par_chunks_mut(PART * k))
            .zip(points.values.par_chunks(PART * points.d))
            .map(|((joint, responsibility), rows)| {
                let rows = rows.chunks_exact(points.d);
                (rows
                    .zip(joint.chunks_exact_mut(k))
                    .zip(responsibility.chunks_exact_mut(k)))
                .map(|((x, joint), responsibility)| evaluate(&density, x, joint, responsibility))
                .sum()
            })
            .collect();
        let log_likelihood = sums.iter().sum::<f64>() / points.len() as f64;
        log_likelihood.is_finite().then_some(Self {
            mixture,
            joint,
            responsibility,
            log_likelihood,
        })
    }

    /// The likeliest component of each point (m).
    pub(super) fn labels(&self) -> Vec<u32> {
        let rows = self.joint.chunks_exact(self.mixture.n_components());
        rows.map(|row| {
            let best = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
            best.map_or(0, |(j, _)| j as u32)
        })
        .collect()
    }
}

/// One row of each matrix; the log-likelihood of the point.
fn evaluate(density: &Density, x: &[f64], joint: &mut [f64], responsibility: &mut [f64]) -> f64 {
    for (j, joint) in joint.iter_mut().enumerate() {
        *joint = density.log_joint(x, j);
    }
    let total = log_sum_exp(joint.iter().copied());
    for (responsibility, joint) in responsibility.iter_mut().zip(joint.iter()) {
        *responsibility = (joint - total).exp();
    }
    total
}

/// log Σ exp
pub(super) fn log_sum_exp(logs: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = logs.clone().fold(f64::NEG_INFINITY, f64::max);
    largest + logs.map(|log| (log - largest).exp()).sum::<f64>().ln()
}

/// Repeats both steps until the likelihood hardly grows, `most` times at most.
pub(super) fn run(points: Points<'_>, start: Mixture, prior: &Prior, most: usize) -> Option<Fit> {
    let mut fit = Fit::of(points, start)?;
    for _ in 0..most {
        let k = fit.mixture.n_components();
        let next = maximise(points, &fit.responsibility, k, prior);
        let next = Fit::of(points, next)?;
        // With a prior the likelihood may fall by a little at the end.
        let gain = next.log_likelihood - fit.log_likelihood;
        if gain > 0.0 {
            fit = next;
        }
        if gain < TOLERANCE {
            break;
        }
    }
    Some(fit)
}

/// [`maximise`] for points that belong to one component each.
pub(super) fn from_labels(points: Points<'_>, labels: &[u32], k: usize, prior: &Prior) -> Mixture {
    assert_eq!(labels.len(), points.len(), "a label for each point");
    let mut responsibility = vec![0.0; labels.len() * k];
    for (row, label) in responsibility.chunks_exact_mut(k).zip(labels) {
        row[*label as usize] = 1.0;
    }
    maximise(points, &responsibility, k, prior)
}

/// The mixture that the responsibilities (m, k) make: Σ_j = (S_j + ν Σ) / (n_j + ν) + floor·I, with the scatter S_j, the
/// points n_j and ν of the prior, Σ the scatter of all components over all their points.
pub(super) fn maximise(
    points: Points<'_>,
    responsibility: &[f64],
    k: usize,
    prior: &Prior,
) -> Mixture {
    let moments: Vec<Moments> = (0..k)
        .into_par_iter()
        .map(|j| Moments::of(points, responsibility[j..].iter().step_by(k).copied()))
        .collect();
    let pooled = pooled(&moments);
    mixture(points.d, &moments, &pooled, prior)
}

/// The components of these moments.
pub(super) fn mixture(d: usize, moments: &[Moments], pooled: &[f64], prior: &Prior) -> Mixture {
    let total: f64 = moments.iter().map(|moments| moments.count).sum();
    Mixture {
        d,
        weights: moments.iter().map(|own| own.count / total).collect(),
        means: moments.iter().flat_map(|own| own.mean.clone()).collect(),
        covariances: (moments.iter())
            .flat_map(|own| own.covariance(pooled, prior))
            .collect(),
    }
}

/// The scatter of all components over all their points (d, d).
pub(super) fn pooled(moments: &[Moments]) -> Vec<f64> {
    let total: f64 = moments.iter().map(|moments| moments.count).sum();
    let mut pooled = vec![0.0; moments[0].scatter.len()];
    for own in moments {
        add(&mut pooled, &own.scatter, 1.0 / total);
    }
    pooled
}

/// Count, mean and scatter of weighted points.
pub(super) struct Moments {
    pub(super) count: f64,
    pub(super) mean: Vec<f64>,
    /// Σ_i r_i (x_i − μ)(x_i − μ)ᵀ (d, d).
    pub(super) scatter: Vec<f64>,
}

impl Moments {
    pub(super) fn of(points: Points<'_>, weights: impl Iterator<Item = f64> + Clone) -> Self {
        let d = points.d;
        let rows = points.rows().zip(weights);
        let rows = rows.filter(|(_, weight)| *weight > NEGLIGIBLE);
        let count = rows.clone().map(|(_, weight)| weight).sum::<f64>() + NEGLIGIBLE;
        let mut mean = vec![0.0; d];
        for (x, weight) in rows.clone() {
            add(&mut mean, x, weight / count);
        }
        let (mut scatter, mut off) = (vec![0.0; d * d], vec![0.0; d]);
        for (x, weight) in rows {
            for ((off, x), mean) in off.iter_mut().zip(x).zip(&mean) {
                *off = x - mean;
            }
            for (row, by) in scatter.chunks_exact_mut(d).zip(&off) {
                add(row, &off, weight * by);
            }
        }
        Self {
            count,
            mean,
            scatter,
        }
    }

    fn covariance(&self, pooled: &[f64], prior: &Prior) -> Vec<f64> {
        let (d, weight) = (self.mean.len(), self.count + prior.strength);
        let mut covariance: Vec<f64> = (self.scatter.iter().zip(pooled))
            .map(|(own, pooled)| (own + prior.strength * pooled) / weight)
            .collect();
        for variance in covariance.iter_mut().step_by(d + 1) {
            *variance += prior.floor;
        }
        covariance
    }
}
