//! Clustering: encoder and centroids follow the KL divergence from the target distribution to the soft
//! assignment (Xie et al. 2016, §3.1), with IDEC's reconstruction term if γ > 0 (Guo et al. 2017).

mod steps;

use super::batches::Batches;
use super::losses::LossWindow;
use super::target::Target;
use super::{Event, Observer, Trainer};
use crate::config::ClusterConfig;
use crate::device::{Device, Matrix};
use crate::error::{Error, Result};
use crate::kernels::argmax_rows::argmax_rows;
use crate::kernels::column_sum::ColumnSum;
use crate::kernels::kl_coefficient::{Assigned, kl_coefficient};
use crate::kernels::kl_gradient_centroid::kl_gradient_centroid;
use crate::kernels::kl_gradient_embedding::kl_gradient_embedding;
use crate::kernels::mse_loss::{LossTerm, mse_loss, partials};
use crate::kernels::soft_assign::soft_assign;
use crate::kernels::target_distribution::target_distribution;
use crate::optimiser::{Parameter, Step};
use crate::random::stream;
use crate::report::StopReason;
pub use steps::ClusterSteps;

/// What clustering found.
#[derive(Clone, Debug)]
pub struct Clustering {
    /// Each sample's cluster (n).
    pub assignment: Vec<u32>,
    /// Each sample's largest soft assignment (n).
    pub confidence: Vec<f32>,
    /// q (n, k).
    pub soft_assignment: Vec<f32>,
    /// z (n, d).
    pub embedding: Vec<f32>,
    /// mu (k, d).
    pub centroids: Vec<f32>,
    /// Steps taken.
    pub steps: u64,
    /// Share of labels that changed at the last update.
    pub label_change: f64,
    /// Why it ended.
    pub stop_reason: StopReason,
}

