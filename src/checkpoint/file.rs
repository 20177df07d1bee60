//! A state as bytes, and back.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};
use twox_hash::XxHash3_128;

use super::{CheckpointError, FORMAT, Phase, SCHEMA, State};
use crate::data::cut;

/// Bytes of the checksum, the last ones of the file.
const CHECKSUM: usize = 16;
/// The name of the checksum. It is the only tensor of single bytes, which the format puts last.
const NAME: &str = "checksum";
/// Before the names of facts, which the caller chooses.
const FACT: &str = "fact.";

impl State {
    /// The file's bytes, with notes of the caller's own: texts by name that [`State::text`] finds again.
    ///
    /// # Panics
    /// If the serialiser puts the checksum elsewhere than last: then it has changed its order.
    pub fn to_bytes(&self, notes: &BTreeMap<String, String>) -> Vec<u8> {
        // The bytes that are in memory already, where the order of bytes is the file's.
        let bytes: BTreeMap<&String, Cow<'_, [u8]>> = (self.words.iter())
            .map(|(name, words)| (name, little_endian(words)))
            .collect();
        let zeros = [0; CHECKSUM];
        let view =
            |dtype, shape, data| TensorView::new(dtype, shape, data).expect("shape and bytes fit");
        let words = bytes.iter().map(|(name, bytes)| {
            let tensor = view(Dtype::U32, vec![bytes.len() / 4], &bytes[..]);
            (name.as_str(), tensor)
        });
        let tensors = words.chain([(NAME, view(Dtype::U8, vec![CHECKSUM], &zeros[..]))]);
        let mut file =
            serialize(tensors, Some(self.metadata(notes))).expect("names and sizes are valid");
        let end = file.len() - CHECKSUM;
        assert!(file[end..] == zeros, "the checksum is not last");
        let sum = XxHash3_128::oneshot(&file[..end]).to_le_bytes();
        file[end..].copy_from_slice(&sum);
        file
    }

    /// Reads a file. Nothing in it is trusted: the checksum is looked at first, then everything else.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let end = bytes
            .len()
            .checked_sub(CHECKSUM)
            .ok_or(CheckpointError::Checksum)?;
        if bytes[end..] != XxHash3_128::oneshot(&bytes[..end]).to_le_bytes() {
            return Err(CheckpointError::Checksum);
        }
        let (_, header) = SafeTensors::read_metadata(bytes)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let text = |name: &str| metadata.get(name).cloned().unwrap_or_default();
        if text("format") != FORMAT {
            return Err(CheckpointError::Format {
                name: "format",
                found: cut(&text("format"), 40),
                expected: FORMAT.to_owned(),
            });
        }
        if text("schema") != SCHEMA.to_string() {
            return Err(CheckpointError::Layout {
                version: cut(&text("version"), 40),
                found: cut(&text("schema"), 40),
            });
        }
        let fact = |name: &str| CheckpointError::Fact {
            name: name.into(),
            found: text(name),
        };
        let phase = Phase::parse(&text("phase")).ok_or_else(|| fact("phase"))?;
        let step = text("step").parse().map_err(|_| fact("step"))?;
        let mut state = Self::new(phase, step);
        for (name, text) in &metadata {
            if let Some(name) = name.strip_prefix(FACT) {
                state.put_text(name, text);
            }
        }
        for (name, tensor) in SafeTensors::deserialize(bytes)?.tensors() {
            if name != NAME {
                state.put(&name, words(&name, &tensor)?);
            }
        }
        Ok(state)
    }

    fn metadata(&self, notes: &BTreeMap<String, String>) -> HashMap<String, String> {
        let own = [
            ("format", FORMAT.to_owned()),
            ("schema", SCHEMA.to_string()),
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("phase", self.phase.name()),
            ("step", self.step.to_string()),
        ];
        let facts = self
            .facts
            .iter()
            .chain(notes)
            .map(|(name, text)| (format!("{FACT}{name}"), text.clone()));
        own.into_iter()
            .map(|(name, text)| (name.to_owned(), text))
            .chain(facts)
            .collect()
    }
}

fn little_endian(words: &[u32]) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        return Cow::Borrowed(bytemuck::cast_slice(words));
    }
    Cow::Owned(words.iter().flat_map(|word| word.to_le_bytes()).collect())
}

fn words(name: &str, tensor: &TensorView<'_>) -> Result<Vec<u32>, CheckpointError> {
    if tensor.dtype() != Dtype::U32 {
        return Err(CheckpointError::Type {
            name: name.into(),
            found: format!("{:?}", tensor.dtype()),
        });
    }
    let word = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    Ok(tensor.data().chunks_exact(4).map(word).collect())
}
