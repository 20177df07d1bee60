//! `--prepare` and `--columns`: raw counts are prepared in training, and by the model ever after.

use dec_gpu::data::{ReadOptions, Step, Values, open, prepare};

use super::support::{Folder, npy};

const STEPS: [Step; 2] = [Step::LibrarySize, Step::Log1p];
const PREPARE: [&str; 4] = ["--prepare", "library-size,log1p", "--columns", "7"];
const MODEL: &str = "run/model.safetensors";
const ARRAYS: [&str; 3] = ["labels.csv", "embedding.npy", "soft_assignment.npy"];

/// 90 samples of 12 counts: three groups, of very different totals.
fn count(i: usize, j: usize) -> usize {
    let own = (i % 3 == j % 3) as usize * (9 + j);
    (own + (i * 7 + j * 5) % 4) * (1 + i % 5) * (j != 4) as usize
}

fn csv(n: usize) -> String {
    let row = |i| (0..12).map(|j| count(i, j).to_string()).collect::<Vec<_>>();
    (0..n).map(|i| row(i).join(",") + "\n").collect()
}

fn svmlight(n: usize) -> String {
    let pairs = |i| {
        let some = (0..12).filter(move |j| count(i, *j) > 0);
        some.map(move |j| format!(" {}:{}", j + 1, count(i, j)))
    };
    (0..n)
        .map(|i| format!("0{}\n", pairs(i).collect::<String>()))
        .collect()
}

/// A folder with a run on raw counts.
fn trained() -> Folder {
    let folder = Folder::new();
    folder.write("x.csv", csv(90));
    folder.train(&[&["x.csv", "-k", "3"], &PREPARE[..]].concat());
    folder
}

#[test]
fn a_run_on_raw_counts_is_the_run_on_data_prepared_outside() {
    let folder = trained();
    let raw = open(&folder.path("x.csv"), &ReadOptions::default()).expect("counts");
    let data = prepare(raw, &STEPS, Some(7)).expect("prepared");
    let Values::F32(values) = &data.values else {
        panic!("tables are f32");
    };
    folder.write("prepared.npy", npy(90, 7, values));
    folder.train(&["prepared.npy", "-k", "3", "--out", "outside"]);
    for name in ARRAYS {
        let [own, outside] = ["run", "outside"].map(|run| folder.read(&format!("{run}/{name}")));
        assert!(own == outside, "{name} differs");
    }
}

#[test]
fn sparse_counts_train_to_the_same_bits() {
    let folder = trained();
    folder.write("x.svm", svmlight(90));
    folder.train(&[&["x.svm", "-k", "3", "--out", "sparse"], &PREPARE[..]].concat());
    for name in ARRAYS {
        let [dense, sparse] = ["run", "sparse"].map(|run| folder.read(&format!("{run}/{name}")));
        assert!(dense == sparse, "{name} differs");
    }
}

#[test]
fn predict_and_explain_prepare_as_the_run_did() {
    let folder = trained();
    let predict = ["predict", MODEL, "x.csv", "--backend", "cpu"];
    folder.ok(&[&predict[..], &["--out", "whole"]].concat());
    folder.ok(&[&predict[..], &["--out", "single", "--block-rows", "1"]].concat());
    for name in ARRAYS {
        let run = folder.read(&format!("run/{name}"));
        for out in ["whole", "single"] {
            assert!(
                run == folder.read(&format!("{out}/{name}")),
                "{out}/{name} differs"
            );
        }
    }
    folder.ok(&[
        "explain",
        "run",
        "x.csv",
        "--backend",
        "cpu",
        "--out",
        "explained",
    ]);
    for name in [
        "features.csv",
        "exemplars.csv",
        "cluster_means.npy",
        "saliency.npy",
    ] {
        let [own, again] =
            ["run/explain", "explained"].map(|dir| folder.read(&format!("{dir}/{name}")));
        assert!(own == again, "{name} differs");
    }
}

#[test]
fn a_configuration_says_the_same_as_the_options() {
    let folder = trained();
    let set = [
        "--set",
        "data.prepare=[\"library-size\", \"log1p\"]",
        "--set",
        "data.columns=7",
    ];
    folder.train(&[&["x.csv", "-k", "3", "--out", "set"], &set[..]].concat());
    let config = ["--config", "set/config.toml", "--out", "again"];
    folder.ok(&[&["train", "x.csv", "--backend", "cpu"], &config[..]].concat());
    for out in ["set", "again"] {
        assert!(folder.read("run/labels.csv") == folder.read(&format!("{out}/labels.csv")));
        assert!(folder.read(MODEL) == folder.read(&format!("{out}/model.safetensors")));
    }
    folder.train(&["x.csv", "-k", "3", "--prepare", "tf-idf", "--out", "words"]);
    assert!(folder.read("run/labels.csv") != folder.read("words/labels.csv"));
}

