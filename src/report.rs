//! The contents of a run folder: one renderer per file, pure, into any `Write`.
//!
//! | file | renderer | contents |
//! |---|---|---|
//! | [`METRICS_JSON`] | [`RunMetrics::write_json`] | scores, seconds, steps: the run in one object |
//! | [`RUNS_JSON`] | [`Runs::write_json`] | with several seeds: each run's scores, how far they agree, which is kept |
//! | [`CLUSTERS_CSV`] | [`write_clusters_csv`] | with a range of k: how each did, which is taken |
//! | [`LABELS_CSV`] | [`LabelsWriter`] | index, label, confidence of every sample, and its id if it has one |
//! | [`SOFT_ASSIGNMENT_NPY`] | [`write_npy`] | q (n, k) |
//! | [`EMBEDDING_NPY`] | [`write_npy`] | z (n, d) |
//! | [`CENTROIDS_NPY`] | [`write_npy`] | μ (k, d) |
//! | [`MAP_NPY`] | [`write_npy`] | the samples' places on the map (m, 2) |
//! | [`MAP_ROWS_NPY`] | [`write_npy_vector`] | if not all samples are on the map: which are (m) |
//! | [`TREE_JSON`] | [`ClusterTree::write_json`] | which clusters join first, and every coarser cut |
//! | [`HISTORY_JSONL`] | [`HistoryRecord::write_line`] | one line per epoch or refresh |
//! | [`CONFUSION_CSV`] | [`ClassTable::write_csv`] | with labels: samples of each class in each cluster |
//! | [`REPORT_HTML`] | [`Page::write_html`] | the run as a page, without network or script |
//! | [`PICTURES`] | [`Page::pictures`] | a folder of the page's drawn pictures, as SVG and PNG |
//! | [`CONFIG_TOML`] | `config` | the resolved configuration |
//! | [`MODEL_SAFETENSORS`] | [`crate::model`] | the trained model |
//!
//! In its folder [`EXPLAIN`], from an [`crate::explain::Explanation`]:
//!
//! | file | renderer | contents |
//! |---|---|---|
//! | [`EXEMPLARS_CSV`] | [`write_exemplars_csv`] | the nearest and farthest members of each cluster |
//! | [`MARGINS_CSV`] | [`write_margins_csv`] | index, label, confidence, margin of every sample, and its id if it has one |
//! | [`CENTROIDS_DECODED_NPY`] | [`write_npy`] | the decoded centroids (k, D), in the units of the data |
//! | [`CLUSTER_MEANS_NPY`] | [`write_npy`] | the mean of each cluster's members (k, D); NaN if there are none |
//! | [`FEATURES_CSV`] | [`write_features_csv`] | the columns in which each cluster differs most from all |
//! | [`SALIENCY_NPY`] | [`write_npy`] | the saliency of the nearest members (rows, D) |
//! | [`SALIENCY_CSV`] | [`write_saliency_csv`] | which sample each of its rows is |
//! | [`UNCERTAIN_CSV`] | [`write_uncertain_csv`] | the samples that could as well be in another cluster |
//! | [`EXEMPLARS_PNG`] | [`write_exemplars_png`] | of images: centroid, mean and exemplars of each cluster |
//! | [`SALIENCY_PNG`] | [`write_saliency_png`] | of images: the nearest members and their saliency |
//! | [`UNCERTAIN_PNG`] | [`write_uncertain_png`] | of images: the samples of [`UNCERTAIN_CSV`] |
//!
//! `predict` does not know n before its end and writes by [`LabelsWriter`] and [`NpyWriter`]; in NumPy's format also
//! [`LABELS_NPY`] and [`CONFIDENCE_NPY`] (n).
//!
//! [`tensorboard`] writes what TensorBoard reads: an event file and the files of its projector.
//!
//! Tables, pictures, the page and TensorBoard's files are there with the feature `cli`.
//!
//! Nothing here opens a file or reads a clock: that is the command line's business. Errors are those
//! of the `Write`, and so is buffering: the renderers make many small writes.

