//! A graph under construction: constants and nodes by name, in the order of computation.

use super::proto::{
    ATTRIBUTE_INT, Attribute, Dimension, FLOAT, Graph, INT64, Node, Shape, Tensor, TensorType,
    Type, ValueInfo,
};
use crate::net::Operators;

/// The name of the axis whose length is known only when the model runs.
const BATCH: &str = "batch";

impl Operators for Graph {
    fn floats(&mut self, name: &str, dims: &[usize], values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.constant(name, dims, FLOAT, bytes.collect())
    }

    fn axes(&mut self, name: &str, values: &[i64]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes());
        self.constant(name, &[values.len()], INT64, bytes.collect())
    }

    /// The node is called as its output is.
    fn node(
        &mut self,
        op_type: &str,
        inputs: &[&str],
        attributes: &[(&str, i64)],
        output: &str,
    ) -> String {
        self.node.push(Node {
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: vec![output.to_owned()],
            name: Some(output.to_owned()),
            op_type: Some(op_type.to_owned()),
            attribute: attributes
                .iter()
                .map(|&(name, value)| integer(name, value))
                .collect(),
        });
        output.to_owned()
    }
}

impl Graph {
    fn constant(&mut self, name: &str, dims: &[usize], data_type: i32, raw: Vec<u8>) -> String {
        self.initializer.push(Tensor {
            dims: dims.iter().map(|&axis| axis as i64).collect(),
            data_type: Some(data_type),
            name: Some(name.to_owned()),
            raw_data: Some(raw),
        });
        name.to_owned()
    }

    /// Declares an input (batch, width).
    pub(super) fn takes(&mut self, name: &str, width: usize, doc: &str) {
        self.input.push(value_info(name, FLOAT, Some(width), doc));
    }

    /// Declares an output (batch, width) of f32.
    pub(super) fn gives(&mut self, name: &str, width: usize, doc: &str) {
        self.output.push(value_info(name, FLOAT, Some(width), doc));
    }

    /// Declares an output (batch) of int64.
    pub(super) fn gives_labels(&mut self, name: &str, doc: &str) {
        self.output.push(value_info(name, INT64, None, doc));
    }
}

fn integer(name: &str, value: i64) -> Attribute {
    Attribute {
        name: Some(name.to_owned()),
        i: Some(value),
        r#type: Some(ATTRIBUTE_INT),
    }
}

fn value_info(name: &str, elem_type: i32, width: Option<usize>, doc: &str) -> ValueInfo {
    let batch = Dimension {
        dim_value: None,
        dim_param: Some(BATCH.to_owned()),
    };
    let width = width.map(|width| Dimension {
        dim_value: Some(width as i64),
        dim_param: None,
    });
    let dim = std::iter::once(batch).chain(width).collect();
    ValueInfo {
        name: Some(name.to_owned()),
        r#type: Some(Type {
            tensor_type: Some(TensorType {
                elem_type: Some(elem_type),
                shape: Some(Shape { dim }),
            }),
        }),
        doc_string: Some(doc.to_owned()),
    }
}
