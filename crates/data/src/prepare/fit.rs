//! What the steps have to know of all rows: the target sum, and how rare each column is.

use super::rows::{self, Row};
use super::step::{refuse_negative, sum};
use super::{Preparation, PrepareError, Step};
use crate::Dataset;

/// Fits step after step, each on the rows as those before leave them; columns are not chosen.
pub(super) fn fit(set: &Dataset, steps: &[Step]) -> Result<Preparation, PrepareError> {
    let mut own = Preparation {
        steps: Vec::new(),
        target_sum: None,
        idf: None,
        columns: None,
        input_dim: set.input_dim,
    };
    for step in steps {
        assert!(!own.steps.contains(step), "{step} is there twice");
        match step {
            Step::LibrarySize => own.target_sum = Some(target_sum(&own, set)?),
            Step::Log1p => {}
            Step::TfIdf => own.idf = Some(idf(&own, set)?),
        }
        own.steps.push(*step);
    }
    Ok(own)
}

/// The median of the row sums above 0.
fn target_sum(before: &Preparation, set: &Dataset) -> Result<f64, PrepareError> {
    let mut sums = Vec::new();
    rows::each(set, |row| {
        before.run(row)?;
        sums.extend(Some(sum(row, Step::LibrarySize)?).filter(|sum| *sum > 0.0));
        Ok(())
    })?;
    sums.sort_unstable_by(f64::total_cmp);
    let middle = |at: usize| sums.get(at).copied();
    match (
        middle(sums.len().saturating_sub(1) / 2),
        middle(sums.len() / 2),
    ) {
        (Some(low), Some(high)) => Ok(0.5 * (low + high)),
        _ => Err(PrepareError::NoCounts {
            file: set.name.clone(),
        }),
    }
}

/// ln((1 + n) / (1 + df_j)) + 1 of every column j.
fn idf(before: &Preparation, set: &Dataset) -> Result<Vec<f32>, PrepareError> {
    let mut found_in = vec![0u64; set.input_dim];
    rows::each(set, |row: &mut Row<'_>| {
        before.run(row)?;
        refuse_negative(row, Step::TfIdf)?;
        for at in 0..row.values.len() {
            found_in[row.column(at)] += u64::from(row.values[at] > 0.0);
        }
        Ok(())
    })?;
    let n = 1.0 + set.n_samples as f64;
    let weight = |df: u64| ((n / (1.0 + df as f64)).ln() + 1.0) as f32;
    Ok(found_in.into_iter().map(weight).collect())
}
