//! Labels: the ground truth of each sample, for scoring only.

use std::collections::HashMap;

use super::element::integral;

/// One label per sample, as numbers `0..n_classes` and the names they stand for.
///
/// The numbers follow the sorted names: by value if all of them are integers (gaps and negative
/// ones are fine), else by their text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// The class of each sample, an index into `names`.
    pub ids: Vec<u32>,
    /// The name of each class, as it is written in the file.
    pub names: Vec<String>,
}

impl Labels {
    /// How many classes there are.
    pub fn n_classes(&self) -> usize {
        self.names.len()
    }

    /// How many samples are labelled.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no label at all.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Labels given as integers.
    pub fn from_integers(labels: &[i64]) -> Self {
        let mut classes = labels.to_vec();
        classes.sort_unstable();
        classes.dedup();
        // Every label is among the classes, so the search always finds its place.
        let id = |label| classes.partition_point(|class| class < label) as u32;
        let ids = labels.iter().map(id).collect();
        Self {
            ids,
            names: classes.iter().map(i64::to_string).collect(),
        }
    }

    /// Join the labels of several parts, in order.
    pub(super) fn concat(parts: &[Self]) -> Self {
        let mut builder = Builder::default();
        for part in parts {
            for &id in &part.ids {
                builder.push(part.names[id as usize].as_bytes());
            }
        }
        builder.finish()
    }
}

/// Collects labels as text, one at a time; memory grows with the classes, not their texts.
#[derive(Default)]
pub(super) struct Builder {
    seen: HashMap<Vec<u8>, u32>,
    ids: Vec<u32>,
}

impl Builder {
    pub(super) fn push(&mut self, label: &[u8]) {
        let next = self.seen.len() as u32;
        let id = match self.seen.get(label) {
            Some(&id) => id,
            None => {
                self.seen.insert(label.to_vec(), next);
                next
            }
        };
        self.ids.push(id);
    }

    /// Sort the classes and number the labels accordingly.
    pub(super) fn finish(self) -> Labels {
        let mut texts = vec![String::new(); self.seen.len()];
        for (text, id) in &self.seen {
            texts[*id as usize] = String::from_utf8_lossy(text).into_owned();
        }
        let numbers: Option<Vec<i64>> = texts.iter().map(|text| integer(text)).collect();
        if let Some(numbers) = numbers {
            let labels: Vec<i64> = self.ids.iter().map(|&id| numbers[id as usize]).collect();
            return Labels::from_integers(&labels);
        }
        let mut names = texts.clone();
        names.sort_unstable();
        names.dedup();
        let places: Vec<u32> = texts
            .iter()
            .map(|text| names.partition_point(|name| name < text) as u32)
            .collect();
        Labels {
            ids: self.ids.iter().map(|&id| places[id as usize]).collect(),
            names,
        }
    }
}

/// The integer that `text` is, also where it is written as `3.0`.
fn integer(text: &str) -> Option<i64> {
    text.parse()
        .ok()
        .or_else(|| text.parse().ok().and_then(integral))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(labels: &[&str]) -> Labels {
        let mut builder = Builder::default();
        labels
            .iter()
            .for_each(|label| builder.push(label.as_bytes()));
        builder.finish()
    }

    #[test]
    fn integers_sort_by_value() {
        let labels = built(&["10", "9", "-2", "10"]);
        assert_eq!(labels.names, ["-2", "9", "10"]);
        assert_eq!(labels.ids, [2, 1, 0, 2]);
        assert_eq!(built(&["1.0", "1", "01"]).names, ["1"]);
    }

    #[test]
    fn text_sorts_as_text() {
        let labels = built(&["b", "10", "9", "b"]);
        assert_eq!(labels.names, ["10", "9", "b"]);
        assert_eq!(labels.ids, [2, 0, 1, 2]);
    }

    #[test]
    fn parts_are_numbered_together() {
        let (first, second) = (
            Labels::from_integers(&[7, 3]),
            Labels::from_integers(&[5, 7]),
        );
        let joined = Labels::concat(&[first, second]);
        assert_eq!(joined.names, ["3", "5", "7"]);
        assert_eq!(joined.ids, [2, 0, 1, 2]);
    }

    #[test]
    fn nothing_is_no_class() {
        assert_eq!(built(&[]), Labels::default());
        assert!(Labels::from_integers(&[]).is_empty());
    }
}
