//! The run in one object.

use super::one::Found;
use super::record::{METRICS_SCHEMA, RunMetrics};
use crate::data::Dataset;
use crate::device::Device;

/// What is known at the end of a run on this device.
pub(super) fn metrics_of<D: Device>(device: &D, data: &Dataset, found: &Found) -> RunMetrics {
    let (clustering, config) = (&found.clustering, &found.config);
    let k = config.n_clusters;
    let mut cluster_sizes = vec![0u64; k];
    for label in &clustering.assignment {
        cluster_sizes[*label as usize] += 1;
    }
    let confidence: f64 = clustering.confidence.iter().map(|c| f64::from(*c)).sum();
    RunMetrics {
        schema: METRICS_SCHEMA,
        version: env!("CARGO_PKG_VERSION").into(),
        seed: config.seed.into(),
        n_samples: data.n_samples as u64,
        input_dim: data.input_dim as u64,
        n_clusters: k as u64,
        embedding_dim: config.network.embedding_dim as u64,
        device: device.info(),
        forms: (found.model.forms.as_ref()).map(|choices| choices.forms.clone()),
        lowered_rate: None,
        device_fault: None,
        identity: None,
        data: Some(data.name.clone()),
        precision: device.products().precision(),
        scores: found.scores,
        seconds: found.seconds,
        steps: found.steps,
        stop_reason: clustering.stop_reason,
        label_change: clustering.label_change,
        neighbours: Some(clustering.neighbours),
        choice: found.verdict.clone(),
        mean_confidence: confidence / data.n_samples as f64,
        cluster_sizes,
    }
}
