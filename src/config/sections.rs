//! The sections of a configuration, as they are given and as a run takes them.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::data::{Normalisation, Step};

/// How a configuration holds what a rule decides where nothing is said.
pub trait Held: Clone + Debug + PartialEq {
    /// A value of type `T`, if it must be there, or one that may be left out.
    type Of<T: Value>: Value;
}

/// What a value of a configuration can do.
pub trait Value: Clone + Debug + PartialEq + Serialize + DeserializeOwned {}

impl<T: Clone + Debug + PartialEq + Serialize + DeserializeOwned> Value for T {}

/// As presets, files and options give it: a value may be left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Given;

/// As a run takes it: every value is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided;

impl Held for Given {
    type Of<T: Value> = Option<T>;
}

impl Held for Decided {
    type Of<T: Value> = T;
}

/// A configuration in which every rule has decided and every value was checked: [`Config::resolve`] makes it, and nothing
/// that computes takes another. The kind of first clusters and what the graph of neighbours needs k or n for are still
/// optional: the run decides them once it knows k.
pub type Resolved = Config<Decided>;

/// Everything that decides a run, but the data and the device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config<H: Held = Given> {
    /// The preset these values started from.
    pub preset: String,
    /// Seed of every random number.
    pub seed: u32,
    /// Clusters, k.
    pub n_clusters: H::Of<usize>,
    /// How inputs are prepared and scaled.
    pub data: DataConfig<H>,
    /// The autoencoder.
    pub network: NetworkConfig<H>,
    /// Random changes of images.
    pub augment: AugmentConfig<H>,
    /// The graph of nearest neighbours.
    pub neighbours: NeighboursConfig<H>,
    /// Training of the autoencoder.
    pub pretrain: PretrainConfig<H>,
    /// The first centroids.
    pub kmeans: KMeansConfig,
    /// Training of encoder and centroids.
    pub cluster: ClusterConfig<H>,
}

/// How inputs are prepared and scaled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields, rename_all = "kebab-case")]
pub struct DataConfig<H: Held = Given> {
    /// What is done to raw values first, in order ([`crate::data::prepare`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prepare: Vec<Step>,
    /// Columns of largest variance that are then kept; all if left out.
    pub columns: Option<usize>,
    /// `none`, `unit-range`, `unit-mean-square` or `standardise`; chosen from the data if left out.
    pub normalisation: H::Of<Normalisation>,
}

/// Random changes of images (Guo et al. 2018, DEC-DA): the batch is warped, the target distribution is
/// that of the images as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields, rename_all = "kebab-case")]
pub struct AugmentConfig<H: Held = Given> {
    /// Whether pre-training reconstructs warped images; if left out, whether the data are images.
    pub pretrain: H::Of<bool>,
    /// Whether clustering sees warped images; if left out, whether the data are images.
    pub cluster: H::Of<bool>,
    /// Largest angle in degrees, either way; at most 45.
    pub rotation: f32,
    /// Largest change of scale, as a share.
    pub zoom: f32,
    /// Largest move, as a share of height and width.
    pub shift: f32,
}

/// Where the graph of nearest neighbours is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Space {
    /// Among the normalised inputs, on their principal directions.
    Inputs,
    /// In the trained autoencoder's embedding: right for images, which are alike after a turn or a move.
    Embedding,
    /// There is none.
    Off,
}

/// The graph of nearest neighbours, its layouts and the clusters they show ([`crate::neighbours`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields, rename_all = "kebab-case")]
pub struct NeighboursConfig<H: Held = Given> {
    /// `inputs`, `embedding` or `off`; chosen from the data if left out.
    pub space: H::Of<Space>,
    /// Neighbours of each sample, at most 64; chosen from n and k if left out.
    pub k: Option<usize>,
    /// Layouts, whose best clusters are taken; 4 if left out, 2 of many samples.
    pub layouts: Option<usize>,
    /// Steps of a layout.
    pub steps: u32,
    /// Resolution of the modularity that candidates are weighed by.
    pub resolution: f32,
    /// Steps in which the encoder is trained towards the layout, if a layout's clusters are taken; chosen from n and D if
    /// left out.
    pub pretrain_steps: H::Of<u32>,
    /// Adam's learning rate in these steps.
    pub pretrain_learning_rate: f32,
    /// Adam's learning rate in clustering, if the network was trained towards a layout: as long as the layout's clusters are
    /// the target.
    pub first_learning_rate: f32,
    /// The same from there on.
    pub learning_rate: f32,
    /// Samples that are laid out, at most; the encoder carries the others.
    pub samples: usize,
}

/// The autoencoder D-hidden…-embedding and its mirror.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields, rename_all = "kebab-case")]
pub struct NetworkConfig<H: Held = Given> {
    /// Sizes of the hidden layers of the encoder; chosen from n and D if left out.
    pub hidden: H::Of<Vec<usize>>,
    /// Size of the embedding, d.
    pub embedding_dim: usize,
    /// Initial weights.
    pub init: Init,
    /// Whether the first layer scales each normalised row to a mean square of 1.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub normalise_rows: bool,
}

/// Distribution of the initial weights; biases start at zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// Uniform in ±√(6 / (fan_in + fan_out)) (Glorot and Bengio 2010, eq. 16).
    GlorotUniform,
    /// Uniform in ±1/√fan_in.
    FanInUniform,
    /// Normal with standard deviation 0.01 (Xie et al. 2016, §4.3).
    #[serde(rename = "normal-0.01")]
    Normal001,
}

/// How the autoencoder is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// All layers at once.
    EndToEnd,
    /// Greedy denoising layer by layer, then all layers at once (Xie et al. 2016, §3.2).
    Layerwise,
}

