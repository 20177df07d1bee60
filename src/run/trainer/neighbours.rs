//! The stage `neighbours`: the graph of nearest neighbours, its layouts, and the choice among the clusters they show.

mod layouts;
mod space;

use std::collections::HashSet;

use super::target::blocks_of;
use super::{Tell, Trainer};
use crate::checkpoint::Phase;
use crate::config::Space;
use crate::data::Dataset;
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kmeans::{KMeansOptions, kmeans};
use crate::neighbours::{
    self, Candidate, Graph, Laid, Pool, RAW, Verdict, Weighed, candidates, neighbours_for,
};
use crate::random::{self, stream};
pub(super) use space::{WIDEST_OF_ZEROS, WIDEST_SPACE};

/// Runs of k-means, and starts of each, by whose agreement the layouts' is judged.
const COMPARED: (usize, usize) = (4, 3);

/// What the graph of neighbours has shown.
pub(super) struct Neighbourhood {
    pub(super) graph: Graph,
    /// The samples that are the graph's points, rising; all if none.
    pub(super) sample: Option<Vec<u32>>,
    /// The best clusters of the layouts (n).
    pub(super) labels: Vec<u32>,
    /// k-means on the space (n).
    pub(super) raw: Vec<u32>,
    /// The layout that the best clusters were found in (n, d), centred.
    pub(super) layout: Vec<f32>,
    pub(super) verdict: Verdict,
    /// Of the modularity.
    resolution: f64,
    /// Whether the points are the inputs, not an embedding.
    of_inputs: bool,
}

impl Neighbourhood {
    /// The sample that a point of the graph is.
    pub(super) fn row(&self, point: usize) -> usize {
        self.sample
            .as_ref()
            .map_or(point, |sample| sample[point] as usize)
    }

    /// Of values of all samples those of the graph's points.
    pub(super) fn of_sample(&self, of_all: &[u32]) -> Vec<u32> {
        let points = 0..self.graph.n_points();
        points.map(|point| of_all[self.row(point)]).collect()
    }

    /// The clusters to take in place of those of the embedding (n), if any: those of the layouts if they are far above k-means,
    /// else those of the mixture. Where there is none, because samples are few, or where most rows are repeated, an
    /// autoencoder has little to learn from, and k-means on the inputs is taken; also where the mixture's modularity says
    /// that it went astray.
    pub(super) fn choose(
        &mut self,
        of_embedding: &[u32],
        (name, is_mixture): (&str, bool),
    ) -> Option<Vec<u32>> {
        let labels = self.of_sample(of_embedding);
        let modularity = self.graph.modularity(&labels, self.resolution);
        let conductance = self.graph.conductance(&labels);
        self.verdict.candidates.push(Weighed {
            name: name.into(),
            modularity,
            conductance,
            agreement: None,
        });
        if self.verdict.of_layout {
            return Some(self.labels.clone());
        }
        let lost = self.verdict.is_lost(modularity, conductance);
        if self.of_inputs && (!is_mixture || !self.verdict.is_unique() || lost) {
            self.verdict.chosen = RAW.into();
            return Some(self.raw.clone());
        }
        self.verdict.chosen = name.into();
        None
    }
}

