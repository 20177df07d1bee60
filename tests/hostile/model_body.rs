//! A model file in parts, built byte by byte and not by the code under test.

use serde_json::{Map, Value, json};

/// A safetensors file in parts that a case can spoil.
pub(crate) struct Body {
    pub(crate) metadata: Map<String, Value>,
    /// Name, dtype, shape, values as bytes.
    pub(crate) tensors: Vec<(String, &'static str, Vec<usize>, Vec<u8>)>,
}

impl Body {
    /// Nothing.
    pub(crate) fn empty() -> Self {
        Self {
            metadata: Map::new(),
            tensors: Vec::new(),
        }
    }

    /// A valid model: 4-3-2 and back, three clusters.
    pub(crate) fn valid() -> Self {
        let mut body = Self::empty();
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
    pub(crate) fn put(&mut self, name: &str, shape: &[usize]) {
        let bytes = 0.5_f32.to_le_bytes().repeat(shape.iter().product());
        self.remove(name);
        self.tensors
            .push((name.into(), "F32", shape.to_vec(), bytes));
    }

    /// Adds the columns that are kept.
    pub(crate) fn columns(&mut self, columns: &[u32]) {
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
    pub(crate) fn reshape(&mut self, name: &str, shape: &[usize]) {
        let tensor = self.tensors.iter_mut().find(|(found, ..)| found == name);
        tensor.unwrap().2 = shape.to_vec();
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.tensors.retain(|(found, ..)| found != name);
    }

    pub(crate) fn poison(&mut self, name: &str, index: usize, value: f32) {
        let tensor = self.tensors.iter_mut().find(|(found, ..)| found == name);
        tensor.unwrap().3[4 * index..][..4].copy_from_slice(&value.to_le_bytes());
    }

    /// The header and the values, not yet joined.
    pub(crate) fn parts(&self) -> (Map<String, Value>, Vec<u8>) {
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

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let (header, data) = self.parts();
        join(Value::Object(header).to_string().as_bytes(), &data)
    }
}

pub(crate) fn join(header: &[u8], data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header, data].concat()
}

/// A valid body after `spoil`.
pub(crate) fn spoilt(spoil: impl FnOnce(&mut Body)) -> Vec<u8> {
    let mut body = Body::valid();
    spoil(&mut body);
    body.bytes()
}

/// A valid body whose header entry for `tensor` is `entry` instead.
pub(crate) fn lying(tensor: &str, entry: Value) -> Vec<u8> {
    let (mut header, data) = Body::valid().parts();
    header.insert(tensor.into(), entry);
    join(Value::Object(header).to_string().as_bytes(), &data)
}

/// Of a model that keeps four of six columns.
pub(crate) const PREPARE: &str =
    r#"{"steps":["library-size","tf-idf"],"target_sum":"12.5","input_dim":6}"#;

/// A valid body of schema 2 after `spoil`.
pub(crate) fn prepared(spoil: impl FnOnce(&mut Body)) -> Vec<u8> {
    spoilt(|body| {
        body.metadata.insert("schema".into(), "2".into());
        body.metadata.insert("prepare".into(), PREPARE.into());
        body.put("prepare.idf", &[6]);
        body.columns(&[0, 2, 3, 5]);
        spoil(body);
    })
}
