//! What cannot be done: usage (2), no adapter (4), writing (6).

use crate::support::{Folder, TINY, assert_refused, csv, finish, names, stderr};

fn with_data() -> Folder {
    let folder = Folder::new();
    folder.write("data.csv", csv(9, 3));
    folder
}

#[test]
fn numbers_of_clusters() {
    let folder = with_data();
    folder.refuses_to_train(&["data.csv"], 2, &["-k"]);
    folder.refuses_to_train(&["data.csv", "-k", "0"], 2, &["n-clusters is 0"]);
    folder.refuses_to_train(
        &["data.csv", "-k", "10"],
        2,
        &["n-clusters is 10", "9 samples"],
    );
    folder.refuses_to_train(
        &["data.csv", "-k", "2", "--set", "cluster.first=mixture"],
        2,
        &["cluster.first is mixture", "50 samples", "kmeans"],
    );
    folder.refuses_to_train(
        &["data.csv", "-k", "2", "--set", "cluster.first=dbscan"],
        2,
        &["dbscan", "expected `kmeans` or `mixture`"],
    );
    folder.refuses_to_train(&["data.csv", "-k", "-1"], 2, &[]);
    folder.refuses_to_train(&["data.csv", "-k", "many"], 2, &["many"]);
    assert_eq!(names(&folder.path("")), ["data.csv"]);
}

#[test]
fn names_that_are_not_known() {
    let folder = with_data();
    let train = ["train", "data.csv", "-k", "2"];
    let refused = |args: &[&str], words: &[&str]| {
        folder.refuses(&[&train, args].concat(), 2, words);
    };
    refused(
        &["--backend", "cuda"],
        &["unknown backend 'cuda'", "vulkan"],
    );
    refused(&["--no-such-flag"], &["--no-such-flag"]);
    refused(
        &["--precision", "f8"],
        &["unknown precision 'f8'", "f32 or f16"],
    );
    refused(&["--preset", "slow"], &["unknown preset 'slow'", "fast"]);
    refused(&["--set", "cluster.gama=1.0"], &["gama"]);
    refused(
        &["--set", "gamma"],
        &["cannot read 'gamma'", "section.key=value"],
    );
    refused(
        &["--set", "cluster.alpha=0.0"],
        &["cluster.alpha is 0", "positive"],
    );
    refused(
        &["--set", "pretrain.batch-size=0"],
        &["pretrain.batch-size is 0"],
    );
    refused(&["--config", "nowhere.toml"], &["nowhere.toml"]);
    refused(&["--backend", "cpu", "--adapter", "0"], &["--adapter"]);
    folder.write("bad.toml", "[cluster]\ngama = 1.0\n");
    refused(&["--config", "bad.toml"], &["bad.toml", "gama"]);
    folder.write("broken.toml", "[cluster\n");
    refused(&["--config", "broken.toml"], &["broken.toml", "line 1"]);
    folder.refuses(
        &["config", "--preset", "slow"],
        2,
        &["unknown preset 'slow'"],
    );
    folder.refuses(&["no-such-command"], 2, &["no-such-command"]);
    folder.refuses(
        &["verify", "--kernel", "nope"],
        2,
        &["unknown kernel 'nope'", "soft_assign"],
    );
    folder.refuses(
        &["verify", "--backend", "cuda"],
        2,
        &["unknown backend 'cuda'"],
    );
    folder.refuses(
        &["predict", "m", "data.csv", "--batch-size", "0"],
        2,
        &["--batch-size is 0"],
    );
    assert!(
        !folder.path("run").exists(),
        "a run folder was made for nothing"
    );
}

#[test]
fn an_adapter_that_is_not_there() {
    let folder = with_data();
    let wanted = ["--backend", "vulkan", "--adapter", "no-such-gpu"];
    let words = ["'no-such-gpu'", "dec-gpu devices"];
    folder.refuses(
        &[&["train", "data.csv", "-k", "2"], &wanted[..]].concat(),
        4,
        &words,
    );
    folder.refuses(&[&["verify"], &wanted[..]].concat(), 4, &words);
    folder.refuses(&["verify", "--adapter", "no-such-gpu"], 4, &words);
    assert!(
        !folder.path("run").exists(),
        "a run folder was made for nothing"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_machine_without_a_driver() {
    let folder = with_data();
    for args in [
        &["train", "data.csv", "-k", "2", "--backend", "vulkan"][..],
        &["verify", "--backend", "vulkan"],
    ] {
        let mut command = folder.command(args);
        for loader in ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"] {
            command.env(loader, "/nonexistent");
        }
        let words = ["no vulkan adapter found", "--backend cpu"];
        assert_refused(&finish(&mut command), 4, &words, "no driver");
    }
}

#[test]
fn a_run_folder_is_not_overwritten_without_force() {
    let folder = with_data();
    folder.train(&["data.csv", "-k", "2"]);
    let before = folder.read("run/labels.csv");
    let words = ["run is not empty", "--force"];
    folder.refuses_to_train(&["data.csv", "-k", "3"], 2, &words);
    assert_eq!(folder.read("run/labels.csv"), before);
    folder.train(&["data.csv", "-k", "3", "--force"]);
    assert_ne!(folder.read("run/labels.csv"), before);
    let predict = [
        "predict",
        "run/model.safetensors",
        "data.csv",
        "--backend",
        "cpu",
        "--out",
        "run",
    ];
    folder.refuses(&predict, 2, &words);
    folder.ok(&[&predict[..], &["--force"]].concat());
}

#[test]
fn a_folder_that_cannot_be_made() {
    let folder = with_data();
    folder.write("file", "mine");
    folder.refuses_to_train(
        &["data.csv", "-k", "2", "--out", "file"],
        6,
        &["file", "expected a folder"],
    );
    folder.refuses_to_train(
        &["data.csv", "-k", "2", "--out", "file/run"],
        6,
        &["cannot write file/run"],
    );
    #[cfg(target_os = "linux")]
    folder.refuses_to_train(
        &["data.csv", "-k", "2", "--out", "/proc/run"],
        6,
        &["cannot write /proc/run"],
    );
}

/// A limit on the size of files stands in for a full disk: the first kilobytes are written, the rest is not.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    let folder = Folder::new();
    folder.write("data.csv", csv(900, 3));
    let program = env!("CARGO_BIN_EXE_dec-gpu");
    let mut shell = std::process::Command::new("sh");
    // Blocks of 512 bytes: room for the configuration, not for the labels.
    shell.args(["-c", "ulimit -f 6; exec \"$@\"", "sh", program]);
    shell
        .args(["train", "data.csv", "-k", "3"])
        .args(TINY)
        .current_dir(folder.path(""));
    assert_refused(
        &finish(&mut shell),
        6,
        &["cannot write run/labels.csv"],
        "full disk",
    );
    let left = names(&folder.path("run"));
    assert!(left.is_empty(), "half a run is left: {left:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_stdout() {
    let full = || {
        std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("it opens")
    };
    let folder = with_data();
    for args in [
        &["config"][..],
        &["eval", "data.csv", "data.csv"],
        &["man"],
        &["completions", "bash"],
    ] {
        let output = finish(folder.command(args).stdout(full()));
        assert_eq!(
            output.status.code(),
            Some(6),
            "{args:?}: {}",
            stderr(&output)
        );
        assert!(
            stderr(&output).contains("standard output"),
            "{}",
            stderr(&output)
        );
    }
}
