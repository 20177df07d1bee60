//! The one typed error of the library, and the exit code each kind ends the program with.

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
    #[error("{0}")]
    NoAdapter(String),
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

impl Error {
    /// The exit code scripts rely on.
    ///
    /// 2 usage, 3 bad data or more memory needed than may be used, 4 no usable adapter, 5 device lost or out of memory, 6 write failed,
    /// 7 numeric failure, 130 interrupted.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) => 2,
            Self::Data(_)
            | Self::Model(_)
            | Self::Run(_)
            | Self::Checkpoint(_)
            | Self::Memory(_) => 3,
            Self::NoAdapter(_) => 4,
            Self::Device(_) => 5,
            Self::Write { .. } => 6,
            Self::Numeric { .. } => 7,
            Self::Interrupted { .. } => 130,
        }
    }
}

/// A result with the library's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;
