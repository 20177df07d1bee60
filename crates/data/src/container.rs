//! What can be wrong with files of Parquet and HDF5, whose parts have names.

use super::place::Place;
use super::remedy::Remedy;

/// A file of Parquet or HDF5 that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContainerError {
    /// The program was built without the reader of this format.
    #[error(
        "{file}: found {format}, expected a program that was built to read it; build one with the feature `{feature}`"
    )]
    NotBuilt {
        /// The file.
        file: String,
        /// What it is.
        format: &'static str,
        /// The feature of the build.
        feature: &'static str,
    },
    /// Bytes that break the rules of the format.
    #[error(
        "{file}{part}: found a broken {format} file ({reason}), expected a whole one; copy or download it again"
    )]
    Broken {
        /// The file.
        file: String,
        /// The part of the file, after a colon; nothing for the whole.
        part: String,
        /// The format.
        format: &'static str,
        /// What the reader said.
        reason: String,
    },
    /// Something that would take more memory than a file of this size is believed to be worth.
    #[error(
        "{file}{part}: found {found}, expected at most {limit} bytes in a file of this size; {advice}"
    )]
    TooLarge {
        /// The file.
        file: String,
        /// The part of the file, after a colon.
        part: String,
        /// What is too large.
        found: String,
        /// The most bytes that are taken.
        limit: u64,
        /// What to do.
        advice: &'static str,
    },
    /// A sample without a value.
    #[error("{file}{place}: found null, expected a value; fill it in or remove the row")]
    Null {
        /// The file.
        file: String,
        /// Where in the file.
        place: Place,
    },
    /// A part that is not what it has to be.
    #[error("{file}{part}: found {found}, expected {expected}; {advice}")]
    Unfit {
        /// The file.
        file: String,
        /// The part of the file, after a colon; nothing for the whole.
        part: String,
        /// What it is.
        found: String,
        /// What it should be.
        expected: Box<str>,
        /// What to do.
        advice: String,
        /// What the caller can do; in a box, as errors are small.
        remedy: Option<Box<Remedy>>,
    },
}

impl ContainerError {
    /// What the caller can do about it.
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::NotBuilt { feature, .. } => vec![Remedy::BuildWith(feature)],
            Self::Unfit { remedy, .. } => remedy.as_deref().cloned().into_iter().collect(),
            _ => Vec::new(),
        }
    }
}
