//! What the steps of a clustering read and write, and the kernels they run.

use super::super::Trainer;
use super::super::batches::Batches;
use super::super::clipped::Clipped;
use super::super::losses::LossWindow;
use super::super::target::Target;
use super::{Clustering, Ended, SETTLED, download_all};
use crate::config::{ClusterConfig, Decided};
use crate::device::{Device, Matrix};
use crate::error::{Error, Result};
use crate::kernels::argmax_rows::argmax_rows;
use crate::kernels::column_sum::ColumnSum;
use crate::kernels::kl_gradient::{Embedded, Gradients, kl_gradient};
use crate::kernels::linear_forward_loss::LossForm;
use crate::kernels::soft_assign::soft_assign;
use crate::kernels::target_distribution::target_distribution;
use crate::loss::LossTerm;
use crate::net::Update;
use crate::optimiser::State;
use crate::random::stream;

/// What the steps of a clustering read and write.
pub(super) struct Run<D: Device> {
    /// mu (k, d), and what the optimiser remembers of it.
    pub(super) centroids: Matrix<D>,
    pub(super) centroid_state: State<D>,
    pub(super) updates: Vec<Update<D>>,
    /// If gradients are clipped.
    pub(super) clipped: Option<Clipped<D>>,
    pub(super) batches: Batches<D>,
    pub(super) target: Target<D>,
    pub(super) frequency: ColumnSum<D>,
    /// f (1, k).
    pub(super) cluster_frequency: Matrix<D>,
    /// For each block of the data: labels (rows, 1; u32) and confidence (rows, 1).
    pub(super) labels: Vec<[Matrix<D>; 2]>,
    /// Labels that changed at the last update (1, 1; u32).
    pub(super) changes: Matrix<D>,
    pub(super) losses: LossWindow<D>,
    /// Terms of the reconstruction loss, which is not reported.
    pub(super) reconstruction: Matrix<D>,
    pub(super) loss_form: LossForm,
    /// The KL loss's coefficients of the batch (b, k).
    pub(super) coefficient: Matrix<D>,
    pub(super) alpha: f32,
    pub(super) balance: f32,
    pub(super) teacher: Teacher,
    /// Whether clustering ends when the teacher is dismissed.
    pub(super) ends_taught: bool,
}

/// Who makes the target distribution.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Teacher {
    /// The first clusters: p is the posterior of a mixture, or what the graph of neighbours says.
    First {
        /// The step from which it does not teach in any case.
        until: u64,
    },
    /// The soft assignment (eq. 3).
    Itself,
}

impl<D: Device> Run<D> {
    pub(super) fn new(
        trainer: &Trainer<'_, D>,
        centroids: &[f32],
        config: &ClusterConfig<Decided>,
    ) -> Result<Self> {
        let (device, k) = (trainer.device, trainer.n_clusters());
        let (n, rows) = (trainer.source.n_samples(), trainer.tape.rows_capacity());
        let block_rows = trainer.source.block_rows();
        let label_pair = |rows: &usize| {
            Ok([
                Matrix::zeros(device, *rows, 1)?,
                Matrix::zeros(device, *rows, 1)?,
            ])
        };
        let interval = config.update_interval as usize;
        let (seed, stream) = (trainer.config.seed, stream::CLUSTER_ORDER);
        let (autoencoder, tape) = (&trainer.autoencoder, &trainer.tape);
        let loss_form = autoencoder.loss_form(device, autoencoder.layers.len() - 1, tape);
        let partials = loss_form.partials(rows, trainer.source.input_dim());
        Ok(Self {
            centroids: Matrix::upload(device, k, trainer.config.network.embedding_dim, centroids)?,
            centroid_state: State::zeros(device, centroids.len(), config.optimiser)?,
            updates: autoencoder.updates(device, trainer.trained_layers(config), tape)?,
            clipped: Clipped::new(trainer, config.clip_norm, Some([k, centroids.len() / k]))?,
            batches: Batches::new(n, config.batch_size, seed, stream, config.shuffle),
            target: Target::new(device, &block_rows, k, rows)?,
            frequency: ColumnSum::new(device, &block_rows, k)?,
            cluster_frequency: Matrix::zeros(device, 1, k)?,
            labels: block_rows.iter().map(label_pair).collect::<Result<_>>()?,
            changes: Matrix::zeros(device, 1, 1)?,
            losses: LossWindow::new(device, interval, rows)?,
            reconstruction: Matrix::zeros(device, partials, 1)?,
            loss_form,
            coefficient: Matrix::zeros(device, rows, k)?,
            alpha: config.alpha,
            balance: config.balance,
            teacher: Teacher::Itself,
            ends_taught: false,
        })
    }

