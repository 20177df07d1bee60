//! Values of which most are zero: compressed sparse rows.

/// The values (n, D) that are not zero, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sparse {
    /// Where each row begins in `columns` and `values`, and where the last one ends (n + 1); from 0, never falling.
    pub starts: Vec<usize>,
    /// The column of each value, rising within a row, below D.
    pub columns: Vec<u32>,
    /// The values; finite.
    pub values: Vec<f32>,
}

impl Sparse {
    /// No rows yet.
    pub fn new() -> Self {
        Self {
            starts: vec![0],
            ..Self::default()
        }
    }

    /// n, the number of rows.
    pub fn n_rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// The columns of a row and their values.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let at = self.starts[row]..self.starts[row + 1];
        (&self.columns[at.clone()], &self.values[at])
    }

    /// Appends a row.
    ///
    /// # Panics
    /// If there are not as many columns as values.
    pub fn push_row(&mut self, columns: &[u32], values: &[f32]) {
        assert_eq!(columns.len(), values.len());
        self.columns.extend_from_slice(columns);
        self.values.extend_from_slice(values);
        self.starts.push(self.columns.len());
    }

    /// Some of the rows, in the order given.
    pub fn of_rows(&self, rows: &[u32]) -> Self {
        let mut some = Self::new();
        for row in rows {
            let (columns, values) = self.row(*row as usize);
            some.push_row(columns, values);
        }
        some
    }
}
