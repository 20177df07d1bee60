//! `predict --format parquet` by the program, read back as data.

use std::path::Path;
use std::process::Command;

use dec_gpu::data::{Dataset, ReadOptions, open};

fn run(folder: &Path, arguments: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_dec-gpu"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the program runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {text}");
}

fn table(path: &Path, options: &ReadOptions) -> Dataset {
    open(path, options).expect("readable")
}

#[test]
fn labels_parquet_is_labels_csv() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let rows: String = (0..90)
        .map(|i| format!("{},{},{}\n", i % 3 * 10, i % 7, 0.25 * f64::from(i % 3)))
        .collect();
    std::fs::write(folder.join("x.csv"), rows).expect("written");
    let small = [
        "--set",
        "pretrain.steps=20",
        "--set",
        "cluster.max-steps=20",
    ];
    let train = [
        "train",
        "x.csv",
        "-k",
        "3",
        "--out",
        "run",
        "--backend",
        "cpu",
        "-q",
    ];
    run(folder, &[&train[..], &small].concat());
    let predict = [
        "predict",
        "run/model.safetensors",
        "x.csv",
        "--backend",
        "cpu",
        "-q",
    ];
    for (out, more) in [
        ("csv", &[][..]),
        ("whole", &["--format", "parquet"]),
        ("pieces", &["--format", "parquet", "--block-rows", "7"]),
    ] {
        run(folder, &[&predict[..], &["--out", out], more].concat());
    }
    let bytes = |out: &str| std::fs::read(folder.join(out).join("labels.parquet")).expect("bytes");
    assert!(
        bytes("whole") == bytes("pieces"),
        "pieces do not show in the bytes"
    );
    let ids = ReadOptions {
        id_column: "index".parse().ok(),
        ..ReadOptions::default()
    };
    let (csv, parquet) = (
        table(&folder.join("csv/labels.csv"), &ids),
        table(&folder.join("whole/labels.parquet"), &ids),
    );
    assert_eq!((parquet.n_samples, parquet.input_dim), (90, 1));
    assert_eq!(
        (csv.ids, csv.labels),
        (parquet.ids.clone(), parquet.labels.clone())
    );
    assert_eq!(parquet.column_names.clone().expect("names"), ["confidence"]);
    for i in 0..90 {
        // The text has six digits.
        let (text, exact) = (csv_value(&csv.values, i), parquet.row(i)[0]);
        assert!((text - exact).abs() < 1e-6, "row {i}: {text}, {exact}");
    }
}

fn csv_value(values: &dec_gpu::data::Values, row: usize) -> f64 {
    match values {
        dec_gpu::data::Values::F32(values) => values[row].into(),
        _ => panic!("a table of numbers"),
    }
}
