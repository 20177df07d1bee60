//! What can be wrong with a checkpoint.

use thiserror::Error;

use super::SCHEMA;
use crate::data::{cut, said, short};
use crate::device::DeviceFault;

/// Why a run cannot go on from a state.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// The state cannot be used.
    #[error(transparent)]
    State(#[from] CheckpointError),
    /// The device cannot take it.
    #[error(transparent)]
    Device(#[from] DeviceFault),
}

/// Why a checkpoint cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Bytes have changed since it was written, or some are missing.
    #[error("its checksum does not fit: it was cut off or changed")]
    Checksum,
    /// The bytes are not in the safetensors format.
    #[error("not a safetensors file ({})", said(.0))]
    Container(#[from] safetensors::SafeTensorError),
    /// It is another kind of file, or of another version.
    #[error("{name} is {found:?}, expected {expected:?}")]
    Format {
        /// The entry of the metadata.
        name: &'static str,
        /// What it says.
        found: String,
        /// What it should say.
        expected: String,
    },
    /// It has the layout of another version.
    #[error(
        "it was written by version {version} of dec-gpu in layout {found}, this one reads layout {SCHEMA}; finish the run with that version, or begin again"
    )]
    Layout {
        /// The version that wrote it.
        version: String,
        /// The layout it is in.
        found: String,
    },
    /// It lacks something.
    #[error(
        "{} is missing; it was written by another version of dec-gpu, or for another phase",
        short(name)
    )]
    Missing {
        /// The tensor, the number or the text.
        name: String,
    },
    /// A tensor is of another run.
    #[error(
        "{} has {found} words, expected {expected}; it is of another run",
        short(name)
    )]
    Length {
        /// The tensor.
        name: String,
        /// Its length.
        found: usize,
        /// What this run needs.
        expected: usize,
    },
    /// A number of something that is not there.
    #[error("{} has {found}, expected less than {below}", short(name))]
    Index {
        /// The tensor or the number.
        name: String,
        /// What stands there.
        found: u64,
        /// One more than the largest there can be.
        below: u64,
    },
    /// A value that training never leaves.
    #[error("{} has {found}, expected finite values", short(name))]
    NotFinite {
        /// The tensor.
        name: String,
        /// What stands there.
        found: f32,
    },
    /// It goes on with a configuration that this run has not.
    #[error("config is not that of this run")]
    Config,
    /// A tensor holds something else than words.
    #[error("{} is of type {found}, expected words (U32)", short(name))]
    Type {
        /// The tensor.
        name: String,
        /// Its type.
        found: String,
    },
    /// A number is none.
    #[error("{} is {:?}, expected a number", short(name), cut(found, 40))]
    Fact {
        /// The number.
        name: String,
        /// What stands there.
        found: String,
    },
}
