//! Model files that must be refused, each for the reason given and with the file and the tensor
//! named. The bodies are built byte by byte here, not by the code under test.

use dec_gpu::model::{LayerWeights, Model, ModelError};
use serde_json::{Map, Value, json};

const FILE: &str = "run/model.safetensors";

/// A safetensors file in parts that a case can spoil.
struct Body {
    metadata: Map<String, Value>,
    /// Name, dtype, shape, values as bytes.
    tensors: Vec<(String, &'static str, Vec<usize>, Vec<u8>)>,
}

impl Body {
    /// A valid model: 4-3-2 and back, three clusters.
    fn valid() -> Self {
        let mut body = Self {
            metadata: Map::new(),
            tensors: Vec::new(),
        };
        for (key, value) in [
            ("format", "dec-gpu-model"),
            ("schema", "1"),
            ("version", "0.1.0"),
            ("alpha", "1"),
            ("config", "seed = 1"),
        ] {
            body.metadata.insert(key.into(), value.into());
        }
        for (name, shape) in [
            ("encoder.0.weight", &[4, 3][..]),
            ("encoder.0.bias", &[3]),
            ("encoder.1.weight", &[3, 2]),
            ("encoder.1.bias", &[2]),
            ("decoder.0.weight", &[2, 3]),
            ("decoder.0.bias", &[3]),
            ("decoder.1.weight", &[3, 4]),
            ("decoder.1.bias", &[4]),
            ("centroids", &[3, 2]),
            ("input.shift", &[4]),
            ("input.scale", &[4]),
        ] {
            body.put(name, shape);
        }
        body
    }

    /// Adds a tensor of 0.5s, or gives the one of that name another shape.
    fn put(&mut self, name: &str, shape: &[usize]) {
        let bytes = 0.5_f32.to_le_bytes().repeat(shape.iter().product());
        self.remove(name);
        self.tensors
            .push((name.into(), "F32", shape.to_vec(), bytes));
    }

    /// Adds the columns that are kept.
    fn columns(&mut self, columns: &[u32]) {
        let bytes = columns.iter().flat_map(|column| column.to_le_bytes());
        let tensor = (
            "prepare.columns",
            "U32",
            vec![columns.len()],
            bytes.collect(),
        );
        self.remove(tensor.0);
        self.tensors
            .push((tensor.0.into(), tensor.1, tensor.2, tensor.3));
    }

    /// Gives a tensor other axes.
    fn reshape(&mut self, name: &str, shape: &[usize]) {
        let tensor = self.tensors.iter_mut().find(|(found, ..)| found == name);
        tensor.unwrap().2 = shape.to_vec();
    }

    fn remove(&mut self, name: &str) {
        self.tensors.retain(|(found, ..)| found != name);
    }

    fn poison(&mut self, name: &str, index: usize, value: f32) {
        let tensor = self.tensors.iter_mut().find(|(found, ..)| found == name);
        tensor.unwrap().3[4 * index..][..4].copy_from_slice(&value.to_le_bytes());
    }

    /// The header and the values, not yet joined.
    fn parts(&self) -> (Map<String, Value>, Vec<u8>) {
        let mut header = Map::new();
        header.insert("__metadata__".into(), self.metadata.clone().into());
        let mut data = Vec::new();
        for (name, dtype, shape, bytes) in &self.tensors {
            let offsets = [data.len(), data.len() + bytes.len()];
            header.insert(
                name.clone(),
                json!({"dtype": dtype, "shape": shape, "data_offsets": offsets}),
            );
            data.extend(bytes);
        }
        (header, data)
    }

    fn bytes(&self) -> Vec<u8> {
        let (header, data) = self.parts();
        join(Value::Object(header).to_string().as_bytes(), &data)
    }
}

fn join(header: &[u8], data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header, data].concat()
}

/// A valid body after `spoil`.
fn spoilt(spoil: impl FnOnce(&mut Body)) -> Vec<u8> {
    let mut body = Body::valid();
    spoil(&mut body);
    body.bytes()
}

