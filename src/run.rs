//! A run: from data to clusters, by the stages in order.
//!
//! [`Fit`] puts them together: pre-train, lay out the graph of neighbours, choose k if asked to, find the first clusters,
//! cluster. It trains from several seeds, begins a phase again at a lower rate if numbers run away, opens a device again
//! that failed, and goes on from kept states. It knows no file and no terminal: an [`Observer`] hears what happens, a
//! [`Store`] keeps states.

mod clock;
mod event;
mod hands;
mod ledger;
mod lowered;
mod metrics;
mod notes;
mod one;
pub mod record;
mod reopen;
mod seeds;
mod store;
pub mod trainer;
pub mod verify;

use std::ops::RangeInclusive;
use std::time::Duration;

pub use event::{Event, FirstFound, FirstScores, Observer};
pub use store::Store;
pub use trainer::{Candidate, Choice, ClusterMap, Clustering, Course};

use crate::config::Resolved;
use crate::data::Dataset;
use crate::device::Device;
use crate::devices::{AnyDevice, Where};
use crate::error::Result;
use crate::model::Model;
use crate::together::{self, Joins};
use hands::Hands;
use one::Plan;
use record::{HistoryRecord, RunMetrics, Runs};
use seeds::Seeds;

/// A run that is to be done.
///
/// ```
/// use dec_gpu::config::{Config, DataShape};
/// use dec_gpu::data::digits;
/// use dec_gpu::devices::Where;
/// use dec_gpu::run::Fit;
///
/// # fn main() -> dec_gpu::Result<()> {
/// let data = digits().of_rows(&(0..300).collect::<Vec<_>>()); // (n, D)
/// let config = Config::layered(None, None, &["n-clusters=10".into(), "pretrain.steps=50".into()])?;
/// let config = config.resolve(DataShape::of(&data))?;
/// let fitted = pollster::block_on(Fit::new(config).on(Where::cpu()).fit(&data))?;
/// assert_eq!(fitted.clustering.assignment.len(), 300);
/// # Ok(())
/// # }
/// ```
pub struct Fit<'a> {
    config: Resolved,
    place: Where,
    runs: u32,
    together: Option<u32>,
    range: Option<RangeInclusive<usize>>,
    model: Option<&'a Model>,
    labels: Option<&'a [u32]>,
    observer: Option<&'a mut dyn Observer>,
    store: Option<&'a mut dyn Store>,
    resume: bool,
    mapped: bool,
    loaded: Duration,
}

/// What a run found.
#[derive(Clone, Debug)]
pub struct Fitted {
    /// The network and the centroids; it assigns new samples.
    pub model: Model,
    /// The cluster of each sample, q, z and the centroids.
    pub clustering: Clustering,
    /// The run in one object.
    pub metrics: RunMetrics,
    /// What was recorded on the way.
    pub history: Vec<HistoryRecord>,
    /// The configuration at the end: a run chooses the kind of first clusters, and k if it was asked to.
    pub config: Resolved,
    /// Where the samples lie on a map, if one was asked for.
    pub map: Option<ClusterMap>,
    /// How k was chosen, if it was in this part of the run.
    pub choice: Option<Choice>,
    /// The runs from all seeds beside each other, if there were several.
    pub runs: Option<Runs>,
}

impl<'a> Fit<'a> {
    /// One run with a configuration of [`Config::resolve`](crate::config::Config::resolve), on the first real GPU or else the
    /// CPU. One that the rules have not seen does not compile:
    ///
    /// ```compile_fail,E0308
    /// let config = dec_gpu::config::Config::preset("fast").unwrap();
    /// dec_gpu::run::Fit::new(config);
    /// ```
    pub fn new(config: Resolved) -> Self {
        Self {
            config,
            place: Where::auto(),
            runs: 1,
            together: None,
            range: None,
            model: None,
            labels: None,
            observer: None,
            store: None,
            resume: false,
            mapped: false,
            loaded: Duration::ZERO,
        }
    }

    /// Computes there.
    #[must_use]
    pub fn on(mut self, place: Where) -> Self {
        self.place = place;
        self
    }

