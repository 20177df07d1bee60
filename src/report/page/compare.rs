//! Several runs side by side.

use std::collections::BTreeMap;
use std::io::{self, Write};

use maud::{Markup, html};

use super::super::HistoryRecord;
use super::Page;
use super::curves::{Curve, chart};
use super::series::{accuracies, changes, losses};
use super::shell::{document, table};
use super::text::Text;
use crate::config::flat;
use crate::metrics::ari;

/// Several runs side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What the user calls each run (r).
    pub names: Vec<String>,
    /// The runs (r).
    pub runs: Vec<Page>,
    /// The adjusted Rand index of each pair of runs (r, r); none of runs of different numbers of samples.
    pub agreement: Vec<Vec<Option<f64>>>,
}

impl Comparison {
    /// Compares runs (r) by name, with the clusters of their samples (r times any).
    ///
    /// # Panics
    /// If the three differ in length.
    pub fn of(names: Vec<String>, runs: Vec<Page>, assignments: &[Vec<u32>]) -> Self {
        let count = (names.len(), assignments.len());
        assert_eq!(count, (runs.len(), runs.len()), "names and assignments");
        let pair = |a: &Vec<u32>, b: &Vec<u32>| (a.len() == b.len()).then(|| ari(a, b));
        let with_all = |a: &Vec<u32>| assignments.iter().map(|b| pair(a, b)).collect();
        Self {
            agreement: assignments.iter().map(with_all).collect(),
            names,
            runs,
        }
    }

    /// The runs' numbers, a row each under a header. Scores are empty without labels.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let head = [
            "run",
            "data",
            "n",
            "k",
            "seed",
            "ACC",
            "NMI",
            "ARI",
            "confidence",
            "smallest",
            "seconds",
            "device",
        ];
        let head = head.map(String::from).to_vec();
        let rows = self.names.iter().zip(&self.runs).map(|(name, run)| {
            let m = &run.metrics;
            let dec = m.scores.map(|scores| scores.dec);
            let scores = [dec.map(|s| s.acc), dec.map(|s| s.nmi), dec.map(|s| s.ari)];
            let scores = scores.map(|s| s.map_or(String::new(), |s| format!("{s:.4}")));
            let first = [
                name.clone(),
                run.name.clone(),
                m.n_samples.to_string(),
                m.n_clusters.to_string(),
                m.seed.to_string(),
            ];
            let last = [
                format!("{:.3}", m.mean_confidence),
                m.cluster_sizes
                    .iter()
                    .min()
                    .map_or(String::new(), u64::to_string),
                format!("{:.1}", m.seconds.total),
                m.device.name.clone(),
            ];
            [&first[..], &scores, &last].concat()
        });
        std::iter::once(head).chain(rows).collect()
    }

    /// What the configurations do not agree in: a key and its value in each run (r), a row each under a header.
    /// A value that a configuration leaves out is empty.
    pub fn differences(&self) -> Vec<Vec<String>> {
        let all: Vec<_> = self.runs.iter().map(|run| flat(&run.config)).collect();
        let keys: std::collections::BTreeSet<&String> =
            all.iter().flat_map(BTreeMap::keys).collect();
        let row = |key: &String| {
            let values = all
                .iter()
                .map(|run| run.get(key).cloned().unwrap_or_default());
            std::iter::once(key.clone())
                .chain(values)
                .collect::<Vec<_>>()
        };
        let differs = |row: &Vec<String>| row[2..].iter().any(|value| *value != row[1]);
        let head = std::iter::once("key".to_owned()).chain(self.names.iter().cloned());
        let rows = keys.into_iter().map(row).filter(differs);
        std::iter::once(head.collect()).chain(rows).collect()
    }

    /// Writes the page.
    ///
    /// # Errors
    /// Those of the `Write`.
    pub fn write_html(&self, mut out: impl Write) -> io::Result<()> {
        let body = html! {
            h1 { (self.runs.len()) " runs side by side" }
            (split(&self.rows()))
            (self.agreement())
            (self.config())
            (self.training())
            (self.maps())
        };
        let page = document("Runs side by side – dec-gpu", &body);
        out.write_all(page.into_string().as_bytes())
    }

    fn agreement(&self) -> Markup {
        let number = |ari: &Option<f64>| ari.map_or(String::new(), |ari| format!("{ari:.3}"));
        let row = |(name, row): (&String, &Vec<Option<f64>>)| {
            std::iter::once(name.clone())
                .chain(row.iter().map(number))
                .collect()
        };
        let rows: Vec<Vec<String>> = self.names.iter().zip(&self.agreement).map(row).collect();
        let head: Vec<String> = std::iter::once(String::new())
            .chain(self.names.iter().cloned())
            .collect();
        html! {
            h2 { "Agreement" }
            p.soft { "The adjusted Rand index of each pair of runs: 1 for the same clusters, about 0 for unrelated ones. It needs no labels, but the same samples in the same order; of runs of another number of samples there is none." }
            (table(&head, &rows))
        }
    }

    fn config(&self) -> Markup {
        let differences = self.differences();
        html! {
            h2 { "Configuration" }
            @if differences.len() > 1 { (split(&differences)) } @else { p { "All configurations are the same." } }
        }
    }

    fn training(&self) -> Markup {
        let charts = [
            self.chart("loss of clustering over steps", losses),
            self.chart("% of labels changed over steps", changes),
            self.chart("ACC over steps", accuracies),
        ];
        html! {
            h2 { "Training" }
            div.pair { @for chart in charts.into_iter().flatten() { figure { (chart) } } }
        }
    }

    /// A curve of each run, if any has one.
    fn chart(
        &self,
        title: &str,
        points: impl Fn(&[HistoryRecord]) -> Vec<(f64, f64)>,
    ) -> Option<Markup> {
        let curve = |(name, run): (&String, &Page)| Curve {
            name: name.clone(),
            points: points(&run.history),
        };
        let curves: Vec<Curve> = self.names.iter().zip(&self.runs).map(curve).collect();
        let any = curves.iter().any(|curve| !curve.points.is_empty());
        any.then(|| chart(title, &curves).inline())
    }

    fn maps(&self) -> Markup {
        html! {
            h2 { "Maps" }
            p.soft { "Clusters of one number and colour in two runs have nothing to do with each other." }
            div.pair {
                @for (number, (name, run)) in self.names.iter().zip(&self.runs).enumerate() {
                    @for (_, svg) in run.numbered_maps(number).into_iter().rev().take(1) {
                        figure { (svg.inline()) figcaption { (Text(name)) } }
                    }
                }
            }
        }
    }
}

/// A table whose first row is its header.
fn split(rows: &[Vec<String>]) -> Markup {
    html! { @if let Some((head, rows)) = rows.split_first() { (table(head, rows)) } }
}
