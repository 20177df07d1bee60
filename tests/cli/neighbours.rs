//! What a run says of its graph of nearest neighbours, and settings that it refuses.

use serde_json::Value;

use crate::support::{Folder, csv};

fn json(folder: &Folder, file: &str) -> Value {
    serde_json::from_slice(&folder.read(file)).expect("JSON")
}

/// The `neighbours` records of a history.
fn records(folder: &Folder, file: &str) -> Vec<Value> {
    let history = String::from_utf8(folder.read(file)).expect("UTF-8");
    let all = history.lines().map(serde_json::from_str);
    all.map(|record| record.expect("JSON"))
        .filter(|record: &Value| record["phase"] == "neighbours")
        .collect()
}

#[test]
fn metrics_and_history_tell_what_the_graph_has_shown() {
    let folder = Folder::new();
    folder.write("data.csv", csv(120, 6));
    folder.train(&["data.csv", "-k", "4"]);
    let metrics = json(&folder, "run/metrics.json");
    let choice = &metrics["choice"];
    for number in [
        "gain",
        "stability",
        "raw_stability",
        "conductance",
        "raw_conductance",
        "unique",
    ] {
        let value = choice[number].as_f64();
        assert!(value.is_some_and(f64::is_finite), "{number}: {choice}");
    }
    assert_eq!(choice["neighbours"], 15, "half of 120/4: {choice}");
    for flag in ["of_layout", "trained_towards"] {
        assert!(choice[flag].is_boolean(), "{flag}: {choice}");
    }
    let candidates = choice["candidates"].as_array().expect("candidates");
    let named = |name: &str| {
        candidates
            .iter()
            .find(|candidate| candidate["name"] == name)
    };
    let chosen = choice["chosen"].as_str().expect("a name");
    assert!(named(chosen).is_some(), "{choice}");
    for name in [
        "layout 1, k-means",
        "layout 4, k-means",
        "k-means on the inputs",
    ] {
        let candidate = named(name).unwrap_or_else(|| panic!("no {name}: {choice}"));
        assert!(candidate["modularity"].is_f64(), "{candidate}");
        let of_layout = name.starts_with("layout");
        assert_eq!(candidate["agreement"].is_f64(), of_layout, "{candidate}");
    }
    assert!(
        metrics["seconds"]["neighbours"].as_f64() > Some(0.0),
        "{metrics}"
    );
    let records = records(&folder, "run/history.jsonl");
    let last = records.last().expect("records");
    assert_eq!(
        (records.len(), &last["step"]),
        (10, &250.into()),
        "each 25 steps"
    );
    for record in &records {
        assert!(
            record["loss"].is_f64() && record["seconds"].is_f64(),
            "{record}"
        );
    }
}

#[test]
fn a_run_without_a_graph_says_nothing_of_one() {
    let folder = Folder::new();
    folder.write("data.csv", csv(120, 6));
    folder.train(&["data.csv", "-k", "4", "--set", "neighbours.space=off"]);
    let metrics = json(&folder, "run/metrics.json");
    assert!(metrics["choice"].is_null(), "{metrics}");
    assert!(
        metrics["seconds"]["neighbours"].as_f64() < Some(0.01),
        "{metrics}"
    );
    assert!(records(&folder, "run/history.jsonl").is_empty());
}

#[test]
fn wrong_settings_are_named_with_what_is_expected() {
    let folder = Folder::new();
    folder.write("data.csv", csv(60, 6));
    folder.write("two.csv", csv(2, 6));
    let refused = |file: &str, setting: &str, words: &[&str]| {
        let setting = format!("neighbours.{setting}");
        folder.refuses_to_train(&[file, "-k", "2", "--set", &setting], 2, words);
    };
    let range = "1 to 64, and less than the number of samples";
    refused(
        "data.csv",
        "space=here",
        &["here", "expected one of `inputs`, `embedding`, `off`"],
    );
    refused("data.csv", "k=0", &["neighbours.k is 0", range]);
    refused("data.csv", "k=65", &["neighbours.k is 65", range]);
    refused("data.csv", "k=60", &["neighbours.k is 60", range]);
    refused("data.csv", "k=1.5", &["neighbours.k", "1.5"]);
    refused("data.csv", "k=-1", &["neighbours.k", "-1"]);
    refused("data.csv", "layouts=0", &["neighbours.layouts is 0"]);
    refused("data.csv", "layouts=two", &["neighbours.layouts", "two"]);
    refused("data.csv", "steps=0", &["neighbours.steps is 0"]);
    refused(
        "data.csv",
        "pretrain-steps=0",
        &["neighbours.pretrain-steps is 0"],
    );
    refused(
        "data.csv",
        "resolution=0",
        &["neighbours.resolution is 0", "a positive number"],
    );
    refused(
        "data.csv",
        "resolution=-1",
        &["neighbours.resolution is -1", "a positive number"],
    );
    refused(
        "data.csv",
        "resolution=nan",
        &["neighbours.resolution is NaN", "a positive number"],
    );
    refused(
        "data.csv",
        "resolution=inf",
        &["neighbours.resolution is inf", "a positive number"],
    );
    for key in [
        "pretrain-learning-rate",
        "first-learning-rate",
        "learning-rate",
    ] {
        let found = format!("neighbours.{key} is 0");
        refused(
            "data.csv",
            &format!("{key}=0"),
            &[&found, "a positive number"],
        );
    }
    refused(
        "data.csv",
        "samples=999",
        &["neighbours.samples is 999", "at least 1000"],
    );
    refused("data.csv", "layout=2", &["layout"]);
    refused(
        "two.csv",
        "space=inputs",
        &["neighbours.space", "at least 3"],
    );
    assert!(
        !folder.path("run").exists(),
        "a run folder was made for nothing"
    );
}
