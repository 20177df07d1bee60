//! A clustering to and from a [`State`].

use super::super::guard::{Course, Guard};
use super::super::{Tell, Trainer};
use super::{Clustering, Run, Teacher, Underway, schedule};
use crate::checkpoint::{CheckpointError, Phase, State, check_index};
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::optimiser;
use crate::run::record::StopReason;

/// The step until which a mixture teaches; of no mixture there is none.
const TEACHER: &str = "teacher.until";
/// Whether clustering ends with the teacher, 1 or 0.
const ENDS_TAUGHT: &str = "teacher.ends";

impl<D: Device> Trainer<'_, D> {
    /// All that the next step needs.
    pub(super) async fn state_of(&self, underway: &Underway<D>) -> Result<State> {
        let (device, run) = (self.device, &underway.run);
        let mut state = self.state(Phase::Cluster, underway.step);
        state.put_number("label_change", underway.label_change);
        if let Teacher::First { until } = run.teacher {
            state.put_number(TEACHER, until as f64);
            state.put_number(ENDS_TAUGHT, u8::from(run.ends_taught).into());
        }
        self.autoencoder.put_into(device, &mut state, true).await?;
        let memory = &run.centroid_state;
        let second = memory.has_second().then_some(&memory.v);
        for (name, buffer) in [
            ("centroids", Some(&run.centroids.buffer)),
            ("centroids.first_moment", Some(&memory.m)),
            ("centroids.second_moment", second),
        ] {
            let Some(buffer) = buffer else { continue };
            state.put_buffer(device, name, buffer).await?;
        }
        state
            .put_blocks(device, "target", run.target.p.iter())
            .await?;
        let labels = run.labels.iter().map(|[label, _]| label);
        state.put_blocks(device, "assignment", labels).await?;
        run.losses.put_into(device, &mut state).await?;
        underway.guard.put_into(device, &mut state).await?;
        Ok(state)
    }

    /// The clustering that [`Trainer::state_of`] has told.
    pub(super) fn underway_of(&mut self, state: &State) -> Result<Underway<D>> {
        let (device, config) = (self.device, self.cluster_config());
        let (k, d) = (self.n_clusters(), self.config.network.embedding_dim);
        self.take_parameters(state, Some(config.optimiser))?;
        let mut run = Run::new(self, &state.floats_of("centroids", k * d)?, &config)?;
        let names = ["centroids.first_moment", "centroids.second_moment"];
        run.centroid_state =
            optimiser::State::of_words(device, state, names, k * d, config.optimiser)?;
        if state.text(TEACHER).is_ok() {
            let until = state.number(TEACHER)? as u64;
            run.teacher = Teacher::First { until };
            run.ends_taught = state.number(ENDS_TAUGHT)? > 0.0;
        }
        let n = self.source.n_samples();
        let block_rows = self.source.block_rows();
        state.indices("assignment", k)?;
        check_index("step", state.step, schedule(&config).1.saturating_add(1))?;
        let mut p = Blocks::new(state.words_of("target", n * k)?, k);
        let p = block_rows
            .iter()
            .map(|rows| p.next(device, *rows))
            .collect::<Result<_>>()?;
        run.target = run.target.beginning_with(p);
        let mut labels = Blocks::new(state.words_of("assignment", n)?, 1);
        for [label, _] in &mut run.labels {
            *label = labels.next(device, label.rows)?;
        }
        run.losses.take_from(device, state)?;
        Ok(Underway {
            run,
            guard: Guard::of_state(self, state)?,
            step: state.step,
            label_change: state.number("label_change")?,
        })
    }

    /// Tells what clustering found, if there is one who asks for states at all.
    pub(super) async fn end_of_clustering(
        &self,
        found: &Clustering,
        observe: Tell<'_>,
    ) -> Result<()> {
        if self.wish.is_none() {
            return Ok(());
        }
        let mut state = self.state(Phase::Clustered, found.steps);
        self.autoencoder
            .put_into(self.device, &mut state, false)
            .await?;
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect();
        state.put("assignment", found.assignment.clone());
        state.put("confidence", bits(&found.confidence));
        state.put("soft_assignment", bits(&found.soft_assignment));
        state.put("embedding", bits(&found.embedding));
        state.put("centroids", bits(&found.centroids));
        state.put_number("label_change", found.label_change);
        state.put_text("stop_reason", reason_name(found.stop_reason));
        found.neighbours.put_into(&mut state);
        self.tell(state, self.wish(), observe)
    }

    /// What [`Trainer::end_of_clustering`] has told; the parameters were taken before.
    pub(super) fn clustering_of(&self, state: &State) -> Result<Clustering> {
        let n = self.source.n_samples();
        let (k, d) = (self.n_clusters(), self.config.network.embedding_dim);
        state.indices("assignment", k)?;
        Ok(Clustering {
            assignment: state.words_of("assignment", n)?.to_vec(),
            confidence: state.floats_of("confidence", n)?,
            soft_assignment: state.floats_of("soft_assignment", n * k)?,
            embedding: state.floats_of("embedding", n * d)?,
            centroids: state.floats_of("centroids", k * d)?,
            steps: state.step,
            label_change: state.number("label_change")?,
            stop_reason: reason_of(state)?,
            neighbours: Course::of_state(state)?,
        })
    }
}

const REASONS: [(StopReason, &str); 3] = [
    (StopReason::Converged, "converged"),
    (StopReason::MaxSteps, "max_steps"),
    (StopReason::RolledBack, "rolled_back"),
];

fn reason_name(reason: StopReason) -> &'static str {
    let found = REASONS.iter().find(|(own, _)| *own == reason);
    found.map_or("interrupted", |(_, name)| name)
}

fn reason_of(state: &State) -> Result<StopReason> {
    let text = state.text("stop_reason")?;
    let found = REASONS.iter().find(|(_, name)| *name == text);
    let unknown = || CheckpointError::Fact {
        name: "stop_reason".into(),
        found: text.into(),
    };
    Ok(found.map(|(reason, _)| *reason).ok_or_else(unknown)?)
}

/// Rows of words, handed out block by block.
struct Blocks<'s> {
    rest: &'s [u32],
    cols: usize,
}

impl<'s> Blocks<'s> {
    fn new(rest: &'s [u32], cols: usize) -> Self {
        Self { rest, cols }
    }

    fn next<D: Device>(&mut self, device: &D, rows: usize) -> Result<Matrix<D>> {
        let (block, rest) = self.rest.split_at(rows * self.cols);
        self.rest = rest;
        Ok(Matrix {
            rows,
            cols: self.cols,
            buffer: device.upload(block)?,
        })
    }
}
