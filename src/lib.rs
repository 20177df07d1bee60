//! Deep Embedded Clustering on any vendor's GPU.
//!
//! The algorithm is that of Xie, Girshick and Farhadi, "Unsupervised Deep Embedding for Clustering
//! Analysis", ICML 2016, on one page (n samples, D inputs, embedding size d, k clusters, batch of b):
//!
//! | step | equation | where |
//! |---|---|---|
//! | prepare counts, if asked for | library size, ln(1 + x), TF-IDF, columns of largest variance | [`data::prepare()`] |
//! | normalise | x ← (x − shift)·scale | [`data`], [`source`] |
//! | pre-train | min mean ‖x − g(f(x))‖² over the autoencoder D-500-500-2000-d and its mirror | [`run`], [`net`] |
//! | embed | z = f(x), (n, d) | [`run`] |
//! | first clusters | k-means with restarts on z; from there a mixture of Gaussians on the smoothed z, whose means are mu (k, d) and whose posterior is the first p | [`kmeans`], [`mixture`], [`kernels::mixture_posterior`] |
//! | soft assignment | q_ij = (1 + ‖z_i − mu_j‖²/α)^(−(α+1)/2) / Σ_j' … (eq. 1) | [`kernels::soft_assign`] |
//! | target | p_ij = (q_ij²/f_j) / Σ_j' (q_ij'²/f_j'), f_j = Σ_i q_ij over all n (eq. 3) | [`kernels::column_sum`], [`kernels::target_distribution`] |
//! | loss | L = mean_i Σ_j p_ij log(p_ij/q_ij), p constant (eq. 2) | [`kernels::kl_gradient`] |
//! | gradients | ∂L/∂z_i = (α+1)/α Σ_j u_ij (p_ij − q_ij)(z_i − mu_j)/b, ∂L/∂mu_j = −(α+1)/α Σ_i …, u_ij = (1 + ‖z_i − mu_j‖²/α)⁻¹ (eqs. 4, 5) | [`kernels::kl_gradient`], [`kernels::centroid_step`] |
//! | update | v ← m·v + lr·g, w ← w − v for encoder and mu | [`kernels::linear_update`], [`kernels::centroid_step`] |
//! | stop | fewer than `tolerance` of the labels argmax_j q_ij changed since the last update of p | [`kernels::argmax_rows`] |
//!
//! Everything runs on a [`device::Device`]: the CPU ([`cpu::Cpu`]), which defines what is right, or a GPU
//! ([`gpu::Gpu`]), alone or with other runs in the same dispatches ([`together`]). The reconstruction loss is a mean over elements, the KL loss a mean over the batch.
//!
//! # Where to begin
//!
//! [`run::Fit`] takes a [`data::Dataset`] and a [`config::Config`] and leaves [`run::Fitted`]: the clusters, and a
//! [`model::Model`], which assigns new samples. The functions that compute are asynchronous, because a GPU's answers
//! are; `pollster` waits for them here.
//!
//! ```
//! use dec_gpu::config::{Config, DataShape};
//! use dec_gpu::cpu::Cpu;
//! use dec_gpu::data::{Dataset, Values};
//! use dec_gpu::devices::Where;
//! use dec_gpu::metrics::Scores;
//! use dec_gpu::predict::{BATCH_SIZE, predict};
//! use dec_gpu::random::normal;
//! use dec_gpu::run::Fit;
//!
//! # fn main() -> dec_gpu::Result<()> {
//! // 90 samples of 4 values (n, D), in three groups one after the other.
//! let value = |i: u32, j: u32| 9.0 * ((i % 3 == j) as u32 as f32) + normal(0, i, 0, j);
//! let rows = (0..90).flat_map(|i| (0..4).map(move |j| value(i, j))).collect();
//! let data = Dataset::new("groups", 90, 4, Values::F32(rows));
//!
//! // What is said here, and what the rules choose from the data's shape.
//! let mut config = Config::layered(Some("fast"), None, &["pretrain.steps=200".into()])?;
//! config.n_clusters = Some(3);
//! let config = config.resolve(DataShape::of(&data))?;
//! let fitted = pollster::block_on(Fit::new(config).on(Where::cpu()).fit(&data))?;
//! let found = &fitted.clustering;
//!
//! // The cluster of each sample (n), its q (n, k), its place in the embedding (n, d).
//! assert_eq!(found.soft_assignment.len(), 90 * 3);
//! let groups: Vec<u32> = (0..90).map(|i| i % 3).collect();
//! assert_eq!(Scores::of(&groups, &found.assignment).acc, 1.0);
//!
//! // New samples; the first rows stand for them.
//! let new = data.of_rows(&[0, 1, 2]);
//! let assigned = pollster::block_on(predict(&Cpu::new(), &fitted.model, &new, BATCH_SIZE))?;
//! assert_eq!(assigned.assignment, found.assignment[..3]);
//! # Ok(())
//! # }
//! ```
//!
//! The programs in `examples/` go on from here: files and tables, images, texts, the number of clusters, devices, a saved
//! model, the page of a run.
//!
//! # The modules
//!
//! | to | modules |
//! |---|---|
//! | read | [`data`]: every format, whole or in blocks |
//! | configure | [`config`]: presets, files, single values, the rules for what is left open |
//! | choose where | [`devices`]; [`cpu`], [`gpu`], [`device`]; [`precision`], [`kernel::tile`]: products and their forms; [`features`]: what an adapter offers |
//! | train | [`run`]; [`together`]; [`checkpoint`]: to go on with a run that was stopped |
//! | use the result | [`model`], [`predict`], [`onnx`] |
//! | judge it | [`metrics`] |
//! | understand it | [`explain`] |
//! | write it down | [`report`]: a renderer for each file of a run folder, the page among them; [`report::tensorboard`] |
//! | know what went wrong | [`error`] |
//! | check a device | [`verify`]: every kernel against its reference |
//! | compute parts of it | [`net`], [`arena`], [`loss`], [`optimiser`], [`optim`], [`kmeans`], [`mixture`], [`source`], [`random`]; [`kernel`], [`kernels`]: one module per kernel, with its equation |

pub mod arena;
pub mod checkpoint;
pub mod config;
pub mod cpu;
pub mod device;
pub mod devices;
pub mod error;
pub mod explain;
pub mod features;
pub mod gpu;
pub mod kernel;
pub mod kernels;
pub mod kmeans;
pub mod loss;
pub mod metrics;
pub mod mixture;
pub mod model;
pub mod neighbours;
pub mod net;
pub mod onnx;
pub mod optim;
pub mod optimiser;
pub mod precision;
pub mod predict;
pub mod random;
pub mod report;
pub mod run;
pub mod source;
pub mod tally;
pub mod together;
pub mod verify;

pub use dec_gpu_data as data;
pub use device::{DeviceFault, FaultKind};
pub use error::{Error, Result};
