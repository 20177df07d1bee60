//! The samples by which k is chosen: a part that clustering learns from, and a part that it does not see.

use crate::config::ConfigError;
use crate::data::Dataset;
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::soft_assign::soft_assign;
use crate::random::{self, stream};
use crate::run::trainer::encode::{Embedding, ROWS};
use crate::run::trainer::{Trainer, download_all};
use crate::source::Source;

/// At most so many samples take part: it bounds the time of each k.
const MOST: usize = 10_000;
/// One of so many is held out.
const HELD_OUT: usize = 10;

/// Samples on the device, and room for their embedding.
pub(super) struct Part<D: Device> {
    pub(super) source: Source<D>,
    pub(super) embedding: Embedding<D>,
}

/// Which samples are learnt from and which are held out, by their place in the data.
pub(super) struct Split {
    pub(super) trained: Vec<u32>,
    pub(super) held_out: Vec<u32>,
}

impl Split {
    /// Draws samples from the seed, of n.
    pub(super) fn new(seed: u32, n: usize) -> Self {
        let (trained, held_out) = counts(n);
        let mut order = random::permutation(seed, stream::CHOOSE, 0, n);
        order.truncate(trained + held_out);
        Self {
            trained: order.split_off(held_out),
            held_out: order,
        }
    }
}

/// How many of n samples are learnt from and how many are held out: a tenth, at least one.
fn counts(n: usize) -> (usize, usize) {
    let all = n.min(MOST);
    let held_out = (all / HELD_OUT).max(1).min(all);
    (all - held_out, held_out)
}

/// Refuses a range of k that goes further than there are samples to learn from.
pub(super) fn check(n: usize, largest: usize) -> std::result::Result<(), ConfigError> {
    match counts(n).0 {
        n_samples if largest > n_samples => Err(ConfigError::TooManyToChoose {
            n_clusters: largest,
            n_samples,
        }),
        _ => Ok(()),
    }
}

impl<D: Device> Part<D> {
    /// Uploads some rows of the trainer's data.
    pub(super) fn new(trainer: &Trainer<'_, D>, data: &Dataset, rows: &[u32]) -> Result<Self> {
        let (device, sizes) = (trainer.device, &trainer.sizes);
        let width = trainer.n_clusters().max(sizes[sizes.len() - 1]);
        let source = Source::upload(device, &data.of_rows(rows), &trainer.affine, width)?;
        Ok(Self {
            embedding: Embedding::new(device, &source, sizes, ROWS)?,
            source,
        })
    }

    /// Lets the trainer work on this part, and keeps what it worked on.
    pub(super) fn swap(&mut self, trainer: &mut Trainer<'_, D>) {
        std::mem::swap(&mut self.source, &mut trainer.source);
        std::mem::swap(&mut self.embedding, &mut trainer.embedding);
    }

    /// q (m, k) of this part's samples for the trainer's weights and the centroids (k, d).
    pub(super) async fn soft_assignment(
        &self,
        trainer: &Trainer<'_, D>,
        centroids: &[f32],
    ) -> Result<Vec<f32>> {
        let (device, encoder) = (trainer.device, trainer.autoencoder.encoder());
        self.embedding.encode(device, &self.source, encoder);
        let k = trainer.n_clusters();
        let mu = Matrix::upload(device, k, centroids.len() / k, centroids)?;
        let q: Vec<Matrix<D>> = (self.embedding.blocks.iter())
            .map(|z| Matrix::zeros(device, z.rows, k))
            .collect::<Result<_, _>>()?;
        for (z, q) in self.embedding.blocks.iter().zip(&q) {
            soft_assign(device, z, &mu, trainer.config.cluster.alpha, q);
        }
        download_all(device, &q).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_is_held_out_and_large_sets_are_sampled() {
        let split = Split::new(3, 1000);
        assert_eq!((split.trained.len(), split.held_out.len()), (900, 100));
        let mut all = [split.trained, split.held_out].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..1000));
        let split = Split::new(3, 50_000);
        assert_eq!((split.trained.len(), split.held_out.len()), (9000, 1000));
        assert_eq!([0, 1, 2, 9].map(counts), [(0, 0), (0, 1), (1, 1), (8, 1)]);
    }

    #[test]
    fn more_clusters_than_samples_to_learn_from_are_refused() {
        assert_eq!(check(10, 9), Ok(()));
        let error = check(10, 10).unwrap_err().to_string();
        assert!(error.contains("up to 10 but 9 samples"), "{error}");
    }
}
