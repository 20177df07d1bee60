//! The kinds of a network's layers as a model file names them, where they are not all fully connected.

use serde::{Deserialize, Serialize};

use crate::net::LayerValues;

/// The kind that a layer has in a file that names none.
pub(super) const DENSE: &str = "dense";

/// Kinds in the order of computation.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Layers {
    pub(super) encoder: Vec<String>,
    pub(super) decoder: Vec<String>,
}

impl Layers {
    /// Those of a model; none if a file of an earlier schema can hold it.
    pub(super) fn of(encoder: &[LayerValues], decoder: &[LayerValues]) -> Option<Self> {
        let names = |half: &[LayerValues]| -> Vec<String> {
            half.iter()
                .map(|layer| layer.kind.name().to_owned())
                .collect()
        };
        let [encoder, decoder] = [encoder, decoder].map(names);
        let plain = encoder.iter().chain(&decoder).all(|kind| kind == DENSE);
        (!plain).then_some(Self { encoder, decoder })
    }

    /// The text of `__metadata__.layers`.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("lists of text have a JSON form")
    }
}