/// A first-order optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimiserKind {
    /// Stochastic gradient descent with momentum.
    Sgd,
    /// Kingma and Ba 2015.
    Adam,
}

/// How the learning rate falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// It stays.
    Constant,
    /// Divided by ten every `decay-every` steps.
    Step,
    /// Half a cosine down to zero (Loshchilov and Hutter 2017, eq. 5 without restarts).
    Cosine,
}

/// Training of the autoencoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields, rename_all = "kebab-case")]
pub struct PretrainConfig<H: Held = Given> {
    /// End-to-end or layer-wise.
    pub method: Method,
    /// The optimiser.
    pub optimiser: OptimiserKind,
    /// Learning rate.
    pub learning_rate: f32,
    /// Momentum of SGD.
    pub momentum: f32,
    /// SGD's momentum rises linearly from 0 over this many steps (Caffe's `momentum_burnin`).
    pub momentum_burn_in: u32,
    /// Learning rate of biases relative to weights (Caffe: 2).
    pub bias_rate: f32,
    /// How the learning rate falls.
    pub schedule: Schedule,
    /// Steps between divisions by ten, for `step`.
    pub decay_every: u32,
    /// Samples per step, B.
    pub batch_size: usize,
    /// Steps of end-to-end training (fine-tuning, when layer-wise); chosen from n if left out.
    pub steps: H::Of<u32>,
    /// Dropout rate of the inputs in end-to-end training, which makes it denoising; the paper's fine-tuning
    /// has none.
    pub input_dropout: f32,
    /// Steps per layer of greedy training.
    pub layer_steps: u32,
    /// Dropout rate of greedy training.
    pub dropout: f32,
    /// Whether the data themselves are corrupted too when the first layer is trained (paper: yes, Caffe: no).
    pub corrupt_data: bool,
    /// The largest norm of all gradients of a step together; larger ones are scaled to it. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f32>,
    /// The reconstruction loss is this times the mean of squares (Caffe: 0.5).
    pub loss_scale: f32,
    /// Whether samples are visited in a new order every epoch.
    pub shuffle: bool,
    /// Share of the samples (at most 2,048 of them) that end-to-end training does not see; it keeps the weights that
    /// reconstruct these best. 0: none, and the last weights are kept.
    pub held_out: f32,
    /// Steps between two looks at the samples held out; chosen from n if left out.
    pub evaluate_every: H::Of<u32>,
    /// Looks without a lower loss after which end-to-end training ends.
    pub patience: u32,
    /// A model file whose autoencoder and normalisation are taken in place of pre-training.
    pub model: Option<String>,
    /// Samples at the front of the data that pre-training uses; all if left out.
    pub samples: H::Of<usize>,
}

/// k-means for the first centroids.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct KMeansConfig {
    /// Starts, of which the best by inertia is kept.
    pub restarts: usize,
    /// Most Lloyd iterations.
    pub max_iterations: usize,
    /// Stop when at most this share of the labels changes in an iteration.
    pub tolerance: f64,
    /// Whether k-means on the raw inputs is run too, for comparison; it needs labels to be scored.
    pub baseline: bool,
}

/// What the first clusters are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FirstClusters {
    /// Those of k-means on the embedding (Xie et al. 2016, §3.1).
    Kmeans,
    /// Those of a mixture of Gaussians on the embedding ([`crate::mixture`]).
    Mixture,
}

/// Training of encoder and centroids.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", deny_unknown_fields, rename_all = "kebab-case")]
pub struct ClusterConfig<H: Held = Given> {
    /// `kmeans` or `mixture`; chosen from n, k and d, once k is known, if left out.
    pub first: Option<FirstClusters>,
    /// Update intervals, at most, in which the mixture's posterior is the target distribution; fewer if the labels have
    /// settled (fewer than 5 × `tolerance` of them change).
    pub first_updates: u32,
    /// Learning rate of these steps: their target stands still, so they bear larger ones.
    pub first_learning_rate: f32,
    /// Degrees of freedom of Student's t distribution.
    pub alpha: f32,
    /// An embedding whose mean squared distance of a sample to its centroid is smaller is enlarged to this before the
    /// first step; 0 leaves it as it is.
    pub min_spread: f32,
    /// Whether to go back to the best state if clustering ends with clusters that agree less with the nearest neighbours
    /// of the first embedding than the first clusters did.
    pub roll_back: bool,
    /// Exponent β on the frequencies in the target distribution, p ∝ q²/f^β: the paper's 1 draws clusters to equal
    /// sizes, 0 does not.
    pub balance: f32,
    /// Steps between updates of the target distribution; chosen from n if left out.
    pub update_interval: H::Of<u32>,
    /// Stop when fewer than this share of the labels change between updates.
    pub tolerance: f64,
    /// Most steps; chosen from n if left out.
    pub max_steps: H::Of<u32>,
    /// The optimiser.
    pub optimiser: OptimiserKind,
    /// Learning rate.
    pub learning_rate: f32,
    /// Momentum of SGD.
    pub momentum: f32,
    /// The largest norm of all gradients of a step together; larger ones are scaled to it. None if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f32>,
    /// Whether momentum is zeroed at every update of the target distribution (Caffe).
    pub reset_momentum: bool,
    /// Samples per step, B.
    pub batch_size: usize,
    /// Weight γ of the KL loss beside the reconstruction loss (Guo et al. 2017, IDEC); 0 is plain DEC.
    pub gamma: f32,
    /// Whether samples are visited in a new order every epoch.
    pub shuffle: bool,
}
