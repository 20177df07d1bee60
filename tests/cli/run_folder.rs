//! What a run and a prediction leave behind.

use serde_json::Value;

use crate::support::{Folder, TINY, csv, idx, names, npy, stderr};

const RUN_FILES: [&str; 10] = [
    "centroids.npy",
    "config.toml",
    "embedding.npy",
    "history.jsonl",
    "labels.csv",
    "map.npy",
    "metrics.json",
    "model.safetensors",
    "soft_assignment.npy",
    "tree.json",
];

/// Every field that scripts may rely on, as JSON pointers.
const METRICS: [&str; 29] = [
    "/schema",
    "/version",
    "/seed",
    "/n_samples",
    "/input_dim",
    "/n_clusters",
    "/device/backend",
    "/device/name",
    "/device/driver",
    "/device/kind",
    "/scores/kmeans/acc",
    "/scores/kmeans/nmi",
    "/scores/kmeans/ari",
    "/scores/autoencoder_kmeans/acc",
    "/scores/autoencoder_kmeans/nmi",
    "/scores/autoencoder_kmeans/ari",
    "/scores/dec/acc",
    "/scores/dec/nmi",
    "/scores/dec/ari",
    "/seconds/load",
    "/seconds/pretrain",
    "/seconds/init",
    "/seconds/cluster",
    "/seconds/map",
    "/seconds/total",
    "/steps/pretrain",
    "/steps/cluster",
    "/stop_reason",
    "/cluster_sizes",
];

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_run_leaves_a_complete_folder() {
    let folder = Folder::new();
    folder.write("data.csv", csv(60, 6));
    let printed = folder.train(&["data.csv", "-k", "3", "--json", "--seed", "5"]);
    let found = names(&folder.path("run"));
    for file in RUN_FILES {
        assert!(
            found.iter().any(|name| name == file),
            "{file} is missing: {found:?}"
        );
    }
    assert!(
        found.iter().all(|name| !name.ends_with(".tmp")),
        "{found:?}"
    );
    let metrics = String::from_utf8(folder.read("run/metrics.json")).expect("UTF-8");
    assert_eq!(
        printed, metrics,
        "--json prints metrics.json and nothing else"
    );
    let metrics = parse(&metrics);
    for pointer in METRICS {
        let value = metrics.pointer(pointer);
        assert!(
            value.is_some_and(|value| !value.is_null()),
            "{pointer} is {value:?}"
        );
    }
    assert_eq!(
        (&metrics["n_samples"], &metrics["seed"]),
        (&60.into(), &5.into())
    );
    assert_eq!(metrics["steps"]["pretrain"], 60);
    assert!(
        metrics["scores"]["dec"]["acc"].as_f64().expect("a number") > 0.9,
        "{metrics}"
    );

    let labels = String::from_utf8(folder.read("run/labels.csv")).expect("UTF-8");
    assert_eq!(labels.lines().next(), Some("index,label,confidence"));
    assert_eq!(labels.lines().count(), 61);
    let history = String::from_utf8(folder.read("run/history.jsonl")).expect("UTF-8");
    assert!(history.lines().count() >= 3);
    history.lines().for_each(|line| drop(parse(line)));
}

/// The places (n, 2) of a map.
fn places(folder: &Folder) -> Vec<f32> {
    let bytes = folder.read("run/map.npy");
    let (head, values) = bytes.split_at(128);
    assert!(String::from_utf8_lossy(head).contains("'descr': '<f4'"));
    let place = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().expect("four"));
    values.chunks_exact(4).map(place).collect()
}

