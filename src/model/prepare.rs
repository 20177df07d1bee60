//! A model that prepares raw inputs itself: their width, the inputs, what is written of it.

use std::borrow::Cow;

use super::{Model, Tensor, Words};
use crate::data::{DataError, Dataset, Preparation, Step};

impl Model {
    /// Values per sample of raw data.
    pub fn raw_input_dim(&self) -> usize {
        (self.preparation.as_ref()).map_or(self.input_dim, |own| own.input_dim)
    }

    /// Raw data as the encoder takes them, if the model prepares any; the first row is called row `first` in messages.
    ///
    /// # Errors
    /// [`crate::data::PrepareError`].
    ///
    /// # Panics
    /// If [`crate::predict::check_input_size`] refuses the data.
    pub fn prepare(&self, data: Dataset, first: usize) -> Result<Dataset, DataError> {
        match &self.preparation {
            Some(own) if data.prepared.is_none() => own.apply(data, first),
            _ => Ok(data),
        }
    }

    /// The same without taking the data, which are copied only if they are raw.
    pub(crate) fn prepared<'a>(&self, data: &'a Dataset) -> Result<Cow<'a, Dataset>, DataError> {
        match &self.preparation {
            Some(own) if data.prepared.is_none() => Ok(Cow::Owned(own.apply(data.clone(), 0)?)),
            _ => Ok(Cow::Borrowed(data)),
        }
    }
}

/// The long parts of a preparation.
pub(super) fn tensors(own: &Preparation) -> impl Iterator<Item = Tensor<'_>> {
    let idf = own.idf.as_ref().map(|idf| ("idf", Words::F32(idf)));
    let columns = own.columns.as_ref();
    let columns = columns.map(|columns| ("columns", Words::U32(columns)));
    idf.into_iter().chain(columns).map(|(name, values)| Tensor {
        name: format!("prepare.{name}"),
        shape: vec![values.len()],
        values,
    })
}

/// The rules of a preparation that was made in memory and leaves `input_dim` columns.
pub(super) fn assert_consistent(own: &Preparation, input_dim: usize) {
    let has = |step| own.steps.contains(&step);
    assert_eq!(own.n_columns(), input_dim, "columns that are left");
    assert_eq!(own.target_sum.is_some(), has(Step::LibrarySize), "a target");
    let idf = own.idf.as_ref().map(Vec::len);
    assert_eq!(idf, has(Step::TfIdf).then_some(own.input_dim), "idf values");
}