impl<D: Device> Trainer<'_, D> {
    /// Trains encoder and centroids from the first centroids (k, d) until few labels change.
    ///
    /// # Errors
    /// [`crate::Error::Numeric`] if the loss is no longer finite; the device's.
    pub async fn cluster(
        &mut self,
        centroids: &[f32],
        observe: Observer<'_>,
    ) -> Result<Clustering> {
        let config = self.config.cluster.clone();
        let max_steps = u64::from(config.max_steps.unwrap_or(0));
        let interval = u64::from(config.update_interval.unwrap_or(1));
        let mut run = Run::new(self, centroids, &config)?;
        self.reset_momentum(&mut run, &config)?;
        observe(&Event::Begin {
            phase: "cluster",
            steps: max_steps,
        });
        let mut step = 0;
        let (label_change, stop_reason) = loop {
            let label_change = self.refresh(&mut run, step, observe).await?;
            // At step 0 nothing was trained yet, so nothing can have settled.
            if step > 0 && label_change < config.tolerance {
                break (label_change, StopReason::Converged);
            }
            if step >= max_steps {
                break (label_change, StopReason::MaxSteps);
            }
            if config.reset_momentum {
                self.reset_momentum(&mut run, &config)?;
            }
            for _ in 0..interval.min(max_steps - step) {
                self.cluster_step(&mut run, &config, step)?;
                step += 1;
            }
        };
        run.finish(
            self.device,
            &self.embedding.blocks,
            step,
            label_change,
            stop_reason,
        )
        .await
    }

    fn trained_layers(&self, config: &ClusterConfig) -> std::ops::Range<usize> {
        let depth = self.autoencoder.depth();
        0..if config.gamma > 0.0 { 2 * depth } else { depth }
    }

    fn reset_momentum(&mut self, run: &mut Run<D>, config: &ClusterConfig) -> Result<()> {
        let layers = self.trained_layers(config);
        self.autoencoder
            .reset_optimiser(self.device, layers, config.optimiser)?;
        run.centroids.reset(self.device, config.optimiser)
    }

    /// Recomputes q, p and the labels of every sample; returns the share of labels that changed.
    async fn refresh(&mut self, run: &mut Run<D>, step: u64, observe: Observer<'_>) -> Result<f64> {
        self.encode_all();
        run.update_target(self.device, &self.embedding.blocks)?;
        let (assignment, changed) = run.assignment(self.device).await?;
        let label_change = f64::from(changed) / assignment.len() as f64;
        if let Some(loss) = run.losses.read(self.device, "cluster", step).await? {
            observe(&Event::Loss {
                phase: "cluster",
                step,
                loss,
                learning_rate: self.config.cluster.learning_rate,
            });
        }
        observe(&Event::Refresh {
            step,
            label_change,
            assignment: &assignment,
        });
        Ok(label_change)
    }

    /// One step: forward, q of the batch, gradients of the KL loss (and of γ's reconstruction), update.
    fn cluster_step(&mut self, run: &mut Run<D>, config: &ClusterConfig, step: u64) -> Result<()> {
        let device = self.device;
        let depth = self.autoencoder.depth();
        let layers = self.trained_layers(config);
        let batch = self.gather_batch(run, step)?;
        let batch = self.augment.clustering(device, batch, step as u32);
        let update = Step::new(
            config.optimiser,
            config.learning_rate,
            config.momentum,
            step as u32,
        );
        self.autoencoder.forward(device, layers, &batch, &self.tape);
        let (z, dz) = (self.tape.output(depth - 1), self.tape.grad(depth - 1));
        if config.gamma > 0.0 {
            self.decoder_step(run, &batch, update);
        }
        run.kl_gradients(device, &z, config.gamma, &dz);
        self.autoencoder
            .backward_and_update(device, 0..depth, &batch, &self.tape, update, 1.0);
        run.centroids.update(device, update, 1.0);
        Ok(())
    }

    /// Gathers the step's inputs and their rows of p.
    fn gather_batch(&mut self, run: &mut Run<D>, step: u64) -> Result<Matrix<D>> {
        let (order, rows) = run.batches.load(self.device, step)?;
        let batch = self.batch.first_rows(rows);
        self.source.gather(self.device, order, &batch);
        run.target.gather(self.device, order, rows);
        self.tape.rows = rows;
        Ok(batch)
    }

    /// IDEC's reconstruction: loss, backward through the decoder down to z, update of the decoder.
    fn decoder_step(&self, run: &Run<D>, batch: &Matrix<D>, update: Step) {
        let (device, depth) = (self.device, self.autoencoder.depth());
        let last = 2 * depth - 1;
        let term = LossTerm::mean_squared_error(batch.len());
        mse_loss(
            device,
            &self.tape.output(last),
            batch,
            term,
            false,
            &self.tape.grad(last),
            &run.reconstruction,
        );
        self.autoencoder.backward_and_update(
            device,
            depth..2 * depth,
            batch,
            &self.tape,
            update,
            1.0,
        );
    }
}

/// The state of one clustering.
struct Run<D: Device> {
    centroids: Parameter<D>,
    batches: Batches<D>,
    target: Target<D>,
    frequency: ColumnSum<D>,
    /// f (1, k).
    cluster_frequency: Matrix<D>,
    /// For each block of the data: labels (rows, 1; u32) and confidence (rows, 1).
    labels: Vec<[Matrix<D>; 2]>,
    /// Labels that changed at the last update (1, 1; u32).
    changes: Matrix<D>,
    losses: LossWindow<D>,
    /// Terms of the reconstruction loss, which is not reported.
    reconstruction: Matrix<D>,
    /// q and the KL loss's coefficients of the batch (b, k).
    batch_q: Matrix<D>,
    coefficient: Matrix<D>,
    alpha: f32,
}

impl<D: Device> Run<D> {
    fn new(trainer: &Trainer<'_, D>, centroids: &[f32], config: &ClusterConfig) -> Result<Self> {
        let (device, k) = (trainer.device, trainer.n_clusters());
        let (n, rows) = (trainer.source.n_samples(), trainer.tape.rows_capacity());
        let block_rows = trainer.source.block_rows();
        let label_pair = |rows: &usize| {
            Ok([
                Matrix::zeros(device, *rows, 1)?,
                Matrix::zeros(device, *rows, 1)?,
            ])
        };
        let interval = config.update_interval.unwrap_or(1) as usize;
        let (seed, stream) = (trainer.config.seed, stream::CLUSTER_ORDER);
        Ok(Self {
            centroids: Parameter::new(device, k, trainer.config.network.embedding_dim, centroids)?,
            batches: Batches::new(n, config.batch_size, seed, stream, config.shuffle),
            target: Target::new(device, &block_rows, k, rows)?,
            frequency: ColumnSum::new(device, &block_rows, k)?,
            cluster_frequency: Matrix::zeros(device, 1, k)?,
            labels: block_rows.iter().map(label_pair).collect::<Result<_>>()?,
            changes: Matrix::zeros(device, 1, 1)?,
            losses: LossWindow::new(device, interval, rows)?,
            reconstruction: Matrix::zeros(device, partials(rows * trainer.source.input_dim()), 1)?,
            batch_q: Matrix::zeros(device, rows, k)?,
            coefficient: Matrix::zeros(device, rows, k)?,
            alpha: config.alpha,
        })
    }

