//! What a model file is.

use std::path::Path;

use dec_gpu::Result;
use dec_gpu::config::Config;
use dec_gpu::data::{Step, printable};
use dec_gpu::model::{Model, ModelError};
use dec_gpu::net::LayerValues;
use safetensors::SafeTensors;
use serde::Serialize;

use super::Line;

/// A model in one object.
#[derive(Serialize)]
pub(super) struct ModelInfo {
    /// The version of the program that wrote it.
    version: Option<String>,
    n_clusters: usize,
    input_dim: usize,
    embedding_dim: usize,
    /// What is done to raw inputs first, if anything is.
    preparation: Option<Preparation>,
    /// From input to embedding.
    encoder: Vec<usize>,
    /// From embedding to input.
    decoder: Vec<usize>,
    n_parameters: usize,
    alpha: f32,
    preset: Option<String>,
    seed: Option<u32>,
    normalisation: Option<String>,
    /// The GPU whose forms of products it holds; none if it was made on a CPU.
    adapter: Option<String>,
}

/// The preparation in one object, without the long parts.
#[derive(Serialize)]
struct Preparation {
    steps: Vec<Step>,
    target_sum: Option<f64>,
    /// Values of a raw sample, of which `input_dim` are kept.
    raw_input_dim: usize,
    /// All of it but the target sum in words.
    #[serde(skip)]
    words: String,
}

impl Preparation {
    fn of(model: &Model) -> Option<Self> {
        let own = model.preparation.as_ref()?;
        Some(Self {
            steps: own.steps.clone(),
            target_sum: own.target_sum,
            raw_input_dim: own.input_dim,
            words: own.to_string(),
        })
    }

    fn line(&self) -> String {
        match self.target_sum {
            Some(sum) => format!("{}; rows to a sum of {sum}", self.words),
            None => self.words.clone(),
        }
    }
}

pub(super) fn look(path: &Path) -> Result<ModelInfo> {
    let file = path.to_string_lossy();
    let bytes = std::fs::read(path).map_err(|source| ModelError::Io {
        file: file.to_string(),
        source,
    })?;
    let model = Model::from_safetensors(&bytes, &file)?;
    // A model may be used whose configuration is from another version; then the configuration is just not told.
    let config = Config::layered(None, Some((&file, &model.config_toml)), &[]).ok();
    let layers = || model.encoder.iter().chain(&model.decoder);
    let outputs = model.decoder.iter().map(LayerValues::d_out);
    Ok(ModelInfo {
        version: version(&bytes),
        n_clusters: model.n_clusters,
        input_dim: model.input_dim,
        embedding_dim: model.embedding_dim,
        preparation: Preparation::of(&model),
        encoder: model.encoder_sizes(),
        decoder: std::iter::once(model.embedding_dim)
            .chain(outputs)
            .collect(),
        n_parameters: layers().map(LayerValues::n_parameters).sum::<usize>()
            + model.centroids.len(),
        alpha: model.alpha,
        preset: config.as_ref().map(|config| config.preset.clone()),
        seed: config.as_ref().map(|config| config.seed),
        normalisation: config
            .and_then(|config| config.data.normalisation)
            .map(|normalisation| normalisation.to_string()),
        adapter: model.forms.map(|forms| forms.device.name),
    })
}

/// The version in the metadata of a file that was read as a model.
fn version(bytes: &[u8]) -> Option<String> {
    let (_, header) = SafeTensors::read_metadata(bytes).ok()?;
    header.metadata().as_ref()?.get("version").cloned()
}

impl ModelInfo {
    pub(super) fn lines(&self) -> Vec<Line> {
        let known = |text: &Option<String>| text.as_deref().map_or("not known".into(), printable);
        let mut lines = vec![
            (
                "model",
                format!("written by version {}", known(&self.version)),
            ),
            ("clusters", self.n_clusters.to_string()),
            ("encoder", sizes(&self.encoder)),
            ("decoder", sizes(&self.decoder)),
            ("parameters", self.n_parameters.to_string()),
            ("normalisation", known(&self.normalisation)),
            ("preset", known(&self.preset)),
        ];
        let preparation = self.preparation.as_ref().map(Preparation::line);
        lines.extend(preparation.map(|line| ("preparation", line)));
        lines.extend(self.seed.map(|seed| ("seed", seed.to_string())));
        let adapter = self.adapter.as_deref().map(printable);
        lines.extend(adapter.map(|adapter| ("adapter", adapter)));
        lines
    }
}

fn sizes(sizes: &[usize]) -> String {
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    sizes.join("-")
}
