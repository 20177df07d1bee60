//! A training that is stopped, killed or damaged, and goes on.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common_runs::SAME;
use crate::support::{Folder, TINY, csv, names, stderr};

/// Some seconds of work: long enough to be stopped in every phase.
const LONG: [&str; 22] = [
    "--backend",
    "cpu",
    "--checkpoint-every",
    "1",
    "--set",
    "network.hidden=[48]",
    "--set",
    "network.embedding-dim=3",
    "--set",
    "pretrain.steps=6000",
    "--set",
    "pretrain.batch-size=64",
    "--set",
    "pretrain.held-out=0",
    "--set",
    "kmeans.restarts=2",
    "--set",
    "cluster.update-interval=50",
    "--set",
    "cluster.max-steps=6000",
    "--set",
    "cluster.tolerance=0",
];

fn args<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [
        &["train", "data.csv", "-k", "3", "--out", out],
        &LONG[..],
        more,
    ]
    .concat()
}

fn start(command: &mut Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

fn send(child: &Child, signal: &str) {
    let sent = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(sent.success(), "kill {signal}");
}

/// Everything but times in the history.
fn history(folder: &Folder, run: &str) -> Vec<serde_json::Value> {
    let text = String::from_utf8(folder.read(&format!("{run}/history.jsonl"))).expect("UTF-8");
    let record = |line: &str| {
        let mut record: serde_json::Value = serde_json::from_str(line).expect("a record");
        record.as_object_mut().expect("an object").remove("seconds");
        record
    };
    text.lines().map(record).collect()
}

fn assert_same(folder: &Folder, run: &str, whole: &str, what: &str) {
    for file in SAME {
        let [a, b] = [run, whole].map(|run| folder.read(&format!("{run}/{file}")));
        assert!(a == b, "{what}: {file} differs");
    }
    assert_eq!(history(folder, run), history(folder, whole), "{what}");
    assert!(
        !folder.path(run).join("checkpoint").exists(),
        "{what}: checkpoints are left"
    );
}

#[cfg(unix)]
#[test]
fn a_signal_leaves_a_checkpoint_and_the_run_goes_on_to_the_same_bits() {
    let folder = Folder::new();
    folder.write("data.csv", csv(120, 9));
    let began = Instant::now();
    folder.ok(&args("whole", &[]));
    let time = began.elapsed();
    let mut stopped = 0;
    // Somewhere in pre-training and in clustering.
    for (name, signal, code, share) in [
        ("a", "-INT", 130, 0.2),
        ("b", "-TERM", 143, 0.45),
        ("c", "-INT", 130, 0.8),
    ] {
        let child = start(&mut folder.command(&args(name, &[])));
        sleep(time.mul_f64(share).max(Duration::from_millis(300)));
        send(&child, signal);
        let sent = Instant::now();
        let output = child.wait_with_output().expect("it ends");
        assert!(
            sent.elapsed() < Duration::from_secs(5),
            "{name}: {:?}",
            sent.elapsed()
        );
        if output.status.code() == Some(0) {
            continue; // this machine was faster than before
        }
        stopped += 1;
        assert_eq!(
            output.status.code(),
            Some(code),
            "{name}: {}",
            stderr(&output)
        );
        assert!(
            stderr(&output).contains("--resume"),
            "{name}: {}",
            stderr(&output)
        );
        folder.refuses(
            &args(name, &[]),
            2,
            &["was interrupted", "--resume", "--force"],
        );
        folder.ok(&args(name, &["--resume"]));
        assert_same(&folder, name, "whole", name);
    }
    assert!(
        stopped >= 2,
        "{stopped} of three were stopped before their end"
    );
}

/// `timeout` sends its signal to the process and to its group; that is no wish to leave without a checkpoint.
#[cfg(unix)]
#[test]
fn a_signal_that_comes_twice_at_once_is_one() {
    let folder = Folder::new();
    folder.write("data.csv", csv(120, 9));
    for trial in 0..8 {
        let name = format!("run-{trial}");
        let child = start(&mut folder.command(&args(&name, &[])));
        wait_for_checkpoints(&folder, &name, 1);
        let id = child.id();
        let twice = format!("kill -TERM {id}; kill -TERM {id} 2>/dev/null; true");
        let sent = Command::new("sh").args(["-c", &twice]).status();
        assert!(sent.expect("sh runs").success());
        let output = child.wait_with_output().expect("it ends");
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(143), "{name}: {said}");
        assert!(said.contains("interrupted"), "{name}: {said}");
    }
}

/// Waits until a run has so many checkpoints.
fn wait_for_checkpoints(folder: &Folder, run: &str, count: usize) {
    let checkpoints = folder.path(run).join("checkpoint");
    let began = Instant::now();
    let is_one = |name: &&String| name.ends_with(".safetensors");
    while !checkpoints.exists() || names(&checkpoints).iter().filter(is_one).count() < count {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "there are no {count} checkpoints"
        );
        sleep(Duration::from_millis(5));
    }
}

#[cfg(unix)]
#[test]
fn a_killed_run_goes_on_from_its_last_checkpoint() {
    let folder = Folder::new();
    folder.write("data.csv", csv(120, 9));
    folder.ok(&args("whole", &[]));
    let mut child = start(&mut folder.command(&args("run", &[])));
    wait_for_checkpoints(&folder, "run", 1);
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    assert!(
        !folder.path("run/metrics.json").exists(),
        "it was done before it was killed"
    );
    let output = folder.run(&args("run", &["--resume"]));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("going on from"),
        "{}",
        stderr(&output)
    );
    assert_same(&folder, "run", "whole", "killed");
}

