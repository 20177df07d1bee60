//! `confusion.csv`: samples of each class in each cluster.

use std::io::{self, Write};

use crate::data::Labels;
use crate::metrics::confusion;

/// Samples of each class in each cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassTable {
    /// The names of the classes: the rows (r).
    pub classes: Vec<String>,
    /// The clusters that have samples: the columns (c), those matched to a class first, in the order of the classes.
    pub clusters: Vec<u32>,
    /// Samples (r, c).
    pub counts: Vec<u64>,
}

impl ClassTable {
    /// The table of `labels` (n) and `assignment` (n).
    ///
    /// # Panics
    /// If the two differ in length.
    pub fn of(labels: &Labels, assignment: &[u32]) -> Self {
        let table = confusion(&labels.ids, assignment);
        let name = |class: &u32| labels.names[*class as usize].clone();
        Self {
            classes: table.classes.iter().map(name).collect(),
            clusters: table.clusters,
            counts: table.counts,
        }
    }

    /// Each class with its samples by cluster (c).
    pub fn rows(&self) -> impl Iterator<Item = (&String, &[u64])> {
        let columns = self.clusters.len().max(1);
        self.classes.iter().zip(self.counts.chunks(columns))
    }

    /// Writes `class` and the numbers of the clusters, then a row for each class.
    ///
    /// # Errors
    /// Those of the `Write`.
    pub fn write_csv(&self, out: impl Write) -> io::Result<()> {
        // Names are the data's: they may hold commas and quotes.
        let mut out = csv::Writer::from_writer(out);
        let clusters = self.clusters.iter().map(u32::to_string);
        out.write_record(std::iter::once("class".to_owned()).chain(clusters))?;
        for (class, counts) in self.rows() {
            let counts = counts.iter().map(u64::to_string);
            out.write_record(std::iter::once(class.clone()).chain(counts))?;
        }
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_rows_and_matched_clusters_come_in_their_order() {
        let labels = Labels {
            ids: vec![0, 0, 1, 1, 1],
            names: vec!["a, b".into(), "c".into()],
        };
        let table = ClassTable::of(&labels, &[4, 4, 2, 2, 4]);
        let mut out = Vec::new();
        table.write_csv(&mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "class,4,2\n\"a, b\",2,0\nc,1,2\n"
        );
    }
}
