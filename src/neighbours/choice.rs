//! Which clusters to take, without labels.

mod pool;

use std::fmt;

use serde::{Deserialize, Serialize};

pub(crate) use pool::{Pool, are_few};

/// A candidate and what speaks for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weighed {
    /// How it was found.
    pub name: String,
    /// Modularity on the graph.
    pub modularity: f64,
    /// Mean conductance on the graph: the share of a cluster's edges that leave it.
    #[serde(default)]
    pub conductance: f64,
    /// Mean adjusted Rand index with the other candidates of the layouts; none of what is not of a layout.
    pub agreement: Option<f64>,
}

/// What was chosen, from what, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The candidate that was taken.
    pub chosen: String,
    /// Whether it is one of a layout of the graph.
    pub of_layout: bool,
    /// Whether the network was trained towards that layout.
    pub trained_towards: bool,
    /// (Q_layout − Q_raw)·√n: how far the highest modularity of a layout's clusters is above that of k-means on the space.
    pub gain: f64,
    /// Mean adjusted Rand index of the layouts' own best.
    pub stability: f64,
    /// The same of runs of k-means on the space.
    pub raw_stability: f64,
    /// Mean conductance of the best of the layouts' clusters: the share of a cluster's edges that leave it.
    #[serde(default)]
    pub conductance: f64,
    /// The same of k-means on the space, the least of its runs.
    #[serde(default)]
    pub raw_conductance: f64,
    /// The share of rows that differ from all before them.
    pub unique: f64,
    /// Neighbours of each point.
    pub neighbours: usize,
    /// All that was weighed.
    pub candidates: Vec<Weighed>,
}

/// Share of different rows below which a graph is one of repetitions.
const UNIQUE: f64 = 0.5;
/// Share of the modularity of k-means below which the clusters of an autoencoder have lost what neighbours share.
const LOST: f64 = 0.75;
/// Mean conductance of clusters that hardly touch.
const CLEAN: f64 = 0.02;

/// What the clusters of k-means on the space are called.
pub(crate) const RAW: &str = "k-means on the inputs";
/// The same where the space is an embedding.
pub(super) const RAW_OF_EMBEDDING: &str = "k-means on the embedding";

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modularity = |name: &str| {
            let found = self.candidates.iter().find(|c| c.name == name);
            found.map_or(f64::NAN, |c| c.modularity)
        };
        write!(
            f,
            "first clusters: {}, chosen among {} (modularity on the graph {:.3}, of k-means {:.3}; gain of the layouts {:.2}, their agreement {:.2})",
            self.chosen,
            self.candidates.len(),
            modularity(&self.chosen),
            modularity(RAW).max(modularity(RAW_OF_EMBEDDING)), // there is one of the two
            self.gain,
            self.stability
        )
    }
}

impl Verdict {
    /// Whether most rows differ.
    pub(crate) fn is_unique(&self) -> bool {
        self.unique >= UNIQUE
    }

    /// Whether clusters of this modularity and mean conductance are far worse than those of k-means on the inputs: next
    /// to no modularity, or cut where k-means cuts next to nothing.
    pub(crate) fn is_lost(&self, modularity: f64, conductance: f64) -> bool {
        let raw = self.candidates.iter().find(|c| c.name == RAW);
        raw.is_some_and(|raw| self.is_cut(conductance) || modularity < LOST * raw.modularity)
    }

    /// Whether clusters of this mean conductance cut where k-means cuts next to nothing.
    pub(crate) fn is_cut(&self, conductance: f64) -> bool {
        self.raw_conductance < CLEAN && conductance > self.raw_conductance + CLEAN
    }
}
