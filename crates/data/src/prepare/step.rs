//! The steps by their names, and what each does to a row.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Preparation;
use super::rows::{Fault, Row, Why};

/// Something that is done to every row; zeros stay zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Step {
    /// All rows to one sum.
    LibrarySize,
    /// ln(1 + x).
    Log1p,
    /// Rare columns weigh more, and all rows have length 1.
    TfIdf,
}

impl Step {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::LibrarySize, Self::Log1p, Self::TfIdf];

    /// The name in configurations and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LibrarySize => "library-size",
            Self::Log1p => "log1p",
            Self::TfIdf => "tf-idf",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("step {found:?} not found, expected library-size, log1p or tf-idf")]
pub struct UnknownStep {
    found: String,
}

impl FromStr for Step {
    type Err = UnknownStep;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|known| known.as_str() == name);
        found.ok_or_else(|| UnknownStep {
            found: name.to_owned(),
        })
    }
}

impl Preparation {
    /// Takes a row through all steps. What a step needs is there if the step is.
    pub(super) fn run(&self, row: &mut Row<'_>) -> Result<(), Fault> {
        for step in &self.steps {
            match step {
                Step::LibrarySize => scale_to(row, self.target_sum.unwrap_or(1.0))?,
                Step::Log1p => logarithm(row)?,
                Step::TfIdf => weigh(row, self.idf.as_deref().unwrap_or_default())?,
            }
        }
        Ok(())
    }
}

/// The sum of a row of counts, in the order of its columns.
pub(super) fn sum(row: &Row<'_>, step: Step) -> Result<f64, Fault> {
    refuse_negative(row, step)?;
    Ok(row.values.iter().sum())
}

/// Refuses values below 0, which are no counts.
pub(super) fn refuse_negative(row: &Row<'_>, step: Step) -> Result<(), Fault> {
    row.refuse(Why::Negative(step), |value| value < 0.0)
}

fn scale_to(row: &mut Row<'_>, target: f64) -> Result<(), Fault> {
    let sum = sum(row, Step::LibrarySize)?;
    if sum > 0.0 {
        row.values.iter_mut().for_each(|x| *x = *x * target / sum);
    }
    Ok(())
}

fn logarithm(row: &mut Row<'_>) -> Result<(), Fault> {
    row.refuse(Why::NoLogarithm, |value| value <= -1.0)?;
    for x in row.values.iter_mut().filter(|x| **x != 0.0) {
        *x = x.ln_1p();
    }
    Ok(())
}

fn weigh(row: &mut Row<'_>, idf: &[f32]) -> Result<(), Fault> {
    refuse_negative(row, Step::TfIdf)?;
    for at in 0..row.values.len() {
        row.values[at] *= f64::from(idf[row.column(at)]);
    }
    let norm = row.values.iter().map(|x| x * x).sum::<f64>().sqrt();
    if norm > 0.0 {
        row.values.iter_mut().for_each(|x| *x /= norm);
    }
    Ok(())
}
