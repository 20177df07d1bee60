//! What matrix products compute with.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What the operands of every matrix product are rounded to as they are read.
///
/// Nothing else changes: sums, weights, the optimiser's state and all buffers are f32. At [`Self::F16`] a
/// product of two operands is exact in f32, so the result is defined up to the order of the sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Not at all.
    #[default]
    F32,
    /// 11 bits, at most 65,504; gradients are scaled by [`crate::kernel::tile::GRADIENT_SCALE`] meanwhile.
    F16,
}

impl Precision {
    /// The name on the command line and in results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        ([Self::F32, Self::F16].into_iter())
            .find(|precision| precision.as_str() == name)
            .ok_or_else(|| format!("unknown precision '{name}'; expected f32 or f16"))
    }
}
