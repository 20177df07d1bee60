//! The preparation of raw values in a model file of schema 2.

use std::collections::HashSet;

use safetensors::Dtype;

use super::super::stored::Stored;
use super::super::{LAYERS_SCHEMA, ModelError, PREPARED_SCHEMA};
use super::{File, MOST};
use crate::data::{Preparation, Step, cut, said};
use crate::net::Tensors;

const IDF: &str = "prepare.idf";
const COLUMNS: &str = "prepare.columns";
const RAW: &str = "input_dim of __metadata__.prepare";

impl File<'_> {
    /// The preparation, if there is one, that leaves the `input_dim` columns of the encoder.
    pub(super) fn preparation(&self, input_dim: usize) -> Result<Option<Preparation>, ModelError> {
        let text = self.metadata.get("prepare");
        let schema = self.metadata("schema")?;
        let announced = schema == PREPARED_SCHEMA.to_string();
        match text {
            None if announced => Err(self.missing("prepare")),
            None => Ok(None),
            Some(_) if !announced && schema != LAYERS_SCHEMA.to_string() => {
                Err(self.refused(format!("expected schema \"{PREPARED_SCHEMA}\" beside it")))
            }
            Some(text) => self.parsed(text, input_dim).map(Some),
        }
    }

    fn parsed(&self, text: &str, input_dim: usize) -> Result<Preparation, ModelError> {
        let stored: Stored =
            serde_json::from_str(text).map_err(|error| self.refused(said(error)))?;
        let distinct: HashSet<&str> = stored.steps.iter().map(|step| step.as_str()).collect();
        if distinct.len() < stored.steps.len() {
            return Err(self.refused("a step is there twice".into()));
        }
        if !(1..=u32::MAX as usize).contains(&stored.input_dim) {
            return Err(self.refused(format!("input_dim is {}", stored.input_dim)));
        }
        Ok(Preparation {
            target_sum: self.target_sum(&stored)?,
            idf: self.idf(&stored)?,
            columns: self.columns(stored.input_dim, input_dim)?,
            steps: stored.steps,
            input_dim: stored.input_dim,
        })
    }

    /// A positive number with `library-size`, none without.
    fn target_sum(&self, stored: &Stored) -> Result<Option<f64>, ModelError> {
        let wanted = stored.steps.contains(&Step::LibrarySize);
        let number = |text: &String| text.parse().ok();
        match stored.target_sum.as_ref().map(number) {
            None if !wanted => Ok(None),
            Some(Some(sum)) if wanted && sum > 0.0 && f64::is_finite(sum) => Ok(Some(sum)),
            _ => Err(ModelError::TargetSum {
                file: self.name.to_owned(),
                found: stored.target_sum.as_ref().map(|text| cut(text, MOST)),
            }),
        }
    }

    /// Positive numbers with `tf-idf`, none without.
    fn idf(&self, stored: &Stored) -> Result<Option<Vec<f32>>, ModelError> {
        if !stored.steps.contains(&Step::TfIdf) {
            return Ok(None);
        }
        let idf = self.vector(IDF, stored.input_dim, RAW)?;
        match idf.iter().position(|weight| *weight <= 0.0) {
            None => Ok(Some(idf)),
            Some(index) => Err(ModelError::NotPositive {
                file: self.name.to_owned(),
                tensor: IDF.into(),
                index,
                found: idf[index],
            }),
        }
    }

    /// The kept columns: rising, below `raw` and as many as the encoder takes; without the tensor all are kept.
    fn columns(&self, raw: usize, input_dim: usize) -> Result<Option<Vec<u32>>, ModelError> {
        if self.tensors.tensor(COLUMNS).is_err() {
            self.same("encoder.0.weight", "rows", input_dim, raw, RAW)?;
            return Ok(None);
        }
        let ([found], words) = self.words(COLUMNS, Dtype::U32)?;
        let like = "the rows of encoder.0.weight";
        self.same(COLUMNS, "values", found, input_dim, like)?;
        let columns: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
        let mut least = 0;
        for (index, column) in columns.iter().enumerate() {
            if u64::from(*column) < least || *column as usize >= raw {
                return Err(ModelError::Column {
                    file: self.name.to_owned(),
                    tensor: COLUMNS.into(),
                    index,
                    found: *column,
                    least,
                    below: raw,
                });
            }
            least = u64::from(*column) + 1;
        }
        Ok(Some(columns))
    }

    fn refused(&self, reason: String) -> ModelError {
        ModelError::Preparation {
            file: self.name.to_owned(),
            reason,
        }
    }
}
