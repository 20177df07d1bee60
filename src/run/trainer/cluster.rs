//! Clustering: encoder and centroids follow the KL divergence from the target distribution to the soft
//! assignment (Xie et al. 2016, §3.1), with IDEC's reconstruction term if γ > 0 (Guo et al. 2017).

mod run;
mod state;
mod steps;

use super::first::First;
use super::guard::{Course, Guard};
use super::{Event, Tell, Trainer};
use crate::checkpoint::{Phase, Wish};
use crate::config::{ClusterConfig, Decided};
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::loss::LossTerm;
use crate::optimiser::{State, Step};
use crate::run::record::StopReason;
use run::{Run, Teacher};
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
    pub async fn cluster(&mut self, first: First<D>, observe: Tell<'_>) -> Result<Clustering> {
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
    pub async fn go_on_clustering(&mut self, observe: Tell<'_>) -> Result<Clustering> {
        let state = self.resumed.take().expect("the trainer was resumed");
        assert!(state.phase >= Phase::Cluster, "{:?}", state.phase);
        if state.phase == Phase::Clustered {
            return self.clustering_of(&state);
        }
        let underway = self.underway_of(&state)?;
        self.say_clustering_begins(observe);
        self.cluster_on(underway, observe).await
    }

    fn say_clustering_begins(&self, observe: Tell<'_>) {
        observe(&Event::Begin {
            phase: "cluster",
            steps: schedule(&self.config.cluster).1,
        });
    }

    /// Everything before the first step.
    async fn begin_clustering(
        &mut self,
        first: First<D>,
        observe: Tell<'_>,
    ) -> Result<Underway<D>> {
        let config = self.cluster_config();
        let (interval, _) = schedule(&config);
        let mut run = Run::new(self, first.centroids(), &config)?;
        let of_kmeans = first.kmeans.assignment.clone();
        let of_mixture = first.mixture.as_ref().map(|found| found.assignment.clone());
        let of_graph = first.graph.as_ref().map(|found| found.assignment.clone());
        run.ends_taught = first.graph.as_ref().is_some_and(|found| found.is_final);
        let posterior = match (first.graph, first.mixture) {
            (Some(graph), _) => Some(graph.target),
            (None, mixture) => mixture.map(|mixture| mixture.posterior),
        };
        if let Some(posterior) = posterior {
            run.teacher = Teacher::First {
                until: u64::from(config.first_updates) * interval,
            };
            run.target = run.target.beginning_with(posterior);
        }
        self.reset_momentum(&mut run, &config)?;
        self.say_clustering_begins(observe);
        let update = self.refresh(&mut run, 0, observe).await?;
        let first: Vec<&[u32]> = match &of_graph {
            Some(graph) => vec![graph],
            None => std::iter::once(&of_kmeans)
                .chain(&of_mixture)
                .map(|found| &found[..])
                .collect(),
        };
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
        observe: Tell<'_>,
    ) -> Result<Clustering> {
        let config = self.cluster_config();
        let (interval, max_steps) = schedule(&config);
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
                if underway.run.ends_taught && underway.run.teacher == Teacher::Itself {
                    break StopReason::Converged;
                }
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
        config: &ClusterConfig<Decided>,
        observe: Tell<'_>,
    ) -> Result<()> {
        let (interval, max_steps) = schedule(config);
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
    async fn between_cluster_steps(&self, underway: &Underway<D>, observe: Tell<'_>) -> Result<()> {
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
        observe: Tell<'_>,
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

    fn trained_layers(&self, config: &ClusterConfig<Decided>) -> std::ops::Range<usize> {
        let plan = self.autoencoder.plan();
        0..match config.gamma > 0.0 {
            true => plan.kinds().len(),
            false => plan.depth(),
        }
    }

    fn reset_momentum(&mut self, run: &mut Run<D>, config: &ClusterConfig<Decided>) -> Result<()> {
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
        observe: Tell<'_>,
    ) -> Result<Refreshed> {
        self.encode_all();
        run.assign(self.device, &self.embedding.blocks)?;
        let (assignment, changed) = run.assignment(self.device).await?;
        let label_change = f64::from(changed) / assignment.len() as f64;
        let taught = run.teacher != Teacher::Itself;
        let learning_rate = run.rate(&self.cluster_config()); // of the steps until now
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
    fn cluster_step(
        &mut self,
        run: &mut Run<D>,
        config: &ClusterConfig<Decided>,
        step: u64,
    ) -> Result<()> {
        let (device, depth) = (self.device, self.autoencoder.depth());
        run.batches.load(device, step)?;
        let (order, rows) = run.batches.of_step(step);
        self.tape.rows = rows;
        let (number, head) = (step as u32, self.autoencoder.plan().head());
        let batch = self.tape.input(head);
        self.fill(&batch, |rows| {
            (self.augment).gather_for_clustering(device, &self.source, order, number, rows);
        });

        self.autoencoder.forward(device, head..depth, &self.tape);
        if config.gamma > 0.0 {
            self.reconstruct(run, &batch);
        }
        let (z, dz) = (self.tape.output(depth - 1), self.tape.grad(depth - 1));
        let slot = run.losses.next(rows);
        run.kl_gradients(device, [&z, &dz], step, config.gamma, slot);
        self.autoencoder.backward(device, 0..depth, &self.tape);

        let (rate, momentum) = (run.rate(config), config.momentum);
        let update = Step::new(config.optimiser, rate, momentum, number);
        let centroids = Stepped {
            coefficient: &run.coefficient.first_rows(rows),
            z: &z,
            mu: &run.centroids,
            state: &run.centroid_state,
        };
        self.step_all(&run.updates, &centroids, update, run.clipped.as_ref());
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

/// Steps from one update of the target distribution to the next, and all of them at most.
fn schedule(config: &ClusterConfig<Decided>) -> (u64, u64) {
    (config.update_interval.into(), config.max_steps.into())
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

/// What a step on the centroids reads and writes.
pub(super) struct Stepped<'a, D: Device> {
    /// Of the KL loss's gradient (b, k).
    pub(super) coefficient: &'a Matrix<D>,
    /// z (b, d).
    pub(super) z: &'a Matrix<D>,
    /// mu (k, d), and what the optimiser remembers of it.
    pub(super) mu: &'a Matrix<D>,
    pub(super) state: &'a State<D>,
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

/// Reads blocks back as one matrix.
pub(crate) async fn download_all<D: Device>(device: &D, blocks: &[Matrix<D>]) -> Result<Vec<f32>> {
    let mut values = Vec::new();
    for block in blocks {
        values.extend(block.download(device).await?);
    }
    Ok(values)
}
