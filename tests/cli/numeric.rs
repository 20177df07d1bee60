//! Numbers that run away: a phase begins again at a lower rate, once.

use serde_json::Value;

use crate::support::{Folder, csv, stderr};

fn metrics(folder: &Folder, run: &str) -> Value {
    serde_json::from_slice(&folder.read(&format!("{run}/metrics.json"))).expect("JSON")
}

/// SGD at a rate that this table does not bear; it bears a tenth.
const TOO_FAST: [&str; 4] = [
    "--set",
    "pretrain.optimiser=sgd",
    "--set",
    "pretrain.learning-rate=40",
];

#[test]
fn pre_training_begins_again_and_the_configuration_makes_the_same_run() {
    let folder = Folder::new();
    folder.write("data.csv", csv(60, 6));
    let output = folder.run(
        &[
            &["train", "data.csv", "-k", "3"],
            &crate::support::TINY[..],
            &TOO_FAST,
        ]
        .concat(),
    );
    let errors = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert!(
        errors.contains("loss is not finite at step")
            && errors.contains("a tenth of pretrain.learning-rate"),
        "{errors}"
    );
    let lowered = &metrics(&folder, "run")["lowered_rate"];
    assert_eq!(
        (&lowered["phase"], &lowered["tensor"]),
        (&"pretrain".into(), &"loss".into())
    );
    let config = String::from_utf8(folder.read("run/config.toml")).expect("UTF-8");
    assert!(config.contains("learning-rate = 4.0\n"), "{config}");
    let again = [
        "train",
        "data.csv",
        "--config",
        "run/config.toml",
        "--out",
        "again",
        "--backend",
        "cpu",
    ];
    folder.ok(&again);
    assert!(folder.read("run/model.safetensors") == folder.read("again/model.safetensors"));
    assert_eq!(metrics(&folder, "again")["lowered_rate"], Value::Null);
}

#[test]
fn what_runs_away_twice_is_an_error() {
    let folder = Folder::new();
    folder.write("data.csv", csv(60, 6));
    let fast = [
        "--set",
        "pretrain.optimiser=sgd",
        "--set",
        "pretrain.learning-rate=1e30",
    ];
    let args = [
        &["train", "data.csv", "-k", "3"],
        &crate::support::TINY[..],
        &fast,
    ]
    .concat();
    folder.refuses(
        &args,
        7,
        &[
            "pretrain: loss is not finite at step",
            "begins again, once",
            "lower the learning rate",
        ],
    );
    assert!(!folder.path("run/metrics.json").exists());
}

#[test]
fn clustering_begins_again_from_the_end_of_pre_training() {
    let folder = Folder::new();
    folder.write("data.csv", csv(60, 6));
    let fast = [
        "--set",
        "cluster.learning-rate=3e20",
        "--set",
        "cluster.first-learning-rate=3e20",
    ];
    let args = [
        &["train", "data.csv", "-k", "3"],
        &crate::support::TINY[..],
        &fast,
    ]
    .concat();
    folder.refuses(&args, 7, &["cluster: ", "a tenth of cluster.learning-rate"]);
}