/// A run that was stopped after two checkpoints; their names.
#[cfg(unix)]
fn interrupted(folder: &Folder) -> Vec<String> {
    let child = start(&mut folder.command(&args("run", &[])));
    wait_for_checkpoints(folder, "run", 2);
    send(&child, "-INT");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    names(&folder.path("run/checkpoint"))
}

#[cfg(unix)]
#[test]
fn other_data_another_configuration_and_damage_are_noticed() {
    let folder = Folder::new();
    folder.write("data.csv", csv(120, 9));
    let kept = interrupted(&folder);
    assert_eq!(kept.len(), 2, "{kept:?}");
    folder.refuses(
        &args("run", &["--resume", "--set", "cluster.gamma=0.1"]),
        2,
        &["another configuration", "cluster.gamma was 0.0, is now 0.1"],
    );
    folder.refuses(
        &args("run", &["--resume", "--precision", "f16"]),
        2,
        &["of another precision: f32, expected f16"],
    );
    // A seed of which there is no checkpoint is no reason to begin anew.
    let runs =
        |expected: &str| format!("of other runs: 1 x 3 clusters from seed 0, expected {expected}");
    for (more, expected) in [
        (["--seed", "5"], "1 x 3 clusters from seed 5"),
        (["--runs", "2"], "2 x 3 clusters from seed 0"),
    ] {
        let refused = [&["--resume"][..], &more].concat();
        folder.refuses(&args("run", &refused), 2, &[&runs(expected)]);
        assert_eq!(names(&folder.path("run/checkpoint")), kept);
    }
    folder.write("other.csv", csv(121, 9));
    let mut other = args("run", &["--resume"]);
    other[1] = "other.csv";
    folder.refuses(
        &other,
        3,
        &["of other data: 120 x 9 values", "expected 121 x 9 values"],
    );
    folder.refuses(
        &args("run", &["--resume", "--force"]),
        2,
        &["cannot be used with"],
    );

    // One bit of the newest: the one before is taken.
    let newest = format!("run/checkpoint/{}", kept[1]);
    let mut bytes = folder.read(&newest);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    folder.write(&newest, &bytes);
    let before = format!("run/checkpoint/{}", kept[0]);
    let whole = folder.read(&before);
    folder.write(&before, &whole[..whole.len() - 7]);
    folder.refuses(
        &args("run", &["--resume"]),
        3,
        &["checksum", "no other checkpoint is left"],
    );
    folder.write(&before, &whole);
    let output = folder.run(&args("run", &["--resume"]));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("the checkpoint before it is taken"),
        "{}",
        stderr(&output)
    );
    folder.ok(&args("whole", &[]));
    assert_same(&folder, "run", "whole", "damaged");
}

/// One command line is right for every start, the one after the end too.
#[test]
fn a_whole_run_is_told_again() {
    let folder = Folder::new();
    folder.write("data.csv", csv(60, 6));
    let train = ["train", "data.csv", "-k", "3", "--resume", "--json"];
    let train = [&train[..], &TINY].concat();
    let printed = folder.ok(&train);
    let before = names(&folder.path("run"));
    let again = folder.run(&train);
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
    assert_eq!(String::from_utf8_lossy(&again.stdout), printed);
    assert!(stderr(&again).contains("run holds this run, and it is whole: nothing is left to do"));
    assert_eq!(names(&folder.path("run")), before);

    let refuses = |more: &[&str], code, texts: &[&str]| {
        folder.refuses(&[&train[..], more].concat(), code, texts);
    };
    let gamma = ["--set", "cluster.gamma=0.25"];
    refuses(
        &gamma,
        2,
        &["another configuration: cluster.gamma was", "is now 0.25"],
    );
    let out = ["--out", "kmeans"];
    let off = ["--set", "neighbours.space=off"]; // which cluster.first would say by itself
    let first = ["--set", "cluster.first=kmeans"];
    folder.ok(&[&train[..], &first, &off, &out].concat());
    let left_out = [&off[..], &out].concat();
    refuses(&left_out, 2, &["an option that was given is left out now"]);
    refuses(
        &["--runs", "2"],
        2,
        &["other runs: 1 x 3 clusters from seed 0, expected 2 x 3 clusters from seed 0"],
    );
    folder.write("data.csv", csv(61, 6));
    refuses(&[], 3, &["other data: 60 x 6 values", "61 x 6"]);
    let mut metrics: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    metrics
        .as_object_mut()
        .expect("an object")
        .remove("identity");
    folder.write("run/metrics.json", metrics.to_string());
    refuses(&[], 2, &["an older version", "nothing to resume"]);
}

#[test]
fn without_a_checkpoint_resume_begins() {
    let folder = Folder::new();
    folder.write("data.csv", csv(60, 6));
    folder.train(&["data.csv", "-k", "3", "--resume"]);
    folder.train(&["data.csv", "-k", "3", "--out", "plain"]);
    assert!(folder.read("run/model.safetensors") == folder.read("plain/model.safetensors"));
    folder.write("notes.txt", "mine");
    std::fs::create_dir(folder.path("other")).expect("a folder");
    folder.write("other/notes.txt", "mine");
    folder.refuses_to_train(
        &["data.csv", "-k", "3", "--out", "other", "--resume"],
        2,
        &["other is not empty"],
    );
}