impl<D: Device> Trainer<'_, D> {
    /// Lays out the graph of nearest neighbours and chooses among the clusters it shows, as `neighbours.space` says, if
    /// that was not done: of the inputs at any time, of the embedding once the network is trained.
    /// [`Trainer::pretrain`] begins with it, [`Trainer::first_clusters`] makes up for it.
    ///
    /// # Errors
    /// The device's; [`crate::Error::Interrupted`].
    pub async fn find_neighbours(&mut self, observe: Tell<'_>) -> Result<()> {
        if self.neighbourhood.is_some() || !self.is_before(Phase::Cluster) {
            return Ok(());
        }
        let Some((points, m)) = self.space()? else {
            return Ok(());
        };
        let mut found = self.neighbourhood(&points, m, observe).await?;
        let cells = self.source.n_samples() * self.config.network.embedding_dim;
        let fits = 4 * cells <= self.device.room().binding_bytes;
        let wanted = found.verdict.of_layout && self.waits_for_neighbours();
        if wanted && !fits {
            log::warn!(
                "the layout of all samples is larger than one binding of the device; the network is pre-trained without it"
            );
        }
        found.verdict.trained_towards = wanted && fits;
        self.verdict = Some(found.verdict.clone());
        self.neighbourhood = Some(found);
        Ok(())
    }

    /// Whether the graph is built before the network is trained.
    pub fn waits_for_neighbours(&self) -> bool {
        !self.graph_waits && self.principal.is_some()
    }

    /// Forgets clusters of another k; the graph is built again once k is chosen.
    pub(super) fn forget_graph(&mut self) {
        self.neighbourhood = None;
        self.verdict = None;
        self.graph_waits = true;
    }

    /// Lets the graph wait until the number of clusters is chosen.
    pub fn let_graph_wait(&mut self) {
        self.graph_waits = true;
    }

    /// [`Trainer::find_neighbours`] before pre-training, so that the network can be trained towards a layout.
    pub(super) async fn neighbours_before_training(&mut self, observe: Tell<'_>) -> Result<()> {
        match self.waits_for_neighbours() {
            true => self.find_neighbours(observe).await,
            false => Ok(()),
        }
    }

    /// What was chosen by the graph; none without one.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_ref()
    }

    /// Whether the network is trained towards a layout.
    pub(super) fn follows_layout(&self) -> bool {
        self.verdict
            .as_ref()
            .is_some_and(|verdict| verdict.trained_towards)
    }

    async fn neighbourhood(
        &mut self,
        points: &[Matrix<D>],
        m: usize,
        observe: Tell<'_>,
    ) -> Result<Neighbourhood> {
        let (device, k) = (self.device, self.n_clusters());
        let sample = self.sample_to_lay_out(m);
        let chosen = match &sample {
            Some(sample) => vec![self.rows_of(points, sample)?],
            None => points.to_vec(),
        };
        let points = &chosen[..];
        let host = super::download_all(device, points).await?;
        let n = host.len() / m;
        let nearest = self
            .config
            .neighbours
            .k
            .unwrap_or_else(|| neighbours_for(n, k));
        let graph = neighbours::graph(device, points, nearest).await?;
        let mut layouts = self.layouts(&graph, (&host, m), observe).await?;
        let d = self.layout_dim();
        let usual = layouts.len();
        if neighbours::are_few(k) {
            layouts.push(neighbours::slow_walks(&graph, d, self.config.seed));
        }
        let mut found: Vec<Vec<Candidate>> = Vec::new();
        for (number, z) in layouts.iter().enumerate() {
            let name = match number < usual {
                true => format!("layout {}", number + 1),
                false => "slow walks".into(),
            };
            let name = &name[..];
            let laid = Laid { name, number, z, d };
            found.push(candidates(device, &graph, laid, k, self.config.seed).await?);
        }
        let slow = found.split_off(usual).concat();
        let of_layouts = found.concat();
        let raw = self.raw_clusters(points).await?;
        let (verdict, best) = Pool {
            graph: &graph,
            k,
            resolution: self.config.neighbours.resolution.into(),
            of_inputs: self.principal.is_some(),
            neighbours: nearest,
            unique: unique(&host, m),
            raw: &raw,
            layouts: &of_layouts,
            slow: &slow,
        }
        .verdict();
        let (layout, labels) = (best.layout.unwrap_or(0), best.labels.clone());
        Ok(Neighbourhood {
            layout: self.centred(&layouts[layout], d),
            sample,
            resolution: self.config.neighbours.resolution.into(),
            of_inputs: self.principal.is_some(),
            labels,
            raw: raw.into_iter().next().unwrap_or_default(),
            graph,
            verdict,
        })
    }

    /// k-means on the space, then some more to see how they agree.
    async fn raw_clusters(&self, points: &[Matrix<D>]) -> Result<Vec<Vec<u32>>> {
        let first = self.kmeans_options();
        let mut all = vec![kmeans(self.device, points, &first).await?.assignment];
        for run in 0..COMPARED.0 {
            let options = KMeansOptions {
                restarts: COMPARED.1,
                seed: random::bits(first.seed, run as u32, stream::CANDIDATES, u32::MAX),
                ..first
            };
            all.push(kmeans(self.device, points, &options).await?.assignment);
        }
        Ok(all)
    }

    /// Clusters (n) as the first target: half each sample's own, half its neighbours' (n, k), for each block of the data;
    /// wholly its own of a sample that is not in the graph.
    pub(super) fn target_of(
        &self,
        found: &Neighbourhood,
        assignment: &[u32],
    ) -> Result<Vec<Matrix<D>>> {
        let k = self.n_clusters();
        let mut p = vec![0.0; assignment.len() * k];
        for (row, label) in p.chunks_exact_mut(k).zip(assignment) {
            row[*label as usize] = 1.0;
        }
        let labels = found.of_sample(assignment);
        let shares = found.graph.shares(&labels, k);
        for (at, shares) in shares.chunks_exact(k).enumerate() {
            let row = &mut p[found.row(at) * k..][..k];
            row.iter_mut()
                .zip(shares)
                .for_each(|(p, share)| *p = 0.5 * (*p + share));
        }
        let blocks = blocks_of(self.device, &self.source.block_rows(), &p, k);
        Ok(blocks?)
    }

    /// Takes on a device what the stage takes at its height: [`crate::tally`] counts it.
    pub(crate) fn hold_neighbours(&self, data: &Dataset, space: Space) -> Result<()> {
        let (device, n) = (self.device, data.n_samples);
        let (m, d) = (self.space_width(data, space), self.layout_dim());
        let rows = n.min(self.most_laid_out(m));
        let blocks = self.source.block_rows().into_iter();
        let points = blocks.map(|rows| Matrix::zeros(device, rows, m));
        let _points = points.collect::<Result<Vec<_>, _>>()?;
        let _sample = (rows < n)
            .then(|| Matrix::zeros(device, rows, m))
            .transpose()?;
        let k = neighbours_for(rows, self.n_clusters());
        drop(Matrix::zeros(device, rows, 3 * k)?); // the lists, before there are layouts
        let _edges = Matrix::zeros(device, rows, 4 * k + 1)?;
        let _layouts = Matrix::zeros(device, rows * self.layout_count(rows), 4 * d + 1)?;
        Ok(())
    }
}

/// The share of rows that differ from all before them.
fn unique(points: &[f32], m: usize) -> f64 {
    let rows: HashSet<&[u8]> = points.chunks_exact(m).map(bytemuck::cast_slice).collect();
    rows.len() as f64 / (points.len() / m) as f64
}
