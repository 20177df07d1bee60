//! Hyper-parameters: presets as data, TOML, overrides, and the one check that makes them valid.
//!
//! A preset is a TOML file (`src/config/*.toml`). A run's configuration is the preset, then `--config`,
//! then single keys, merged as tables ([`Config::layered`]). What a preset leaves out is chosen from the
//! data's shape by [`Config::resolve`], in one place, by rules that hold for every data set.

mod commented;
mod error;
mod flat;
mod prepare;
mod rules;

use serde::{Deserialize, Serialize};

pub use commented::commented;
pub use error::ConfigError;
pub use flat::{Difference, differences, flat};
pub use rules::DataShape;
pub(crate) use rules::MIXTURE_SAMPLES;

use crate::data::{Normalisation, Step, cut, printable, printable_lines, short};

/// Everything that decides a run, but the data and the device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The preset these values started from.
    pub preset: String,
    /// Seed of every random number.
    pub seed: u32,
    /// Clusters, k.
    pub n_clusters: Option<usize>,
    /// How inputs are prepared and scaled.
    pub data: DataConfig,
    /// The autoencoder.
    pub network: NetworkConfig,
    /// Random changes of images.
    pub augment: AugmentConfig,
    /// The graph of nearest neighbours.
    pub neighbours: NeighboursConfig,
    /// Training of the autoencoder.
    pub pretrain: PretrainConfig,
    /// The first centroids.
    pub kmeans: KMeansConfig,
    /// Training of encoder and centroids.
    pub cluster: ClusterConfig,
}

/// How inputs are prepared and scaled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DataConfig {
    /// What is done to raw values first, in order ([`crate::data::prepare`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prepare: Vec<Step>,
    /// Columns of largest variance that are then kept; all if left out.
    pub columns: Option<usize>,
    /// `none`, `unit-range`, `unit-mean-square` or `standardise`; chosen from the data if left out.
    pub normalisation: Option<String>,
}

