//! Clustering: encoder and centroids follow the KL divergence from the target distribution to the soft
//! assignment (Xie et al. 2016, §3.1), with IDEC's reconstruction term if γ > 0 (Guo et al. 2017).

mod state;
mod steps;

use super::batches::Batches;
use super::first::First;
use super::guard::{Course, Guard};
use super::losses::LossWindow;
use super::target::Target;
use super::{Event, Observer, Trainer};
use crate::autoencoder::Update;
use crate::checkpoint::{Phase, Wish};
use crate::config::ClusterConfig;
use crate::device::{Device, Matrix};
use crate::error::{Error, Result};
use crate::kernels::argmax_rows::argmax_rows;
use crate::kernels::centroid_step::centroid_step;
use crate::kernels::column_sum::ColumnSum;
use crate::kernels::kl_gradient::{Embedded, Gradients, kl_gradient};
use crate::kernels::linear_forward_loss::LossForm;
use crate::kernels::soft_assign::soft_assign;
use crate::kernels::target_distribution::target_distribution;
use crate::loss::LossTerm;
use crate::optimiser::{State, Step};
use crate::random::stream;
use crate::report::StopReason;
pub use steps::ClusterSteps;

/// A mixture has taught enough when fewer labels change than this times `cluster.tolerance`.
const SETTLED: f64 = 5.0;

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
    /// How well the clusters agreed with who was near whom at the start, over time.
    pub neighbours: Course,
}

