//! An ONNX graph computed node by node in f64: the few operators that `export` uses, by their definitions.

use std::collections::HashMap;

use dec_gpu::onnx::proto::{FLOAT, INT64, Model, Node, Tensor};

/// A value of the graph; labels and axes are numbers too.
#[derive(Clone, Debug)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f64>,
}

/// Every value of the graph by its name, from `rows` rows of inputs.
pub(crate) fn evaluate(model: &Model, inputs: &[f32], rows: usize) -> HashMap<String, Array> {
    let graph = model.graph.as_ref().expect("a graph");
    let mut values: HashMap<String, Array> = graph.initializer.iter().map(constant).collect();
    let fed = Array {
        shape: vec![rows, inputs.len() / rows],
        values: inputs.iter().map(|value| f64::from(*value)).collect(),
    };
    values.insert(graph.input[0].name().to_owned(), fed);
    for node in &graph.node {
        let inputs: Vec<&Array> = (node.input.iter())
            .map(|name| {
                values
                    .get(name)
                    .unwrap_or_else(|| panic!("{name} comes too late"))
            })
            .collect();
        let output = compute(node, &inputs);
        let before = values.insert(node.output[0].clone(), output);
        assert!(before.is_none(), "{} is computed twice", node.output[0]);
    }
    values
}

fn constant(tensor: &Tensor) -> (String, Array) {
    let shape: Vec<usize> = tensor.dims.iter().map(|&axis| axis as usize).collect();
    let raw = tensor.raw_data();
    let values: Vec<f64> = match tensor.data_type() {
        FLOAT => (raw.as_chunks::<4>().0.iter())
            .map(|&word| f64::from(f32::from_le_bytes(word)))
            .collect(),
        INT64 => (raw.as_chunks::<8>().0.iter())
            .map(|&word| i64::from_le_bytes(word) as f64)
            .collect(),
        other => panic!("{} has type {other}", tensor.name()),
    };
    assert_eq!(
        values.len(),
        shape.iter().product::<usize>(),
        "{}",
        tensor.name()
    );
    (tensor.name().to_owned(), Array { shape, values })
}

fn compute(node: &Node, inputs: &[&Array]) -> Array {
    let attribute = |name: &str| {
        let found = node
            .attribute
            .iter()
            .find(|attribute| attribute.name() == name);
        found.and_then(|attribute| attribute.i)
    };
    match (node.op_type(), inputs) {
        ("Add", [a, b]) => broadcast(a, b, |a, b| a + b),
        ("Sub", [a, b]) => broadcast(a, b, |a, b| a - b),
        ("Mul", [a, b]) => broadcast(a, b, |a, b| a * b),
        ("Div", [a, b]) => broadcast(a, b, |a, b| a / b),
        ("Relu", [a]) => map(a, |a| a.max(0.0)),
        ("Log", [a]) => map(a, f64::ln),
        ("Gemm", [a, weight, bias]) => gemm(a, weight, bias),
        ("Unsqueeze", [a, axes]) => {
            let mut shape = a.shape.clone();
            shape.insert(axes.values[0] as usize, 1);
            Array {
                shape,
                values: a.values.clone(),
            }
        }
        ("Sqrt", [a]) => map(a, f64::sqrt),
        ("Max", [a, b]) => broadcast(a, b, f64::max),
        ("ReduceSum", [a, axes]) => {
            let last = a.shape.len() - 1;
            assert_eq!(axes.values, [last as f64]);
            let mut sums = of_last(a, |row| vec![row.iter().sum()]);
            if attribute("keepdims") == Some(1) {
                sums.shape.push(1);
            }
            sums
        }
        ("Softmax", [a]) => {
            assert_eq!(attribute("axis"), Some(1));
            Array {
                shape: a.shape.clone(),
                ..of_last(a, softmax)
            }
        }
        ("ArgMax", [a]) => {
            assert_eq!(
                (attribute("axis"), attribute("keepdims")),
                (Some(1), Some(0))
            );
            of_last(a, |row| vec![argmax(row) as f64])
        }
        (other, _) => panic!("{other} of {} inputs", inputs.len()),
    }
}

fn map(a: &Array, f: impl Fn(f64) -> f64) -> Array {
    Array {
        shape: a.shape.clone(),
        values: a.values.iter().map(|&value| f(value)).collect(),
    }
}

/// Each row of the last axis through `f`, that axis gone.
fn of_last(a: &Array, f: impl Fn(&[f64]) -> Vec<f64>) -> Array {
    let (last, shape) = a.shape.split_last().expect("an axis");
    Array {
        shape: shape.to_vec(),
        values: a.values.chunks_exact(*last).flat_map(f).collect(),
    }
}

fn softmax(row: &[f64]) -> Vec<f64> {
    let total: f64 = row.iter().map(|value| value.exp()).sum();
    row.iter().map(|value| value.exp() / total).collect()
}

/// The place of the largest value, the first of equals.
fn argmax(row: &[f64]) -> usize {
    (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best })
}

fn gemm(a: &Array, weight: &Array, bias: &Array) -> Array {
    let (d_in, d_out) = (weight.shape[0], weight.shape[1]);
    assert_eq!((a.shape[1], &bias.shape[..]), (d_in, &[d_out][..]));
    let cell = |row: &[f64], j: usize| {
        let products = (0..d_in).map(|i| row[i] * weight.values[i * d_out + j]);
        bias.values[j] + products.sum::<f64>()
    };
    let rows = a.values.chunks_exact(d_in);
    Array {
        shape: vec![a.shape[0], d_out],
        values: rows
            .flat_map(|row| (0..d_out).map(move |j| cell(row, j)))
            .collect(),
    }
}

/// ONNX's broadcasting, which is NumPy's: shapes are aligned at their ends, an axis of 1 is repeated.
fn broadcast(a: &Array, b: &Array, f: impl Fn(f64, f64) -> f64) -> Array {
    let rank = a.shape.len().max(b.shape.len());
    let padded = |array: &Array| [vec![1; rank - array.shape.len()], array.shape.clone()].concat();
    let (of_a, of_b) = (padded(a), padded(b));
    let axis = |(&a, &b): (&usize, &usize)| {
        assert!(a == b || a == 1 || b == 1, "{of_a:?} and {of_b:?}");
        a.max(b)
    };
    let shape: Vec<usize> = of_a.iter().zip(&of_b).map(axis).collect();
    let at = |own: &[usize], mut flat: usize| {
        let (mut index, mut stride) = (0, 1);
        for axis in (0..rank).rev() {
            if own[axis] > 1 {
                index += flat % shape[axis] * stride;
            }
            flat /= shape[axis];
            stride *= own[axis];
        }
        index
    };
    let cells = 0..shape.iter().product::<usize>();
    let values = cells
        .map(|i| f(a.values[at(&of_a, i)], b.values[at(&of_b, i)]))
        .collect();
    Array { shape, values }
}
