//! Deep Embedded Clustering on any vendor's GPU.
//!
//! The algorithm is that of Xie, Girshick and Farhadi, "Unsupervised Deep Embedding for Clustering
//! Analysis", ICML 2016, on one page (n samples, D inputs, embedding size d, k clusters, batch of b):
//!
//! | step | equation | where |
//! |---|---|---|
//! | prepare counts, if asked for | library size, ln(1 + x), TF-IDF, columns of largest variance | [`data::prepare()`] |
//! | normalise | x ← (x − shift)·scale | [`data`], [`source`] |
//! | pre-train | min mean ‖x − g(f(x))‖² over the autoencoder D-500-500-2000-d and its mirror | [`trainer`], [`autoencoder`] |
//! | embed | z = f(x), (n, d) | [`trainer`] |
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

pub mod arena;
pub mod autoencoder;
pub mod config;
pub mod cpu;
pub mod data;
pub mod device;
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
pub mod onnx;
pub mod optimiser;
pub mod precision;
pub mod predict;
pub mod random;
pub mod report;
pub mod source;
pub mod tile;
pub mod together;
pub mod trainer;
pub mod verify;

pub use error::{Error, Result};
