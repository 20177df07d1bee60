//! The first clusters: k-means on the embedding, and a mixture of Gaussians.
//!
//! The mixture is fitted to some thousand samples on the host ([`crate::mixture`]). It must earn its many parameters: if
//! its clusters agree with the nearest neighbours no better than those of k-means on the same, smoothed embedding, the
//! latter are taken, and each becomes a component. The device then computes which component made each of all samples. The
//! means are the first centroids, and the posterior is the first target distribution: Student's t kernel around
//! the means alone would cut the clusters by nearest centroids again.

use std::borrow::Cow;

use super::Trainer;
use super::smoothed::{Smoothed, components};
use crate::config::{FirstClusters, MIXTURE_SAMPLES};
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::argmax_rows::argmax_rows;
use crate::kernels::mixture_posterior::{Components, mixture_posterior};
use crate::kmeans::{KMeansOptions, KMeansResult};
use crate::mixture::{self, Mixture};
use crate::neighbours::Means;
use crate::random::{self, stream};

/// Starts of the mixture: k-means that has run to its end, and k-means after one iteration, by turns. The first are good,
/// the others differ.
const STARTS: usize = 8;
/// Iterations of k-means from the clusters of a layout.
const SETTLING: usize = 3;

/// Where clustering begins.
pub struct First<D: Device> {
    /// k-means on the embedding.
    pub kmeans: KMeansResult,
    /// The mixture's clusters, if `cluster.first` says so and one was found.
    pub mixture: Option<MixtureClusters<D>>,
    /// Those chosen by the graph of neighbours, if they are others.
    pub graph: Option<GraphClusters<D>>,
}

/// Clusters that were chosen by the graph of neighbours.
pub struct GraphClusters<D: Device> {
    /// Their means in the embedding (k, d).
    pub means: Vec<f32>,
    /// The cluster of each sample (n).
    pub assignment: Vec<u32>,
    /// Whether the run ends once the network has learned them: nothing speaks for going on.
    pub is_final: bool,
    /// The first target (rows, k), for each block of the data: half a sample's own cluster, half its neighbours'.
    pub target: Vec<Matrix<D>>,
}

/// What a mixture of Gaussians says of every sample.
pub struct MixtureClusters<D: Device> {
    /// Whether the mixture agreed better with the neighbours than k-means on the smoothed embedding; else the components
    /// are made of the latter's clusters.
    pub earned: bool,
    /// The means (k, d).
    pub means: Vec<f32>,
    /// The likeliest component of each sample (n).
    pub assignment: Vec<u32>,
    /// Which component made each sample (rows, k), for each block of the data.
    pub posterior: Vec<Matrix<D>>,
}

impl<D: Device> First<D> {
    /// k-means alone.
    pub fn of_kmeans(kmeans: KMeansResult) -> Self {
        Self {
            kmeans,
            mixture: None,
            graph: None,
        }
    }

    /// The first centroids (k, d).
    pub fn centroids(&self) -> &[f32] {
        match (&self.graph, &self.mixture) {
            (Some(graph), _) => &graph.means,
            (None, Some(mixture)) => &mixture.means,
            (None, None) => &self.kmeans.centroids,
        }
    }

    /// What the clusters of the embedding are called, and whether they are components of a mixture.
    fn kind(&self) -> (&'static str, bool) {
        match &self.mixture {
            Some(mixture) if mixture.earned => ("autoencoder + mixture", true),
            Some(_) => ("autoencoder + smoothed k-means", true),
            None => ("autoencoder + k-means", false),
        }
    }

    /// The first cluster of each sample (n).
    pub fn assignment(&self) -> &[u32] {
        match (&self.graph, &self.mixture) {
            (Some(graph), _) => &graph.assignment,
            (None, Some(mixture)) => &mixture.assignment,
            (None, None) => &self.kmeans.assignment,
        }
    }
}

