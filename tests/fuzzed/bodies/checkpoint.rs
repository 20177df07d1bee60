//! The reader of checkpoints.

use std::collections::BTreeMap;

use dec_gpu::checkpoint::State;
use twox_hash::XxHash3_128;

use super::text;

/// Bytes of the checksum at the end.
const CHECKSUM: usize = 16;

/// The bytes as they are, and with the checksum that they should have: without it no other rule would be reached.
pub(crate) fn checkpoint(bytes: &[u8]) {
    one(bytes);
    if let Some(end) = bytes.len().checked_sub(CHECKSUM) {
        let sum = XxHash3_128::oneshot(&bytes[..end]).to_le_bytes();
        one(&[&bytes[..end], &sum].concat());
    }
}

fn one(bytes: &[u8]) {
    let state = match State::from_bytes(bytes) {
        Ok(state) => state,
        Err(error) => return text::check(error, ""),
    };
    let again = State::from_bytes(&state.to_bytes(&BTreeMap::new()));
    assert_eq!(again.expect("its own bytes"), state);
    text::harmless(&state.place());
    for name in ["config", "pretrained_steps", "best"] {
        if let Err(error) = state.number(name) {
            text::check(error, "");
        }
        if let Err(error) = state.floats_of(name, 4) {
            text::check(error, "");
        }
    }
}