impl<D: Device> Trainer<'_, D> {
    /// Trains encoder and centroids from the first clusters until few labels change. The posterior of a mixture is the
    /// target distribution until the labels have settled, for `cluster.first-updates` update intervals at most.
    ///
    /// # Errors
    /// [`crate::Error::Numeric`] if the loss is no longer finite; the device's.
    pub async fn cluster(&mut self, first: First<D>, observe: Observer<'_>) -> Result<Clustering> {
        let underway = self.begin_clustering(first, observe).await?;
        self.cluster_on(underway, observe).await
    }

    /// Trains on from a state in [`Phase::Cluster`] or later that the trainer was resumed from.
    ///
    /// # Errors
    /// As [`Trainer::cluster`]; [`crate::checkpoint::CheckpointError`].
    ///
    /// # Panics
    /// If it was not.
    pub async fn go_on_clustering(&mut self, observe: Observer<'_>) -> Result<Clustering> {
        let state = self.resumed.take().expect("the trainer was resumed");
        assert!(state.phase >= Phase::Cluster, "{:?}", state.phase);
        if state.phase == Phase::Clustered {
            return self.clustering_of(&state);
        }
        let underway = self.underway_of(&state)?;
        self.say_clustering_begins(observe);
        self.cluster_on(underway, observe).await
    }

    fn say_clustering_begins(&self, observe: Observer<'_>) {
        observe(&Event::Begin {
            phase: "cluster",
            steps: self.config.cluster.max_steps.unwrap_or(0).into(),
        });
    }

    /// Everything before the first step.
    async fn begin_clustering(
        &mut self,
        first: First<D>,
        observe: Observer<'_>,
    ) -> Result<Underway<D>> {
        let config = self.config.cluster.clone();
        let interval = u64::from(config.update_interval.unwrap_or(1));
        let mut run = Run::new(self, first.centroids(), &config)?;
        let of_kmeans = first.kmeans.assignment.clone();
        let of_mixture = first.mixture.as_ref().map(|found| found.assignment.clone());
        if let Some(mixture) = first.mixture {
            run.teacher = Teacher::Mixture {
                until: u64::from(config.first_updates) * interval,
            };
            run.target = run.target.beginning_with(mixture.posterior);
        }
        self.reset_momentum(&mut run, &config)?;
        self.say_clustering_begins(observe);
        let update = self.refresh(&mut run, 0, observe).await?;
        let first: Vec<&[u32]> = std::iter::once(&of_kmeans)
            .chain(&of_mixture)
            .map(|found| &found[..])
            .collect();
        let guard = Guard::new(self, &first, &update.assignment, &run.centroids).await?;
        Ok(Underway {
            run,
            guard,
            step: 0,
            label_change: update.label_change,
        })
    }

    /// Steps and updates until few labels change.
    async fn cluster_on(
        &mut self,
        mut underway: Underway<D>,
        observe: Observer<'_>,
    ) -> Result<Clustering> {
        let config = self.config.cluster.clone();
        let max_steps = u64::from(config.max_steps.unwrap_or(0));
        let interval = u64::from(config.update_interval.unwrap_or(1));
        let stop_reason = loop {
            if underway.step >= max_steps {
                break StopReason::MaxSteps;
            }
            if underway.step.is_multiple_of(interval) {
                self.between_cluster_steps(&underway, observe).await?;
                if config.reset_momentum {
                    self.reset_momentum(&mut underway.run, &config)?;
                }
            }
            self.steps_to_update(&mut underway, &config, observe)
                .await?;
            let Underway {
                run, guard, step, ..
            } = &mut underway;
            let update = self.refresh(run, *step, observe).await?;
            let seen = guard.see(self, &update.assignment, &run.centroids, *step);
            let worse = seen.await?;
            underway.label_change = update.label_change;
            if update.taught {
                continue; // still on the way to the first clusters
            }
            if worse && config.roll_back {
                break StopReason::RolledBack;
            }
            if update.label_change < config.tolerance {
                break StopReason::Converged;
            }
        };
        let Underway {
            mut run,
            guard,
            step,
            label_change,
        } = underway;
        let back = self.roll_back(&mut run, &guard, observe).await?;
        let ended = Ended {
            steps: step,
            label_change,
            stop_reason: if back {
                StopReason::RolledBack
            } else {
                stop_reason
            },
            neighbours: guard.course(),
        };
        let clustering = run
            .finish(self.device, &self.embedding.blocks, ended)
            .await?;
        self.end_of_clustering(&clustering, observe).await?;
        Ok(clustering)
    }

    /// The steps up to the next update of the target distribution.
    async fn steps_to_update(
        &mut self,
        underway: &mut Underway<D>,
        config: &ClusterConfig,
        observe: Observer<'_>,
    ) -> Result<()> {
        let max_steps = u64::from(config.max_steps.unwrap_or(0));
        let interval = u64::from(config.update_interval.unwrap_or(1));
        let end = (underway.step / interval + 1)
            .saturating_mul(interval)
            .min(max_steps);
        while underway.step < end {
            self.cluster_step(&mut underway.run, config, underway.step)?;
            underway.step += 1;
            if underway.step < end {
                self.between_cluster_steps(underway, observe).await?;
            }
        }
        Ok(())
    }

    /// The state of clustering between two steps, if it is wished for.
    async fn between_cluster_steps(
        &self,
        underway: &Underway<D>,
        observe: Observer<'_>,
    ) -> Result<()> {
        let wish = self.wish();
        if wish == Wish::GoOn {
            return Ok(());
        }
        let state = self.state_of(underway).await?;
        self.tell(state, wish, observe)
    }

    /// Goes back to the best state if the last one is worse than the first, and says so; true if it does.
    async fn roll_back(
        &mut self,
        run: &mut Run<D>,
        guard: &Guard<D>,
        observe: Observer<'_>,
    ) -> Result<bool> {
        let course = guard.course();
        if !course.is_worse() {
            return Ok(false);
        }
        let back = self.config.cluster.roll_back;
        observe(&Event::Worse { course, back });
        if back {
            run.centroids = guard.way_back(self)?;
            self.encode_all();
            run.assign(self.device, &self.embedding.blocks)?;
        }
        Ok(back)
    }

    fn trained_layers(&self, config: &ClusterConfig) -> std::ops::Range<usize> {
        let depth = self.autoencoder.depth();
        0..if config.gamma > 0.0 { 2 * depth } else { depth }
    }

    fn reset_momentum(&mut self, run: &mut Run<D>, config: &ClusterConfig) -> Result<()> {
        let (device, kind) = (self.device, config.optimiser);
        self.autoencoder.reset_optimiser(device, kind)?;
        run.centroid_state = State::zeros(device, run.centroids.len(), kind)?;
        Ok(())
    }

    /// Recomputes q, p and the labels of every sample.
    async fn refresh(
        &mut self,
        run: &mut Run<D>,
        step: u64,
        observe: Observer<'_>,
    ) -> Result<Refreshed> {
        self.encode_all();
        run.assign(self.device, &self.embedding.blocks)?;
        let (assignment, changed) = run.assignment(self.device).await?;
        let label_change = f64::from(changed) / assignment.len() as f64;
        let taught = run.teacher != Teacher::Itself;
        let learning_rate = run.rate(&self.config.cluster); // of the steps until now
        run.dismiss_teacher(step, label_change, self.config.cluster.tolerance);
        if run.teacher == Teacher::Itself {
            run.update_target(self.device);
        }
        if let Some(loss) = run.losses.read(self.device, "cluster", step).await? {
            observe(&Event::Loss {
                phase: "cluster",
                step,
                loss,
                learning_rate,
            });
        }
        observe(&Event::Refresh {
            step,
            label_change,
            assignment: &assignment,
        });
        Ok(Refreshed {
            label_change,
            taught,
            assignment,
        })
    }

    /// One step: forward, gradients of the KL loss (and of γ's reconstruction), update.
    fn cluster_step(&mut self, run: &mut Run<D>, config: &ClusterConfig, step: u64) -> Result<()> {
        let (device, depth) = (self.device, self.autoencoder.depth());
        run.batches.load(device, step)?;
        let (order, rows) = run.batches.of_step(step);
        self.tape.rows = rows;
        let number = step as u32;
        let batch = self.tape.input(0);
        self.augment
            .gather_for_clustering(device, &self.source, order, number, &batch);

        self.autoencoder.forward(device, 0..depth, &self.tape);
        if config.gamma > 0.0 {
            self.reconstruct(run, &batch);
        }
        let (z, dz) = (self.tape.output(depth - 1), self.tape.grad(depth - 1));
        let slot = run.losses.next(rows);
        run.kl_gradients(device, [&z, &dz], step, config.gamma, slot);
        self.autoencoder.backward(device, 0..depth, &self.tape);

        let (rate, momentum) = (run.rate(config), config.momentum);
        let update = Step::new(config.optimiser, rate, momentum, number);
        self.autoencoder
            .update(device, &run.updates, rows, (update, 1.0));
        let coefficient = run.coefficient.first_rows(rows);
        let (mu, state) = (&run.centroids, &run.centroid_state);
        centroid_step(device, &coefficient, &z, update, mu, state);
        Ok(())
    }

    /// IDEC's reconstruction: the decoder forward, its loss, and backward down to the gradient of z.
    fn reconstruct(&self, run: &Run<D>, batch: &Matrix<D>) {
        let (device, tape) = (self.device, &self.tape);
        let (depth, last) = (self.autoencoder.depth(), self.autoencoder.layers.len() - 1);
        self.autoencoder.forward(device, depth..last, tape);
        let (x, dy) = (tape.input(last), tape.grad(last));
        let term = LossTerm::mean_squared_error(batch.len());
        self.autoencoder.layers[last].forward_loss(
            device,
            run.loss_form,
            [&x, batch],
            term,
            &dy,
            &run.reconstruction,
        );
        self.autoencoder.backward(device, depth..last + 1, tape);
    }
}

