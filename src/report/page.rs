//! [`REPORT_HTML`](super::REPORT_HTML): a run as one page, without network or script, and its pictures as SVG.
//!
//! What the page shows is gathered in a [`Page`]; nothing in it grows with the number of samples but what is asked for
//! by name. All text of users' data goes through `Text`, which escapes it.

mod axis;
mod bars;
mod clusters;
mod compare;
mod curves;
mod dots;
mod heat;
mod map;
mod numbers;
mod palette;
mod sections;
mod series;
mod shell;
mod strips;
mod svg;
mod text;
mod tree;

use std::io::{self, Write};

use maud::html;

use super::{ClassTable, ClusterTree, HistoryRecord, RunMetrics, Runs};
use svg::Svg;

pub use compare::Comparison;

/// What a run's page shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// What the run is called.
    pub name: String,
    /// `metrics.json`.
    pub metrics: RunMetrics,
    /// `history.jsonl`.
    pub history: Vec<HistoryRecord>,
    /// `config.toml`.
    pub config: String,
    /// Samples in two dimensions.
    pub maps: Vec<Map>,
    /// `tree.json`.
    pub tree: Option<ClusterTree>,
    /// Mean confidence of each cluster's samples (k); none of an empty one.
    pub confidence: Vec<Option<f64>>,
    /// Classes against clusters, if there are labels.
    pub confusion: Option<ClassTable>,
    /// What explains the clusters.
    pub clusters: ClusterFiles,
    /// The samples that are least sure, the least sure first.
    pub uncertain: Vec<Uncertain>,
    /// Those samples as images, a PNG.
    pub uncertain_png: Option<Vec<u8>>,
    /// `runs.json`.
    pub runs: Option<Runs>,
    /// `clusters.csv`: its header and its rows.
    pub choice: Vec<Vec<String>>,
}

/// A sample on the maps.
#[derive(Clone, Debug, PartialEq)]
pub struct MapPoint {
    /// What it is called, or its place in the data.
    pub id: String,
    /// Its cluster.
    pub cluster: usize,
    /// Its largest q.
    pub confidence: f32,
}

/// A map of the embedding.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// A name for files: letters only.
    pub name: &'static str,
    /// What it is.
    pub title: String,
    /// The samples on it (m).
    pub points: Vec<MapPoint>,
    /// Where each sample lies (m).
    pub places: Vec<[f64; 2]>,
}

/// A sample that could as well be in another cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Uncertain {
    /// What it is called, or its place in the data.
    pub id: String,
    /// The two clusters with the largest q, and that q; one if there is only one.
    pub best: Vec<(usize, f32)>,
}

/// The files of the folder [`EXPLAIN`](super::EXPLAIN) that the page shows; empty without them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterFiles {
    /// `exemplars.png`.
    pub exemplars_png: Option<Vec<u8>>,
    /// `saliency.png`.
    pub saliency_png: Option<Vec<u8>>,
    /// The samples nearest to each centroid, by cluster and rank.
    pub nearest: Vec<(usize, String)>,
    /// The columns in which each cluster differs most, by cluster and rank.
    pub features: Vec<FeatureEffect>,
}

/// How far a cluster's mean is from that of all samples, in one column.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureEffect {
    /// The cluster.
    pub cluster: usize,
    /// The column's name, or its number.
    pub name: String,
    /// The mean of the members, in the data's units.
    pub member_mean: f64,
    /// The mean of all samples, in the data's units.
    pub overall_mean: f64,
    /// Their difference in standard deviations of the column.
    pub difference: f64,
}

impl Page {
    /// Writes the page.
    ///
    /// # Errors
    /// Those of the `Write`.
    pub fn write_html(&self, mut out: impl Write) -> io::Result<()> {
        let body = html! {
            (sections::head(self))
            (sections::scores(self))
            (sections::sizes_and_maps(self))
            (sections::tree(self))
            (clusters::cards(self))
            (sections::confusion(self))
            (sections::uncertain(self))
            (sections::training(self))
            (sections::first_clusters(self))
            (sections::choice(self))
            (sections::seeds(self))
            (sections::details(self))
            (clusters::saliency(self))
        };
        let title = format!("{} – dec-gpu", self.name);
        out.write_all(shell::document(&title, &body).into_string().as_bytes())
    }

    /// The page's drawn pictures as SVG files, each with its name without an ending.
    pub fn pictures(&self) -> Vec<(String, String)> {
        let mut pictures = vec![("sizes".to_owned(), self.sizes())];
        pictures.extend(self.drawn_maps());
        pictures.extend(self.drawn_tree().map(|tree| ("tree".to_owned(), tree)));
        pictures.extend(series::charts(&self.history));
        let confusion = self.confusion.as_ref().map(heat::confusion);
        pictures.extend(confusion.map(|table| ("confusion".to_owned(), table)));
        let file = |(name, svg): (String, Svg)| (name, svg.file());
        pictures.into_iter().map(file).collect()
    }

    fn sizes(&self) -> Svg {
        bars::sizes(&self.metrics.cluster_sizes, &self.confidence)
    }

    fn drawn_tree(&self) -> Option<Svg> {
        let tree = self.tree.as_ref()?;
        tree::tree(tree, &self.metrics.cluster_sizes)
    }

    fn drawn_maps(&self) -> Vec<(String, Svg)> {
        self.numbered_maps(0)
    }

    /// The maps as part of a page on which every run has another number.
    fn numbered_maps(&self, number: usize) -> Vec<(String, Svg)> {
        let draw = |map: &Map| {
            let parts = format!("{}{number}", map.name);
            (format!("map_{}", map.name), map::map(&parts, map))
        };
        self.maps.iter().map(draw).collect()
    }
}

#[cfg(test)]
mod tests;