/// `tree.json`, after a look at its cuts: each has as many clusters as it says, and clusters only grow.
fn tree(folder: &Folder, k: usize) -> Value {
    let tree = parse(&String::from_utf8_lossy(&folder.read("run/tree.json")));
    assert_eq!(
        (&tree["schema"], &tree["n_clusters"]),
        (&1.into(), &k.into())
    );
    let cuts = tree["cuts"].as_object().expect("an object");
    assert_eq!(
        tree["joinings"].as_array().expect("a list").len(),
        cuts.len()
    );
    let mut finer: Vec<Value> = (0..k).map(Value::from).collect();
    for count in (1..=cuts.len()).rev() {
        let cut = cuts[&count.to_string()].as_array().expect("a list");
        let mut numbers: Vec<u64> = cut.iter().filter_map(Value::as_u64).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers, (0..count as u64).collect::<Vec<_>>(), "{tree}");
        for (a, b) in (0..k).flat_map(|a| (0..a).map(move |b| (a, b))) {
            assert!(finer[a] != finer[b] || cut[a] == cut[b], "{count}: {tree}");
        }
        finer.clone_from(cut);
    }
    tree
}

#[test]
fn the_map_has_a_place_for_each_sample_and_the_tree_every_coarser_cut() {
    let folder = Folder::new();
    folder.write("data.csv", csv(60, 6));
    folder.train(&["data.csv", "-k", "5"]);
    let first = places(&folder);
    assert_eq!(first.len(), 2 * 60);
    assert!(first.iter().all(|x| x.is_finite()), "{first:?}");
    let sizes = parse(&String::from_utf8_lossy(&folder.read("run/metrics.json")));
    let sizes = sizes["cluster_sizes"].as_array().expect("a list").clone();
    let there = sizes.iter().filter(|size| **size != 0).count();
    let found = tree(&folder, 5);
    assert_eq!(
        found["cuts"].as_object().expect("an object").len(),
        there - 1
    );
    assert_eq!(found["joinings"][there - 2]["size"], 60);
    let bytes = folder.read("run/map.npy");
    folder.train(&["data.csv", "-k", "5", "--force"]);
    assert!(folder.read("run/map.npy") == bytes, "another map");
    // Two samples have neither, and those of the run before are gone.
    folder.write("two.csv", "1,2,3\n4,5,6\n");
    folder.train(&["two.csv", "-k", "2", "--force"]);
    for file in ["map.npy", "tree.json"] {
        assert!(!folder.path(&format!("run/{file}")).exists(), "{file}");
    }
}

#[test]
fn without_labels_scores_are_null_and_quiet_is_quiet() {
    let folder = Folder::new();
    folder.write(
        "data.npy",
        npy(
            20,
            2,
            &(0..40).map(|i| (i * i % 17) as f32).collect::<Vec<_>>(),
        ),
    );
    let output = folder.run(&[&["train", "data.npy", "-k", "2", "-q"], &TINY[..]].concat());
    assert_eq!(output.status.code(), Some(0));
    assert!(
        output.stdout.is_empty() && output.stderr.is_empty(),
        "{}",
        stderr(&output)
    );
    assert!(parse(&String::from_utf8_lossy(&folder.read("run/metrics.json")))["scores"].is_null());
}

#[test]
fn the_written_configuration_makes_the_same_run() {
    let folder = Folder::new();
    folder.write("data.csv", csv(60, 6));
    folder.train(&["data.csv", "-k", "3", "--seed", "11"]);
    let again = [
        "data.csv",
        "--config",
        "run/config.toml",
        "--out",
        "again",
        "--backend",
        "cpu",
    ];
    folder.ok(&[&["train"], &again[..]].concat());
    for file in RUN_FILES
        .iter()
        .filter(|file| !["history.jsonl", "metrics.json"].contains(file))
    {
        let (first, second) = (
            folder.read(&format!("run/{file}")),
            folder.read(&format!("again/{file}")),
        );
        assert!(first == second, "{file} differs");
    }
}

