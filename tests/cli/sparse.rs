//! Sparse files on the command line.

use crate::support::Folder;

/// Two groups of samples: columns 1 to 3, or 4 to 6; column 9 in the last of them only.
fn svmlight(n: usize, last: &str) -> String {
    let line = |i: usize| {
        let first = 1 + 3 * (i % 2);
        let value =
            |j: usize| format!("{}:{}", first + j, 1.0 + ((i * 7 + j * 3) % 5) as f32 / 8.0);
        let extra = if i + 1 == n { last } else { "" };
        format!("{} {} {} {}{extra}\n", i % 2, value(0), value(1), value(2))
    };
    (0..n).map(line).collect()
}

#[test]
fn a_model_of_sparse_data_takes_files_with_fewer_columns() {
    let folder = Folder::new();
    folder.write("train.svm", svmlight(80, " 9:1"));
    folder.write("new.svm", svmlight(10, ""));
    folder.train(&["train.svm", "-k", "2", "--set", "pretrain.steps=60"]);
    folder.ok(&[
        "predict",
        "run/model.safetensors",
        "new.svm",
        "--backend",
        "cpu",
    ]);
    let labels = String::from_utf8(folder.read("predictions/labels.csv")).expect("text");
    assert_eq!(labels.lines().count(), 11, "{labels}");
}

#[test]
fn samples_are_the_rows_or_the_columns_of_a_matrix() {
    let folder = Folder::new();
    let mut text = "%%MatrixMarket matrix coordinate integer general\n3 60 60\n".to_owned();
    for i in 0..60 {
        text += &format!("{} {} {}\n", 1 + i % 2, i + 1, 3 + i % 4);
    }
    folder.write("matrix.mtx", &text);
    folder.write("other.mtx", &text);
    let set = ["-k", "2", "--set", "pretrain.steps=20"];
    let labels = |name: &str| {
        let labels = folder.read(&format!("{name}/labels.csv"));
        labels.iter().filter(|byte| **byte == b'\n').count() - 1
    };
    folder.train(&[&["matrix.mtx", "--out", "a"], &set[..]].concat());
    assert_eq!(labels("a"), 60);
    let told = ["other.mtx", "--samples", "columns", "--out", "b"];
    folder.train(&[&told[..], &set[..]].concat());
    assert_eq!(folder.read("a/labels.csv"), folder.read("b/labels.csv"));
    folder.train(&[&["other.mtx", "--out", "c"], &set[..]].concat());
    assert_eq!(labels("c"), 3);
}
