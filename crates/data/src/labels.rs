//! Labels: the ground truth of each sample, for scoring only.

use std::collections::HashMap;
use std::ops::Range;

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
        let (classes, ids) = ranked(labels);
        Self {
            ids,
            names: classes.iter().map(i64::to_string).collect(),
        }
    }

    /// The labels of some rows, with only their classes.
    pub(super) fn part(&self, rows: Range<usize>) -> Self {
        let mut builder = Builder::default();
        for id in &self.ids[rows] {
            builder.push(self.names[*id as usize].as_bytes());
        }
        builder.take_unsorted()
    }

    /// The same with the classes sorted.
    pub(super) fn sorted(self) -> Self {
        let (names, places) = sorted(&self.names);
        let ids = self.ids.iter().map(|&id| places[id as usize]).collect();
        Self { ids, names }
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
    pub(super) fn finish(mut self) -> Labels {
        self.take_unsorted().sorted()
    }

    /// The labels so far as they are written, classes in the order in which they were met; for a part of a set,
    /// which does not know the classes of the others. Nothing is left in the builder.
    pub(super) fn take_unsorted(&mut self) -> Labels {
        let names = self.texts();
        self.seen.clear();
        Labels {
            ids: std::mem::take(&mut self.ids),
            names,
        }
    }

    /// The text of each class, by its number.
    fn texts(&self) -> Vec<String> {
        let mut texts = vec![String::new(); self.seen.len()];
        for (text, id) in &self.seen {
            texts[*id as usize] = String::from_utf8_lossy(text).into_owned();
        }
        texts
    }
}

/// The sorted names of classes that are written so, and the place of each text among them.
fn sorted(texts: &[String]) -> (Vec<String>, Vec<u32>) {
    let numbers: Option<Vec<i64>> = texts.iter().map(|text| integer(text)).collect();
    match numbers {
        Some(numbers) => {
            let (names, places) = ranked(&numbers);
            (names.iter().map(i64::to_string).collect(), places)
        }
        None => ranked(texts),
    }
}

/// The distinct values, ascending, and the place of each value among them.
fn ranked<T: Ord + Clone>(values: &[T]) -> (Vec<T>, Vec<u32>) {
    let mut distinct = values.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    // Every value is among the distinct ones, so the search always finds its place.
    let place = |value| distinct.partition_point(|other| other < value) as u32;
    let places = values.iter().map(place).collect();
    (distinct, places)
}

/// Numbers the classes of a set that comes in blocks, whose labels know only their own.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    seen: HashMap<String, u32>,
}

impl Classes {
    /// A number for each label of a block; the same for the same text in all of them.
    pub fn number(&mut self, labels: &Labels) -> Vec<u32> {
        let mut number = |name: &String| {
            let next = self.seen.len() as u32;
            *self.seen.entry(name.clone()).or_insert(next)
        };
        let numbers: Vec<u32> = labels.names.iter().map(&mut number).collect();
        labels.ids.iter().map(|id| numbers[*id as usize]).collect()
    }

    /// The names of all classes as [`Labels`] has them, and the class of each number: texts that are one integer,
    /// such as `1` and `1.0`, are one class if all of them are integers.
    pub fn finish(&self) -> (Vec<String>, Vec<u32>) {
        let mut texts = vec![String::new(); self.seen.len()];
        for (text, number) in &self.seen {
            texts[*number as usize].clone_from(text);
        }
        sorted(&texts)
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
    fn blocks_are_numbered_together() {
        let whole = ["10", "9", "1.0", "10", "1", "9"].map(str::as_bytes);
        let (mut classes, mut numbers, mut builder) =
            (Classes::default(), Vec::new(), Builder::default());
        for block in whole.chunks(2) {
            block.iter().for_each(|label| builder.push(label));
            numbers.extend(classes.number(&builder.take_unsorted()));
        }
        let (names, places) = classes.finish();
        assert_eq!(names, ["1", "9", "10"]);
        let ids: Vec<u32> = numbers.iter().map(|n| places[*n as usize]).collect();
        assert_eq!(ids, [2, 1, 0, 2, 0, 1]);
    }

    #[test]
    fn a_part_has_only_its_classes() {
        let labels = built(&["c", "a", "b", "a"]);
        let part = labels.part(1..4);
        assert_eq!(
            (part.ids, part.names.concat()),
            (vec![0, 1, 0], "ab".into())
        );
    }

    #[test]
    fn nothing_is_no_class() {
        assert_eq!(built(&[]), Labels::default());
        assert!(Labels::from_integers(&[]).is_empty());
    }
}
