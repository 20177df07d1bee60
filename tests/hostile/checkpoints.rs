//! Checkpoints that must be refused for another reason than their checksum, which is right in all of them.

use serde_json::{Value, json};
use twox_hash::XxHash3_128;

use super::Case;
use super::model_body::{Body, join};

/// Bytes of the checksum, at the end.
const CHECKSUM: usize = 16;

/// A valid checkpoint: a place, a fact, four words.
pub(crate) fn valid() -> Vec<u8> {
    spoilt(|_| {})
}

/// With the checksum that the bytes should have.
pub(crate) fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    if let Some(end) = bytes.len().checked_sub(CHECKSUM) {
        let sum = XxHash3_128::oneshot(&bytes[..end]).to_le_bytes();
        bytes[end..].copy_from_slice(&sum);
    }
    bytes
}

fn body() -> Body {
    let mut body = Body::empty();
    for (key, value) in [
        ("format", "dec-gpu-checkpoint"),
        ("schema", "2"),
        ("version", "0.1.0"),
        ("phase", "layer 2"),
        ("step", "1234"),
        ("fact.best", "3ff0000000000000"),
    ] {
        body.metadata.insert(key.into(), value.into());
    }
    let words = ("layer.0.weight".into(), "U32", vec![4], vec![7; 16]);
    let sum = ("checksum".into(), "U8", vec![CHECKSUM], vec![0; CHECKSUM]);
    body.tensors.extend([words, sum]);
    body
}

fn spoilt(spoil: impl FnOnce(&mut Body)) -> Vec<u8> {
    let mut body = body();
    spoil(&mut body);
    sealed(body.bytes())
}

/// The words lie about themselves.
fn lying(entry: Value) -> Vec<u8> {
    let (mut header, data) = body().parts();
    header.insert("layer.0.weight".into(), entry);
    sealed(join(Value::Object(header).to_string().as_bytes(), &data))
}

pub(crate) fn cases() -> Vec<Case> {
    let whole = valid();
    let set = |key: &str, value: &str| {
        spoilt(|body| drop(body.metadata.insert(key.into(), value.into())))
    };
    let entry = |dtype: &str, shape: Value, to: u64| {
        lying(json!({"dtype": dtype, "shape": shape, "data_offsets": [0, to]}))
    };
    let sum = "checksum does not fit";
    let container = "not a safetensors file";
    vec![
        ("nothing", vec![], sum),
        ("15 bytes", vec![0; 15], sum),
        ("zeros", vec![0; 64], sum),
        ("half of it", whole[..whole.len() / 2].to_vec(), sum),
        ("a byte more", [&whole[..], &[0]].concat(), sum),
        ("a model", Body::valid().bytes(), sum),
        ("only a checksum", sealed(vec![0; 16]), container),
        (
            "cut and sealed again",
            sealed(whole[..whole.len() - 20].to_vec()),
            container,
        ),
        (
            "a header of 2^64 - 1 bytes",
            sealed([&[0xff; 8][..], &whole[8..]].concat()),
            container,
        ),
        (
            "a header that is a list",
            sealed(join(b"[1, 2]", &[0; 16])),
            container,
        ),
        (
            "a shape larger than its bytes",
            entry("U32", json!([400]), 16),
            container,
        ),
        (
            "a shape that overflows",
            entry("U32", json!([u64::MAX, u64::MAX]), 16),
            container,
        ),
        (
            "offsets past the end",
            entry("U32", json!([4]), u64::MAX),
            container,
        ),
        (
            "a sealed model",
            sealed(Body::valid().bytes()),
            "format is \"dec-gpu-model\"",
        ),
        (
            "no metadata",
            spoilt(|body| body.metadata.clear()),
            "format is \"\"",
        ),
        (
            "the layout of an older version",
            set("schema", "1"),
            "written by version 0.1.0 of dec-gpu in layout 1, this one reads layout 2",
        ),
        (
            "an unknown phase",
            set("phase", "lunch"),
            "phase is \"lunch\"",
        ),
        (
            "layer -1",
            set("phase", "layer -1"),
            "phase is \"layer -1\"",
        ),
        (
            "step 2^64",
            set("step", "18446744073709551616"),
            "step is \"18446744073709551616\"",
        ),
        (
            "no step",
            spoilt(|body| drop(body.metadata.remove("step"))),
            "step is \"\"",
        ),
        (
            "floats",
            entry("F32", json!([4]), 16),
            "layer.0.weight is of type F32",
        ),
        (
            "words of eight bytes",
            entry("U64", json!([2]), 16),
            "layer.0.weight is of type U64",
        ),
    ]
}
