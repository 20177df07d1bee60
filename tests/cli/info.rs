//! `info`: what data, models and runs are, as text and as JSON.

use crate::support::{Folder, csv, idx, npy};
use serde_json::Value;

fn json(folder: &Folder, args: &[&str]) -> Value {
    let args = [&["info", "--json"], args].concat();
    serde_json::from_str(&folder.ok(&args)).expect("JSON")
}

#[test]
fn data_sets() {
    let folder = Folder::new();
    folder.write("table.csv", csv(90, 6));
    let table = json(&folder, &["table.csv"]);
    assert_eq!(table["kind"], "data");
    assert_eq!(
        [&table["n_samples"], &table["input_dim"]],
        [&Value::from(90), &Value::from(6)]
    );
    assert_eq!(table["column_names"][5], "x5");
    assert_eq!(table["labels"].as_array().map(Vec::len), Some(3));
    assert_eq!(table["labels"][0]["n_samples"], 30);
    assert_eq!(table["image"], Value::Null);
    let text = folder.ok(&["info", "table.csv"]);
    for words in ["a text table", "3 classes: ", "red (30)", "x0, x1", "f32"] {
        assert!(text.contains(words), "{words}: {text}");
    }

    folder.write("images.idx", idx(5));
    let images = json(&folder, &["images.idx"]);
    assert_eq!(
        [
            &images["format"],
            &images["type"],
            &images["suggested_normalisation"]
        ],
        ["IDX", "u8", "unit-range"]
    );
    assert_eq!(images["image"]["said_by_the_file"], true);
    assert_eq!(images["labels"], Value::Null);

    folder.write(
        "mixed.npy",
        npy(3, 2, &[0.0, 1000.0, 1.0, 9000.0, 2.0, 5.0]),
    );
    let mixed = json(&folder, &["mixed.npy"]);
    assert_eq!(mixed["suggested_normalisation"], "standardise");

    folder.write("few.svm", "1 1:2 3:4\n0 2:1\n");
    let sparse = json(&folder, &["few.svm"]);
    assert_eq!(
        (&sparse["type"], &sparse["n_values"]),
        (&Value::from("sparse f32"), &Value::from(3))
    );
}

#[test]
fn models_and_runs() {
    let folder = Folder::new();
    folder.write("table.csv", csv(90, 6));
    folder.train(&["table.csv", "-k", "3", "--seed", "5"]);
    let model = json(&folder, &["run/model.safetensors"]);
    assert_eq!(model["kind"], "model");
    assert_eq!(model["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(model["encoder"], serde_json::json!([6, 16, 3]));
    assert_eq!(model["decoder"], serde_json::json!([3, 16, 6]));
    // (6 + 1) 16 + (16 + 1) 3 + (3 + 1) 16 + (16 + 1) 6 and 3 centroids of 3.
    assert_eq!(model["n_parameters"], 112 + 51 + 64 + 102 + 9);
    assert_eq!(
        (&model["preset"], &model["seed"]),
        (&"fast".into(), &5.into())
    );

    let run = json(&folder, &["run"]);
    assert_eq!(
        (&run["kind"], &run["complete"]),
        (&"run".into(), &true.into())
    );
    assert_eq!(run["model"]["encoder"], model["encoder"]);
    let metrics: Value = serde_json::from_slice(&folder.read("run/metrics.json")).expect("JSON");
    assert_eq!(run["metrics"], metrics);
    let text = folder.ok(&["info", "run"]);
    for words in [
        "90 samples x 6 inputs, seed 5",
        "6-16-3",
        "ACC ",
        "labels.csv",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }

    std::fs::remove_file(folder.path("run/metrics.json")).expect("removed");
    assert_eq!(json(&folder, &["run"])["complete"], false);
    assert!(folder.ok(&["info", "run"]).contains("not finished"));
}

#[test]
fn what_cannot_be_read_is_bad_data() {
    let folder = Folder::new();
    folder.refuses(&["info", "none.npy"], 3, &["none.npy"]);
    folder.write("a.pdf", "%PDF-1.4\n\0");
    folder.refuses(&["info", "a.pdf"], 3, &["a PDF document"]);
    folder.write("cut.safetensors", b"\x40\0\0\0\0\0\0\0{\"a\":");
    folder.refuses(&["info", "cut.safetensors"], 3, &["cut.safetensors"]);
    std::fs::create_dir(folder.path("run")).expect("made");
    folder.write("run/metrics.json", "{\"schema\": ");
    folder.refuses(&["info", "run"], 3, &["metrics.json"]);
}