/// A valid body whose header entry for `tensor` is `entry` instead.
fn lying(tensor: &str, entry: Value) -> Vec<u8> {
    let (mut header, data) = Body::valid().parts();
    header.insert(tensor.into(), entry);
    join(Value::Object(header).to_string().as_bytes(), &data)
}

/// What the case is, the body, whether the error is the right variant, and what its text contains.
struct Case {
    what: &'static str,
    bytes: Vec<u8>,
    expected: fn(&ModelError) -> bool,
    parts: &'static [&'static str],
}

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

fn containers() -> Vec<Case> {
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

fn metadata() -> Vec<Case> {
    let set = |key: &str, value: &str| {
        spoilt(|body| drop(body.metadata.insert(key.into(), value.into())))
    };
    let unset = |key| spoilt(|body| drop(body.metadata.remove(key)));
    cases! {
        "no metadata", spoilt(|body| body.metadata.clear()) => Format, "format \"\"", "\"dec-gpu-model\"";
        "PyTorch's metadata", set("format", "pt") => Format, "format \"pt\"";
        "newer schema", set("schema", "3") => Schema, "schema \"3\"", "\"0.1.0\"";
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

/// Of a model that keeps four of six columns.
const PREPARE: &str = r#"{"steps":["library-size","tf-idf"],"target_sum":"12.5","input_dim":6}"#;

/// A valid body of schema 2 after `spoil`.
fn prepared(spoil: impl FnOnce(&mut Body)) -> Vec<u8> {
    spoilt(|body| {
        body.metadata.insert("schema".into(), "2".into());
        body.metadata.insert("prepare".into(), PREPARE.into());
        body.put("prepare.idf", &[6]);
        body.columns(&[0, 2, 3, 5]);
        spoil(body);
    })
}

fn preparations() -> Vec<Case> {
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

fn tensors() -> Vec<Case> {
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

#[test]
fn the_body_every_case_spoils_is_valid() {
    let model = Model::from_safetensors(&Body::valid().bytes(), FILE).unwrap();
    assert_eq!((model.input_dim, model.embedding_dim), (4, 2));
    assert_eq!(model.n_clusters, 3);
    assert_eq!(model.encoder.len(), 2);
    let LayerWeights { d_in, d_out, .. } = model.decoder[1];
    assert_eq!((d_in, d_out), (3, 4));
    let own = Model::from_safetensors(&prepared(|_| {}), FILE).unwrap();
    assert_eq!((own.input_dim, own.raw_input_dim()), (4, 6));
    // Other tensors are left alone: a checkpoint may carry the optimiser's state.
    let with_more = spoilt(|body| body.put("optimiser.encoder.0.weight", &[4, 3]));
    assert_eq!(Model::from_safetensors(&with_more, FILE).unwrap(), model);
}

#[test]
fn malformed_files_are_refused_with_a_reason() {
    let known = containers().into_iter().chain(metadata()).chain(tensors());
    let cases = known.chain(preparations());
    for Case {
        what,
        bytes,
        expected,
        parts,
    } in cases
    {
        let error = match Model::from_safetensors(&bytes, FILE) {
            Ok(_) => panic!("{what}: was accepted"),
            Err(error) => error,
        };
        assert!(expected(&error), "{what}: refused as {error:?}");
        let text = error.to_string();
        for part in parts.iter().chain(&[FILE]) {
            assert!(text.contains(part), "{what}: {part:?} is not in {text:?}");
        }
    }
}

#[test]
fn no_prefix_and_no_flipped_bit_of_a_model_panics() {
    for valid in [Body::valid().bytes(), prepared(|_| {})] {
        for len in 0..valid.len() {
            assert!(Model::from_safetensors(&valid[..len], FILE).is_err());
        }
        for at in 0..valid.len() * 8 {
            let mut flipped = valid.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            // Either answer will do: a flipped bit of a weight is a weight.
            let _ = Model::from_safetensors(&flipped, FILE);
        }
    }
}
