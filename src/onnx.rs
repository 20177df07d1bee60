//! The trained model as an ONNX graph: normalisation, encoder, soft assignment.
//!
//! | value | shape | element | |
//! |---|---|---|---|
//! | input `inputs` | (batch, D) | float | as they are in the data, before normalisation |
//! | output `embedding` | (batch, d) | float | z |
//! | output `soft_assignment` | (batch, k) | float | q (Xie et al. 2016, eq. 1) |
//! | output `assignment` | (batch) | int64 | argmax_j q, the lowest cluster on a tie |
//!
//! Operator set 13 and IR version 7 (ONNX 1.8, 2020) are the oldest in which the axes of `ReduceSum` and
//! `Unsqueeze` are inputs and `Softmax` works on one axis; newer runtimes load them as they are.

mod graph;
pub mod proto;

use prost::Message;

use crate::config::Config;
use crate::model::{Model, ModelError};
use crate::net::{LayerValues, Names, Operators};
use proto::{Entry, Graph, OperatorSet};

/// The container's version.
pub const IR_VERSION: i64 = 7;
/// The version of ONNX's operators.
pub const OPSET: i64 = 13;
/// `model_version`: the version of the names and shapes of the module's page.
pub const SCHEMA: i64 = 1;
/// A protobuf message of more bytes cannot be read back.
const MOST_BYTES: usize = i32::MAX as usize;

/// How much of a model is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Normalisation, encoder and soft assignment.
    All,
    /// Normalisation and encoder.
    Encoder,
}

/// The bytes of an ONNX file. `name` is the model file's name for messages.
///
/// # Errors
/// [`ModelError::TooLarge`] if they are more than one message may have; [`ModelError::Prepares`] if raw inputs must be
/// prepared first, which the graph does not.
pub fn to_onnx(model: &Model, part: Part, name: &str) -> Result<Vec<u8>, ModelError> {
    if let Some(own) = &model.preparation {
        return Err(ModelError::Prepares {
            file: name.to_owned(),
            preparation: own.to_string(),
        });
    }
    let message = message(model, part);
    match message.encoded_len() {
        bytes if bytes > MOST_BYTES => Err(ModelError::TooLarge {
            file: name.to_owned(),
            bytes,
        }),
        _ => Ok(message.encode_to_vec()),
    }
}

fn message(model: &Model, part: Part) -> proto::Model {
    proto::Model {
        ir_version: Some(IR_VERSION),
        producer_name: Some(env!("CARGO_PKG_NAME").into()),
        producer_version: Some(env!("CARGO_PKG_VERSION").into()),
        model_version: Some(SCHEMA),
        doc_string: Some(
            "Deep Embedded Clustering (Xie, Girshick and Farhadi 2016): raw inputs are normalised, \
             encoded and assigned to clusters."
                .into(),
        ),
        graph: Some(graph(model, part)),
        opset_import: vec![OperatorSet {
            domain: Some(String::new()),
            version: Some(OPSET),
        }],
        metadata_props: metadata(model, part),
    }
}

/// What the graph does not say: text by key.
fn metadata(model: &Model, part: Part) -> Vec<Entry> {
    // A model's configuration is not checked when the model is read; one that cannot be is not told of.
    let config = Config::layered(None, Some(("the model", &model.config_toml)), &[]).ok();
    let normalisation = config
        .and_then(|config| config.data.normalisation)
        .map(|normalisation| normalisation.to_string());
    let mut entries = vec![
        ("format", "dec-gpu-onnx".to_owned()),
        ("method", "deep embedded clustering".to_owned()),
        (
            "part",
            match part {
                Part::All => "encoder, soft assignment",
                Part::Encoder => "encoder",
            }
            .to_owned(),
        ),
        ("input_dim", model.input_dim.to_string()),
        ("embedding_dim", model.embedding_dim.to_string()),
        (
            "normalisation",
            normalisation.unwrap_or_else(|| "unknown".into()),
        ),
    ];
    if part == Part::All {
        entries.push(("n_clusters", model.n_clusters.to_string()));
        entries.push(("alpha", model.alpha.to_string()));
    }
    let entry = |(key, value): (&str, String)| Entry {
        key: Some(key.to_owned()),
        value: Some(value),
    };
    entries.into_iter().map(entry).collect()
}

