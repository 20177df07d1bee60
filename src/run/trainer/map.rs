//! The map of a run for people: the graph of nearest neighbours laid out in two dimensions, and the tree of the clusters.

use std::borrow::Cow;

use super::cluster::Clustering;
use super::neighbours::{WIDEST_OF_ZEROS, WIDEST_SPACE};
use super::{Trainer, download_all};
use crate::config::{Resolved, Space};
use crate::data::Dataset;
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::neighbours::{self, Graph, Laying, LayoutOptions, Pca, neighbours_for};
use crate::random::{self, stream};
use crate::run::record::ClusterTree;

/// The most rows on a map.
pub const MOST_ON_MAP: usize = 50_000;
/// The most clusters in a tree: its work grows with their cube.
pub const MOST_IN_TREE: usize = 1000;
/// Rows below which there is no graph.
const FEWEST: usize = 3;
/// Neighbours of a row where the configuration has no graph.
const NEIGHBOURS: usize = 15;
/// Steps of the layout.
const STEPS: u32 = 500;
/// γ of the layout, chosen by looking at maps of 0.3 to 4: the groups of many clusters run into each other above 1.
const GAMMA: f32 = 0.7;

/// A map of the rows, and the tree of their clusters.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterMap {
    /// The rows on the map, rising (m); none if all are.
    pub rows: Option<Vec<u32>>,
    /// Where each lies (m, 2).
    pub places: Vec<f32>,
    /// Which clusters join first; none above [`MOST_IN_TREE`].
    pub tree: Option<ClusterTree>,
}

impl<D: Device> Trainer<'_, D> {
    /// Lays out the graph of nearest neighbours in two dimensions, and finds the order in which the clusters join. None if
    /// there are fewer than 3 rows, or values that are not finite.
    ///
    /// The graph is that of the inputs if the configuration has one, else of the final embedding: both are the same in a run
    /// that was resumed. Above [`MOST_ON_MAP`] rows it is the graph of a sample of the rows.
    ///
    /// # Errors
    /// The device's.
    pub async fn map(&self, clustering: &Clustering) -> Result<Option<ClusterMap>> {
        if clustering.assignment.len() < FEWEST {
            return Ok(None);
        }
        let rows = sample(self.config.seed, &clustering.assignment);
        let d = self.config.network.embedding_dim;
        let embedding = picked(&clustering.embedding, d, rows.as_deref());
        let (points, m) = match self.principal.is_some() {
            true => self.inputs_on_map(rows.as_deref()).await?,
            false => (embedding.to_vec(), d),
        };
        if !points.iter().all(|x| x.is_finite()) {
            return Ok(None);
        }
        let graph = self.graph_of_map(&points, m, rows.is_some()).await?;
        let places = self.laid_out(&graph, &places(&points, m)).await?;
        let labels = match &rows {
            Some(rows) => rows
                .iter()
                .map(|i| clustering.assignment[*i as usize])
                .collect(),
            None => Cow::Borrowed(&clustering.assignment[..]),
        };
        let sizes = sizes(&clustering.assignment, self.n_clusters());
        let tree = (sizes.len() <= MOST_IN_TREE).then(|| tree(&graph, &labels, &embedding, &sizes));
        let finite = places.iter().all(|x| x.is_finite());
        Ok(finite.then_some(ClusterMap { rows, places, tree }))
    }

    /// The rows of the map in the space of the inputs' graph (m, width), and the width.
    async fn inputs_on_map(&self, rows: Option<&[u32]>) -> Result<(Vec<f32>, usize)> {
        let (blocks, width) = self.space()?.unwrap_or_default();
        let Some(mut rows) = rows else {
            return Ok((download_all(self.device, &blocks).await?, width));
        };
        let (mut points, mut first) = (Vec::new(), 0);
        for block in &blocks {
            let values = block.download(self.device).await?;
            let (here, rest) =
                rows.split_at(rows.partition_point(|i| (*i as usize) < first + block.rows));
            for i in here {
                points.extend_from_slice(&values[(*i as usize - first) * width..][..width]);
            }
            (rows, first) = (rest, first + block.rows);
        }
        Ok((points, width))
    }

    /// The graph of these points (n, m): that of the stage `neighbours` if it is of the same points and still there.
    async fn graph_of_map(
        &self,
        points: &[f32],
        m: usize,
        sampled: bool,
    ) -> Result<Cow<'_, Graph>> {
        let found = self.neighbourhood.as_ref();
        let of_same = found.filter(|found| found.sample.is_none() && self.principal.is_some());
        if let (Some(found), false) = (of_same, sampled) {
            return Ok(Cow::Borrowed(&found.graph));
        }
        let (n, config) = (points.len() / m, &self.config.neighbours);
        let k = match config.space {
            Space::Off => NEIGHBOURS,
            _ => config
                .k
                .unwrap_or_else(|| neighbours_for(n, self.n_clusters())),
        };
        let most = (self.device.room().binding_bytes / (4 * m)).max(1);
        let blocks: Vec<Matrix<D>> = (points.chunks(most * m))
            .map(|rows| Matrix::upload(self.device, rows.len() / m, m, rows))
            .collect::<Result<_, _>>()?;
        let graph = neighbours::graph(self.device, &blocks, k.min(n - 1)).await?;
        Ok(Cow::Owned(graph))
    }

    /// Lays a graph out from these places (n, 2).
    async fn laid_out(&self, graph: &Graph, places: &[f32]) -> Result<Vec<f32>> {
        let options = LayoutOptions {
            d: 2,
            steps: STEPS,
            count: 1,
            gamma: [GAMMA; 2],
            seed: self.config.seed,
        };
        let mut laying = Laying::new(self.device, graph, places, 2, options)?;
        while !laying.is_done() {
            laying.step(false);
            self.device.flush();
        }
        Ok(laying.places().await?.pop().unwrap_or_default())
    }
}

