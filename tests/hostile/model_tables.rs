//! The tables of malformed models.

use dec_gpu::model::ModelError;
use serde_json::{Value, json};

use super::models::{Body, Case, PREPARE, join, lying, prepared, spoilt};

/// `what, bytes => variant, parts of the message;` for each case.
macro_rules! cases {
    ($($what:literal, $bytes:expr => $variant:ident $(, $part:literal)*;)*) => {
        vec![$(Case {
            what: $what,
            bytes: $bytes,
            expected: |error| matches!(error, ModelError::$variant { .. }),
            parts: &[$($part),*],
        }),*]
    };
}

pub(super) fn containers() -> Vec<Case> {
    let valid = Body::valid().bytes();
    let len = valid.len();
    let longer = |by: u64| [&(len as u64 + by).to_le_bytes()[..], &valid[8..]].concat();
    let centroids = |shape: Value, offsets: Value| {
        lying(
            "centroids",
            json!({"dtype": "F32", "shape": shape, "data_offsets": offsets}),
        )
    };
    let most = u64::MAX;
    cases! {
        "empty file", vec![] => Container;
        "seven bytes", valid[..7].to_vec() => Container;
        "header length only", valid[..8].to_vec() => Container;
        "header cut", valid[..40].to_vec() => Container;
        "last byte cut", valid[..len - 1].to_vec() => Container;
        "bytes after the end", [&valid[..], &[0]].concat() => Container;
        "header longer than the file", longer(0) => Container;
        "header of 2^64 - 1 bytes", longer(most - len as u64) => Container;
        "header is not UTF-8", join(b"{\"\xff\":1}", &[]) => Container;
        "header is a list", join(b"[1, 2]", &[]) => Container;
        "header nested too deeply", join("[".repeat(100_000).as_bytes(), &[]) => Container;
        "an NPY file", b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f4'}".to_vec() => Container;
        "shape larger than its bytes", centroids(json!([3, 200]), json!([192, 216])) => Container;
        "shape that overflows", centroids(json!([most, most]), json!([192, 216])) => Container;
        "offsets past the end", centroids(json!([3, 2]), json!([192, most])) => Container;
        "offsets backwards", centroids(json!([3, 2]), json!([216, 192])) => Container;
        "overlapping tensors", centroids(json!([3, 2]), json!([0, 24])) => Container;
        "negative shape", centroids(json!([-3, -2]), json!([192, 216])) => Container;
    }
}

pub(super) fn metadata() -> Vec<Case> {
    let set = |key: &str, value: &str| {
        spoilt(|body| drop(body.metadata.insert(key.into(), value.into())))
    };
    let unset = |key| spoilt(|body| drop(body.metadata.remove(key)));
    cases! {
        "no metadata", spoilt(|body| body.metadata.clear()) => Format, "format \"\"", "\"dec-gpu-model\"";
        "PyTorch's metadata", set("format", "pt") => Format, "format \"pt\"";
        "newer schema", set("schema", "4") => Schema, "schema \"4\"", "\"0.1.0\"";
        "schema 2 without a preparation", set("schema", "2") => MissingMetadata, "\"prepare\"";
        "a preparation under schema 1", set("prepare", PREPARE) => Preparation, "schema \"2\"";
        "schema is not a number", set("schema", "one") => Schema, "\"one\"";
        "no schema", unset("schema") => Schema, "schema \"\"";
        "no alpha", unset("alpha") => MissingMetadata, "\"alpha\"";
        "no config", unset("config") => MissingMetadata, "\"config\"";
        "alpha zero", set("alpha", "0") => Alpha, "alpha is \"0\"";
        "alpha negative", set("alpha", "-1") => Alpha, "\"-1\"";
        "alpha NaN", set("alpha", "NaN") => Alpha, "\"NaN\"";
        "alpha infinite", set("alpha", "1e99") => Alpha, "\"1e99\"";
        "alpha text", set("alpha", "one") => Alpha, "\"one\"";
    }
}

