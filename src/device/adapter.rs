//! Why there is no adapter to compute on.

use crate::precision::Precision;

/// No adapter fits what was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdapterError {
    /// None was found.
    #[error(
        "no{} adapter found; install the GPU's driver (on Debian or Ubuntu mesa-vulkan-drivers has a software one, llvmpipe)",
        of(*backend)
    )]
    None {
        /// The API, if one was asked for.
        backend: Option<&'static str>,
    },
    /// Only software adapters were found, and none was named.
    #[error(
        "no{} GPU found (seen: {seen}); software adapters are used only when named",
        of(*backend)
    )]
    OnlySoftware {
        /// The API, if one was asked for.
        backend: Option<&'static str>,
        /// The adapters.
        seen: String,
    },
    /// No adapter has the index or name that was asked for.
    #[error("no{} adapter matches '{wanted}' (seen: {seen}); name one of these", of(*backend))]
    NoMatch {
        /// The API, if one was asked for.
        backend: Option<&'static str>,
        /// What was asked for.
        wanted: String,
        /// The adapters.
        seen: String,
    },
    /// The adapter lacks what every kernel needs.
    #[error("{name} cannot be used: {reason}; choose another adapter")]
    Unusable {
        /// The adapter.
        name: String,
        /// What it lacks.
        reason: String,
    },
    /// The driver gave no device.
    #[error("{name} cannot be opened: {reason}")]
    NotOpened {
        /// The adapter.
        name: String,
        /// What the driver said.
        reason: String,
    },
    /// Products at f16 were asked for of an adapter without it.
    #[error(
        "{name} has no 16-bit floats in shaders, which products at f16 need; choose another adapter"
    )]
    NoF16 {
        /// The adapter.
        name: String,
    },
    /// A form of the product was asked for that computes at the other precision.
    #[error(
        "the form '{form}' computes at {computes}, and the precision asked for is {asked}; change one of them"
    )]
    OtherPrecision {
        /// The form.
        form: &'static str,
        /// Its precision.
        computes: Precision,
        /// The precision that was asked for.
        asked: Precision,
    },
    /// A form of the product was asked for that does not run on this adapter.
    #[error("{name} has no {}, which the form '{form}' needs; choose another", missing.join(", no "))]
    FormNeeds {
        /// The adapter.
        name: String,
        /// What it lacks.
        missing: Vec<&'static str>,
        /// The form.
        form: &'static str,
    },
    /// A form of the product was asked for that failed its self-test.
    #[error("the form '{form}' cannot be used: {reason}")]
    FormFailed {
        /// The form.
        form: &'static str,
        /// What the self-test found.
        reason: String,
    },
}

/// What the caller can do if there is no adapter. Each caller has its own names for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdapterRemedy {
    /// Name an adapter: its index, or a part of its name.
    Name,
    /// List the adapters.
    List,
    /// Compute products at f32.
    F32,
    /// Compute on the CPU.
    Cpu,
}

impl AdapterError {
    /// What the caller can do about it, besides what the text advises.
    pub fn remedies(&self) -> &'static [AdapterRemedy] {
        match self {
            Self::None { .. } | Self::Unusable { .. } => &[AdapterRemedy::Cpu],
            Self::OnlySoftware { .. } => &[AdapterRemedy::Name, AdapterRemedy::Cpu],
            Self::NoMatch { .. } => &[AdapterRemedy::List],
            Self::NoF16 { .. } => &[AdapterRemedy::F32, AdapterRemedy::Cpu],
            _ => &[],
        }
    }
}

/// The API as a word before a noun.
fn of(backend: Option<&'static str>) -> String {
    backend.map_or(String::new(), |backend| format!(" {backend}"))
}
