//! `bench` and `bench compare`, on sizes that take a moment.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Folder, stderr};

const QUICK: [&str; 4] = ["bench", "--quick", "--backend", "cpu"];

fn quick(folder: &Folder, args: &[&str]) -> String {
    folder.ok(&[&QUICK[..], args].concat())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn ids(results: &Value) -> Vec<String> {
    let rows = results["rows"].as_array().expect("rows");
    let id = |row: &Value| row["id"].as_str().expect("an id").to_owned();
    rows.iter().map(id).collect()
}

/// What must hold of every row on any device.
fn assert_rows(results: &Value) {
    for row in results["rows"].as_array().expect("rows") {
        let at = |key: &str| {
            row[key]
                .as_f64()
                .unwrap_or_else(|| panic!("{key} is no number: {row}"))
        };
        assert!(0.0 < at("min") && at("min") <= at("median"), "{row}");
        assert!(at("median") <= at("max") && at("spread") >= 0.0, "{row}");
        assert!(at("dispatches") >= 1.0 && at("calls") >= 1.0, "{row}");
        assert_eq!(row["repetitions"], 3, "{row}");
        assert_eq!(
            (&row["unit"], &row["precision"]),
            (&"us".into(), &"f32".into())
        );
        for key in ["backend", "adapter", "driver", "version", "commit"] {
            assert!(
                row[key].as_str().is_some_and(|text| !text.is_empty()),
                "{key}: {row}"
            );
        }
        if !row["flops"].is_null() {
            let rate = 1e-3 * at("flops") / at("median");
            assert!((at("gflops") / rate - 1.0).abs() < 1e-9, "{row}");
            assert!(at("roofline_percent") > 0.0, "{row}");
        }
    }
}

#[test]
fn every_kind_of_row_is_measured_once() {
    let folder = Folder::new();
    let results = json(&quick(&folder, &["-o", "json"]));
    let ids = ids(&results);
    let different: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(different.len(), ids.len(), "an id comes twice: {ids:?}");
    for wanted in [
        "gemm_nn_32x32x32",
        "copy_gather_rows_f32",
        "dispatch_latency_centroid_step_1x1",
        "gemm_nn_8x20x12",
        "gemm_nt_16x12x16",
        "gemm_tn_8x20x12",
        "step_autoencoder_adam_b8",
        "step_autoencoder_sgd_b16",
        "step_dec_sgd_b8",
        "encode_rows_b16",
        "refresh_n96",
        "kmeans_96x4_k3_r2_i5",
        "epoch_autoencoder_adam_n96_b8",
    ] {
        assert!(ids.iter().any(|id| id == wanted), "{wanted}: {ids:?}");
    }
    // The gradient of the data is not computed in training.
    assert!(!ids.iter().any(|id| id == "gemm_nt_8x20x12"), "{ids:?}");
    assert_eq!(results["schema"], 1);
    assert_eq!(results["device"]["backend"], "cpu");
    assert_eq!(results["skipped"], Value::Array(Vec::new()));
    assert!(results["roofline"]["gflops"].as_f64() > Some(0.0));
    assert_rows(&results);
}

#[test]
fn steps_and_epochs_dispatch_what_they_should() {
    let folder = Folder::new();
    let text = quick(
        &folder,
        &["-o", "json", "--filter", "_b8", "--batch", "8,8"],
    );
    let results = json(&text);
    let dispatches = |id: &str| {
        let rows = results["rows"].as_array().expect("rows");
        let row = rows.iter().find(|row| row["id"] == id).expect(id);
        row["dispatches"].as_f64().expect("a number")
    };
    let step = dispatches("step_autoencoder_adam_b8");
    assert_eq!(dispatches("epoch_autoencoder_adam_n96_b8"), 12.0 * step);
    // Six layers here: gather, each layer forward, the gradients of all inputs but the data, two updates.
    assert_eq!(step, 1.0 + 6.0 + 5.0 + 2.0);
    // Three: gather, encode, the KL gradients, of two inputs, two updates, the centroids.
    assert_eq!(
        dispatches("step_dec_sgd_b8"),
        1.0 + 3.0 + 1.0 + 2.0 + 2.0 + 1.0
    );
}

#[test]
fn the_formats_hold_the_same_rows() {
    let folder = Folder::new();
    let filter = ["--filter", "_b8"];
    let wanted = ids(&json(&quick(
        &folder,
        &[&filter[..], &["-o", "json"]].concat(),
    )));
    assert!(wanted.len() > 4, "{wanted:?}");

    let text = quick(&folder, &[&filter[..], &["-o", "csv"]].concat());
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(csv.headers().expect("a header").get(0), Some("id"));
    let lines: Vec<csv::StringRecord> = csv.records().map(|line| line.expect("a row")).collect();
    let first: Vec<&str> = lines.iter().map(|line| &line[0]).collect();
    assert_eq!(first, wanted);

    let text = quick(&folder, &filter);
    assert!(text.starts_with("# dec-gpu bench\n"), "{text}");
    for id in &wanted {
        assert!(text.contains(&format!("| `{id}` |")), "{id}: {text}");
    }
}

#[test]
fn a_row_above_the_budget_is_named() {
    let folder = Folder::new();
    let args = [&QUICK[..], &["--max-time", "0.0001", "--filter", "kmeans"]].concat();
    let output = folder.run(&args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(
        said.contains("skipped kmeans_96x4_k3_r2_i5: it would take"),
        "{said}"
    );
    let page = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(page.contains("- `kmeans_96x4_k3_r2_i5`: about"), "{page}");
    assert!(!page.contains("| `kmeans"), "{page}");
}

#[test]
fn results_compared_with_themselves_and_with_others() {
    let folder = Folder::new();
    let write = |name: &str, filter: &str| {
        let args = ["-o", "json", "--out", name, "--filter", filter];
        assert_eq!(quick(&folder, &args), "");
        ids(&json(&String::from_utf8(folder.read(name)).expect("UTF-8")))
    };
    let (steps, all) = (write("steps.json", "step_"), write("b8.json", "_b8"));
    let text = folder.ok(&["bench", "compare", "steps.json", "steps.json"]);
    for id in &steps {
        let line = text.lines().find(|line| line.contains(&format!("`{id}`")));
        assert!(
            line.is_some_and(|line| line.ends_with("| 1.000 ~ |")),
            "{id}: {text}"
        );
    }
    assert!(!text.contains("only in"), "{text}");

    let text = folder.ok(&["bench", "compare", "steps.json", "b8.json"]);
    let named = |file: &str, id: &str| {
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("only in {file}: ")));
        line.is_some_and(|line| line.contains(id))
    };
    assert!(text.contains("| `step_dec_sgd_b8` |"), "{text}");
    assert!(named("steps.json", "step_dec_sgd_b16"), "{text}");
    assert!(
        named("b8.json", "encode_rows_b8") && all.len() > 1,
        "{text}"
    );
}