    /// q and labels of every sample (eq. 1).
    pub(super) fn assign(&mut self, device: &D, z: &[Matrix<D>]) -> Result<()> {
        self.changes = Matrix::zeros(device, 1, 1)?;
        for ((z, q), [label, confidence]) in z.iter().zip(&self.target.q).zip(&self.labels) {
            soft_assign(device, z, &self.centroids, self.alpha, q);
            argmax_rows(device, q, label, confidence, &self.changes, 0);
        }
        Ok(())
    }

    /// f over all samples, and p from the present q (eq. 3).
    pub(super) fn update_target(&self, device: &D) {
        let target = &self.target;
        self.frequency
            .run(device, &target.q, 1.0, &self.cluster_frequency, 0);
        for (q, p) in target.q.iter().zip(&target.p) {
            target_distribution(device, q, &self.cluster_frequency, self.balance, p);
        }
    }

    /// The learning rate of the steps until the next update.
    pub(super) fn rate(&self, config: &ClusterConfig<Decided>) -> f32 {
        match self.teacher {
            Teacher::First { .. } => config.first_learning_rate,
            Teacher::Itself => config.learning_rate,
        }
    }

    /// Lets the network go on by itself once its labels have settled, or the time is up.
    pub(super) fn dismiss_teacher(&mut self, step: u64, label_change: f64, tolerance: f64) {
        if let Teacher::First { until } = self.teacher {
            let settled = step > 0 && label_change < SETTLED * tolerance;
            if settled || step >= until {
                self.teacher = Teacher::Itself;
            }
        }
    }

    /// The gradient of γ·KL to z of a step's batch, added to what the decoder sent, and its coefficients; γ = 0 is
    /// plain DEC.
    pub(super) fn kl_gradients(
        &self,
        device: &D,
        [z, dz]: [&Matrix<D>; 2],
        step: u64,
        gamma: f32,
        slot: usize,
    ) {
        let (order, rows) = self.batches.of_step(step);
        let (p, order) = self.target.of_batch(device, order, rows);
        let (weight, accumulate) = if gamma > 0.0 {
            (gamma, true)
        } else {
            (1.0, false)
        };
        let embedded = Embedded {
            z,
            mu: &self.centroids,
            alpha: self.alpha,
            p: &p,
            order,
        };
        let to = Gradients {
            coefficient: &self.coefficient.first_rows(rows),
            dz,
            accumulate,
            loss: &self.losses.partials,
        };
        let term = LossTerm::mean(rows).weighted(weight).at(slot);
        kl_gradient(device, &embedded, term, &to);
    }

    /// Every sample's label, and how many changed at the last update.
    pub(super) async fn assignment(&self, device: &D) -> Result<(Vec<u32>, u32)> {
        let mut assignment = Vec::new();
        for [label, _] in &self.labels {
            assignment.extend(device.download(&label.buffer).await?);
        }
        let changed = device.download(&self.changes.buffer).await?[0];
        Ok((assignment, changed))
    }

    pub(super) async fn finish(
        self,
        device: &D,
        z: &[Matrix<D>],
        ended: Ended,
    ) -> Result<Clustering> {
        let (assignment, _) = self.assignment(device).await?;
        let confidence: Vec<Matrix<D>> = self.labels.iter().map(|[_, c]| c.clone()).collect();
        let centroids = self.centroids.download(device).await?;
        if !centroids.iter().all(|value| value.is_finite()) {
            return Err(Error::Numeric {
                phase: "cluster",
                step: ended.steps,
                tensor: "centroids",
            });
        }
        Ok(Clustering {
            assignment,
            confidence: download_all(device, &confidence).await?,
            soft_assignment: download_all(device, &self.target.q).await?,
            embedding: download_all(device, z).await?,
            centroids,
            steps: ended.steps,
            label_change: ended.label_change,
            stop_reason: ended.stop_reason,
            neighbours: ended.neighbours,
        })
    }
}
