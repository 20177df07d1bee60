//! `metrics.json`: the run in one object. A contract: scripts read it.

use crate::device::DeviceInfo;
use crate::metrics::Scores;
use crate::neighbours::Verdict;
use crate::precision::Precision;
use crate::run::trainer::Course;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// The version of the object below. It grows when a field is renamed, removed or changes its
/// meaning; a new field leaves it as it is.
pub const METRICS_SCHEMA: u32 = 1;

/// What a run found, how long it took and where it ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunMetrics {
    /// [`METRICS_SCHEMA`].
    pub schema: u32,
    /// The program's version.
    pub version: String,
    /// What the data set is called; not in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// What tells the run from others, for one that resumes it; not in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<RunIdentity>,
    /// The seed of every random number of the run.
    pub seed: u64,
    /// n.
    pub n_samples: u64,
    /// D.
    pub input_dim: u64,
    /// k.
    pub n_clusters: u64,
    /// d.
    pub embedding_dim: u64,
    /// Where it ran.
    pub device: DeviceInfo,
    /// On a GPU, the form of each class of products ([`crate::device::Choices`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forms: Option<BTreeMap<String, String>>,
    /// What the operands of matrix products were rounded to; not in older files, which are of f32.
    #[serde(default)]
    pub precision: Precision,
    /// Agreement with the labels; null when they are unknown.
    pub scores: Option<RunScores>,
    /// Wall-clock time of each phase.
    pub seconds: Seconds,
    /// Mini-batches of each phase.
    pub steps: Steps,
    /// Why the clustering phase ended.
    pub stop_reason: StopReason,
    /// If numbers ran away and a phase was begun again at a lower rate; not in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lowered_rate: Option<LoweredRate>,
    /// If the device failed and the run went on from a checkpoint on the device opened again; not in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_fault: Option<DeviceFaultRecord>,
    /// Share of labels that changed at the last refresh, 0 to 1.
    pub label_change: f64,
    /// How well the clusters agreed with who was near whom at the start, over time; not in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbours: Option<Course>,
    /// What was chosen by the graph of neighbours, from what, and why; null without one, not in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<Verdict>,
    /// Mean over samples of the largest soft assignment, 1/k to 1.
    pub mean_confidence: f64,
    /// Samples per cluster (k), by cluster id; 0 for an empty one.
    pub cluster_sizes: Vec<u64>,
}

/// Scores after each stage, so that what each one adds can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RunScores {
    /// k-means on the raw inputs; null if it was not run.
    pub kmeans: Option<Scores>,
    /// k-means on the pre-trained embedding; null if it was not run.
    pub autoencoder_kmeans: Option<Scores>,
    /// A mixture of Gaussians on the pre-trained embedding, if clustering starts there; not in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoencoder_mixture: Option<Scores>,
    /// k-means on the smoothed embedding, if a mixture agreed no better with nearest neighbours and clustering starts
    /// there; in older files it is called `autoencoder_mixture`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoencoder_smoothed_kmeans: Option<Scores>,
    /// The clusters of the graph of neighbours, if clustering starts there; not in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbours: Option<Scores>,
    /// The final assignment.
    pub dec: Scores,
}

impl RunScores {
    /// What was scored, by its name for people, in the order of the stages.
    pub fn stages(&self) -> Vec<(&'static str, Scores)> {
        let all = [
            ("k-means on the inputs", self.kmeans),
            ("autoencoder + k-means", self.autoencoder_kmeans),
            ("autoencoder + mixture", self.autoencoder_mixture),
            (
                "autoencoder + smoothed k-means",
                self.autoencoder_smoothed_kmeans,
            ),
            ("graph of neighbours", self.neighbours),
            ("DEC", Some(self.dec)),
        ];
        let scored = |(name, scores): (_, Option<Scores>)| Some((name, scores?));
        all.into_iter().filter_map(scored).collect()
    }
}

/// What a training began with, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunIdentity {
    /// The shape of the data and a hash of their values.
    pub data: String,
    /// How many runs, of how many clusters, and the first one's seed.
    pub runs: String,
    /// A hash of the configuration.
    pub config: String,
}

/// What was wrong with the device before the run went on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceFaultRecord {
    /// What was found.
    pub text: String,
}

/// Where numbers ran away, so that the phase was begun again at a tenth of its learning rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoweredRate {
    /// The phase.
    pub phase: String,
    /// The step in it.
    pub step: u64,
    /// What was not finite.
    pub tensor: String,
}

/// Wall-clock seconds of each phase.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Seconds {
    /// Reading and normalising the data.
    pub load: f64,
    /// The graph of neighbours, its layouts and candidates; not in older files.
    #[serde(default)]
    pub neighbours: f64,
    /// Pre-training the autoencoder.
    pub pretrain: f64,
    /// k-means on the embedding; before it the choice of k, if it was asked for.
    pub init: f64,
    /// The clustering phase.
    pub cluster: f64,
    /// The map and the tree of clusters, which are for the page only; not in older files.
    #[serde(default)]
    pub map: f64,
    /// From start to finish; more than the sum, for it counts device start-up and writing too.
    pub total: f64,
}

