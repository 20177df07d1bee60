//! Numbers that run away: a phase begins again at a lower rate, once.

use serde_json::Value;

use crate::support::{Folder, TINY, csv, stderr};

fn metrics(folder: &Folder, run: &str) -> Value {
    serde_json::from_slice(&folder.read(&format!("{run}/metrics.json"))).expect("JSON")
}

/// The written configuration makes the run in `run` again, without a phase that begins twice.
fn assert_the_configuration_makes_it(folder: &Folder) {
    let config = [
        "--config",
        "run/config.toml",
        "--out",
        "again",
        "--backend",
        "cpu",
    ];
    folder.ok(&[&["train", "data.csv"], &config[..]].concat());
    assert!(folder.read("run/model.safetensors") == folder.read("again/model.safetensors"));
    assert_eq!(metrics(folder, "again")["lowered_rate"], Value::Null);
}

/// SGD at a rate that this table does not bear; it bears a tenth.
const TOO_FAST: [&str; 4] = [
    "--set",
    "pretrain.optimiser=sgd",
    "--set",
    "pretrain.learning-rate=2",
];

#[test]
fn pre_training_begins_again_and_the_configuration_makes_the_same_run() {
    let folder = Folder::new();
    folder.write("data.csv", csv(60, 6));
    let output = folder.run(&[&["train", "data.csv", "-k", "3"], &TINY[..], &TOO_FAST].concat());
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
    assert!(config.contains("learning-rate = 0.2\n"), "{config}");
    assert_the_configuration_makes_it(&folder);
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
    let args = [&["train", "data.csv", "-k", "3"], &TINY[..], &fast].concat();
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

/// DEC with reconstruction and nothing that holds it back, at this rate.
fn clustering_at(rate: &str) -> Vec<String> {
    let keys =
        ["cluster.learning-rate", "cluster.first-learning-rate"].map(|key| format!("{key}={rate}"));
    let fixed = ["cluster.gamma=1", "cluster.roll-back=false"].map(String::from);
    let set = fixed.into_iter().chain(keys);
    set.flat_map(|value| ["--set".into(), value]).collect()
}

#[test]
fn clustering_begins_again_from_the_end_of_pre_training() {
    let folder = Folder::new();
    folder.write("data.csv", csv(60, 6));
    let train = |rate, out| {
        let set = clustering_at(rate);
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        folder.run(
            &[
                &["train", "data.csv", "-k", "3", "--out", out],
                &TINY[..],
                &set,
            ]
            .concat(),
        )
    };
    let output = train("0.03", "run");
    let errors = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert!(
        errors.contains("cluster: centroids is not finite")
            && errors.contains("a tenth of cluster.learning-rate"),
        "{errors}"
    );
    assert_eq!(metrics(&folder, "run")["lowered_rate"]["phase"], "cluster");
    let history = String::from_utf8(folder.read("run/history.jsonl")).expect("UTF-8");
    let firsts = history
        .lines()
        .filter(|line| line.contains("\"phase\":\"cluster\",\"step\":0,"))
        .count();
    assert_eq!(firsts, 1, "{history}");
    assert_the_configuration_makes_it(&folder);

    let output = train("1", "worse");
    assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
}