/// Bytes that the map takes at most: on the host, and on the device. They are 0 if it takes the graph of the stage
/// `neighbours`, which needs more.
pub fn map_bytes(data: &Dataset, config: &Resolved) -> [usize; 2] {
    let n = data.n_samples;
    let m = n.min(MOST_ON_MAP);
    let all_laid_out = n <= config.neighbours.samples.min(MOST_ON_MAP);
    if all_laid_out && config.neighbours.space == Space::Inputs {
        return [0; 2];
    }
    let (in_space, width) = match config.neighbours.space {
        Space::Inputs if neighbours::is_mostly_zeros(data) => {
            (n, data.input_dim.min(WIDEST_OF_ZEROS))
        }
        Space::Inputs => (n, data.input_dim.min(WIDEST_SPACE)),
        _ => (0, config.network.embedding_dim),
    };
    let points = 4 * width * (in_space + m);
    // An index and a weight for each neighbour; a graph has them twice.
    let lists = 8 * m * config.neighbours.k.unwrap_or(NEIGHBOURS).min(n);
    [points + 10 * lists + 100 * m, points + 4 * lists + 40 * m]
}

/// Rows drawn from the seed where there are too many, rising, with at least one of each cluster.
fn sample(seed: u32, assignment: &[u32]) -> Option<Vec<u32>> {
    if assignment.len() <= MOST_ON_MAP {
        return None;
    }
    let order = random::permutation(seed, stream::MAP, 0, assignment.len());
    let clusters = assignment.iter().max().map_or(0, |most| *most as usize + 1);
    let mut seen = vec![false; clusters];
    let is_first = |i: &u32| !std::mem::replace(&mut seen[assignment[*i as usize] as usize], true);
    let (first, others): (Vec<u32>, Vec<u32>) = order.into_iter().partition(is_first);
    let mut rows: Vec<u32> = first.into_iter().chain(others).take(MOST_ON_MAP).collect();
    rows.sort_unstable();
    Some(rows)
}

/// Some rows of `values` (n, d), or all.
fn picked<'v>(values: &'v [f32], d: usize, rows: Option<&[u32]>) -> Cow<'v, [f32]> {
    match rows {
        Some(rows) => (rows.iter())
            .flat_map(|i| &values[*i as usize * d..][..d])
            .copied()
            .collect(),
        None => Cow::Borrowed(values),
    }
}

/// Where points (n, m) lie on their first two principal directions (n, 2), within 1. Rows far outside are moved to the edge
/// of the others, or these would begin in one place.
fn places(points: &[f32], m: usize) -> Vec<f32> {
    let pca = Pca::of(points, m, 2);
    let mut places: Vec<f64> = (points.chunks_exact(m))
        .flat_map(|row| pca.place(row))
        .collect();
    for axis in 0..2 {
        let mut sorted: Vec<f64> = places.iter().skip(axis).step_by(2).copied().collect();
        sorted.sort_by(f64::total_cmp);
        let rare = sorted.len() / 100;
        let (low, high) = (sorted[rare], sorted[sorted.len() - 1 - rare]);
        let room = high - low;
        let own = places.iter_mut().skip(axis).step_by(2);
        own.for_each(|x| *x = x.clamp(low - room, high + room));
    }
    let unit = places
        .iter()
        .fold(f64::MIN_POSITIVE, |most, x| most.max(x.abs()));
    places.into_iter().map(|x| (x / unit) as f32).collect()
}

/// Members of each cluster (k).
fn sizes(assignment: &[u32], k: usize) -> Vec<u64> {
    let mut sizes = vec![0; k];
    assignment
        .iter()
        .for_each(|label| sizes[*label as usize] += 1);
    sizes
}

/// The tree of clusters of these sizes, by the graph of some of the rows with their labels and embedding (m, d).
fn tree(graph: &Graph, labels: &[u32], embedding: &[f32], sizes: &[u64]) -> ClusterTree {
    let k = sizes.len();
    let names: Vec<usize> = (0..k).filter(|c| sizes[*c] > 0).collect();
    let mut places = vec![0; k];
    names
        .iter()
        .enumerate()
        .for_each(|(place, c)| places[*c] = place as u32);
    let labels: Vec<u32> = labels.iter().map(|label| places[*label as usize]).collect();
    let d = embedding.len() / labels.len();
    let number = |c: usize| names.get(c).copied().unwrap_or_else(|| k + c - names.len());
    let pairs: Vec<_> = (neighbours::tree(graph, &labels, embedding, d).iter())
        .map(|joining| (joining.joined.map(number), joining.tie))
        .collect();
    ClusterTree::of(sizes, &pairs)
}

#[cfg(test)]
mod tests;