    /// Trains from so many seeds, and keeps the run that agrees best with the others; at most `together` of them
    /// ([`together::MOST`]) side by side, as many as the device gains from if none.
    #[must_use]
    pub fn runs(mut self, runs: u32, together: Option<u32>) -> Self {
        (self.runs, self.together) = (runs.max(1), together);
        self
    }

    /// Chooses the number of clusters from a range, whose largest must be that of the configuration.
    #[must_use]
    pub fn choosing(mut self, range: Option<RangeInclusive<usize>>) -> Self {
        self.range = range;
        self
    }

    /// Takes the autoencoder of a model in place of pre-training. The data must be prepared as the model's were.
    #[must_use]
    pub fn from_model(mut self, model: Option<&'a Model>) -> Self {
        self.model = model;
        self
    }

    /// Scores clusters by these classes (n), which training never sees.
    #[must_use]
    pub fn scored_by(mut self, labels: Option<&'a [u32]>) -> Self {
        self.labels = labels;
        self
    }

    /// Tells what happens.
    #[must_use]
    pub fn observed_by(mut self, observer: &'a mut dyn Observer) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Keeps states there.
    #[must_use]
    pub fn kept_in(mut self, store: &'a mut dyn Store) -> Self {
        self.store = Some(store);
        self
    }

    /// Goes on from the newest states of the store, if there are any: to the bits that the run would have had, on the same
    /// device.
    #[must_use]
    pub fn resuming(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// Lays the samples out on a map, too, and finds the tree of the clusters.
    #[must_use]
    pub fn mapped(mut self) -> Self {
        self.mapped = true;
        self
    }

    /// Counts this time as that of reading the data.
    #[must_use]
    pub fn loaded_in(mut self, loaded: Duration) -> Self {
        self.loaded = loaded;
        self
    }

    /// Opens the device and trains.
    ///
    /// # Errors
    /// [`crate::Error::NoAdapter`]; those of [`Fit::fit_in`].
    pub async fn fit(self, data: &Dataset) -> Result<Fitted> {
        let mut device = self.place.open().await?;
        self.fit_in(&mut device, data).await
    }

    /// Trains on an opened device, which must be that of [`Fit::on`]: if it is lost or has too little memory, it is opened
    /// again, once, and the run goes on from the store's states; after too little memory in smaller pieces. A device that
    /// hangs is not asked again.
    ///
    /// # Errors
    /// [`crate::Error::Config`] if there are too few samples to choose k from; [`crate::Error::Numeric`] if numbers run
    /// away at a lower rate too; [`crate::Error::Interrupted`] if the observer stops it; the store's as it looks for a
    /// state, or if the last one could not be kept as the run was stopped; the device's, those of a second attempt with the
    /// first fault.
    pub async fn fit_in(self, device: &mut AnyDevice, data: &Dataset) -> Result<Fitted> {
        reopen::fit(self, device, data).await
    }

    /// Trains on a device of any type, one run after the other. It cannot be opened again.
    ///
    /// # Errors
    /// Those of [`Fit::fit_in`].
    pub async fn fit_on<D: Device>(mut self, device: &D, data: &Dataset) -> Result<Fitted> {
        let hands = self.hands();
        let plan = self.plan(data, self.resume)?;
        self.seeds(1).one_by_one(device, &plan, &hands).await
    }

    fn hands(&mut self) -> Hands<'a> {
        Hands::new(self.observer.take(), self.store.take())
    }

    async fn once<D: Joins>(
        &self,
        device: &D,
        data: &Dataset,
        together: u32,
        resume: bool,
        hands: &Hands<'_>,
    ) -> Result<Fitted> {
        let plan = self.plan(data, resume)?;
        self.seeds(together)
            .side_by_side(device, &plan, hands)
            .await
    }

    fn plan<'p>(&'p self, data: &'p Dataset, resume: bool) -> Result<Plan<'p>> {
        if let Some(range) = &self.range {
            Choice::check(data.n_samples, *range.end())?;
        }
        Ok(Plan {
            data,
            range: self.range.clone(),
            model: self.model,
            mapped: self.mapped,
            resume,
        })
    }

    fn seeds(&self, together: u32) -> Seeds<'_> {
        Seeds {
            config: &self.config,
            runs: self.runs,
            together: together.clamp(1, together::MOST as u32),
            labels: self.labels,
            loaded: self.loaded,
        }
    }
}
