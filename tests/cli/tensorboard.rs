//! `train --tensorboard`: the files are read back byte by byte, without the code that wrote them.

use crate::support::{Folder, TINY, csv, names};
use std::path::Path;

/// A step and what it says: tag, then a number or the counts of a histogram.
type Seen = (u64, String, Result<f32, Vec<f64>>);

fn with_data() -> Folder {
    let folder = Folder::new();
    folder.write("data.csv", csv(90, 6));
    folder
}

/// CRC-32C bit by bit, masked as TFRecord does.
fn masked_crc(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 };
        }
    }
    (!crc).rotate_left(17).wrapping_add(0xa282_ead8)
}

/// The records of a file, both checksums checked.
fn records(mut file: &[u8]) -> Vec<&[u8]> {
    let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes"));
    let mut records = Vec::new();
    while !file.is_empty() {
        let length = u64::from_le_bytes(file[..8].try_into().expect("eight bytes")) as usize;
        assert_eq!(word(&file[8..12]), masked_crc(&file[..8]));
        let record = &file[12..12 + length];
        assert_eq!(word(&file[12 + length..][..4]), masked_crc(record));
        records.push(record);
        file = &file[16 + length..];
    }
    records
}

/// The fields of a protobuf message: number, and the value's bytes.
fn fields(mut message: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message);
        let length = match key & 7 {
            0 => {
                let value = varint(&mut message);
                found.push((key >> 3, value.to_le_bytes().to_vec()));
                continue;
            }
            1 => 8,
            5 => 4,
            2 => varint(&mut message) as usize,
            other => panic!("wire type {other}"),
        };
        found.push((key >> 3, message[..length].to_vec()));
        message = &message[length..];
    }
    found
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

/// Everything a file says, in order; the first record must be the version.
fn seen(file: &[u8]) -> Vec<Seen> {
    let records = records(file);
    let version = fields(records[0]);
    assert!(version.contains(&(3, b"brain.Event:2".to_vec())));
    let mut seen = Vec::new();
    for record in &records[1..] {
        let mut step = 0;
        let mut wall_time = 0.0;
        for (number, bytes) in fields(record) {
            match number {
                1 => wall_time = f64::from_le_bytes(bytes[..].try_into().expect("f64")),
                2 => step = u64::from_le_bytes(bytes[..].try_into().expect("u64")),
                5 => seen.extend(
                    (fields(&bytes).iter())
                        .map(|(_, value)| one(value))
                        .map(|(tag, value)| (step, tag, value)),
                ),
                other => panic!("field {other} of Event"),
            }
        }
        assert!(wall_time > 1.6e9, "{wall_time} is not in this century");
    }
    seen
}

/// Tag and value of a `Summary.Value`.
fn one(value: &[u8]) -> (String, Result<f32, Vec<f64>>) {
    let found = fields(value);
    let (tag, (number, bytes)) = (&found[0], &found[1]);
    assert_eq!(tag.0, 1);
    let value = match number {
        2 => Ok(f32::from_le_bytes(bytes[..].try_into().expect("f32"))),
        5 => {
            let histogram = fields(bytes);
            let (_, counts) = histogram.iter().find(|(n, _)| *n == 7).expect("buckets");
            let count = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("f64"));
            Err(counts.chunks(8).map(count).collect())
        }
        other => panic!("field {other} of Value"),
    };
    (String::from_utf8(tag.1.clone()).expect("UTF-8"), value)
}

/// The one event file of a folder.
fn events(folder: &Path) -> Vec<Seen> {
    let names = names(folder);
    let mut files = names
        .iter()
        .filter(|name| name.starts_with("events.out.tfevents."));
    let file = files.next().expect("an event file");
    assert_eq!(files.next(), None);
    seen(&std::fs::read(folder.join(file)).expect("it can be read"))
}

/// What `history.jsonl` says, in the same form but without histograms.
fn history(folder: &Folder, name: &str) -> Vec<Seen> {
    let text = String::from_utf8(folder.read(name)).expect("UTF-8");
    let mut seen = Vec::new();
    for line in text.lines() {
        let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let (group, keys): (_, &[_]) = match record["phase"].as_str() {
            Some("pretrain") => (
                match record["stage"].as_str().expect("a stage") {
                    "pretrain" => "pretrain".to_owned(),
                    stage => format!("pretrain/{}", stage.replace(' ', "_")),
                },
                &[("loss", "loss"), ("learning_rate", "learning_rate")],
            ),
            Some("neighbours") => ("neighbours".to_owned(), &[("loss", "loss")]),
            Some("held_out") => ("pretrain".to_owned(), &[("loss", "held_out_loss")]),
            _ => (
                "cluster".to_owned(),
                &[
                    ("loss", "loss"),
                    ("learning_rate", "learning_rate"),
                    ("label_change", "label_change"),
                    ("acc", "acc"),
                    ("nmi", "nmi"),
                    ("ari", "ari"),
                ],
            ),
        };
        for (key, name) in keys {
            if let Some(value) = record[key].as_f64() {
                let step = record["step"].as_u64().expect("a step");
                seen.push((step, format!("{group}/{name}"), Ok(value as f32)));
            }
        }
    }
    seen
}