#[test]
fn what_the_model_does_is_told() {
    let folder = trained();
    let text = folder.ok(&["info", MODEL]);
    assert!(
        text.contains("library-size, log1p, 7 of 12 columns"),
        "{text}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&folder.ok(&["info", MODEL, "--json"])).expect("JSON");
    assert_eq!(json["preparation"]["raw_input_dim"], 12);
    assert_eq!(json["preparation"]["steps"][1], "log1p");
    assert_eq!(json["input_dim"], 7);
    for part in [&["export", "run"][..], &["export", "run", "--encoder-only"]] {
        folder.refuses(
            part,
            2,
            &["7 of 12 columns", "ONNX", "prepare the data first"],
        );
    }
    assert!(!folder.path("encoder.onnx").exists());
}

#[test]
fn a_run_goes_on_with_the_preparation_of_its_model() {
    let folder = trained();
    let on = [
        "--backend",
        "cpu",
        "--pretrained",
        MODEL,
        "--set",
        "cluster.max-steps=5",
    ];
    let train = |data: &'static str, out: &'static str, more: &[&'static str]| {
        [&["train", data, "-k", "4", "--out", out][..], &on, more].concat()
    };
    // The first rows alone would have another median and other columns.
    folder.write("some.csv", csv(60));
    folder.ok(&train("some.csv", "plain", &[]));
    folder.ok(&train("some.csv", "said", &PREPARE));
    let [plain, said] = ["plain", "said"].map(|out| folder.read(&format!("{out}/embedding.npy")));
    assert!(plain == said);
    let info = |path: &str| {
        let text = folder.ok(&["info", path]);
        text.lines()
            .find(|line| line.starts_with("preparation"))
            .map(str::to_owned)
    };
    assert!(info(MODEL).is_some());
    assert_eq!(info("plain/model.safetensors"), info(MODEL));
    let config = String::from_utf8(folder.read("plain/config.toml")).expect("text");
    assert!(
        config.contains("prepare = [\"library-size\", \"log1p\"]"),
        "{config}"
    );
    for (more, words) in [
        (
            ["--prepare", "log1p"],
            [
                "data.prepare is [\"log1p\"]",
                "[\"library-size\", \"log1p\"]",
            ],
        ),
        (["--columns", "6"], ["data.columns is 6", "trained with 7"]),
    ] {
        folder.refuses(&train("some.csv", "no", &more), 2, &words);
    }
    folder.train(&["x.csv", "-k", "3", "--out", "raw"]);
    let raw = [
        "train",
        "x.csv",
        "-k",
        "3",
        "--backend",
        "cpu",
        "--pretrained",
    ];
    let raw = [&raw[..], &["raw/model.safetensors", "--out", "no"]].concat();
    for more in [["--prepare", "log1p"], ["--columns", "6"]] {
        folder.refuses(&[&raw[..], &more].concat(), 2, &["pre-train anew"]);
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let folder = trained();
    let predict = |data: &'static str| ["predict", MODEL, data, "--backend", "cpu"];
    // As wide as the network, but not as the counts.
    folder.write("narrow.csv", "1,2,3,4,5,6,7\n2,3,4,5,6,7,8\n");
    folder.refuses(&predict("narrow.csv"), 3, &["12 values per sample", "7"]);
    let negative = csv(90) + "1,2,3,-4,5,6,7,8,9,10,11,12\n";
    folder.write("negative.csv", &negative);
    let place = "negative: row 90, column 3: found -4";
    let blocks = [&predict("negative.csv")[..], &["--block-rows", "8"]].concat();
    folder.refuses(&blocks, 3, &[place, "library-size"]);
    assert!(!folder.path("predictions").exists());
    let train =
        |more: &[&'static str]| [&["negative.csv", "-k", "3", "--out", "no"], more].concat();
    folder.refuses_to_train(&train(&["--prepare", "tf-idf"]), 3, &[place, "tf-idf"]);
    for (more, words) in [
        (["--columns", "13"], "data.columns is 13"),
        (["--columns", "0"], "data.columns is 0"),
        (["--prepare", "log1p,log1p"], "log1p twice"),
        (["--prepare", "log2"], "log2"),
        (["--set", "data.prepare=[\"log2\"]"], "`log2`"),
    ] {
        folder.refuses_to_train(&train(&more), 2, &[words]);
    }
    assert!(!folder.path("no").exists());
}
