//! `--pretrained`: the autoencoder of an earlier run in place of pre-training.

use super::support::Folder;

/// What pre-trains alone, and leaves the embedding as large as it is.
const PRETRAIN: [&str; 6] = [
    "--set",
    "cluster.max-steps=0",
    "--set",
    "cluster.min-spread=0",
    "--set",
    "kmeans.baseline=false",
];

/// Three groups of sixty rows, far apart.
fn table() -> String {
    let row = |i: usize| {
        let cell = |c: usize| ((i % 3 == c % 3) as usize * 40 + (i * 7 + c * 3) % 11).to_string();
        (0..6).map(cell).collect::<Vec<_>>().join(",") + "\n"
    };
    (0..180).map(row).collect()
}

#[test]
fn a_run_in_two_parts_is_the_run_to_the_byte() {
    let folder = Folder::new();
    folder.write("x.csv", table());
    let common = ["x.csv", "-k", "3", "--seed", "4"];
    folder.train(&[&common[..], &["--out", "whole"]].concat());
    // The first part comes last on the command line: its steps win over the tiny schedule's.
    let first = [
        "train",
        "--out",
        "first",
        "--backend",
        "cpu",
        "--set",
        "network.hidden=[16]",
    ];
    let first = [&first[..], &common, &super::support::TINY[4..], &PRETRAIN].concat();
    folder.ok(&first);
    let second = ["--out", "second", "--pretrained", "first/model.safetensors"];
    folder.train(&[&common[..], &second].concat());
    for file in [
        "labels.csv",
        "embedding.npy",
        "soft_assignment.npy",
        "centroids.npy",
    ] {
        let [whole, parts] = ["whole", "second"].map(|run| folder.read(&format!("{run}/{file}")));
        assert!(whole == parts, "{file} differs");
    }
    let metrics = String::from_utf8(folder.read("second/metrics.json")).expect("text");
    assert!(
        metrics.contains("\"pretrain\": 0"),
        "no step was taken: {metrics}"
    );
    // The written configuration names the model, so that it makes the run again.
    folder.ok(&[
        "train",
        "x.csv",
        "--config",
        "second/config.toml",
        "--backend",
        "cpu",
        "--out",
        "again",
    ]);
    assert!(folder.read("again/labels.csv") == folder.read("second/labels.csv"));
}

#[test]
fn the_networks_shape_is_the_models() {
    let folder = Folder::new();
    folder.write("x.csv", table());
    folder.train(&[
        "x.csv",
        "-k",
        "3",
        "--set",
        "network.hidden=[9, 7]",
        "--out",
        "first",
    ]);
    folder.ok(&[
        "train",
        "x.csv",
        "-k",
        "4",
        "--backend",
        "cpu",
        "--pretrained",
        "first/model.safetensors",
        "--out",
        "second",
        "--set",
        "cluster.max-steps=5",
    ]);
    let config = String::from_utf8(folder.read("second/config.toml")).expect("text");
    let first = String::from_utf8(folder.read("first/config.toml")).expect("text");
    let line = |text: &str| {
        text.lines()
            .find(|line| line.starts_with("hidden"))
            .map(str::to_owned)
    };
    assert!(
        line(&config).is_some() && line(&config) == line(&first),
        "{config}"
    );
}

#[test]
fn models_that_do_not_fit_are_refused() {
    let folder = Folder::new();
    folder.write("x.csv", table());
    folder.write("narrow.csv", "1,2\n3,4\n5,6\n7,8\n");
    folder.write("no.safetensors", "nothing");
    folder.train(&["x.csv", "-k", "3", "--out", "first"]);
    let with = |data: &'static str, model: &'static str| {
        [
            "train",
            data,
            "-k",
            "2",
            "--backend",
            "cpu",
            "--pretrained",
            model,
        ]
    };
    folder.refuses(
        &with("narrow.csv", "first/model.safetensors"),
        3,
        &["6 values per sample", "2"],
    );
    folder.refuses(
        &with("x.csv", "no.safetensors"),
        3,
        &["no.safetensors", "safetensors file"],
    );
    folder.refuses(&with("x.csv", "absent"), 3, &["absent", "cannot be read"]);
    for (set, words) in [
        ("network.hidden=[9]", ["network.hidden is [9]", "[16]"]),
        (
            "data.normalisation=none",
            ["data.normalisation is \"none\"", "pre-train anew"],
        ),
    ] {
        let args = [
            &with("x.csv", "first/model.safetensors")[..],
            &["--set", set],
        ]
        .concat();
        folder.refuses(&args, 2, &words);
    }
}
