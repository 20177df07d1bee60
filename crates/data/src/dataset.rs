//! A data set in memory: dense bytes, dense floats, or sparse floats.

use std::sync::Arc;

use super::place::printable;
use super::{DataError, Labels, Preparation, Sparse};

/// Samples to cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// What the set is called: the name of the file without its ending, or of the folder.
    pub name: String,
    /// n, the number of rows.
    pub n_samples: usize,
    /// D, the number of values in a row.
    pub input_dim: usize,
    /// The values (n, D), row by row.
    pub values: Values,
    /// What a row is a picture of, if the file says that it is one.
    pub image_shape: Option<ImageShape>,
    /// The names of the columns (D), if the file gives them; without control characters.
    pub column_names: Option<Vec<String>>,
    /// What the samples are called (n), if they are called anything; without control characters.
    pub ids: Option<Vec<String>>,
    /// The ground truth, if there is any. It never takes part in training.
    pub labels: Option<Labels>,
    /// How the values came from raw ones; none if they are as in the file.
    pub prepared: Option<Arc<Preparation>>,
}

/// A row as a picture: `channels` planes of height × width values, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageShape {
    /// Lines of a plane.
    pub height: usize,
    /// Values of a line.
    pub width: usize,
    /// 1 for shades of grey, 3 for red, green and blue.
    pub channels: usize,
}

impl ImageShape {
    /// Shades of grey.
    pub fn grey(height: usize, width: usize) -> Self {
        Self {
            height,
            width,
            channels: 1,
        }
    }

    /// How many values an image has.
    pub fn n_values(&self) -> usize {
        self.channels * self.height * self.width
    }
}

/// The values of a set, as small as the file has them.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Bytes, as most images are; they stay bytes on the device too.
    U8(Vec<u8>),
    /// Any other number; all are finite.
    F32(Vec<f32>),
    /// Numbers of which most are zero; they stay sparse on the device too.
    Sparse(Sparse),
}

impl Dataset {
    /// A set of `n_samples` rows of `input_dim` values, of which nothing else is known.
    pub fn new(
        name: impl Into<String>,
        n_samples: usize,
        input_dim: usize,
        values: Values,
    ) -> Self {
        Self {
            name: name.into(),
            n_samples,
            input_dim,
            values,
            image_shape: None,
            column_names: None,
            ids: None,
            labels: None,
            prepared: None,
        }
    }

    /// The values of a row (D).
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> Vec<f64> {
        let mut values = vec![0.0; self.input_dim];
        self.fill_row(row, &mut values);
        values
    }

    /// Hands over every row (D) in order. Sparse rows are filled with zeros one at a time.
    pub fn each_row(&self, mut take: impl FnMut(&[f64])) {
        let mut row = vec![0.0; self.input_dim];
        for i in 0..self.n_samples {
            self.fill_row(i, &mut row);
            take(&row);
        }
    }

    /// Copies the values of a row (D).
    fn fill_row(&self, row: usize, to: &mut [f64]) {
        let at = row * self.input_dim..(row + 1) * self.input_dim;
        match &self.values {
            Values::U8(values) => fill(to, &values[at]),
            Values::F32(values) => fill(to, &values[at]),
            Values::Sparse(sparse) => {
                to.fill(0.0);
                let (columns, values) = sparse.row(row);
                for (column, value) in columns.iter().zip(values) {
                    to[*column as usize] = (*value).into();
                }
            }
        }
    }

    /// Some of the rows with their ids, in the order given, without labels.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn of_rows(&self, rows: &[u32]) -> Self {
        let d = self.input_dim;
        fn pick<T: Copy>(values: &[T], rows: &[u32], d: usize) -> Vec<T> {
            let row = |row: &u32| &values[*row as usize * d..][..d];
            rows.iter().flat_map(row).copied().collect()
        }
        Self {
            image_shape: self.image_shape,
            prepared: self.prepared.clone(),
            column_names: self.column_names.clone(),
            ids: (self.ids.as_ref())
                .map(|ids| rows.iter().map(|row| ids[*row as usize].clone()).collect()),
            ..Self::new(
                self.name.clone(),
                rows.len(),
                d,
                match &self.values {
                    Values::U8(values) => Values::U8(pick(values, rows, d)),
                    Values::F32(values) => Values::F32(pick(values, rows, d)),
                    Values::Sparse(values) => Values::Sparse(values.of_rows(rows)),
                },
            )
        }
    }

    /// The set with these labels; `file` names their origin in the error if their number is wrong.
    pub fn with_labels(mut self, labels: Labels, file: &str) -> Result<Self, DataError> {
        if labels.len() != self.n_samples {
            return Err(DataError::LabelCount {
                file: printable(file),
                found: labels.len(),
                expected: self.n_samples,
            });
        }
        self.labels = Some(labels);
        Ok(self)
    }
}

fn fill<T: Copy + Into<f64>>(to: &mut [f64], values: &[T]) {
    for (to, value) in to.iter_mut().zip(values) {
        *to = (*value).into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_rows_come_in_the_order_asked_for() {
        let set = |values| Dataset {
            ids: Some(["a", "b", "c"].map(str::to_owned).to_vec()),
            labels: Some(Labels::from_integers(&[4, 5, 6])),
            ..Dataset::new("rows", 3, 2, values)
        };
        let bytes = set(Values::U8(vec![0, 1, 10, 11, 20, 21])).of_rows(&[2, 0]);
        assert_eq!(bytes.values, Values::U8(vec![20, 21, 0, 1]));
        assert_eq!((bytes.n_samples, bytes.labels), (2, None));
        assert_eq!(bytes.ids.unwrap(), ["c", "a"]);
        let floats = set(Values::F32(vec![0.0, 0.5, 1.0, 1.5, 2.0, 2.5])).of_rows(&[1]);
        assert_eq!(floats.values, Values::F32(vec![1.0, 1.5]));
        let sparse = Values::Sparse(Sparse {
            starts: vec![0, 0, 2, 3],
            columns: vec![0, 1, 1],
            values: vec![4.0, 5.0, 6.0],
        });
        let some = set(sparse).of_rows(&[2, 1, 0]);
        assert_eq!(
            [0, 1, 2].map(|i| some.row(i)),
            [[0.0, 6.0], [4.0, 5.0], [0.0; 2]]
        );
    }
}