/// Random changes of images (Guo et al. 2018, DEC-DA): the batch is warped, the target distribution is
/// that of the images as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AugmentConfig {
    /// Whether pre-training reconstructs warped images; if left out, whether the data are images.
    pub pretrain: Option<bool>,
    /// Whether clustering sees warped images; if left out, whether the data are images.
    pub cluster: Option<bool>,
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
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NeighboursConfig {
    /// `inputs`, `embedding` or `off`; chosen from the data if left out.
    pub space: Option<Space>,
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
    pub pretrain_steps: Option<u32>,
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
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NetworkConfig {
    /// Sizes of the hidden layers of the encoder; chosen from n and D if left out.
    pub hidden: Option<Vec<usize>>,
    /// Size of the embedding, d.
    pub embedding_dim: usize,
    /// Initial weights.
    pub init: Init,
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
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PretrainConfig {
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
    pub steps: Option<u32>,
    /// Dropout rate of the inputs in end-to-end training, which makes it denoising; the paper's fine-tuning
    /// has none.
    pub input_dropout: f32,
    /// Steps per layer of greedy training.
    pub layer_steps: u32,
    /// Dropout rate of greedy training.
    pub dropout: f32,
    /// Whether the data themselves are corrupted too when the first layer is trained (paper: yes, Caffe: no).
    pub corrupt_data: bool,
    /// The reconstruction loss is this times the mean of squares (Caffe: 0.5).
    pub loss_scale: f32,
    /// Whether samples are visited in a new order every epoch.
    pub shuffle: bool,
    /// Share of the samples (at most 2,048 of them) that end-to-end training does not see; it keeps the weights that
    /// reconstruct these best. 0: none, and the last weights are kept.
    pub held_out: f32,
    /// Steps between two looks at the samples held out; chosen from n if left out.
    pub evaluate_every: Option<u32>,
    /// Looks without a lower loss after which end-to-end training ends.
    pub patience: u32,
    /// A model file whose autoencoder and normalisation are taken in place of pre-training.
    pub model: Option<String>,
    /// Samples at the front of the data that pre-training uses; all if left out.
    pub samples: Option<usize>,
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
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ClusterConfig {
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
    pub update_interval: Option<u32>,
    /// Stop when fewer than this share of the labels change between updates.
    pub tolerance: f64,
    /// Most steps; chosen from n if left out.
    pub max_steps: Option<u32>,
    /// The optimiser.
    pub optimiser: OptimiserKind,
    /// Learning rate.
    pub learning_rate: f32,
    /// Momentum of SGD.
    pub momentum: f32,
    /// Whether momentum is zeroed at every update of the target distribution (Caffe).
    pub reset_momentum: bool,
    /// Samples per step, B.
    pub batch_size: usize,
    /// Weight γ of the KL loss beside the reconstruction loss (Guo et al. 2017, IDEC); 0 is plain DEC.
    pub gamma: f32,
    /// Whether samples are visited in a new order every epoch.
    pub shuffle: bool,
}

/// The presets' names, the default first.
pub const PRESETS: [&str; 3] = ["fast", "balanced", "paper"];

/// The TOML text of a preset.
///
/// # Errors
/// [`ConfigError::UnknownPreset`].
pub fn preset(name: &str) -> Result<&'static str, ConfigError> {
    match name {
        "fast" => Ok(include_str!("config/fast.toml")),
        "balanced" => Ok(include_str!("config/balanced.toml")),
        "paper" => Ok(include_str!("config/paper.toml")),
        other => Err(ConfigError::UnknownPreset(short(other))),
    }
}

impl Config {
    /// A preset, before it meets data.
    ///
    /// # Errors
    /// [`ConfigError::UnknownPreset`].
    pub fn preset(name: &str) -> Result<Self, ConfigError> {
        Self::layered(Some(name), None, &[])
    }

    /// A preset, a file's text over it, and `section.key=value` overrides over both.
    ///
    /// The preset is `preset`, else the one the file names, else `fast`. `file` is its name and text.
    ///
    /// # Errors
    /// Text that is not TOML, unknown keys, values of a wrong type.
    pub fn layered(
        preset_name: Option<&str>,
        file: Option<(&str, &str)>,
        overrides: &[String],
    ) -> Result<Self, ConfigError> {
        let file_table = file
            .map(|(name, text)| parse(name, text))
            .transpose()?
            .unwrap_or_default();
        let named = file_table.get("preset").and_then(|value| value.as_str());
        let name = preset_name.or(named).unwrap_or(PRESETS[0]).to_owned();
        let mut table = parse(&name, preset(&name)?)?;
        merge(&mut table, file_table);
        for item in overrides {
            merge(&mut table, override_table(item)?);
        }
        table.insert("preset".into(), name.into());
        let source = file.map_or("the configuration", |(name, _)| name);
        serde_path_to_error::deserialize(table).map_err(|error| ConfigError::Toml {
            file: printable(source),
            message: message(&told(&error.path().to_string(), error.inner().message())),
        })
    }

    /// The text that makes this run again.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("tables of numbers and strings are TOML")
    }

    /// The checked normalisation.
    pub fn normalisation(&self) -> Normalisation {
        (self.data.normalisation.as_deref())
            .and_then(|name| name.parse().ok())
            .unwrap_or(Normalisation::None)
    }

    /// Sizes from input to embedding: D, hidden…, d.
    pub fn encoder_sizes(&self, input_dim: usize) -> Vec<usize> {
        let hidden = self.network.hidden.iter().flatten().copied();
        std::iter::once(input_dim)
            .chain(hidden)
            .chain([self.network.embedding_dim])
            .collect()
    }
}

/// What is wrong with the value of a key; for a key that does not exist the nearest that does.
fn told(key: &str, message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    let nearest = (names.next())
        .filter(|_| message.starts_with("unknown field"))
        .and_then(|wrong| {
            let near = |known: &str| strsim::damerau_levenshtein(wrong, known);
            let best = names.min_by_key(|known| near(known))?;
            (near(best) <= wrong.len() / 2).then_some(best)
        });
    match nearest {
        Some(nearest) => format!("{key}: {message}; did you mean `{nearest}`?"),
        None => format!("{key}: {message}"),
    }
}

fn parse(file: &str, text: &str) -> Result<toml::Table, ConfigError> {
    text.parse()
        .map_err(|error: toml::de::Error| ConfigError::Toml {
            file: printable(file),
            message: message(&error.to_string()),
        })
}

/// What the parser said, fit to be shown. It shows whole lines of the file, which can be of any length.
fn message(said: &str) -> String {
    cut(&printable_lines(said), 1000)
}

/// Lays `over` on `table`, key by key.
fn merge(table: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => merge(below, above),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}

/// `section.key=value` as a table; a value that is not TOML is taken as a string.
fn override_table(item: &str) -> Result<toml::Table, ConfigError> {
    let (key, value) = item
        .split_once('=')
        .ok_or_else(|| ConfigError::Override(short(item)))?;
    let (key, value) = (key.trim(), value.trim());
    format!("{key} = {value}")
        .parse()
        .or_else(|_| format!("{key} = {value:?}").parse())
        .map_err(|_: toml::de::Error| ConfigError::Override(short(item)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_parses_and_survives_a_round_trip() {
        for name in PRESETS {
            let config = Config::preset(name).unwrap_or_else(|error| panic!("{name}: {error}"));
            let again = Config::layered(None, Some(("again", &config.to_toml())), &[]);
            assert_eq!(again.expect("its own text"), config, "{name}");
        }
    }

    #[test]
    fn the_command_line_wins_over_the_file_and_the_file_over_the_preset() {
        let file = Some(("run.toml", "seed = 3\n[cluster]\ngamma = 0.5\nalpha = 2.0"));
        let config = Config::layered(None, file, &["cluster.gamma=0.25".into()]).expect("valid");
        assert_eq!(
            (config.seed, config.cluster.gamma, config.cluster.alpha),
            (3, 0.25, 2.0)
        );
    }

    #[test]
    fn an_unknown_key_and_a_wrong_type_are_errors() {
        for text in [
            "[cluster]\ngama = 1.0",
            "seed = \"x\"",
            "[pretrain]\nmethod = \"none\"",
            "seed = ",
        ] {
            let error = Config::layered(None, Some(("run.toml", text)), &[]).expect_err(text);
            assert!(error.to_string().contains("run.toml"), "{error}");
        }
    }

    #[test]
    fn errors_name_the_key_and_the_nearest_that_there_is() {
        for (item, words) in [
            (
                "cluster.frist=kmeans",
                &["cluster", "`frist`", "did you mean `first`?"][..],
            ),
            ("cluster.first=foo", &["cluster.first", "`foo`", "`kmeans`"]),
            ("pretrain.steps=abc", &["pretrain.steps", "\"abc\"", "u32"]),
            (
                "pretrian.steps=1",
                &["`pretrian`", "did you mean `pretrain`?"],
            ),
        ] {
            let error = Config::layered(None, None, &[item.into()]).expect_err(item);
            for word in words {
                assert!(error.to_string().contains(word), "{item}: {error}");
            }
        }
        let error = Config::layered(None, None, &["zzzzzz.q=1".into()]).expect_err("unknown");
        assert!(!error.to_string().contains("did you mean"), "{error}");
    }
}
