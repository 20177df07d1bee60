//! Whether clustering makes things worse, told without labels, and the way back.
//!
//! The criterion is [`Neighbours::agreement`] in the embedding that clustering began with: do samples that were near each
//! other stay together? Where clustering finds structure that k-means missed, it rises; where clusters overlap and the
//! target distribution forces borders through them, it falls. The embedding of the moment cannot tell: clustering makes
//! any clusters look compact in it.

use super::Trainer;
use crate::checkpoint::State;
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::metrics::Neighbours;
use crate::net::Snapshot;
use crate::random::stream;

/// Samples that are looked at.
const SAMPLES: usize = 4096;
/// A fall by more than this is worse than the start, and ends clustering at once. Smaller ones came with better clusters
/// as often as not (docs/decisions/).
const TOLERATED: f64 = 0.05;

/// What clustering began with, and the best since.
pub(super) struct Guard<D: Device> {
    sample: Vec<u32>,
    neighbours: Neighbours,
    course: Course,
    kept: Snapshot<D>,
    /// mu (k, d) of the best.
    centroids: Vec<f32>,
    /// Clusters that hold no sample: at the start, and now.
    empty: [usize; 2],
}

/// Agreement of the clusters with the nearest neighbours ([`Neighbours::agreement`]) over time.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Course {
    /// Of the first clusters: of k-means' or of the mixture's, the lower.
    pub start: f64,
    /// At the last update.
    pub last: f64,
    /// The highest of those that the network gave with no more empty clusters than at the start.
    pub best: f64,
    /// The step of the highest.
    pub best_step: u64,
}

impl Course {
    fn new(start: f64, network: f64) -> Self {
        Self {
            start,
            last: network,
            best: network,
            best_step: 0,
        }
    }

    /// Takes notice of an update; true if it is the best so far of those that are `whole`: with no more empty clusters than
    /// the first.
    fn see(&mut self, agreement: f64, step: u64, whole: bool) -> bool {
        self.last = agreement;
        let better = whole && agreement > self.best;
        if better {
            (self.best, self.best_step) = (agreement, step);
        }
        better
    }

    pub(super) fn put_into(self, state: &mut State) {
        state.put_number("course.start", self.start);
        state.put_number("course.last", self.last);
        state.put_number("course.best", self.best);
        state.put_number("course.best_step", self.best_step as f64);
    }

    pub(super) fn of_state(state: &State) -> Result<Self> {
        Ok(Self {
            start: state.number("course.start")?,
            last: state.number("course.last")?,
            best: state.number("course.best")?,
            best_step: state.number("course.best_step")? as u64,
        })
    }

    /// Worse than the first clusters, and there is something better to go back to.
    pub(super) fn is_worse(&self) -> bool {
        self.last < self.start - TOLERATED && self.last < self.best
    }
}

impl<D: Device> Guard<D> {
    /// At the start: the first clusters (n), of k-means and where there is one of a mixture; those that the network gives
    /// with the first centroids (n), in the trainer's embedding; and these centroids (k, d). A mixture's clusters are
    /// made to agree with the neighbours, so that what is a little worse need not be bad: who is worse than both is.
    pub(super) async fn new(
        trainer: &Trainer<'_, D>,
        first: &[&[u32]],
        assignment: &[u32],
        centroids: &Matrix<D>,
    ) -> Result<Self> {
        let device = trainer.device;
        let (sample, rows) = trainer.sampled(stream::GUARD, SAMPLES).await?;
        let neighbours = Neighbours::of(&rows, centroids.cols);
        let agreement = |of: &[u32]| neighbours.agreement(&of_sample(&sample, of));
        Ok(Self {
            course: Course::new(
                (first.iter().map(|first| agreement(first))).fold(f64::INFINITY, f64::min),
                agreement(assignment),
            ),
            neighbours,
            sample,
            kept: trainer.autoencoder.snapshot(device)?,
            centroids: centroids.download(device).await?,
            empty: [empty_clusters(assignment, centroids.rows); 2],
        })
    }

