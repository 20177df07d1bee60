//! `predict` on data that come in blocks: what is written does not show them, and is whole or not there.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use crate::support::{Folder, csv, names, stderr};

pub(crate) const MODEL: &str = "run/model.safetensors";
pub(crate) const FILES: [&str; 3] = ["embedding.npy", "labels.csv", "soft_assignment.npy"];
/// The length of an NPY header that the program writes.
const HEADER: usize = 128;

/// A folder with `data.csv`, 60 rows of 6 values and a label, and a model of them.
pub(crate) fn with_model() -> Folder {
    let folder = Folder::new();
    folder.write("data.csv", csv(60, 6));
    folder.train(&["data.csv", "-k", "3"]);
    folder
}

/// The arguments of `predict` on the CPU.
pub(crate) fn predicting<'a>(data: &'a str, out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let args = [
        "predict",
        MODEL,
        data,
        "--backend",
        "cpu",
        "--out",
        out,
        "--json",
    ];
    [&args[..], more].concat()
}

fn parse(json: &str) -> serde_json::Value {
    serde_json::from_str(json).expect("JSON")
}

/// Everything after the header.
fn body(file: &str, bytes: &[u8]) -> Vec<u8> {
    let header = match file {
        "labels.csv" => b"index,label,confidence\n".len(),
        _ => HEADER,
    };
    bytes[header..].to_vec()
}

fn words(bytes: &[u8]) -> Vec<[u8; 4]> {
    bytes.as_chunks().0.to_vec()
}

/// The rows of `labels.csv`: index, label, confidence.
fn rows(folder: &Folder, out: &str) -> Vec<(u64, i32, f32)> {
    let text = String::from_utf8(folder.read(&format!("{out}/labels.csv"))).expect("text");
    let row = |line: &str| {
        let cells: Vec<_> = line.split(',').collect();
        let [index, label, confidence] = cells[..] else {
            panic!("{line}");
        };
        (
            index.parse().expect("an index"),
            label.parse().expect("a label"),
            confidence.parse().expect("a confidence"),
        )
    };
    text.lines().skip(1).map(row).collect()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("packed");
    encoder.finish().expect("whole")
}

#[test]
fn parts_one_after_the_other_are_the_whole() {
    let folder = with_model();
    let whole = parse(&folder.ok(&predicting("data.csv", "whole", &[])));
    assert!(whole["shard"].is_null(), "{whole}");
    let mut samples = 0;
    for (shard, out) in [("0/3", "0"), ("1/3", "1"), ("2/3", "2")] {
        let found = parse(&folder.ok(&predicting(
            "data.csv",
            out,
            &["--shard", shard, "--block-rows", "7"],
        )));
        assert_eq!(found["shard"], *shard);
        samples += found["n_samples"].as_u64().expect("a number");
    }
    assert_eq!(samples, 60);
    for file in FILES {
        let part = |out: &str| body(file, &folder.read(&format!("{out}/{file}")));
        assert!(
            [part("0"), part("1"), part("2")].concat() == part("whole"),
            "{file} differs"
        );
    }
    let indices: Vec<u64> = rows(&folder, "1").into_iter().map(|row| row.0).collect();
    assert_eq!(indices, (20..40).collect::<Vec<_>>());
}

#[test]
fn a_part_may_be_empty() {
    let folder = with_model();
    let found = parse(&folder.ok(&predicting("data.csv", "none", &["--shard", "0/100"])));
    assert_eq!(found["n_samples"], 0);
    assert!(
        found["mean_confidence"].is_null() && found["scores"].is_null(),
        "{found}"
    );
    assert_eq!(folder.read("none/labels.csv"), b"index,label,confidence\n");
    assert_eq!(folder.read("none/embedding.npy").len(), HEADER);
    let mut args = predicting("data.csv", "talk", &["--shard", "0/100"]);
    args.retain(|arg| *arg != "--json");
    let text = folder.ok(&args);
    assert!(text.contains("no samples in this shard"), "{text}");
}

#[test]
fn scores_come_with_the_blocks() {
    let folder = with_model();
    let whole = parse(&folder.ok(&predicting("data.csv", "whole", &[])));
    let blocks = parse(&folder.ok(&predicting("data.csv", "blocks", &["--block-rows", "7"])));
    assert!(whole["scores"]["acc"].is_number(), "{whole}");
    assert_eq!(whole, blocks);
    // Integers as text, of which one is written in two ways, in a file of their own.
    let labels: String = (0..60).map(|i| ["10\n", "9\n", "9.0\n"][i % 3]).collect();
    folder.write("labels.csv", labels);
    let more = ["--labels", "labels.csv", "--block-rows", "2"];
    let own = parse(&folder.ok(&predicting("data.csv", "own", &more)));
    let eval = folder.ok(&["eval", "labels.csv", "own/labels.csv"]);
    let acc = format!("{:.4}", own["scores"]["acc"].as_f64().expect("a score"));
    assert!(eval.contains(&acc), "{eval} does not say {acc}");
}