fn graph(model: &Model, part: Part) -> Graph {
    let mut graph = Graph {
        name: Some("dec".into()),
        ..Graph::default()
    };
    let doc = "samples as they are in the data, before normalisation";
    graph.takes("inputs", model.input_dim, doc);
    let normalised = normalise(&mut graph, model);
    encode(&mut graph, &model.encoder, normalised);
    graph.gives("embedding", model.embedding_dim, "the encoder's output");
    if part == Part::All {
        assign(&mut graph, model);
        let doc = "each cluster's share of the sample; rows sum to 1";
        graph.gives("soft_assignment", model.n_clusters, doc);
        graph.gives_labels("assignment", "the cluster with the largest share");
    }
    graph
}

/// (x − shift)·scale, as nodes: folded into the first layer it would cost digits where a column's mean is large
/// against its spread, since b − shift·scale·W is a difference of large numbers.
fn normalise(graph: &mut Graph, model: &Model) -> String {
    let width = [model.input_dim];
    let shift = graph.floats("input.shift", &width, &model.shift);
    let scale = graph.floats("input.scale", &width, &model.scale);
    let shifted = graph.node("Sub", &["inputs", &shift], &[], "shifted");
    graph.node("Mul", &[&shifted, &scale], &[], "normalised")
}

/// The layers one after the other; the output of the last is `embedding`.
fn encode(graph: &mut Graph, layers: &[LayerValues], mut value: String) {
    for (at, layer) in layers.iter().enumerate() {
        let name = format!("encoder.{at}");
        let output = match layer.kind.relu() {
            _ if at + 1 == layers.len() => "embedding".to_owned(),
            true => format!("{name}.relu"),
            false => format!("{name}.output"),
        };
        let names = Names {
            layer: &name,
            value: &value,
            output: &output,
        };
        layer.write(graph, names);
        value = output;
    }
}

/// q_j ∝ (1 + ‖z − mu_j‖²/α)^(−(α+1)/2).
///
/// Squared distances are sums of squared differences, (batch, k, d) in between: the cheaper
/// ‖z‖² − 2z·mu + ‖mu‖² cancels where a sample is near its centroid. The power is softmax of its logarithm, so that
/// no row underflows to 0/0 far from every centroid.
fn assign(graph: &mut Graph, model: &Model) {
    let shape = [model.n_clusters, model.embedding_dim];
    let centroids = graph.floats("centroids", &shape, &model.centroids);
    let middle = graph.axes("middle_axis", &[1]);
    let last = graph.axes("last_axis", &[2]);
    let alpha = graph.floats("alpha", &[], &[model.alpha]);
    let one = graph.floats("one", &[], &[1.0]);
    let power = graph.floats("power", &[], &[-0.5 * (model.alpha + 1.0)]);

    let rows = graph.node("Unsqueeze", &["embedding", &middle], &[], "rows");
    let difference = graph.node("Sub", &[&rows, &centroids], &[], "difference");
    let square = graph.node("Mul", &[&difference, &difference], &[], "square");
    let keep = [("keepdims", 0)];
    let distance = graph.node("ReduceSum", &[&square, &last], &keep, "squared_distance");
    let scaled = graph.node("Div", &[&distance, &alpha], &[], "scaled_distance");
    let base = graph.node("Add", &[&scaled, &one], &[], "student_base");
    let logarithm = graph.node("Log", &[&base], &[], "student_log");
    let kernel = graph.node("Mul", &[&logarithm, &power], &[], "log_weight");
    let of_row = [("axis", 1)];
    let q = graph.node("Softmax", &[&kernel], &of_row, "soft_assignment");
    let label = [("axis", 1), ("keepdims", 0), ("select_last_index", 0)];
    graph.node("ArgMax", &[&q], &label, "assignment");
}
