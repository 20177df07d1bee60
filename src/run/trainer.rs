//! The pipeline on any device: pre-train, first centroids, cluster.
//!
//! Nothing here knows a GPU API, a file or a clock. A step's order of samples, its dropout and the initial
//! weights are functions of the seed and the step's number. Losses and label changes stay on the device
//! and are read once a window.

mod augment;
mod batches;
mod choose;
mod clipped;
mod cluster;
mod corrupted;
mod encode;
mod encoding;
mod first;
mod guard;
mod held_out;
mod losses;
mod map;
mod neighbours;
mod pretrain;
mod resume;
mod smoothed;
mod target;
mod towards;

use std::sync::Arc;

use super::event::Event;
use crate::checkpoint::{State, Wish};
use crate::config::{Resolved, Space};
use crate::data::{Affine, Dataset, Preparation};
use crate::device::{Choices, Device, Matrix};
use crate::error::{Error, Result};
use crate::kmeans::{KMeansOptions, KMeansResult, kmeans};
use crate::model::Model;
use crate::neighbours::{Principal, Verdict};
use crate::net::{Groups, LayerValues, Network, Plan, Tape};
use crate::random;
use crate::source::Source;
use augment::Augment;
use neighbours::{Neighbourhood, WIDEST_OF_ZEROS, WIDEST_SPACE};

pub use choose::{Candidate, Choice};
pub(crate) use cluster::download_all;
pub use cluster::{ClusterSteps, Clustering};
pub(crate) use encode::{Embedding, ROWS};
pub use encoding::Encoding;
pub use first::{First, GraphClusters, MixtureClusters};
pub use guard::Course;
pub use map::{ClusterMap, MOST_IN_TREE, MOST_ON_MAP, map_bytes};
pub use pretrain::PretrainSteps;

/// Receives what a stage tells.
pub type Tell<'a> = &'a mut dyn FnMut(&Event<'_>);

/// One run of Deep Embedded Clustering on one device.
pub struct Trainer<'a, D: Device> {
    device: &'a D,
    config: Resolved,
    affine: Affine,
    /// How the data came from raw ones.
    preparation: Option<Arc<Preparation>>,
    source: Source<D>,
    autoencoder: Network<D>,
    tape: Tape<D>,
    augment: Augment,
    embedding: Embedding<D>,
    /// Asked between two steps.
    wish: Option<Box<dyn Fn() -> Wish + 'a>>,
    /// Where the run goes on.
    resumed: Option<State>,
    /// The forms of products in the part of the run before it was interrupted.
    earlier_forms: Option<Choices>,
    /// Steps of pre-training done.
    pretrained: u64,
    /// Where the graph of the inputs' neighbours is built, if it is.
    principal: Option<Principal>,
    /// What the graph of neighbours has shown.
    neighbourhood: Option<Neighbourhood>,
    /// What was chosen by the graph, if there is one.
    verdict: Option<Verdict>,
    /// Whether the graph waits: for a number of clusters that is still to be chosen, or the network is trained already.
    graph_waits: bool,
}

