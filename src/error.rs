//! The one typed error of the library: a sum of its modules' own.

use crate::checkpoint::RestoreError;
use crate::config::PrepareError;
use crate::data::DataError;
use crate::device::DeviceFault;

/// Everything that can go wrong. The text says what was found, what was expected and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A hyper-parameter or an option breaks a rule.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// A data or label file cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A model file cannot be used.
    #[error(transparent)]
    Model(#[from] crate::model::ModelError),
    /// A file of a run folder cannot be used.
    #[error("{0}")]
    Run(String),
    /// A checkpoint cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] crate::checkpoint::CheckpointError),
    /// The caller wished it; the state was told before.
    #[error("interrupted in {phase} after step {step}")]
    Interrupted {
        /// The phase of training.
        phase: &'static str,
        /// Steps done in it.
        step: u64,
    },
    /// No adapter fits what was asked for.
    #[error(transparent)]
    NoAdapter(#[from] crate::device::AdapterError),
    /// The device was lost, hung, ran out of memory, or does not run a kernel.
    #[error(transparent)]
    Device(#[from] DeviceFault),
    /// More memory is needed than may be used.
    #[error("{0}")]
    Memory(String),
    /// A result could not be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file or folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A loss, gradient or embedding is no longer finite.
    #[error(
        "{phase}: {tensor} is not finite at step {step}; lower the learning rate or check the scale of the data"
    )]
    Numeric {
        /// The phase of training, e.g. `pretrain`.
        phase: &'static str,
        /// The step within the phase.
        step: u64,
        /// What is not finite, e.g. `loss`.
        tensor: &'static str,
    },
}

impl From<RestoreError> for Error {
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::State(error) => error.into(),
            RestoreError::Device(error) => error.into(),
        }
    }
}

impl From<PrepareError> for Error {
    fn from(error: PrepareError) -> Self {
        match error {
            PrepareError::Config(error) => error.into(),
            PrepareError::Data(error) => error.into(),
        }
    }
}

/// A result with the library's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;