#[test]
fn results_that_cannot_be_compared() {
    let folder = Folder::new();
    quick(
        &folder,
        &["-o", "json", "--out", "good.json", "--filter", "latency"],
    );
    let good = String::from_utf8(folder.read("good.json")).expect("UTF-8");
    folder.write("cut.json", &good[..good.len() / 2]);
    folder.write("later.json", good.replace("\"schema\": 1", "\"schema\": 2"));
    folder.write("other.json", "{\"schema\": 1}\n");
    for (file, words) in [
        ("missing.json", ["missing.json", "cannot be read"]),
        (
            "cut.json",
            ["cut.json: found text that is no JSON", "bench -o json"],
        ),
        (
            "later.json",
            ["later.json: found schema 2", "bench -o json"],
        ),
        (
            "other.json",
            ["other.json: found other fields", "missing field"],
        ),
    ] {
        folder.refuses(&["bench", "compare", "good.json", file], 3, &words);
        folder.refuses(&["bench", "compare", file, "good.json"], 3, &words);
    }
    folder.refuses(&["bench", "compare", "good.json"], 2, &["<B>"]);
}

#[test]
fn options_that_make_no_sense() {
    let folder = Folder::new();
    let refused = |args: &[&str], code: i32, words: &[&str]| {
        folder.refuses(&[&["bench", "--quick"], args].concat(), code, words);
    };
    refused(&["-o", "xml"], 2, &["xml", "md, json, csv"]);
    refused(&["--batch", "0"], 2, &["--batch is 0", "1 to 96"]);
    refused(&["--batch", "8,97"], 2, &["--batch is 97"]);
    refused(&["--repetitions", "0"], 2, &["--repetitions is 0"]);
    refused(&["--min-time", "0"], 2, &["--min-time is 0"]);
    refused(&["--max-time", "nan"], 2, &["--max-time is NaN"]);
    refused(&["--backend", "cuda"], 2, &["unknown backend 'cuda'"]);
    refused(
        &["--backend", "cpu", "--filter", "nothing"],
        2,
        &["holds 'nothing'"],
    );
    let nowhere = [
        "--backend",
        "cpu",
        "--filter",
        "latency",
        "--out",
        "no/such/folder",
    ];
    refused(&nowhere, 6, &["cannot write no/such/folder"]);
    let adapter = ["--backend", "vulkan", "--adapter", "no-such-gpu"];
    refused(&adapter, 4, &["'no-such-gpu'"]);
}

/// On whatever adapters this machine has.
#[test]
fn every_adapter_can_be_measured() {
    let folder = Folder::new();
    let found = json(&folder.ok(&["devices", "--json"]));
    let mut measured = 0;
    for adapter in found["adapters"].as_array().expect("a list") {
        // Vulkan, Metal or DirectX: an adapter that is also reached through GL is measured once.
        if adapter["usable"] != true || adapter["backend"] == "gl" {
            continue;
        }
        let index = adapter["index"].to_string();
        let filters = ["--filter", "_b8", "--batch", "8,8"];
        let args = ["bench", "--quick", "--adapter", &index, "-o", "json"];
        let results = json(&folder.ok(&[&args[..], &filters].concat()));
        assert_eq!(results["device"]["name"], adapter["name"]);
        assert_rows(&results);
        for row in results["rows"].as_array().expect("rows") {
            assert!(row["host_us"].as_f64() > Some(0.0), "{row}");
            let named = row["form"].as_str().is_some_and(|form| !form.is_empty());
            assert_eq!(named, !row["flops"].is_null(), "{row}");
        }
        measured += 1;
    }
    // test.sh sets it: a machine without an adapter then fails.
    let required = std::env::var("DEC_GPU_REQUIRE_ADAPTER").is_ok_and(|value| value == "1");
    assert!(measured > 0 || !required, "no adapter: {found}");
}

#[test]
fn rows_name_their_precision() {
    let args = ["-o", "json", "--precision", "f16", "--filter", "gemm_nn"];
    let results = json(&quick(&Folder::new(), &args));
    assert_eq!(results["precision"], "f16");
    let rows = results["rows"].as_array().expect("rows");
    assert!(!rows.is_empty() && rows.iter().all(|row| row["precision"] == "f16"));
}