#[test]
fn samples_that_are_not_sure_are_labelled_minus_one() {
    let folder = with_model();
    let whole = parse(&folder.ok(&predicting("data.csv", "whole", &[])));
    assert!(whole["below_min_confidence"].is_null(), "{whole}");
    let sure = rows(&folder, "whole");
    let mut confidences: Vec<f32> = sure.iter().map(|row| row.2).collect();
    confidences.sort_by(f32::total_cmp);
    let least = (confidences[20] + confidences[21]) / 2.0;
    let below = sure.iter().filter(|row| row.2 < least).count();
    assert!((1..60).contains(&below), "{confidences:?}");
    let text = least.to_string();
    for (out, format) in [("csv", "csv"), ("npy", "npy")] {
        let args = [
            "--min-confidence",
            &text,
            "--format",
            format,
            "--block-rows",
            "7",
        ];
        let output = folder.run(&predicting("data.csv", out, &args));
        let said = stderr(&output);
        let expected = format!("{below} of 60 samples have a confidence below {text} and label -1");
        assert!(said.contains(&expected), "{said}");
        let mut found = parse(&String::from_utf8(output.stdout).expect("UTF-8"));
        assert_eq!(found["below_min_confidence"], below);
        // Scores and sizes are those of all samples.
        found["below_min_confidence"] = serde_json::Value::Null;
        assert_eq!(found, whole);
    }
    let expected: Vec<_> = sure
        .iter()
        .map(|&(index, label, confidence)| {
            let label = if confidence < least { -1 } else { label };
            (index, label, confidence)
        })
        .collect();
    assert_eq!(rows(&folder, "csv"), expected);
    let labels: Vec<i32> = words(&body("labels.npy", &folder.read("npy/labels.npy")))
        .into_iter()
        .map(i32::from_le_bytes)
        .collect();
    assert_eq!(labels, expected.iter().map(|row| row.1).collect::<Vec<_>>());

    let quiet = [
        &predicting("data.csv", "quiet", &["--min-confidence", "1"])[..],
        &["-q"],
    ]
    .concat();
    let said = stderr(&folder.run(&quiet));
    assert!(said.is_empty(), "{said}");
}

#[test]
fn labels_in_the_format_of_numpy() {
    let folder = with_model();
    folder.ok(&predicting("data.csv", "csv", &[]));
    folder.ok(&predicting(
        "data.csv",
        "npy",
        &["--format", "npy", "--block-rows", "7"],
    ));
    assert_eq!(
        names(&folder.path("npy")),
        [
            "confidence.npy",
            "embedding.npy",
            "labels.npy",
            "soft_assignment.npy"
        ]
    );
    let read = |file: &str| folder.read(&format!("npy/{file}"));
    let header = |file| {
        String::from_utf8_lossy(&read(file)[10..HEADER])
            .trim()
            .to_owned()
    };
    assert_eq!(
        header("labels.npy"),
        "{'descr': '<i4', 'fortran_order': False, 'shape': (60,), }"
    );
    assert_eq!(
        header("confidence.npy"),
        "{'descr': '<f4', 'fortran_order': False, 'shape': (60,), }"
    );
    let labels = words(&read("labels.npy")[HEADER..])
        .into_iter()
        .map(i32::from_le_bytes);
    let confidence = words(&read("confidence.npy")[HEADER..])
        .into_iter()
        .map(f32::from_le_bytes);
    let found: Vec<_> = labels.zip(confidence).collect();
    let expected = rows(&folder, "csv");
    assert_eq!(found.len(), expected.len());
    for ((label, confidence), (index, of_csv, rounded)) in found.into_iter().zip(expected) {
        assert_eq!(label, of_csv, "sample {index}");
        assert!((confidence - rounded).abs() < 1e-6, "sample {index}");
    }
    assert_eq!(read("embedding.npy"), folder.read("csv/embedding.npy"));
}

#[test]
fn labels_as_parquet() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    let folder = with_model();
    folder.ok(&predicting("data.csv", "csv", &[]));
    let more = ["--format", "parquet", "--shard", "1/3", "--block-rows", "7"];
    folder.ok(&predicting("data.csv", "parquet", &more));
    assert_eq!(
        names(&folder.path("parquet")),
        ["embedding.npy", "labels.parquet", "soft_assignment.npy"]
    );
    let file = std::fs::File::open(folder.path("parquet/labels.parquet")).expect("there");
    let reader = SerializedFileReader::new(file).expect("a Parquet file");
    let found: Vec<_> = reader
        .get_row_iter(None)
        .expect("rows")
        .map(|row| row.expect("a row"))
        .collect();
    let expected = &rows(&folder, "csv")[20..40];
    assert_eq!(found.len(), expected.len());
    for (row, (index, label, confidence)) in found.iter().zip(expected) {
        assert_eq!(row.get_long(0).expect("an index") as u64, *index);
        assert_eq!(row.get_int(1).expect("a label"), *label);
        let exact = row.get_float(2).expect("a confidence");
        assert!((exact - confidence).abs() < 1e-6, "sample {index}");
    }
}