    /// q and labels of every sample, f over all of them, p (eqs. 1 and 3).
    fn update_target(&mut self, device: &D, z: &[Matrix<D>]) -> Result<()> {
        self.changes = Matrix::zeros(device, 1, 1)?;
        let target = &self.target;
        for ((z, q), [label, confidence]) in z.iter().zip(&target.q).zip(&self.labels) {
            soft_assign(device, z, &self.centroids.value, self.alpha, q);
            argmax_rows(device, q, label, confidence, &self.changes, 0);
        }
        self.frequency
            .run(device, &target.q, 1.0, &self.cluster_frequency, 0);
        for (q, p) in target.q.iter().zip(&target.p) {
            target_distribution(device, q, &self.cluster_frequency, p);
        }
        Ok(())
    }

    /// The gradients of γ·KL to z and mu; to z it is added to what the decoder sent. γ = 0 is plain DEC.
    fn kl_gradients(&mut self, device: &D, z: &Matrix<D>, gamma: f32, dz: &Matrix<D>) {
        let mu = &self.centroids.value;
        let q = self.batch_q.first_rows(z.rows);
        let coefficient = self.coefficient.first_rows(z.rows);
        soft_assign(device, z, mu, self.alpha, &q);
        let (weight, accumulate) = if gamma > 0.0 {
            (gamma, true)
        } else {
            (1.0, false)
        };
        let term = LossTerm::mean(z.rows)
            .weighted(weight)
            .at(self.losses.next(z.rows));
        let batch = Assigned {
            z,
            mu,
            q: &q,
            p: &self.target.batch.first_rows(z.rows),
            alpha: self.alpha,
        };
        kl_coefficient(device, &batch, term, &coefficient, &self.losses.partials);
        kl_gradient_embedding(device, &coefficient, z, mu, accumulate, dz);
        kl_gradient_centroid(device, &coefficient, z, mu, &self.centroids.grad);
    }

    /// Every sample's label, and how many changed at the last update.
    async fn assignment(&self, device: &D) -> Result<(Vec<u32>, u32)> {
        let mut assignment = Vec::new();
        for [label, _] in &self.labels {
            assignment.extend(device.download(&label.buffer).await?);
        }
        let changed = device.download(&self.changes.buffer).await?[0];
        Ok((assignment, changed))
    }

    async fn finish(
        self,
        device: &D,
        z: &[Matrix<D>],
        steps: u64,
        label_change: f64,
        stop_reason: StopReason,
    ) -> Result<Clustering> {
        let (assignment, _) = self.assignment(device).await?;
        let confidence: Vec<Matrix<D>> = self.labels.iter().map(|[_, c]| c.clone()).collect();
        let centroids = self.centroids.value.download(device).await?;
        if !centroids.iter().all(|value| value.is_finite()) {
            return Err(Error::Numeric {
                phase: "cluster",
                step: steps,
                tensor: "centroids",
            });
        }
        Ok(Clustering {
            assignment,
            confidence: download_all(device, &confidence).await?,
            soft_assignment: download_all(device, &self.target.q).await?,
            embedding: download_all(device, z).await?,
            centroids,
            steps,
            label_change,
            stop_reason,
        })
    }
}

/// Reads blocks back as one matrix.
pub(crate) async fn download_all<D: Device>(device: &D, blocks: &[Matrix<D>]) -> Result<Vec<f32>> {
    let mut values = Vec::new();
    for block in blocks {
        values.extend(block.download(device).await?);
    }
    Ok(values)
}
