//! Choosing k without labels: several numbers of clusters from one pre-trained autoencoder (Xie et al. 2016, §5.5).
//!
//! For each k the autoencoder goes back to its pre-trained weights, and k-means and clustering run on nine tenths of the
//! samples (of at most 10,000), for at most a quarter of the steps of a full run. How well the clusters fit the pre-trained
//! embedding makes the row of k in a table.

mod rule;
mod samples;

use std::ops::RangeInclusive;

use super::smoothed::Smoothed;
use super::{Event, Tell, Trainer};
use crate::config::{ConfigError, Space};
use crate::data::Dataset;
use crate::device::Device;
use crate::error::Result;
use crate::metrics::silhouette;
use crate::net::Snapshot;
use samples::sample;

/// Samples that silhouette and neighbours look at.
const LOOKED_AT: usize = 4000;
/// Each k takes at most this part of the steps of a full run.
const STEPS: u32 = 4;

/// One number of clusters, tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// k.
    pub n_clusters: usize,
    /// Mean silhouette width of the clusters in the pre-trained embedding, of at most 4,000 samples.
    pub silhouette: f64,
    /// The same in that embedding smoothed over its neighbours ([`crate::mixture::smoothed`]).
    pub smoothed_silhouette: f64,
    /// The mean of both times √(H / log k), with the entropy H of the clusters' sizes: the highest is taken.
    pub score: f64,
    /// [`crate::metrics::Neighbours::agreement`] of the clusters in the pre-trained embedding, of the same samples.
    pub agreement: f64,
    /// Samples in the smallest cluster, of those that clustering saw.
    pub smallest_cluster: usize,
    /// The cluster of each sample that clustering saw, in the order of [`Choice::samples`].
    pub assignment: Vec<u32>,
}

/// What was tried, and what was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Every k of the range, in order.
    pub candidates: Vec<Candidate>,
    /// k.
    pub chosen: usize,
    /// Why, in one line.
    pub reason: String,
    /// The samples that clustering saw, by their place in the data.
    pub samples: Vec<u32>,
}

impl Choice {
    /// Whether there are enough samples, n, to choose a k up to `largest`: one of those that take part for each cluster.
    ///
    /// # Errors
    /// [`ConfigError::TooManyToChoose`].
    pub fn check(n: usize, largest: usize) -> std::result::Result<(), ConfigError> {
        samples::check(n, largest)
    }
}

impl<D: Device> Trainer<'_, D> {
    /// Tries every k of a range from the present, pre-trained weights, and goes on with the best: `config().n_clusters` is
    /// then the chosen k, and the weights are as they were. `data` are those the trainer was made with, for a
    /// configuration whose `n_clusters` is the largest k.
    ///
    /// # Errors
    /// [`ConfigError::TooManyToChoose`] if the largest k is more than the samples to learn from;
    /// [`crate::Error::Numeric`] if a loss is no longer finite; the device's.
    ///
    /// # Panics
    /// If the range is empty.
    pub async fn choose_clusters(
        &mut self,
        data: &Dataset,
        range: RangeInclusive<usize>,
        observe: Tell<'_>,
    ) -> Result<Choice> {
        Choice::check(data.n_samples, *range.end())?;
        self.forget_graph();
        let samples = sample(self.config.seed, data.n_samples);
        let part = self.on(&data.of_rows(&samples)).await?;
        let candidates = part.candidates(range, observe).await?;
        let (chosen, reason) = rule::choose(&candidates);
        self.config.n_clusters = chosen;
        Ok(Choice {
            candidates,
            chosen,
            reason,
            samples,
        })
    }

    /// A trainer with the present weights on some of the samples, for a part of the steps. Nobody asks it for states: one of
    /// a candidate is none that a run could go on from.
    async fn on(&self, samples: &Dataset) -> Result<Self> {
        let mut config = self.config.clone();
        config.cluster.max_steps = config.cluster.max_steps.div_ceil(STEPS);
        config.neighbours.space = Space::Off;
        let mut part = Self::new(self.device, samples, self.affine.clone(), config)?;
        let all = 0..self.autoencoder.plan().kinds().len();
        let layers = self.autoencoder.download(self.device, all).await?;
        part.take_layers(&layers.iter().collect::<Vec<_>>())?;
        Ok(part)
    }

    /// Every k on the samples of this trainer.
    async fn candidates(
        mut self,
        range: RangeInclusive<usize>,
        observe: Tell<'_>,
    ) -> Result<Vec<Candidate>> {
        let start = Start::new(&self).await?;
        let mut candidates = Vec::new();
        for k in range {
            self.config.n_clusters = k;
            let candidate = self.candidate(&start).await?;
            self.autoencoder.restore(self.device, &start.pretrained);
            observe(&Event::Candidate(&candidate));
            candidates.push(candidate);
        }
        Ok(candidates)
    }

    /// One k, from the pre-trained weights.
    async fn candidate(&mut self, start: &Start<D>) -> Result<Candidate> {
        let k = self.n_clusters();
        let first = self.first_clusters_of(&start.sample).await?;
        let found = self.cluster(first, &mut |_| {}).await?;
        let sample = &start.sample;
        let looked_at = &found.assignment[..sample.z.len() / sample.d];
        let [silhouette, smoothed_silhouette] =
            [&sample.z, &sample.narrow].map(|z| silhouette(z, sample.d, looked_at));
        Ok(Candidate {
            n_clusters: k,
            silhouette,
            smoothed_silhouette,
            score: rule::score([silhouette, smoothed_silhouette], &found.assignment, k),
            agreement: sample.neighbours.agreement(looked_at),
            smallest_cluster: smallest_cluster(&found.assignment, k),
            assignment: found.assignment,
        })
    }
}

/// What every k begins with.
struct Start<D: Device> {
    pretrained: Snapshot<D>,
    /// The first samples, which are in random order. The embedding that clustering makes cannot be the judge: any clusters
    /// are compact in it.
    sample: Smoothed<D>,
}

impl<D: Device> Start<D> {
    async fn new(trainer: &Trainer<'_, D>) -> Result<Self> {
        trainer.encode_all();
        let z = trainer.first_rows(LOOKED_AT).await?;
        let d = trainer.config.network.embedding_dim;
        Ok(Self {
            pretrained: trainer.autoencoder.snapshot(trainer.device)?,
            sample: Smoothed::new(trainer.device, z, d)?,
        })
    }
}

fn smallest_cluster(assignment: &[u32], k: usize) -> usize {
    let mut sizes = vec![0; k];
    assignment
        .iter()
        .for_each(|cluster| sizes[*cluster as usize] += 1);
    sizes.into_iter().min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_cluster_is_the_smallest() {
        assert_eq!(smallest_cluster(&[0, 0, 2], 3), 0);
        assert_eq!(smallest_cluster(&[1, 0, 0, 1, 1], 2), 2);
    }
}
