//! `export`: the file decoded again and computed node by node, against `predict`.

use dec_gpu::onnx::proto;
use prost::Message;

use crate::onnx_graph::evaluate;
use crate::support::{Folder, csv};

const ROWS: usize = 60;
const WIDTH: usize = 6;

/// A folder with `data.csv`, `run` and `predictions`.
fn trained() -> Folder {
    trained_with(&[])
}

/// The same, with these options too.
fn trained_with(options: &[&str]) -> Folder {
    let folder = Folder::new();
    folder.write("data.csv", csv(ROWS, WIDTH));
    let wide = [
        "--set",
        "network.hidden=[9, 7]",
        "--set",
        "cluster.alpha=2.5",
    ];
    // Last, or the tiny schedule's one hidden layer would win.
    let train = ["train", "data.csv", "-k", "3"];
    folder.ok(&[&train, &crate::support::TINY[..], &wide, options].concat());
    let predict = [
        "predict",
        "run/model.safetensors",
        "data.csv",
        "--backend",
        "cpu",
    ];
    folder.ok(&predict);
    folder
}

/// The rows of `data.csv` without their labels.
fn inputs() -> Vec<f32> {
    let rows = csv(ROWS, WIDTH);
    let cells = rows
        .lines()
        .skip(1)
        .flat_map(|line| line.split(',').take(WIDTH));
    cells.map(|cell| cell.parse().expect("a number")).collect()
}

/// The values of an NPY file of f32, whose header ends at the first line's end.
fn npy_values(bytes: &[u8]) -> Vec<f32> {
    let end = bytes
        .iter()
        .position(|&byte| byte == b'\n')
        .expect("a header");
    let (words, rest) = bytes[end + 1..].as_chunks::<4>();
    assert!(rest.is_empty());
    words.iter().map(|&word| f32::from_le_bytes(word)).collect()
}

fn decoded(folder: &Folder, name: &str) -> proto::Model {
    proto::Model::decode(&folder.read(name)[..]).expect("ONNX")
}

fn output_names(model: &proto::Model) -> Vec<&str> {
    let graph = model.graph.as_ref().expect("a graph");
    graph.output.iter().map(|output| output.name()).collect()
}

fn assert_close(name: &str, found: &[f64], want: &[f32]) {
    assert_eq!(found.len(), want.len(), "{name}");
    let largest = want
        .iter()
        .fold(0.0f32, |most, value| most.max(value.abs()));
    for (i, (found, want)) in found.iter().zip(want).enumerate() {
        let difference = (found - f64::from(*want)).abs();
        assert!(
            difference <= 1e-5 * f64::from(largest),
            "{name}[{i}]: {found}, predict says {want}"
        );
    }
}

#[test]
fn the_graph_computes_what_predict_does() {
    check_graph(&trained());
}

#[test]
fn so_does_a_graph_whose_first_layer_scales_rows() {
    check_graph(&trained_with(&["--set", "network.normalise-rows=true"]));
}

fn check_graph(folder: &Folder) {
    folder.ok(&["export", "run/model.safetensors", "--out", "model.onnx"]);
    let model = decoded(folder, "model.onnx");
    assert_eq!(
        (model.ir_version(), model.opset_import[0].version()),
        (7, 13)
    );
    assert_eq!(
        output_names(&model),
        ["embedding", "soft_assignment", "assignment"]
    );
    let values = evaluate(&model, &inputs(), ROWS);
    for name in ["embedding", "soft_assignment"] {
        let want = npy_values(&folder.read(&format!("predictions/{name}.npy")));
        assert_close(name, &values[name].values, &want);
    }
    let labels = String::from_utf8(folder.read("predictions/labels.csv")).expect("text");
    let of_line = |line: &str| line.split(',').nth(1).and_then(|cell| cell.parse().ok());
    let labels: Vec<f64> = labels
        .lines()
        .skip(1)
        .map(|line| of_line(line).expect("a label"))
        .collect();
    assert_eq!(values["assignment"].values, labels);
}

#[test]
fn metadata_say_what_the_graph_is() {
    let folder = trained();
    folder.ok(&["export", "run", "--out", "model.onnx"]);
    let model = decoded(&folder, "model.onnx");
    assert_eq!(model.producer_name(), "dec-gpu");
    assert_eq!(model.producer_version(), env!("CARGO_PKG_VERSION"));
    let text = |key: &str| {
        let entry = model.metadata_props.iter().find(|entry| entry.key() == key);
        entry
            .unwrap_or_else(|| panic!("no {key}"))
            .value()
            .to_owned()
    };
    assert_eq!(text("normalisation"), "unit-mean-square");
    assert_eq!(
        (text("alpha"), text("n_clusters")),
        ("2.5".into(), "3".into())
    );
    assert_eq!(
        (text("input_dim"), text("embedding_dim")),
        ("6".into(), "3".into())
    );
}

#[test]
fn the_encoder_alone_has_one_output() {
    let folder = trained();
    folder.ok(&["export", "run", "--encoder-only", "--out", "encoder.onnx"]);
    let model = decoded(&folder, "encoder.onnx");
    assert_eq!(output_names(&model), ["embedding"]);
    let values = evaluate(&model, &inputs(), ROWS);
    assert!(!values.contains_key("soft_assignment"));
    let want = npy_values(&folder.read("predictions/embedding.npy"));
    assert_close("embedding", &values["embedding"].values, &want);
}

#[test]
fn a_file_that_is_there_is_kept_without_force() {
    let folder = trained();
    folder.write("model.onnx", "mine");
    let args = ["export", "run", "--out", "model.onnx"];
    folder.refuses(&args, 2, &["model.onnx is there already", "--force"]);
    assert_eq!(folder.read("model.onnx"), b"mine");
    folder.ok(&[&args[..], &["--force"]].concat());
    assert_eq!(output_names(&decoded(&folder, "model.onnx")).len(), 3);
}

#[test]
fn what_cannot_be_exported_leaves_no_file() {
    let folder = trained();
    let whole = folder.read("run/model.safetensors");
    folder.write("cut.safetensors", &whole[..whole.len() - 1]);
    let mut damaged = whole.clone();
    let last = damaged.len() - 4;
    damaged[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    folder.write("nan.safetensors", damaged);
    for (model, word) in [
        ("cut.safetensors", "safetensors"),
        ("nan.safetensors", "NaN"),
        ("data.csv", "safetensors"),
        ("absent", "cannot be read"),
        ("predictions", "cannot be read"),
    ] {
        folder.refuses(&["export", model, "--out", "no.onnx"], 3, &[model, word]);
    }
    folder.refuses(
        &["export", "run", "--out", "data.csv/no.onnx"],
        6,
        &["cannot write"],
    );
    assert!(!folder.path("no.onnx").exists());
}