impl<'a, D: Device> Trainer<'a, D> {
    /// Uploads the data and draws the initial weights. `config` must be of data of this shape, `affine` of its
    /// normalisation.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn new(device: &'a D, data: &Dataset, affine: Affine, config: Resolved) -> Result<Self> {
        let plan = Plan::of(&config, data.input_dim);
        let width = config.n_clusters.max(config.network.embedding_dim);
        let rows = config
            .pretrain
            .batch_size
            .max(config.cluster.batch_size)
            .min(data.n_samples);
        let source = Source::upload(device, data, &affine, width)?;
        let groups = Groups::new(device, rows, &plan);
        Ok(Self {
            autoencoder: Network::new(device, &plan, &groups, config.network.init, config.seed)?,
            tape: Tape::new(device, rows, &plan, &groups)?,
            augment: Augment::new(&config.augment, config.seed, data),
            embedding: Embedding::new(device, &source, plan.encoder(), ROWS)?,
            wish: None,
            resumed: None,
            earlier_forms: None,
            pretrained: 0,
            principal: (config.neighbours.space == Space::Inputs).then(|| {
                Principal::of(data, &affine, [WIDEST_SPACE, WIDEST_OF_ZEROS], config.seed)
            }),
            neighbourhood: None,
            verdict: None,
            graph_waits: false,
            source,
            affine,
            preparation: data.prepared.clone(),
            config,
            device,
        })
    }

    /// Takes the autoencoder of a model in place of pre-training. The data must have been uploaded with the model's
    /// normalisation.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    ///
    /// # Panics
    /// If the model's layers are not those of the configuration.
    pub fn take_autoencoder(&mut self, model: &Model) -> Result<()> {
        let layers: Vec<_> = model.encoder.iter().chain(&model.decoder).collect();
        self.graph_waits = true;
        self.take_layers(&layers)
    }

    /// Takes these layers, from the first to the last.
    fn take_layers(&mut self, layers: &[&LayerValues]) -> Result<()> {
        let (rows, plan) = (self.tape.rows_capacity(), self.autoencoder.plan());
        let groups = Groups::new(self.device, rows, plan);
        self.autoencoder = Network::trained(self.device, plan, &groups, layers)?;
        Ok(())
    }

    /// The configuration of this run.
    pub fn config(&self) -> &Resolved {
        &self.config
    }

    /// k-means on the normalised inputs: what DEC is compared with.
    ///
    /// # Errors
    /// The device's.
    pub async fn kmeans_on_inputs(&self) -> Result<KMeansResult> {
        let rows = self.source.decoded(self.device)?;
        let mut options = self.kmeans_options();
        // The inputs are wide: stop at the first iteration that moves one label in a thousand.
        options.tolerance = options.tolerance.max(0.001);
        Ok(kmeans(self.device, &rows, &options).await?)
    }

    /// Embeds every sample and runs k-means on the embedding: the first centroids.
    ///
    /// # Errors
    /// [`Error::Numeric`] if the embedding is not finite; the device's.
    pub async fn init_centroids(&mut self) -> Result<KMeansResult> {
        self.encode_all();
        let result = kmeans(self.device, &self.embedding.blocks, &self.kmeans_options()).await?;
        if !result.inertia.is_finite() {
            return Err(Error::Numeric {
                phase: "init",
                step: u64::from(self.config.pretrain.steps),
                tensor: "embedding",
            });
        }
        match self.follows_layout() {
            true => Ok(result), // a layout has the kernel's own unit
            false => self.enlarge(result),
        }
    }

    /// Enlarges embedding and centroids until the mean squared distance of a sample to its centroid is
    /// `cluster.min-spread`: Student's t kernel has a unit, and an embedding whose clusters are small against it has soft
    /// assignments that hardly differ. What the autoencoder computes stays the same.
    fn enlarge(&mut self, mut result: KMeansResult) -> Result<KMeansResult> {
        let wanted = f64::from(self.config.cluster.min_spread);
        let found = result.inertia / result.assignment.len() as f64;
        if found >= wanted || found <= 0.0 {
            return Ok(result);
        }
        let factor = (wanted / found).sqrt();
        self.autoencoder
            .scale_embedding(self.device, factor as f32)?;
        for value in &mut result.centroids {
            *value = (f64::from(*value) * factor) as f32;
        }
        result.inertia *= factor * factor;
        Ok(result)
    }

    fn kmeans_options(&self) -> KMeansOptions {
        KMeansOptions {
            n_clusters: self.n_clusters(),
            restarts: self.config.kmeans.restarts,
            max_iterations: self.config.kmeans.max_iterations,
            tolerance: self.config.kmeans.tolerance,
            seed: self.config.seed,
        }
    }

    fn n_clusters(&self) -> usize {
        self.config.n_clusters
    }

    /// At most `most` samples drawn from the seed, and the rows of the present embedding that are theirs (m, d).
    async fn sampled(&self, stream: u32, most: usize) -> Result<(Vec<u32>, Vec<f32>)> {
        let n = self.source.n_samples();
        let mut sample = random::permutation(self.config.seed, stream, 0, n);
        sample.truncate(most);
        let rows = self.rows_of(&self.embedding.blocks, &sample)?;
        Ok((sample, rows.download(self.device).await?))
    }

    /// Fills what the first trained layer reads (b, in): `gather` gives the inputs.
    fn fill(&self, batch: &Matrix<D>, gather: impl FnOnce(&Matrix<D>)) {
        match self.autoencoder.plan().head() {
            0 => gather(batch),
            head => {
                gather(&self.tape.input(0));
                (self.autoencoder).forward_into(self.device, 0..head, &self.tape, batch);
            }
        }
    }

    fn encode_all(&self) {
        self.embedding
            .encode(self.device, &self.source, self.autoencoder.encoder());
    }

    /// The trained model, with the centroids of `clustering`.
    ///
    /// # Errors
    /// The device's.
    pub async fn model(&self, clustering: &Clustering) -> Result<Model> {
        let depth = self.autoencoder.depth();
        Ok(Model {
            encoder: self.autoencoder.download(self.device, 0..depth).await?,
            decoder: (self.autoencoder)
                .download(self.device, depth..self.autoencoder.plan().kinds().len())
                .await?,
            centroids: clustering.centroids.clone(),
            n_clusters: self.n_clusters(),
            embedding_dim: self.config.network.embedding_dim,
            input_dim: self.source.input_dim(),
            alpha: self.config.cluster.alpha,
            shift: self.affine.shift.clone(),
            scale: self.affine.scale.clone(),
            preparation: self.preparation.clone(),
            config_toml: self.config.to_toml(),
            forms: self.forms(),
        })
    }
}