pub(super) fn preparations() -> Vec<Case> {
    let text =
        |text: &str| prepared(|body| drop(body.metadata.insert("prepare".into(), text.into())));
    let with = |from: &str, to: &str| text(&PREPARE.replace(from, to));
    let columns = |columns: &[u32]| prepared(|body| body.columns(columns));
    let idf = |index, value| prepared(|body| body.poison("prepare.idf", index, value));
    let floats = prepared(|body| body.put("prepare.columns", &[4]));
    let square = prepared(|body| body.reshape("prepare.columns", &[2, 2]));
    let all = prepared(|body| body.remove("prepare.columns"));
    cases! {
        "no JSON", text("{") => Preparation, "expected steps";
        "a list", text("[]") => Preparation, "expected steps";
        "unknown step", with("tf-idf", "sqrt") => Preparation, "sqrt", "tf-idf";
        "unknown key", with("\"input_dim\"", "\"more\":1,\"input_dim\"") => Preparation, "more";
        "a step twice", with("tf-idf", "library-size") => Preparation, "twice";
        "no raw width", with(",\"input_dim\":6", "") => Preparation, "input_dim";
        "raw width 0", with(":6", ":0") => Preparation, "input_dim is 0";
        "raw width -1", with(":6", ":-1") => Preparation, "-1";
        "raw width 2^40", with(":6", ":1099511627776") => Preparation, "1099511627776";
        "raw width 2^70", with(":6", ":1180591620717411303424") => Preparation, "expected";
        "no target sum", with(",\"target_sum\":\"12.5\"", "") => TargetSum, "None";
        "target sum NaN", with("12.5", "NaN") => TargetSum, "NaN";
        "target sum infinite", with("12.5", "1e999") => TargetSum, "1e999";
        "target sum 0", with("12.5", "0") => TargetSum, "\"0\"";
        "target sum negative", with("12.5", "-3") => TargetSum, "\"-3\"";
        "target sum is no number", with("12.5", "many") => TargetSum, "many";
        "target sum without its step", with("library-size", "log1p") => TargetSum, "12.5";
        "no idf", prepared(|body| body.remove("prepare.idf")) => MissingTensor, "prepare.idf";
        "idf of the kept width", prepared(|body| body.put("prepare.idf", &[4])) => Mismatch, "prepare.idf has 4 values, expected 6";
        "idf NaN", idf(5, f32::NAN) => NotFinite, "prepare.idf has NaN at index 5";
        "idf 0", idf(1, 0.0) => NotPositive, "prepare.idf has 0 at index 1";
        "idf negative", idf(2, -1.0) => NotPositive, "prepare.idf has -1 at index 2";
        "three columns", columns(&[0, 2, 3]) => Mismatch, "prepare.columns has 3 values, expected 4";
        "column out of range", columns(&[0, 2, 3, 6]) => Column, "has 6 at index 3, expected at least 4 and below 6";
        "the last column there is", columns(&[0, 2, 3, u32::MAX]) => Column, "has 4294967295 at index 3";
        "columns fall", columns(&[0, 3, 2, 5]) => Column, "has 2 at index 2, expected at least 4";
        "a column twice", columns(&[0, 2, 2, 5]) => Column, "has 2 at index 2, expected at least 3";
        "columns as floats", floats => Dtype, "prepare.columns has type F32, expected U32";
        "columns in a square", square => Rank, "prepare.columns";
        "no columns, but fewer are left", all => Mismatch, "encoder.0.weight has 4 rows, expected 6";
    }
}

pub(super) fn tensors() -> Vec<Case> {
    let without = |name| spoilt(|body| body.remove(name));
    let put = |name, shape: &[usize]| spoilt(|body| body.put(name, shape));
    let poisoned = |name, index, value| spoilt(|body| body.poison(name, index, value));
    let halves = spoilt(|body| {
        body.remove("centroids");
        let tensor = ("centroids".into(), "F16", vec![3, 2], vec![0; 12]);
        body.tensors.push(tensor);
    });
    let short_decoder = spoilt(|body| {
        body.remove("decoder.1.weight");
        body.remove("decoder.1.bias");
    });
    cases! {
        "no encoder", without("encoder.0.weight") => MissingTensor, "encoder.0.weight";
        "no bias", without("encoder.1.bias") => MissingTensor, "encoder.1.bias";
        "no decoder", without("decoder.0.weight") => MissingTensor, "decoder.0.weight";
        "no centroids", without("centroids") => MissingTensor, "centroids";
        "no shift", without("input.shift") => MissingTensor, "input.shift";
        "no scale", without("input.scale") => MissingTensor, "input.scale";
        "gap in the layers", put("encoder.3.weight", &[2, 2]) => StrayTensor, "encoder.3.weight", "0, 1, 2";
        "bias without a weight", without("decoder.1.weight") => StrayTensor, "decoder.1.bias";
        "layer number with a zero", put("decoder.02.bias", &[2]) => StrayTensor, "decoder.02.bias";
        "integers", spoilt(|body| body.tensors[1].1 = "I32") => Dtype, "encoder.0.bias", "I32", "F32";
        "half floats", halves => Dtype, "centroids", "F16";
        "flat weight", put("encoder.0.weight", &[12]) => Rank, "encoder.0.weight", "[12]", "2 axes";
        "bias as a row", put("encoder.0.bias", &[1, 3]) => Rank, "encoder.0.bias", "[1, 3]";
        "scalar scale", put("input.scale", &[]) => Rank, "input.scale", "[]";
        "no clusters", put("centroids", &[0, 2]) => Empty, "centroids", "[0, 2]";
        "no inputs", put("encoder.0.weight", &[0, 3]) => Empty, "encoder.0.weight";
        "transposed weight", put("encoder.0.weight", &[3, 4]) => Mismatch, "encoder.0.bias has 3 values, expected 4";
        "broken chain", put("encoder.1.weight", &[4, 2]) => Mismatch, "encoder.1.weight has 4 rows, expected 3", "encoder.0.weight";
        "decoder of another embedding", put("decoder.0.weight", &[5, 3]) => Mismatch, "decoder.0.weight has 5 rows, expected 2", "encoder.1.weight";
        "decoder without its last layer", short_decoder => Mismatch, "decoder.0.weight has 3 columns, expected 4", "encoder.0.weight";
        "centroids of another embedding", put("centroids", &[3, 10]) => Mismatch, "centroids has 10 columns, expected 2", "encoder.1.weight";
        "shift of another width", put("input.shift", &[3]) => Mismatch, "input.shift has 3 values, expected 4";
        "scale of another width", put("input.scale", &[5]) => Mismatch, "input.scale has 5 values, expected 4";
        "NaN weight", poisoned("encoder.1.weight", 5, f32::NAN) => NotFinite, "encoder.1.weight has NaN at index 5";
        "infinite centroid", poisoned("centroids", 0, f32::NEG_INFINITY) => NotFinite, "centroids has -inf at index 0";
        "NaN scale", poisoned("input.scale", 3, f32::NAN) => NotFinite, "input.scale has NaN at index 3";
    }
}