/// Mini-batches of each phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Steps {
    /// Of pre-training, all stages together.
    pub pretrain: u64,
    /// Of clustering.
    pub cluster: u64,
}

/// Why the clustering phase ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// Fewer than the tolerated share of labels changed.
    Converged,
    /// The limit on steps was reached first.
    MaxSteps,
    /// It made the clusters worse; the best state before was taken again.
    RolledBack,
    /// A signal; the run can be resumed.
    Interrupted,
}

impl RunMetrics {
    /// Writes the object as indented JSON and a final newline.
    ///
    /// A value that is not finite becomes null, for JSON has no other way to say it.
    pub fn write_json(&self, mut out: impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut out, self)?;
        out.write_all(b"\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics() -> RunMetrics {
        let scores = Scores {
            acc: 0.875,
            nmi: 0.8125,
            ari: 0.75,
        };
        RunMetrics {
            schema: METRICS_SCHEMA,
            version: "0.1.0".into(),
            data: Some("a set".into()),
            seed: u64::MAX,
            n_samples: 1797,
            input_dim: 64,
            n_clusters: 2,
            embedding_dim: 10,
            device: DeviceInfo {
                backend: "cpu".into(),
                name: "CPU".into(),
                driver: String::new(),
                kind: "cpu".into(),
            },
            forms: None,
            precision: Precision::F16,
            scores: Some(RunScores {
                kmeans: None,
                autoencoder_kmeans: Some(scores),
                autoencoder_mixture: None,
                autoencoder_smoothed_kmeans: None,
                neighbours: None,
                dec: scores,
            }),
            seconds: Seconds {
                load: 0.25,
                total: 2.5,
                ..Seconds::default()
            },
            steps: Steps {
                pretrain: 300,
                cluster: 140,
            },
            stop_reason: StopReason::MaxSteps,
            lowered_rate: None,
            device_fault: None,
            choice: None,
            identity: None,
            label_change: 0.5,
            neighbours: Some(Course {
                start: 0.75,
                last: 0.5,
                best: 0.875,
                best_step: 60,
            }),
            mean_confidence: 0.75,
            cluster_sizes: vec![1797, 0],
        }
    }

    fn json(metrics: &RunMetrics) -> String {
        let mut bytes = Vec::new();
        metrics.write_json(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    /// The text itself, because scripts depend on the names and on where they are.
    #[test]
    fn the_object_is_the_contract() {
        let compact: String = json(&metrics()).split_whitespace().collect();
        let scores = r#"{"acc":0.875,"nmi":0.8125,"ari":0.75}"#;
        let expected = [
            r#"{"schema":1,"version":"0.1.0","data":"aset","seed":18446744073709551615,"n_samples":1797,"#,
            r#""input_dim":64,"n_clusters":2,"embedding_dim":10,"#,
            r#""device":{"backend":"cpu","name":"CPU","driver":"","kind":"cpu"},"precision":"f16","#,
            r#""scores":{"kmeans":null,"autoencoder_kmeans":"#,
            scores,
            r#","dec":"#,
            scores,
            r#"},"seconds":{"load":0.25,"neighbours":0.0,"pretrain":0.0,"init":0.0,"cluster":0.0,"map":0.0,"total":2.5},"#,
            r#""steps":{"pretrain":300,"cluster":140},"stop_reason":"max_steps","#,
            r#""label_change":0.5,"neighbours":{"start":0.75,"last":0.5,"best":0.875,"best_step":60},"#,
            r#""mean_confidence":0.75,"cluster_sizes":[1797,0]}"#,
        ];
        assert_eq!(compact, expected.concat());
    }

    #[test]
    fn forms_are_named_where_there_is_a_choice() {
        let chosen = RunMetrics {
            forms: Some(BTreeMap::from([("product 1x2x4".into(), "L".into())])),
            ..metrics()
        };
        let text: String = json(&chosen).split_whitespace().collect();
        assert!(text.contains(r#""forms":{"product1x2x4":"L"}"#), "{text}");
        assert_eq!(
            serde_json::from_str::<RunMetrics>(&json(&chosen)).unwrap(),
            chosen
        );
    }

    #[test]
    fn scores_are_null_without_labels() {
        let unknown = RunMetrics {
            scores: None,
            ..metrics()
        };
        let text = json(&unknown);
        assert!(text.contains("\"scores\": null,\n"), "{text}");
        assert!(text.ends_with("]\n}\n"), "{text}");
        assert_eq!(serde_json::from_str::<RunMetrics>(&text).unwrap(), unknown);
    }

    #[test]
    fn files_without_a_precision_are_of_f32() {
        let text = json(&metrics()).replace("\"precision\": \"f16\",", "");
        let read: RunMetrics = serde_json::from_str(&text).unwrap();
        assert_eq!(read.precision, Precision::F32);
    }

    #[test]
    fn a_reader_passes_over_fields_it_does_not_know() {
        let text = json(&metrics()).replacen('{', "{\"later\": [1],", 1);
        assert_eq!(
            serde_json::from_str::<RunMetrics>(&text).unwrap(),
            metrics()
        );
    }
}
