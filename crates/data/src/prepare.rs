//! Preparing counts: steps on every row and a choice of columns, fitted on one set and kept with its model.
//!
//! | step | x_ij becomes | fitted on the set | source |
//! |---|---|---|---|
//! | `library-size` | x_ij · t / Σ_j x_ij; a row of zeros stays | t: the median of the row sums above 0 | scanpy, `pp.normalize_total` |
//! | `log1p` | ln(1 + x_ij) | | |
//! | `tf-idf` | x_ij · idf_j, then the row divided by its Euclidean norm | idf_j = ln((1 + n) / (1 + df_j)) + 1 | scikit-learn, `TfidfTransformer` with its defaults |
//!
//! df_j is the number of rows in which column j is not 0. Each step sees what the one before leaves. Zeros stay zeros in
//! all of them, so that sparse rows stay sparse. After the steps, the columns of largest variance over all n rows may
//! be kept, of equal ones the first. A row is computed in f64 and stored as f32, and no other row takes part in it:
//! it gets the same bits in a block and in the whole set, sparse and dense.
//!
//! A prepared set says so in [`Dataset::prepared`]; the model trained on it takes that over.

mod error;
mod fit;
mod rows;
mod select;
mod step;

use std::fmt;
use std::sync::Arc;

use super::{DataError, Dataset};

pub use error::PrepareError;
pub use step::{Step, UnknownStep};

/// How raw values become those that a model is trained on. Fitted by [`prepare`].
#[derive(Clone, Debug, PartialEq)]
pub struct Preparation {
    /// What is done to each row, in order; no step twice.
    pub steps: Vec<Step>,
    /// t of `library-size`, finite and above 0, if that is a step.
    pub target_sum: Option<f64>,
    /// idf of `tf-idf` (raw D), finite and above 0, if that is a step.
    pub idf: Option<Vec<f32>>,
    /// The raw columns that are kept, rising; all if none are named.
    pub columns: Option<Vec<u32>>,
    /// Raw D.
    pub input_dim: usize,
}

/// Fits the steps and, if so many `columns` are wanted, chooses these; then applies both to the set itself.
///
/// # Errors
/// [`PrepareError`].
///
/// # Panics
/// If the set is prepared already, a step is there twice, or `columns` is not within 1 to D.
pub fn prepare(set: Dataset, steps: &[Step], columns: Option<usize>) -> Result<Dataset, DataError> {
    assert_raw(&set);
    let mut own = fit::fit(&set, steps)?;
    let mut set = own.run_steps(set, 0)?;
    if let Some(most) = columns {
        assert!(
            (1..=set.input_dim).contains(&most),
            "{most} columns of {}",
            set.input_dim
        );
        own.columns = Some(select::most_variable(&select::variances(&set), most));
    }
    own.choose_columns(&mut set);
    set.prepared = Some(Arc::new(own));
    Ok(set)
}

impl Preparation {
    /// Prepares other rows, of which the first is row `first` of its set in messages.
    ///
    /// # Errors
    /// [`PrepareError`].
    ///
    /// # Panics
    /// If the set is prepared already or has not as many columns as the one that was fitted.
    pub fn apply(self: &Arc<Self>, set: Dataset, first: usize) -> Result<Dataset, DataError> {
        assert_raw(&set);
        assert_eq!(set.input_dim, self.input_dim, "columns of {}", set.name);
        let mut set = self.run_steps(set, first)?;
        self.choose_columns(&mut set);
        set.prepared = Some(self.clone());
        Ok(set)
    }

    /// How many columns are left.
    pub fn n_columns(&self) -> usize {
        self.columns.as_ref().map_or(self.input_dim, Vec::len)
    }

    fn run_steps(&self, mut set: Dataset, first: usize) -> Result<Dataset, PrepareError> {
        if !self.steps.is_empty() {
            rows::change_each(&mut set, first, |row| self.run(row))?;
        }
        Ok(set)
    }

    fn choose_columns(&self, set: &mut Dataset) {
        if let Some(columns) = &self.columns {
            select::select(set, columns);
        }
    }
}

impl fmt::Display for Preparation {
    /// The steps, and how many columns are kept.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = self.steps.iter().map(Step::to_string).collect();
        if let Some(columns) = &self.columns {
            parts.push(format!("{} of {} columns", columns.len(), self.input_dim));
        }
        f.write_str(&parts.join(", "))
    }
}

fn assert_raw(set: &Dataset) {
    assert!(set.prepared.is_none(), "{} is prepared already", set.name);
}

#[cfg(test)]
mod tests;
