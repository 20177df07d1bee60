//! Clustering one part at a time, for benchmarks: the same step and refresh, run by the caller.

use super::{Run, Trainer};
use crate::config::{ClusterConfig, Decided};
use crate::device::{Device, Matrix};
use crate::error::Result;

/// Clustering that waits between its parts.
pub struct ClusterSteps<'t, 'a, D: Device> {
    trainer: &'t mut Trainer<'a, D>,
    run: Run<D>,
    config: ClusterConfig<Decided>,
    step: u64,
}

impl<'a, D: Device> Trainer<'a, D> {
    /// Begins clustering from the first centroids (k, d) with the target distribution of an embedding (n, d),
    /// which need not be that of the samples: a refresh replaces it.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn cluster_steps(
        &mut self,
        centroids: &[f32],
        embedding: &[f32],
    ) -> Result<ClusterSteps<'_, 'a, D>> {
        let (config, d) = (self.cluster_config(), self.config.network.embedding_dim);
        let mut run = Run::new(self, centroids, &config)?;
        self.reset_momentum(&mut run, &config)?;
        let mut rest = embedding;
        let mut next = |rows: usize| {
            let (block, others) = rest.split_at(rows * d);
            rest = others;
            Matrix::upload(self.device, rows, d, block)
        };
        let blocks = self.source.block_rows().into_iter();
        let z: Vec<Matrix<D>> = blocks.map(&mut next).collect::<Result<_, _>>()?;
        run.assign(self.device, &z)?;
        run.update_target(self.device);
        Ok(ClusterSteps {
            trainer: self,
            run,
            config,
            step: 0,
        })
    }
}

impl<D: Device> ClusterSteps<'_, '_, D> {
    /// The next step. The losses are read once per update interval, as in training.
    ///
    /// # Errors
    /// [`crate::Error::Numeric`] if the losses are read and one is no longer finite; the device's.
    pub async fn step(&mut self) -> Result<()> {
        if self.run.losses.is_full() {
            let device = self.trainer.device;
            self.run.losses.read(device, "cluster", self.step).await?;
        }
        self.trainer
            .cluster_step(&mut self.run, &self.config, self.step)?;
        self.step += 1;
        Ok(())
    }

    /// Embeds every sample and recomputes q, p and the labels; returns the share of labels that changed.
    ///
    /// # Errors
    /// As [`ClusterSteps::step`].
    pub async fn refresh(&mut self) -> Result<f64> {
        self.trainer
            .refresh(&mut self.run, self.step, &mut |_| {})
            .await
            .map(|update| update.label_change)
    }
}