#[cfg(feature = "cli")]
mod class_table;
#[cfg(feature = "cli")]
mod clusters_csv;
mod csv_text;
#[cfg(feature = "cli")]
mod explain;
mod labels;
mod npy;
#[cfg(feature = "cli")]
mod page;
#[cfg(feature = "cli")]
pub mod tensorboard;
#[cfg(feature = "cli")]
mod tiles;

pub use crate::run::record::*;
#[cfg(feature = "cli")]
pub use class_table::ClassTable;
#[cfg(feature = "cli")]
pub use clusters_csv::write_clusters_csv;
#[cfg(feature = "cli")]
pub use explain::{
    write_exemplars_csv, write_exemplars_png, write_features_csv, write_margins_csv,
    write_saliency_csv, write_saliency_png, write_uncertain_csv, write_uncertain_png,
};
pub use labels::{LabelsWriter, write_labels_csv};
pub use npy::{NpyNumber, NpyWriter, read_npy_vector, write_npy, write_npy_vector};
#[cfg(feature = "cli")]
pub use page::{ClusterFiles, Comparison, FeatureEffect, Map, MapPoint, Page, Uncertain};
#[cfg(feature = "cli")]
pub use tiles::{Grid, Tile, write_png};

/// Index, label and confidence of every sample.
pub const LABELS_CSV: &str = "labels.csv";
/// The label of every sample (n), as i32.
pub const LABELS_NPY: &str = "labels.npy";
/// The confidence of every sample (n).
pub const CONFIDENCE_NPY: &str = "confidence.npy";
/// Soft assignment q (n, k).
pub const SOFT_ASSIGNMENT_NPY: &str = "soft_assignment.npy";
/// Embedding z (n, d).
pub const EMBEDDING_NPY: &str = "embedding.npy";
/// Centroids μ (k, d).
pub const CENTROIDS_NPY: &str = "centroids.npy";
/// Where samples lie on the map (m, 2).
pub const MAP_NPY: &str = "map.npy";
/// Which samples are on the map (m), if not all are.
pub const MAP_ROWS_NPY: &str = "map_rows.npy";
/// The order in which clusters join, and every coarser cut.
pub const TREE_JSON: &str = "tree.json";
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
/// Several numbers of clusters beside each other.
pub const CLUSTERS_CSV: &str = "clusters.csv";
/// Samples of each class in each cluster.
pub const CONFUSION_CSV: &str = "confusion.csv";
/// The folder of the page's pictures.
pub const PICTURES: &str = "pictures";
/// The run as a page.
pub const REPORT_HTML: &str = "report.html";
/// The folder of the files that explain the clusters.
pub const EXPLAIN: &str = "explain";
/// The nearest and farthest members of each cluster.
pub const EXEMPLARS_CSV: &str = "exemplars.csv";
/// Confidence and margin of every sample.
pub const MARGINS_CSV: &str = "margins.csv";
/// Decoded centroids (k, D).
pub const CENTROIDS_DECODED_NPY: &str = "centroids_decoded.npy";
/// Means of the clusters' members (k, D).
pub const CLUSTER_MEANS_NPY: &str = "cluster_means.npy";
/// The columns in which each cluster differs most from all samples.
pub const FEATURES_CSV: &str = "features.csv";
/// Saliency of the nearest members (rows, D).
pub const SALIENCY_NPY: &str = "saliency.npy";
/// The samples of the rows of [`SALIENCY_NPY`].
pub const SALIENCY_CSV: &str = "saliency.csv";
/// The samples that could as well be in another cluster.
pub const UNCERTAIN_CSV: &str = "uncertain.csv";
/// Pictures of those samples.
pub const UNCERTAIN_PNG: &str = "uncertain.png";
/// Pictures of the clusters.
pub const EXEMPLARS_PNG: &str = "exemplars.png";
/// Pictures of the nearest members and their saliency.
pub const SALIENCY_PNG: &str = "saliency.png";