#[test]
fn predicting_the_training_data_gives_the_labels_of_the_run() {
    let folder = Folder::new();
    folder.write("data.csv", csv(60, 6));
    folder.train(&["data.csv", "-k", "3"]);
    let predict = [
        "predict",
        "run/model.safetensors",
        "data.csv",
        "--backend",
        "cpu",
    ];
    let text = folder.ok(&predict);
    assert!(
        text.contains("ACC") && text.contains("mean confidence"),
        "{text}"
    );
    assert_eq!(
        names(&folder.path("predictions")),
        ["embedding.npy", "labels.csv", "soft_assignment.npy"]
    );
    let json = folder.ok(&[
        &predict[..],
        &["--out", "split", "--batch-size", "7", "--json"],
    ]
    .concat());
    for file in ["embedding.npy", "labels.csv", "soft_assignment.npy"] {
        let of_run = folder.read(&format!("run/{file}"));
        assert!(
            folder.read(&format!("predictions/{file}")) == of_run,
            "{file} differs"
        );
        assert!(
            folder.read(&format!("split/{file}")) == of_run,
            "{file} differs in batches of 7"
        );
    }
    let (json, metrics) = (
        parse(&json),
        parse(&String::from_utf8_lossy(&folder.read("run/metrics.json"))),
    );
    assert_eq!(json["scores"], metrics["scores"]["dec"]);
    for key in [
        "n_samples",
        "n_clusters",
        "device",
        "mean_confidence",
        "cluster_sizes",
    ] {
        assert_eq!(json[key], metrics[key], "{key}");
    }

    let unlabelled: String = csv(5, 6)
        .lines()
        .skip(1)
        .map(|l| l[..l.rfind(',').expect("a label")].to_owned() + "\n")
        .collect();
    folder.write("new.csv", unlabelled);
    let args = [
        "predict",
        "run/model.safetensors",
        "new.csv",
        "--backend",
        "cpu",
        "--out",
        "new",
        "--json",
    ];
    let json = parse(&folder.ok(&args));
    assert!(json["scores"].is_null() && json["n_samples"] == 5, "{json}");
}

#[test]
fn data_at_the_edge_of_what_is_allowed_run() {
    let constant: String = (0..12).map(|i| format!("3,{i},7\n")).collect();
    let cases = [
        ("k = 1", csv(12, 3), "1"),
        ("one row", "1.5,2.5\n".into(), "1"),
        (
            "one column",
            (0..12).map(|i| format!("{}\n", i % 4)).collect(),
            "2",
        ),
        ("all rows equal", "1,2,3\n".repeat(12), "2"),
        ("constant columns", constant, "2"),
        ("n = k", csv(4, 3), "4"),
    ];
    for (what, text, clusters) in cases {
        let folder = Folder::new();
        folder.write("data.csv", text);
        folder.train(&["data.csv", "-k", clusters]);
        assert!(folder.path("run/metrics.json").exists(), "{what}");
        let q = String::from_utf8_lossy(&folder.read("run/labels.csv")).to_lowercase();
        assert!(!q.contains("nan") && !q.contains("inf"), "{what}: {q}");
    }
}

#[test]
fn folders_of_idx_files_and_labels_beside_them_are_read() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("set")).expect("made");
    folder.write("set/train-images-idx3-ubyte", idx(9));
    folder.write(
        "set/train-labels-idx1-ubyte",
        [&[0, 0, 8, 1, 0, 0, 0, 9][..], &[0, 1, 2, 0, 1, 2, 0, 1, 2]].concat(),
    );
    let metrics = parse(&folder.train(&["set", "-k", "3", "--json"]));
    assert_eq!(
        (&metrics["n_samples"], &metrics["input_dim"]),
        (&9.into(), &4.into())
    );
    assert!(metrics["scores"]["dec"]["nmi"].is_number(), "{metrics}");
}

#[test]
fn metrics_name_the_precision() {
    let folder = Folder::new();
    folder.write("data.csv", csv(40, 3));
    for precision in ["f32", "f16"] {
        let args = [
            "data.csv",
            "-k",
            "2",
            "--force",
            "--precision",
            precision,
            "--json",
        ];
        let json: Value = serde_json::from_str(&folder.train(&args)).expect("JSON");
        assert_eq!(json["precision"], precision);
    }
}
