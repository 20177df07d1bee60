//! `train --runs`: several seeds, one kept without a look at the labels.

use serde_json::Value;

use crate::support::{Folder, csv};

const SAMPLES: usize = 60;

fn labels(of: impl Fn(usize) -> usize) -> String {
    (0..SAMPLES).map(|i| format!("{}\n", of(i))).collect()
}

fn runs_json(folder: &Folder, run: &str) -> Value {
    serde_json::from_slice(&folder.read(&format!("{run}/runs.json"))).expect("JSON")
}

#[test]
fn the_kept_run_is_the_one_its_seed_gives_alone() {
    let folder = Folder::new();
    folder.write("data.csv", csv(SAMPLES, 6));
    folder.write("labels.txt", labels(|i| i % 3));
    let args = ["data.csv", "-k", "3", "--labels", "labels.txt"];
    folder.train(&[&args[..], &["--runs", "3", "--seed", "4", "--out", "three"]].concat());
    let runs = runs_json(&folder, "three");
    let rows = runs["runs"].as_array().expect("runs");
    let seeds: Vec<_> = rows.iter().map(|run| run["seed"].as_u64()).collect();
    assert_eq!(seeds, [Some(4), Some(5), Some(6)]);

    let agreement = |run: &Value| run["agreement"].as_f64().expect("a number");
    let best = rows.iter().map(agreement).fold(f64::MIN, f64::max);
    let kept = runs["kept"].as_u64().expect("a seed");
    let row = rows.iter().find(|run| run["seed"] == kept).expect("kept");
    assert_eq!(agreement(row), best);
    let mean = rows
        .iter()
        .map(|run| run["scores"]["dec"]["acc"].as_f64().expect("ACC"));
    let mean = mean.sum::<f64>() / 3.0;
    let told = runs["dec"]["acc"]["mean"].as_f64().expect("a mean");
    assert!((told - mean).abs() < 1e-12);

    let seed = kept.to_string();
    folder.train(&[&args[..], &["--seed", &seed, "--out", "alone"]].concat());
    for file in ["labels.csv", "model.safetensors", "embedding.npy"] {
        let [three, alone] = ["three", "alone"].map(|run| folder.read(&format!("{run}/{file}")));
        assert!(three == alone, "{file}");
    }
    assert!(
        !folder.path("alone/runs.json").exists(),
        "one run has nothing to compare"
    );
}

#[test]
fn labels_decide_nothing() {
    let folder = Folder::new();
    folder.write("data.csv", csv(SAMPLES, 6));
    folder.write("some.txt", labels(|i| i % 3));
    folder.write("others.txt", labels(|i| i * 7 % 5));
    let train = |labels: &[&str], out: &str| {
        let args = ["data.csv", "-k", "3", "--runs", "3", "--out", out];
        folder.train(&[&args[..], labels].concat());
    };
    train(&["--labels", "some.txt"], "some");
    train(&["--labels", "others.txt"], "others");
    train(&[], "none");
    let want = runs_json(&folder, "none")["kept"].clone();
    for run in ["some", "others"] {
        assert_eq!(runs_json(&folder, run)["kept"], want);
        for file in [
            "labels.csv",
            "model.safetensors",
            "soft_assignment.npy",
            "config.toml",
        ] {
            let [with, without] = [run, "none"].map(|run| folder.read(&format!("{run}/{file}")));
            assert!(with == without, "{run}/{file}");
        }
    }
}

#[test]
fn no_run_at_all_is_refused() {
    let folder = Folder::new();
    folder.write("data.csv", csv(SAMPLES, 6));
    folder.refuses(
        &["train", "data.csv", "-k", "3", "--runs", "0"],
        2,
        &["--runs is 0", "at least 1"],
    );
    assert!(!folder.path("run").exists());
}

#[test]
fn side_by_side_or_not_the_files_are_the_same() {
    let folder = Folder::new();
    folder.write("data.csv", csv(SAMPLES, 6));
    let train = |together: &str| {
        let args = ["data.csv", "-k", "3", "--runs", "3", "--together", together];
        folder.train(&[&args[..], &["--out", together]].concat());
    };
    for together in ["1", "2", "3"] {
        train(together);
    }
    for together in ["2", "3"] {
        for file in [
            "labels.csv",
            "model.safetensors",
            "embedding.npy",
            "config.toml",
        ] {
            let [one, several] = ["1", together].map(|run| folder.read(&format!("{run}/{file}")));
            assert!(one == several, "{together}/{file}");
        }
        let kept = |run: &str| runs_json(&folder, run)["kept"].clone();
        assert_eq!(kept(together), kept("1"));
    }
    for number in ["0", "9"] {
        let args = ["data.csv", "-k", "3", "--runs", "3", "--together", number];
        folder.refuses_to_train(&args, 2, &["--together", "1..=8"]);
    }
}
