//! Model files that must be refused, each for the reason given and with the file and the tensor named.

use dec_gpu::model::ModelError;

pub(crate) use super::model_body::{Body, PREPARE, join, lying, prepared, spoilt};
use super::model_tables::{containers, metadata, preparations, tensors};

/// What the case is, the body, whether the error is the right variant, and what its text contains.
pub(crate) struct Case {
    pub(crate) what: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) expected: fn(&ModelError) -> bool,
    pub(crate) parts: &'static [&'static str],
}

/// All of them.
pub(crate) fn cases() -> Vec<Case> {
    let known = containers().into_iter().chain(metadata());
    known.chain(tensors()).chain(preparations()).collect()
}
