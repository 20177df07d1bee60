//! A preparation as text: `__metadata__.prepare`, JSON. Its long parts are tensors.

use serde::{Deserialize, Serialize};

use crate::data::{Preparation, Step};

/// What the text says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stored {
    pub(super) steps: Vec<Step>,
    /// Decimal, because a JSON number need not come back with all its bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) target_sum: Option<String>,
    /// Raw D.
    pub(super) input_dim: usize,
}

/// The text of a preparation.
pub(super) fn to_json(own: &Preparation) -> String {
    let stored = Stored {
        steps: own.steps.clone(),
        target_sum: own.target_sum.map(|sum| sum.to_string()),
        input_dim: own.input_dim,
    };
    serde_json::to_string(&stored).expect("names and numbers have a JSON form")
}
