//! Holds whole training to the reference: the same short run on a device and on [`Cpu::reference`].
//!
//! Kernels that are each within their tolerance can still be put together wrongly, or in an order that
//! only one device keeps. A run of three Gaussian blobs shows that; it takes a second or two.

mod agreement;

pub use agreement::{BAND, BAND_F16, Band, TrainingAgreement, TrainingFailure, compare_runs};

use super::{Clustering, Event, Fit};
use crate::config::{Config, ConfigError, DataShape, Resolved};
use crate::cpu::Cpu;
use crate::data::{Dataset, Labels, Values};
use crate::device::Device;
use crate::error::Error;
use crate::model::Model;
use crate::random;

/// A loss that was reported.
#[derive(Clone, Debug, PartialEq)]
pub struct LossAt {
    /// The phase, e.g. `pretrain`.
    pub phase: String,
    /// Steps done in it.
    pub step: u64,
    /// Mean over the steps since the one before.
    pub loss: f64,
}

/// What one training run left.
#[derive(Clone, Debug)]
pub struct Run {
    /// Every loss that was reported, in order.
    pub losses: Vec<LossAt>,
    /// Labels, centroids, embedding.
    pub clustering: Clustering,
    /// Weights.
    pub model: Model,
}

/// `n` samples of `dim` values around three centres, sample i around centre i mod 3, which is its label.
///
/// Noise has standard deviation 1, and two centres are √(2·dim/3)·4 apart.
pub fn blobs(n: usize, dim: usize, seed: u32) -> Dataset {
    let value = |at: usize| {
        let centre = if (at % dim) % 3 == (at / dim) % 3 {
            4.0
        } else {
            0.0
        };
        centre + random::normal(seed, 0, 0, at as u32)
    };
    let labels: Vec<i64> = (0..n).map(|i| (i % 3) as i64).collect();
    let values = Values::F32((0..n * dim).map(value).collect());
    Dataset {
        labels: Some(Labels::from_integers(&labels)),
        ..Dataset::new("blobs", n, dim, values)
    }
}

/// A small network and a short schedule with every part of training in it; `overrides` come last, as
/// `section.key=value`.
///
/// # Errors
/// [`ConfigError`] if an override breaks a rule.
pub fn configuration(data: &Dataset, overrides: &[&str]) -> Result<Resolved, ConfigError> {
    let short = [
        "network.hidden=[24, 40]",
        "network.embedding-dim=4",
        "pretrain.batch-size=64",
        "pretrain.steps=200",
        "kmeans.restarts=4",
        "cluster.batch-size=64",
        "cluster.update-interval=10",
        "cluster.max-steps=40",
        "cluster.tolerance=0.0",
    ];
    let all: Vec<String> = short
        .iter()
        .chain(overrides)
        .map(|s| (*s).to_owned())
        .collect();
    let mut config = Config::layered(None, None, &all)?;
    config.n_clusters.get_or_insert(3);
    config.resolve(DataShape::of(data))
}

/// Trains on a device, from weights to clusters. Labels of `data` are not looked at.
///
/// # Errors
/// Those of [`Fit::fit_on`].
pub async fn train<D: Device>(device: &D, data: &Dataset, config: Resolved) -> Result<Run, Error> {
    let mut losses = Vec::new();
    let mut observe = |event: &Event<'_>| losses.extend(LossAt::told_by(event));
    let fit = Fit::new(config).observed_by(&mut observe);
    let fitted = fit.fit_on(device, data).await?;
    Ok(Run {
        model: fitted.model,
        clustering: fitted.clustering,
        losses,
    })
}

impl LossAt {
    /// The loss that an event tells, if it tells one.
    pub fn told_by(event: &Event<'_>) -> Option<Self> {
        match *event {
            Event::Loss {
                phase, step, loss, ..
            } => Some(Self {
                phase: phase.to_owned(),
                step,
                loss,
            }),
            _ => None,
        }
    }
}

/// Trains on the device and on the reference at its precision and compares the two within
/// [`Band::at`] it.
///
/// # Errors
/// [`TrainingFailure`].
pub async fn verify_training<D: Device>(device: &D) -> Result<TrainingAgreement, TrainingFailure> {
    let data = blobs(300, 12, 1);
    let config = configuration(&data, &[]).map_err(Error::from)?;
    let reference = Cpu::reference().with_precision(device.products().precision());
    let want = train(&reference, &data, config.clone()).await?;
    let got = train(device, &data, config).await?;
    compare_runs(&got, &want, Band::at(device.products().precision()))
}