/// What an update of the target distribution found.
struct Refreshed {
    /// Share of labels that changed.
    label_change: f64,
    /// Whether the steps before it followed a mixture.
    taught: bool,
    /// Every sample's cluster (n).
    assignment: Vec<u32>,
}

/// How a clustering ended.
struct Ended {
    steps: u64,
    label_change: f64,
    stop_reason: StopReason,
    neighbours: Course,
}

/// A clustering between two steps.
struct Underway<D: Device> {
    run: Run<D>,
    guard: Guard<D>,
    /// Steps done.
    step: u64,
    /// Share of labels that changed at the last update.
    label_change: f64,
}

/// What the steps of a clustering read and write.
struct Run<D: Device> {
    /// mu (k, d), and what the optimiser remembers of it.
    centroids: Matrix<D>,
    centroid_state: State<D>,
    updates: Vec<Update<D>>,
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
    loss_form: LossForm,
    /// The KL loss's coefficients of the batch (b, k).
    coefficient: Matrix<D>,
    alpha: f32,
    balance: f32,
    teacher: Teacher,
}

/// Who makes the target distribution.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Teacher {
    /// The mixture of the first clusters: p is its posterior.
    Mixture {
        /// The step from which it does not teach in any case.
        until: u64,
    },
    /// The soft assignment (eq. 3).
    Itself,
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
        let (autoencoder, tape) = (&trainer.autoencoder, &trainer.tape);
        let loss_form = autoencoder.loss_form(device, autoencoder.layers.len() - 1, tape);
        let partials = loss_form.partials(rows, trainer.source.input_dim());
        Ok(Self {
            centroids: Matrix::upload(device, k, trainer.config.network.embedding_dim, centroids)?,
            centroid_state: State::zeros(device, centroids.len(), config.optimiser)?,
            updates: autoencoder.updates(device, trainer.trained_layers(config), tape)?,
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
        })
    }

    /// q and labels of every sample (eq. 1).
    fn assign(&mut self, device: &D, z: &[Matrix<D>]) -> Result<()> {
        self.changes = Matrix::zeros(device, 1, 1)?;
        for ((z, q), [label, confidence]) in z.iter().zip(&self.target.q).zip(&self.labels) {
            soft_assign(device, z, &self.centroids, self.alpha, q);
            argmax_rows(device, q, label, confidence, &self.changes, 0);
        }
        Ok(())
    }

    /// f over all samples, and p from the present q (eq. 3).
    fn update_target(&self, device: &D) {
        let target = &self.target;
        self.frequency
            .run(device, &target.q, 1.0, &self.cluster_frequency, 0);
        for (q, p) in target.q.iter().zip(&target.p) {
            target_distribution(device, q, &self.cluster_frequency, self.balance, p);
        }
    }

    /// The learning rate of the steps until the next update.
    fn rate(&self, config: &ClusterConfig) -> f32 {
        match self.teacher {
            Teacher::Mixture { .. } => config.first_learning_rate,
            Teacher::Itself => config.learning_rate,
        }
    }

    /// Lets the network go on by itself once its labels have settled, or the time is up.
    fn dismiss_teacher(&mut self, step: u64, label_change: f64, tolerance: f64) {
        if let Teacher::Mixture { until } = self.teacher {
            let settled = step > 0 && label_change < SETTLED * tolerance;
            if settled || step >= until {
                self.teacher = Teacher::Itself;
            }
        }
    }

    /// The gradient of γ·KL to z of a step's batch, added to what the decoder sent, and its coefficients; γ = 0 is
    /// plain DEC.
    fn kl_gradients(
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
    async fn assignment(&self, device: &D) -> Result<(Vec<u32>, u32)> {
        let mut assignment = Vec::new();
        for [label, _] in &self.labels {
            assignment.extend(device.download(&label.buffer).await?);
        }
        let changed = device.download(&self.changes.buffer).await?[0];
        Ok((assignment, changed))
    }

    async fn finish(self, device: &D, z: &[Matrix<D>], ended: Ended) -> Result<Clustering> {
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

/// Reads blocks back as one matrix.
pub(crate) async fn download_all<D: Device>(device: &D, blocks: &[Matrix<D>]) -> Result<Vec<f32>> {
    let mut values = Vec::new();
    for block in blocks {
        values.extend(block.download(device).await?);
    }
    Ok(values)
}
