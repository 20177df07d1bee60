//! The one typed error of the library, and the exit code each kind ends the program with.

use crate::data::DataError;

/// What is wrong with a device. Its first fault stays: whatever comes after may be only a consequence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{device}: {text}")]
pub struct DeviceFault {
    /// What kind of fault it is, for one who wants to go on.
    pub kind: FaultKind,
    /// The name of the device.
    pub device: String,
    /// What was found, and what to do.
    pub text: String,
}

/// Kinds of [`DeviceFault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A buffer could not be made, or one larger than the device allows is needed.
    OutOfMemory,
    /// The driver has given the device up, by a reset for instance. Another one may be opened.
    Lost,
    /// It does not end what it was given to do. Nothing may wait for it any more, dropping it included.
    Hung,
    /// A kernel does not compile, or an error of the driver that is none of these.
    Other,
}

impl FaultKind {
    /// A fault of this kind, of the device of this name.
    pub(crate) fn of(self, device: &str, text: impl Into<String>) -> DeviceFault {
        DeviceFault {
            kind: self,
            device: device.into(),
            text: text.into(),
        }
    }
}

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
pub type Result<T> = std::result::Result<T, Error>;