    /// After an update of the target distribution; true if there is no point in going on.
    pub(super) async fn see(
        &mut self,
        trainer: &Trainer<'_, D>,
        assignment: &[u32],
        centroids: &Matrix<D>,
        step: u64,
    ) -> Result<bool> {
        let agreement = (self.neighbours).agreement(&of_sample(&self.sample, assignment));
        self.warn_of_empty(assignment, centroids.rows, step);
        // Two clusters in one agree perfectly with the neighbours: nothing to go back to.
        let whole = self.empty[1] <= self.empty[0];
        if self.course.see(agreement, step, whole) {
            trainer.autoencoder.keep(trainer.device, &mut self.kept);
            self.centroids = centroids.download(trainer.device).await?;
        }
        Ok(self.course.is_worse())
    }

    /// Adds all of it.
    pub(super) async fn put_into(&self, device: &D, state: &mut State) -> Result<()> {
        state.put("guard.sample", self.sample.clone());
        state.put("guard.nearest", self.neighbours.nearest().concat());
        let centroids = self.centroids.iter().map(|value| value.to_bits());
        state.put("guard.centroids", centroids.collect());
        state.put("guard.empty", self.empty.map(|count| count as u32).into());
        self.course.put_into(state);
        Ok(self.kept.put_into(device, state).await?)
    }

    /// That of a state.
    pub(super) fn of_state(trainer: &Trainer<'_, D>, state: &State) -> Result<Self> {
        let (k, d) = (trainer.n_clusters(), trainer.config.network.embedding_dim);
        let sample = state.indices("guard.sample", trainer.source.n_samples())?;
        let sample = sample.to_vec();
        let nearest = state.indices("guard.nearest", sample.len())?;
        let each = (nearest.len() / sample.len().max(1)).max(1);
        // One sample alone has no neighbour.
        if sample.len() > 1 {
            state.words_of("guard.nearest", each * sample.len())?;
        }
        let empty = state.words_of("guard.empty", 2)?;
        let mut kept = trainer.autoencoder.snapshot(trainer.device)?;
        kept.take_from(trainer.device, state)?;
        Ok(Self {
            neighbours: Neighbours::of_nearest(nearest.chunks(each).map(<[u32]>::to_vec).collect()),
            sample,
            course: Course::of_state(state)?,
            kept,
            centroids: state.floats_of("guard.centroids", k * d)?,
            empty: [empty[0] as usize, empty[1] as usize],
        })
    }

    fn warn_of_empty(&mut self, assignment: &[u32], k: usize, step: u64) {
        let empty = empty_clusters(assignment, k);
        if empty > self.empty[1] {
            log::warn!("{empty} of {k} clusters hold no sample at step {step}");
        }
        self.empty[1] = empty;
    }

    /// Agreement with the neighbours so far.
    pub(super) fn course(&self) -> Course {
        self.course
    }

    /// Goes back to the best state, and returns its centroids (k, d).
    pub(super) fn way_back(&self, trainer: &Trainer<'_, D>) -> Result<Matrix<D>> {
        trainer.autoencoder.restore(trainer.device, &self.kept);
        let (k, d) = (trainer.n_clusters(), trainer.config.network.embedding_dim);
        Ok(Matrix::upload(trainer.device, k, d, &self.centroids)?)
    }
}

fn of_sample(sample: &[u32], assignment: &[u32]) -> Vec<u32> {
    sample.iter().map(|i| assignment[*i as usize]).collect()
}

fn empty_clusters(assignment: &[u32], k: usize) -> usize {
    let mut held = vec![false; k];
    assignment
        .iter()
        .for_each(|cluster| held[*cluster as usize] = true);
    held.iter().filter(|held| !**held).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_is_kept_and_a_fall_is_told_by_its_depth() {
        let mut course = Course::new(0.8, 0.8);
        let best =
            [(0.82, 30), (0.81, 60)].map(|(agreement, step)| course.see(agreement, step, true));
        assert_eq!(best, [true, false]);
        assert!(!course.see(1.0, 75, false), "with an empty cluster");
        assert_eq!((course.best, course.best_step), (0.82, 30));
        let told = [0.795, 0.755, 0.745].map(|agreement| {
            course.see(agreement, 90, true);
            course.is_worse()
        });
        assert_eq!(told, [false, false, true]);
    }

    #[test]
    fn empty_clusters_are_counted() {
        assert_eq!(empty_clusters(&[0, 2, 2], 4), 2);
        assert_eq!(empty_clusters(&[1, 0], 2), 0);
    }
}
