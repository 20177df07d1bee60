//! What can be wrong with a device.

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

/// A result with a device's own error.
pub type Result<T, E = DeviceFault> = std::result::Result<T, E>;

impl DeviceFault {
    /// Whether the same work may end otherwise on the device opened again. One that hangs would hang again.
    pub fn can_pass(&self) -> bool {
        matches!(self.kind, FaultKind::OutOfMemory | FaultKind::Lost)
    }

    /// Whether smaller pieces may help.
    pub fn is_of_memory(&self) -> bool {
        self.kind == FaultKind::OutOfMemory
    }

    /// The fault of a device that failed again, or could not be opened again.
    #[must_use]
    pub fn then(self, second: &impl ToString) -> Self {
        Self {
            text: format!("{}; then, opened again: {}", self.text, second.to_string()),
            ..self
        }
    }
}