#[test]
fn the_event_file_says_what_the_history_says_and_the_sizes_of_the_clusters() {
    let folder = with_data();
    let layerwise = [
        "data.csv",
        "-k",
        "3",
        "--tensorboard",
        "board",
        "--set",
        "pretrain.method=layerwise",
        "--set",
        "pretrain.layer-steps=20",
    ];
    folder.train(&layerwise);
    let events = events(&folder.path("board"));
    let (numbers, histograms): (Vec<Seen>, Vec<Seen>) =
        events.into_iter().partition(|(_, _, value)| value.is_ok());
    assert_eq!(numbers, history(&folder, "run/history.jsonl"));
    for tag in [
        "pretrain/layer_1/loss",
        "pretrain/layer_2/learning_rate",
        "pretrain/loss",
        "pretrain/held_out_loss",
        "cluster/loss",
        "cluster/ari",
    ] {
        assert!(numbers.iter().any(|(_, found, _)| found == tag), "{tag}");
    }
    let refreshes = (numbers.iter())
        .filter(|(_, tag, _)| tag == "cluster/label_change")
        .count();
    assert_eq!(histograms.len(), refreshes);
    for (_, tag, counts) in &histograms {
        let counts = counts.as_ref().expect_err("a histogram");
        assert_eq!(
            (&tag[..], counts.len(), counts.iter().sum::<f64>()),
            ("cluster/sizes", 3, 90.0)
        );
    }
}

#[test]
fn the_projector_gets_embedding_clusters_and_labels() {
    let folder = with_data();
    folder.train(&["data.csv", "-k", "3", "--tensorboard", "board"]);
    let text = |name: &str| String::from_utf8(folder.read(name)).expect("UTF-8");
    let config = text("board/projector_config.pbtxt");
    assert!(config.contains("tensor_path: \"tensors.tsv\""), "{config}");
    assert!(config.contains("metadata_path: \"metadata.tsv\""));

    let tensors = text("board/tensors.tsv");
    let values: Vec<f32> = (tensors.split_whitespace())
        .map(|value| value.parse().expect("a number"))
        .collect();
    let npy = folder.read("run/embedding.npy");
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    assert!(npy.ends_with(&bytes) && tensors.lines().count() == 90 && values.len() == 270);

    let labels = text("run/labels.csv");
    let metadata = text("board/metadata.tsv");
    let mut rows = metadata.lines();
    assert_eq!(rows.next(), Some("sample\tcluster\tconfidence\tlabel"));
    for (i, (row, expected)) in rows.zip(labels.lines().skip(1)).enumerate() {
        let (start, label) = row.rsplit_once('\t').expect("cells");
        assert_eq!(start.replace('\t', ","), expected);
        assert_eq!(label, ["red", "green", "blue"][i % 3]);
    }
}

#[test]
fn results_are_the_same_bits_with_and_without() {
    let folder = with_data();
    folder.train(&["data.csv", "-k", "3", "--out", "off"]);
    // The run folder itself may be watched.
    let on = ["data.csv", "-k", "3", "--out", "on", "--tensorboard", "on"];
    folder.train(&on);
    for name in names(&folder.path("off")) {
        // The page tells the seconds, too.
        let timed = ["metrics.json", "history.jsonl", "report.html"].contains(&&name[..]);
        if !timed && folder.path("off").join(&name).is_file() {
            let [off, on] = ["off", "on"].map(|run| folder.read(&format!("{run}/{name}")));
            assert_eq!(off, on, "{name}");
        }
    }
}

#[test]
fn each_of_several_runs_has_a_folder_and_nothing_is_overwritten() {
    let folder = with_data();
    let args = [
        "data.csv",
        "-k",
        "3",
        "--runs",
        "2",
        "--seed",
        "7",
        "--force",
        "--tensorboard",
        "board",
    ];
    folder.train(&args);
    assert_eq!(names(&folder.path("board")), ["seed-7", "seed-8"]);
    let kept = |name: &str| {
        let path = folder.path("board/seed-7");
        let contents = std::fs::read(path.join(name)).expect("it can be read");
        (name.to_owned(), contents)
    };
    let first: Vec<_> = (names(&folder.path("board/seed-7")).iter())
        .map(|name| kept(name))
        .collect();
    assert_eq!(first.len(), 4, "events, tensors, metadata, configuration");
    folder.train(&args);
    for (name, contents) in first {
        if name == "projector_config.pbtxt" {
            let (_, both) = kept(&name);
            assert!(both.starts_with(&contents) && both.len() > contents.len());
            let entry = String::from_utf8_lossy(&both[contents.len()..]).into_owned();
            assert!(entry.contains("tensors-2.tsv"), "{entry}");
        } else {
            assert_eq!(kept(&name), (name, contents));
        }
    }
    assert_eq!(names(&folder.path("board/seed-7")).len(), 7);
}

#[test]
fn a_folder_that_cannot_be_written_to_is_refused_before_training() {
    let folder = with_data();
    folder.write("board", "a file");
    let args = ["train", "data.csv", "-k", "3", "--tensorboard", "board"];
    let output = folder.run(&[&args[..], &TINY].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{errors}");
    assert!(
        errors.contains("board: it is a file, expected a folder"),
        "{errors}"
    );
    assert!(!errors.contains("pretrain"), "{errors}");
}
