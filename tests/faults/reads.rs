//! Every read of data, a model, a run and a checkpoint fails, is short or is interrupted.

use std::fs;
use std::io::Write;

use crate::common_runs::SAME;
use crate::shim::Fault;
use crate::support::{Files, Place, assert_same, train, turns};

const PREDICTED: [&str; 3] = ["embedding.npy", "labels.csv", "soft_assignment.npy"];

/// A training, a folder `run` with its results, and `predictions` of its model.
fn predicted() -> (Place, Files) {
    let place = Place::new();
    place.trained("run");
    place.ok(&predict("data.csv", "whole"));
    let whole = place.files("whole");
    (place, whole)
}

fn predict<'a>(data: &'a str, out: &'a str) -> Vec<&'a str> {
    let model = "run/model.safetensors";
    // In blocks, so that the data are read in many places.
    let blocks = ["--block-rows", "16", "--backend", "cpu", "--force"];
    [&["predict", model, data, "--out", out], &blocks[..]].concat()
}

fn at<'a>(calls: &'a str, piece: &'a str, turn: usize, action: &'a str) -> Option<Fault<'a>> {
    Some(Fault {
        calls,
        piece,
        turn,
        lasting: false,
        action,
    })
}

/// Predicts with each read of a file failing in its turn: it is named, and no results are there.
fn predicting_from(place: &Place, whole: &Files, data: &str, piece: &str, few: usize) -> usize {
    let count = place
        .calls(&predict(data, "whole"), "read,open", piece)
        .len();
    for turn in turns(count, few) {
        let args = predict(data, "out");
        for action in ["short", "EINTR"] {
            place.remove("out");
            let ended = place.run(&args, at("read,open", piece, turn, action));
            let what = format!("{piece}, {action} at {turn}: {}", ended.stderr);
            assert_eq!(ended.code, Some(0), "{what}");
            let found = place.files("out");
            for name in PREDICTED {
                assert!(found[name] == whole[name], "{what}: {name}");
            }
        }
        place.remove("out");
        let ended = place.run(&args, at("read,open", piece, turn, "EIO"));
        let what = format!("{piece}, EIO at {turn}: {:?}, {}", ended.code, ended.stderr);
        assert_eq!(ended.code, Some(3), "{what}");
        assert!(ended.stderr.contains(piece), "{what}");
        assert!(ended.stderr.contains("os error 5"), "{what}");
        assert!(!place.path("out").exists(), "{what}: results");
    }
    println!("reads of {piece}: {count} places");
    count
}

#[test]
fn a_read_of_data_that_fails_is_told_and_a_short_one_changes_nothing() {
    let (place, whole) = predicted();
    let csv = fs::read(place.path("data.csv")).expect("read");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(&csv).expect("packed");
    place.write("packed.csv.gz", &packed.finish().expect("packed"));
    place.write("rows.npy", &npy(&csv));
    let mut count = 0;
    for data in ["data.csv", "packed.csv.gz", "rows.npy"] {
        count += predicting_from(&place, &whole, data, data, 4);
    }
    assert!(count > 10, "{count} reads");
}

#[test]
fn a_read_of_a_model_that_fails_is_told_and_a_short_one_changes_nothing() {
    let (place, whole) = predicted();
    assert!(predicting_from(&place, &whole, "data.csv", "model.safetensors", 4) >= 3);
}

#[test]
fn a_training_whose_data_cannot_be_read_leaves_nothing() {
    let place = Place::new();
    let whole = place.trained("whole");
    let count = place
        .calls(&train("counted", &[]), "read,open", "data.csv")
        .len();
    for turn in turns(count, 3) {
        for action in ["short", "EINTR"] {
            let ended = place.run(
                &train("out", &[]),
                at("read,open", "data.csv", turn, action),
            );
            assert_eq!(ended.code, Some(0), "{action} at {turn}: {}", ended.stderr);
            assert_same(&place.files("out"), &whole, action);
            place.remove("out");
        }
        let ended = place.run(&train("out", &[]), at("read,open", "data.csv", turn, "EIO"));
        assert_eq!(ended.code, Some(3), "EIO at {turn}: {}", ended.stderr);
        assert!(ended.stderr.contains("data.csv"), "{}", ended.stderr);
        assert!(!place.path("out").exists(), "EIO at {turn}");
    }
    assert!(count >= 3, "{count} reads");
}

#[test]
fn a_run_folder_that_cannot_be_read_is_told_and_stays() {
    let place = Place::new();
    let whole = place.trained("outrun");
    let count = place.calls(&["report", "outrun"], "read", "outrun/").len();
    for turn in turns(count, 8) {
        let ended = place.run(&["report", "outrun"], at("read", "outrun/", turn, "EIO"));
        let call = &ended.calls[turn - 1];
        let what = format!("{call}: {:?} {}", ended.code, ended.stderr);
        assert_eq!(ended.code, Some(3), "{what}");
        let name = call.rsplit("outrun/").next().expect("a name");
        assert!(ended.stderr.contains(name), "{what}");
        let found = place.files("outrun");
        for name in SAME {
            assert!(found[name] == whole[name], "{what}: {name}");
        }
    }
    println!("reads of a run: {count} places");
    assert!(count > 10, "{count} reads");
}

#[test]
fn a_checkpoint_that_cannot_be_read_is_passed_over_aloud() {
    let place = Place::new();
    let whole = place.trained("outrun");
    place.remove("outrun");
    let calls = place.calls(&train("outrun", &[]), "create", "outrun/");
    // With the results still to be written both checkpoints are there.
    let results = 1 + calls
        .iter()
        .rposition(|call| call.contains("/checkpoint/"))
        .expect("one");
    place.remove("outrun");
    let ended = place.run(
        &train("outrun", &[]),
        at("create", "outrun/", results + 1, "kill-before"),
    );
    assert!(ended.killed);
    place.copy("outrun", "begun");
    let resume = train("outrun", &["--resume"]);
    let newest = "2.safetensors";
    let count = place.calls(&resume, "read,open", newest).len();
    assert!(count >= 3, "{count} reads");
    for turn in 1..=count {
        for action in ["EIO", "short", "EINTR"] {
            place.copy("begun", "outrun");
            let ended = place.run(&resume, at("read,open", newest, turn, action));
            let what = format!("{action} at {turn}: {}", ended.stderr);
            assert_eq!(ended.code, Some(0), "{what}");
            let told = ended.stderr.contains("the checkpoint before it is taken");
            assert_eq!(told, action == "EIO", "{what}");
            assert_same(&place.files("outrun"), &whole, &what);
        }
    }
    // None can be read: the run does not begin again without a word.
    place.copy("begun", "outrun");
    let fault = Fault {
        lasting: true,
        ..at("read", "/checkpoint/", 1, "EIO").expect("a fault")
    };
    let ended = place.run(&resume, Some(fault));
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("no other checkpoint is left"),
        "{}",
        ended.stderr
    );
    assert!(
        place.files("outrun") == place.files("begun"),
        "the checkpoints stay"
    );
}

/// The values of the table as an NPY file.
fn npy(csv: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(csv);
    let rows: Vec<Vec<f32>> = (text.lines().skip(1))
        .map(|line| {
            line.split(',')
                .take(6)
                .map(|cell| cell.parse().expect("a number"))
                .collect()
        })
        .collect();
    let mut header = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, 6), }}",
        rows.len()
    );
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(rows.iter().flatten().flat_map(|value| value.to_le_bytes()));
    bytes
}
