//! What is told of a prediction at its end, gathered block by block: sizes, confidence, scores.

use dec_gpu::data::{Classes, Labels};
use dec_gpu::metrics::{Scores, Tally};
use dec_gpu::predict::Prediction;

/// The label of a sample whose confidence is too small.
const UNSURE: i32 = -1;

/// Sums over the samples so far. All but `unsure` are of every sample, sure or not.
pub(super) struct Totals {
    /// n.
    pub(super) n_samples: u64,
    /// Samples in each cluster (k).
    pub(super) cluster_sizes: Vec<u64>,
    /// Samples that are less sure than asked for.
    pub(super) unsure: u64,
    /// In the order of the samples, so that it does not depend on the blocks.
    confidence: f64,
    /// Whether every sample has a label to score with.
    labelled: bool,
    classes: Classes,
    tally: Tally,
}

impl Totals {
    /// Nothing yet, of k clusters.
    pub(super) fn new(n_clusters: usize) -> Self {
        Self {
            n_samples: 0,
            cluster_sizes: vec![0; n_clusters],
            unsure: 0,
            confidence: 0.0,
            labelled: true,
            classes: Classes::default(),
            tally: Tally::default(),
        }
    }

    /// Counts a block, with its labels if it has any, and returns what to write as the label of each sample.
    pub(super) fn add(
        &mut self,
        found: &Prediction,
        labels: Option<&Labels>,
        least: Option<f32>,
    ) -> Vec<i32> {
        self.n_samples += found.assignment.len() as u64;
        for (cluster, confidence) in found.assignment.iter().zip(&found.confidence) {
            self.cluster_sizes[*cluster as usize] += 1;
            self.confidence += f64::from(*confidence);
        }
        match labels {
            Some(labels) => {
                let numbers = self.classes.number(labels);
                for (class, cluster) in numbers.into_iter().zip(&found.assignment) {
                    self.tally.add(class, *cluster);
                }
            }
            None => self.labelled = false,
        }
        let written = written(found, least);
        self.unsure += written.iter().filter(|label| **label == UNSURE).count() as u64;
        written
    }

    /// The mean over samples of the largest soft assignment; NaN if there are none.
    pub(super) fn mean_confidence(&self) -> f64 {
        self.confidence / self.n_samples as f64
    }

    /// Against the labels, if all samples have one.
    pub(super) fn scores(&self) -> Option<Scores> {
        if !self.labelled || self.n_samples == 0 {
            return None;
        }
        let (_, places) = self.classes.finish();
        let table = self.tally.table(|number| places[number as usize]);
        Some(Scores::of_table(&table))
    }
}

/// Each sample's cluster, or that it is not sure.
fn written(found: &Prediction, least: Option<f32>) -> Vec<i32> {
    let label = |(cluster, confidence): (&u32, &f32)| match least {
        Some(least) if *confidence < least => UNSURE,
        // There are far fewer clusters than 2^31: each takes a row of the model.
        _ => *cluster as i32,
    };
    let samples = found.assignment.iter().zip(&found.confidence);
    samples.map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(assignment: &[u32], confidence: &[f32]) -> Prediction {
        Prediction {
            assignment: assignment.to_vec(),
            confidence: confidence.to_vec(),
            soft_assignment: Vec::new(),
            embedding: Vec::new(),
            n_clusters: 3,
        }
    }

    #[test]
    fn blocks_add_up_to_the_whole() {
        let assignment = [0, 0, 2, 2, 1, 0];
        let confidence = [0.9, 0.4, 0.5, 0.75, 1.0, 0.6];
        // In blocks the classes are numbered anew each time, and 7 is written in two ways.
        let labels = |names: &[&str], ids: &[u32]| Labels {
            ids: ids.to_vec(),
            names: names.iter().map(ToString::to_string).collect(),
        };
        let mut totals = Totals::new(3);
        let first = totals.add(
            &found(&assignment[..2], &confidence[..2]),
            Some(&labels(&["7", "3"], &[0, 1])),
            Some(0.5),
        );
        let second = totals.add(
            &found(&assignment[2..], &confidence[2..]),
            Some(&labels(&["3", "7.0"], &[0, 0, 1, 1])),
            Some(0.5),
        );
        assert_eq!([first, second].concat(), [0, -1, 2, 2, 1, 0]);
        assert_eq!((totals.n_samples, totals.unsure), (6, 1));
        assert_eq!(totals.cluster_sizes, [3, 1, 2]);
        assert_eq!(
            totals.scores(),
            Some(Scores::of(&[7, 3, 3, 3, 7, 7], &assignment))
        );
        let sum: f64 = confidence.iter().map(|c| f64::from(*c)).sum();
        assert_eq!(totals.mean_confidence(), sum / 6.0);
    }

    #[test]
    fn a_sample_without_a_label_ends_the_scoring() {
        let mut totals = Totals::new(3);
        assert_eq!(totals.scores(), None);
        totals.add(
            &found(&[0], &[1.0]),
            Some(&Labels::from_integers(&[4])),
            None,
        );
        assert!(totals.scores().is_some());
        assert_eq!(totals.add(&found(&[1], &[0.1]), None, None), [1]);
        assert_eq!(totals.scores(), None);
    }
}