impl<D: Device> Trainer<'_, D> {
    /// Embeds every sample and finds the first clusters, as `cluster.first` says.
    ///
    /// # Errors
    /// [`crate::Error::Numeric`] if the embedding is not finite; the device's.
    pub async fn first_clusters(&mut self) -> Result<First<D>> {
        self.graph_waits |= self.neighbourhood.is_none();
        self.find_neighbours(&mut |_| {}).await?;
        let kmeans = self.init_centroids().await?;
        let first = self.config.first_clusters(self.source.n_samples());
        self.config.cluster.first = Some(first);
        let mixture = match first {
            FirstClusters::Mixture if !self.follows_layout() => {
                let found = self.mixture_clusters().await?;
                if found.is_none() {
                    log::warn!(
                        "no mixture fits the embedding; the first clusters are those of k-means"
                    );
                }
                found
            }
            _ => None,
        };
        let mut first = First {
            kmeans,
            mixture,
            graph: None,
        };
        first.graph = self.graph_clusters(&first).await?;
        Ok(first)
    }

    /// The clusters that the graph of neighbours has shown, or those of k-means on the inputs, if they are chosen over those
    /// of the embedding.
    async fn graph_clusters(&mut self, first: &First<D>) -> Result<Option<GraphClusters<D>>> {
        let Some(found) = &mut self.neighbourhood else {
            return Ok(None);
        };
        let chosen = found.choose(first.assignment(), first.kind());
        self.verdict = Some(found.verdict.clone());
        let Some(labels) = chosen else {
            return Ok(None);
        };
        self.encode_all();
        let z = super::download_all(self.device, &self.embedding.blocks).await?;
        let (d, k) = (self.config.network.embedding_dim, self.n_clusters());
        let found = self.neighbourhood.as_ref().expect("seen above");
        let own = match &found.sample {
            None => Cow::Borrowed(&z),
            Some(sample) => {
                let rows = sample.iter().flat_map(|i| &z[*i as usize * d..][..d]);
                Cow::Owned(rows.copied().collect())
            }
        };
        let labels = match found.verdict.trained_towards {
            true => settled(&own, d, labels, k),
            false => labels,
        };
        let means = Means::of(&own, d, &labels, k);
        let assignment = match &found.sample {
            None => labels,
            Some(sample) => {
                let mut all = means.nearest(&z);
                (sample.iter().zip(&labels)).for_each(|(i, label)| all[*i as usize] = *label);
                all
            }
        };
        Ok(Some(GraphClusters {
            means: means.filled(),
            is_final: !found.verdict.of_layout,
            target: self.target_of(found, &assignment)?,
            assignment,
        }))
    }

    /// A mixture that says nothing but has the size of one that does.
    pub(crate) fn blank_mixture(&self, kmeans: &KMeansResult) -> Result<MixtureClusters<D>> {
        let blocks = self.source.block_rows().into_iter();
        let posterior = blocks.map(|rows| Matrix::zeros(self.device, rows, self.n_clusters()));
        Ok(MixtureClusters {
            earned: false,
            means: kmeans.centroids.clone(),
            assignment: kmeans.assignment.clone(),
            posterior: posterior.collect::<Result<_, _>>()?,
        })
    }

    /// None if the embedding has no spread that a mixture could follow.
    async fn mixture_clusters(&mut self) -> Result<Option<MixtureClusters<D>>> {
        self.encode_all();
        let (_, z) = self.sampled(stream::MIXTURE, MIXTURE_SAMPLES).await?;
        let d = self.config.network.embedding_dim;
        let sample = Smoothed::new(self.device, z, d)?;
        match self.fit_mixture(&sample).await? {
            Some((mixture, earned)) => self.posterior(&mixture, earned).await,
            None => Ok(None),
        }
    }

    /// The clusters of the smoothed embedding as components of the embedding (m, d) as it is, and whether they are those
    /// of a mixture.
    async fn fit_mixture(&self, sample: &Smoothed<D>) -> Result<Option<(Mixture, bool)>> {
        let k = self.n_clusters();
        let balls = sample.kmeans(self.device, &self.kmeans_options()).await?;
        let starts = self.mixture_starts(sample).await?;
        let Some(fitted) = mixture::fit(sample.points(), k, &starts) else {
            return Ok(None);
        };
        let [of_mixture, of_balls] =
            [&fitted, &balls].map(|labels| sample.neighbours.agreement(labels));
        log::info!("agreement with the neighbours: mixture {of_mixture:.4}, k-means {of_balls:.4}");
        let earned = of_mixture > of_balls;
        let labels = if earned { fitted } else { balls };
        let mixture = components(&sample.z, sample.d, &labels, k);
        Ok(Some((mixture, earned)))
    }

    /// Labels (m) to start from.
    async fn mixture_starts(&self, sample: &Smoothed<D>) -> Result<Vec<Vec<u32>>> {
        let options = self.kmeans_options();
        let mut starts = Vec::new();
        for start in 0..STARTS {
            let options = KMeansOptions {
                restarts: 1,
                max_iterations: if start % 2 == 0 {
                    options.max_iterations
                } else {
                    1
                },
                seed: random::bits(options.seed, 0, stream::MIXTURE, start as u32),
                ..options
            };
            starts.push(sample.kmeans(self.device, &options).await?);
        }
        Ok(starts)
    }

    /// The first clusters of one of many k: by k-means on a smoothed sample, whose rows are the first of the data. It has
    /// most of what a mixture has, at a small part of the time.
    pub(super) async fn first_clusters_of(&mut self, sample: &Smoothed<D>) -> Result<First<D>> {
        let kmeans = self.init_centroids().await?;
        let mixture = match self.config.first_clusters(self.source.n_samples()) {
            FirstClusters::Mixture => {
                let labels = sample.kmeans(self.device, &self.kmeans_options()).await?;
                self.encode_all();
                let z = self.first_rows(labels.len()).await?;
                let mixture = components(&z, sample.d, &labels, self.n_clusters());
                self.posterior(&mixture, false).await?
            }
            FirstClusters::Kmeans => None,
        };
        Ok(First {
            kmeans,
            mixture,
            graph: None,
        })
    }

    /// What the mixture says of every sample.
    async fn posterior(
        &self,
        mixture: &Mixture,
        earned: bool,
    ) -> Result<Option<MixtureClusters<D>>> {
        let (device, d, k) = (self.device, mixture.d, mixture.n_components());
        let Some(whitened) = mixture.whitened() else {
            return Ok(None);
        };
        let means: Vec<f32> = mixture.means.iter().map(|value| *value as f32).collect();
        let components = Components {
            mu: Matrix::upload(device, k, d, &means)?,
            whitening: Matrix::upload(device, k * d, d, &whitened.whitening)?,
            offset: Matrix::upload(device, 1, k, &whitened.offset)?,
        };
        let (mut posterior, mut assignment) = (Vec::new(), Vec::new());
        for z in &self.embedding.blocks {
            let [label, confidence] = [(); 2].map(|()| Matrix::zeros(device, z.rows, 1));
            let (label, p) = (label?, Matrix::zeros(device, z.rows, k)?);
            let changes = Matrix::zeros(device, 1, 1)?;
            mixture_posterior(device, z, &components, &p);
            argmax_rows(device, &p, &label, &confidence?, &changes, 0);
            assignment.extend(device.download(&label.buffer).await?);
            posterior.push(p);
        }
        Ok(Some(MixtureClusters {
            earned,
            means,
            assignment,
            posterior,
        }))
    }
}

/// The clusters of a layout as the network has them that was trained towards it: a few iterations of k-means in the
/// embedding z (n, d). What the network did not learn is noise more often than not, so DEC need not learn it either; to
/// the end of k-means, clusters of other shapes than balls would be lost.
fn settled(z: &[f32], d: usize, mut labels: Vec<u32>, k: usize) -> Vec<u32> {
    for _ in 0..SETTLING {
        labels = Means::of(z, d, &labels, k).nearest(z);
    }
    labels
}
