//! `runs.json`: several runs from different seeds beside each other, and which one was kept.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use super::{RunScores, StopReason};
use crate::metrics::{Scores, ari};

/// The version of the object below.
pub const RUNS_SCHEMA: u32 = 1;

/// One of the runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OneRun {
    /// Its seed.
    pub seed: u64,
    /// Mean adjusted Rand index with the other runs' clusters, which needs no labels.
    pub agreement: f64,
    /// Why its clustering ended.
    pub stop_reason: StopReason,
    /// Agreement with the labels; null when they are unknown.
    pub scores: Option<RunScores>,
}

/// Mean and standard deviation (n − 1) of one score over the runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Standard deviation; 0 of one run.
    pub sd: f64,
}

/// The scores of one stage over the runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StageSpread {
    /// Accuracy.
    pub acc: Spread,
    /// Normalised mutual information.
    pub nmi: Spread,
    /// Adjusted Rand index.
    pub ari: Spread,
}

/// All runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Runs {
    /// [`RUNS_SCHEMA`].
    pub schema: u32,
    /// The seed of the run whose results are in the folder.
    pub kept: u64,
    /// Mean adjusted Rand index over all pairs of runs: 1 if all found the same clusters, about 0 if each found others.
    pub stability: f64,
    /// Every run, by seed.
    pub runs: Vec<OneRun>,
    /// k-means on the inputs, where every run has it.
    pub kmeans: Option<StageSpread>,
    /// k-means on the embedding, where every run has it.
    pub autoencoder_kmeans: Option<StageSpread>,
    /// A mixture on the embedding, where every run has it; not in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoencoder_mixture: Option<StageSpread>,
    /// k-means on the smoothed embedding, where every run has it; not in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoencoder_smoothed_kmeans: Option<StageSpread>,
    /// The clusters of the graph of neighbours, where every run has them; not in older files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub neighbours: Option<StageSpread>,
    /// The final clusters, where labels are known.
    pub dec: Option<StageSpread>,
}

impl Runs {
    /// Compares runs by their assignments (n each) and keeps the one that agrees best with the others, the first of
    /// equals. Labels play no part in the choice. The agreements in `runs` are filled in.
    ///
    /// # Panics
    /// Without runs, or with another number of assignments.
    pub fn compare(mut runs: Vec<OneRun>, assignments: &[&[u32]]) -> Self {
        assert!(!runs.is_empty() && runs.len() == assignments.len());
        let agreements = agreements(assignments);
        for (run, agreement) in runs.iter_mut().zip(&agreements) {
            run.agreement = *agreement;
        }
        let stage = |of: fn(&RunScores) -> Option<Scores>| spread_of(&runs, of);
        Self {
            schema: RUNS_SCHEMA,
            kept: runs[most_central(&agreements)].seed,
            stability: agreements.iter().sum::<f64>() / agreements.len() as f64,
            kmeans: stage(|scores| scores.kmeans),
            autoencoder_kmeans: stage(|scores| scores.autoencoder_kmeans),
            autoencoder_mixture: stage(|scores| scores.autoencoder_mixture),
            autoencoder_smoothed_kmeans: stage(|scores| scores.autoencoder_smoothed_kmeans),
            neighbours: stage(|scores| scores.neighbours),
            dec: stage(|scores| Some(scores.dec)),
            runs,
        }
    }

    /// Writes the object as indented JSON and a final newline.
    pub fn write_json(&self, mut out: impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut out, self)?;
        out.write_all(b"\n")
    }
}

/// The place of the run that agrees best with the others, the first of equals.
fn most_central(agreements: &[f64]) -> usize {
    (0..agreements.len()).fold(0, |best, i| match agreements[i] > agreements[best] {
        true => i,
        false => best,
    })
}

/// Each run's mean adjusted Rand index with the others; a run alone agrees with itself.
fn agreements(assignments: &[&[u32]]) -> Vec<f64> {
    let runs = assignments.len();
    let mut sums = vec![0.0; runs];
    for i in 0..runs {
        for j in 0..i {
            let agreement = ari(assignments[i], assignments[j]);
            sums[i] += agreement;
            sums[j] += agreement;
        }
    }
    match runs {
        1 => vec![1.0],
        _ => sums.iter().map(|sum| sum / (runs - 1) as f64).collect(),
    }
}

fn spread_of(runs: &[OneRun], of: fn(&RunScores) -> Option<Scores>) -> Option<StageSpread> {
    let scores: Vec<Scores> = runs
        .iter()
        .map(|run| run.scores.as_ref().and_then(of))
        .collect::<Option<_>>()?;
    let spread = |value: fn(&Scores) -> f64| Spread::of(scores.iter().map(value));
    Some(StageSpread {
        acc: spread(|s| s.acc),
        nmi: spread(|s| s.nmi),
        ari: spread(|s| s.ari),
    })
}

impl Spread {
    /// Of at least one value.
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let n = values.clone().count() as f64;
        let mean = values.clone().sum::<f64>() / n;
        let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
        Self {
            mean,
            sd: (squares / (n - 1.0).max(1.0)).sqrt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seed: u64, acc: Option<f64>) -> OneRun {
        let scores = acc.map(|acc| RunScores {
            kmeans: None,
            autoencoder_kmeans: None,
            autoencoder_mixture: None,
            autoencoder_smoothed_kmeans: None,
            neighbours: None,
            dec: Scores {
                acc,
                nmi: 0.5,
                ari: 0.25,
            },
        });
        OneRun {
            seed,
            agreement: 0.0,
            stop_reason: StopReason::Converged,
            scores,
        }
    }

    #[test]
    fn the_run_that_most_others_found_too_is_kept() {
        let (odd, common) = ([0, 1, 0, 1, 0, 1], [0, 0, 0, 1, 1, 1]);
        let renamed = common.map(|cluster| 1 - cluster);
        let runs = vec![run(7, None), run(8, None), run(9, None)];
        let runs = Runs::compare(runs, &[&odd, &common, &renamed]);
        assert_eq!(runs.kept, 8);
        let with_odd = ari(&odd, &common);
        let agreements: Vec<f64> = runs.runs.iter().map(|run| run.agreement).collect();
        let middle = (1.0 + with_odd) / 2.0;
        assert_eq!(agreements, [with_odd, middle, middle]);
        assert!((runs.stability - (1.0 + 2.0 * with_odd) / 3.0).abs() < 1e-12);
        assert!(runs.dec.is_none());
    }

    #[test]
    fn scores_have_mean_and_deviation() {
        let same: &[u32] = &[0, 1];
        let runs = vec![run(0, Some(0.5)), run(1, Some(0.75)), run(2, Some(1.0))];
        let dec = Runs::compare(runs, &[same, same, same]).dec.unwrap();
        assert_eq!((dec.acc.mean, dec.acc.sd), (0.75, 0.25));
        assert_eq!((dec.nmi.mean, dec.nmi.sd), (0.5, 0.0));
        let alone = Runs::compare(vec![run(3, Some(0.5))], &[same]);
        assert_eq!((alone.kept, alone.stability), (3, 1.0));
        assert_eq!(alone.dec.unwrap().acc, Spread { mean: 0.5, sd: 0.0 });
    }
}
