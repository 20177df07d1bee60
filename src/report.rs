//! The contents of a run folder: one renderer per file, pure, into any `Write`.
//!
//! | file | renderer | contents |
//! |---|---|---|
//! | [`METRICS_JSON`] | [`RunMetrics::write_json`] | scores, seconds, steps: the run in one object |
//! | [`RUNS_JSON`] | [`Runs::write_json`] | with several seeds: each run's scores, how far they agree, which is kept |
//! | [`LABELS_CSV`] | [`write_labels_csv`] | index, label, confidence of every sample |
//! | [`SOFT_ASSIGNMENT_NPY`] | [`NpyWriter`] | q (n, k) |
//! | [`EMBEDDING_NPY`] | [`NpyWriter`] | z (n, d) |
//! | [`CENTROIDS_NPY`] | [`NpyWriter`] | μ (k, d) |
//! | [`HISTORY_JSONL`] | [`HistoryRecord::write_line`] | one line per epoch or refresh |
//! | [`CONFIG_TOML`] | `config` | the resolved configuration |
//! | [`MODEL_SAFETENSORS`] | [`crate::model`] | the trained model |
//!
//! Nothing here opens a file or reads a clock: that is the command line's business. Errors are those
//! of the `Write`, and so is buffering: the renderers make many small writes.

mod history;
mod labels;
mod metrics_json;
mod npy;
mod runs_json;

pub use history::{HistoryError, HistoryRecord, parse_history};
pub use labels::write_labels_csv;
pub use metrics_json::{METRICS_SCHEMA, RunMetrics, RunScores, Seconds, Steps, StopReason};
pub use npy::{NpyWriter, write_npy};
pub use runs_json::{OneRun, RUNS_SCHEMA, Runs, Spread, StageSpread};

/// Index, label and confidence of every sample.
pub const LABELS_CSV: &str = "labels.csv";
/// Soft assignment q (n, k).
pub const SOFT_ASSIGNMENT_NPY: &str = "soft_assignment.npy";
/// Embedding z (n, d).
pub const EMBEDDING_NPY: &str = "embedding.npy";
/// Centroids μ (k, d).
pub const CENTROIDS_NPY: &str = "centroids.npy";
/// The trained model.
pub const MODEL_SAFETENSORS: &str = "model.safetensors";
/// One JSON object per line for every epoch or refresh.
pub const HISTORY_JSONL: &str = "history.jsonl";
/// The resolved configuration.
pub const CONFIG_TOML: &str = "config.toml";
/// Scores, seconds and steps.
pub const METRICS_JSON: &str = "metrics.json";
/// Several runs beside each other.
pub const RUNS_JSON: &str = "runs.json";
/// The run as a page.
pub const REPORT_HTML: &str = "report.html";
