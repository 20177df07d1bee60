//! Files that cannot be used: exit code 3, and a message that names the file and the place.

use std::io::Write;

use crate::support::{Folder, csv, idx, npy};

/// `train` on a file with these contents must fail with code 3 and name the file.
fn refused(name: &str, contents: impl AsRef<[u8]>, words: &[&str]) {
    let folder = Folder::new();
    folder.write(name, contents);
    folder.refuses_to_train(&[name, "-k", "2"], 3, &[&[name], words].concat());
    assert!(
        !folder.path("run").exists(),
        "{name}: a run folder was made for nothing"
    );
}

#[test]
fn a_missing_file() {
    Folder::new().refuses_to_train(
        &["nowhere.csv", "-k", "2"],
        3,
        &["nowhere.csv: cannot be read"],
    );
}

#[test]
fn an_empty_file() {
    refused("empty.csv", "", &["empty file"]);
}

#[test]
fn an_empty_folder() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("set")).expect("made");
    folder.refuses_to_train(&["set", "-k", "2"], 3, &["set: found"]);
}

#[test]
fn truncated_files() {
    let whole = idx(9);
    refused(
        "cut.idx",
        &whole[..whole.len() - 3],
        &["byte 49", "52 bytes"],
    );
    refused("cut-header.idx", &whole[..7], &["cut-header.idx"]);
    let whole = npy(4, 3, &[1.5; 12]);
    refused("cut.npy", &whole[..whole.len() - 5], &["end of the file"]);
    refused("cut-header.npy", &whole[..20], &["cut-header.npy"]);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(&idx(60)).expect("packed");
    let whole = packer.finish().expect("packed");
    refused(
        "cut.idx.gz",
        &whole[..whole.len() - 9],
        &["broken gzip stream"],
    );
}

#[test]
fn a_wrong_magic_number() {
    refused(
        "picture.png",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        &["byte 0", "expected IDX"],
    );
}

#[test]
fn values_that_are_not_finite() {
    refused(
        "nan.csv",
        "1.0,2.0\n3.0,nan\n5.0,6.0\n",
        &["nan.csv:2", "finite"],
    );
    refused(
        "inf.csv",
        "1.0,2.0\n3.0,4.0\n-inf,6.0\n",
        &["inf.csv:3", "finite"],
    );
    let mut values = [0.5; 12];
    values[7] = f32::INFINITY;
    refused(
        "inf.npy",
        npy(4, 3, &values),
        &["inf.npy: row 2, column 1", "inf"],
    );
}

#[test]
fn tables_that_are_none() {
    refused(
        "ragged.csv",
        "1,2,3\n4,5,6\n7,8\n",
        &["ragged.csv:3", "expected 3 values, found 2"],
    );
    refused("text.csv", "1,2\n3,x\n5,6\n", &["text.csv:2", "x"]);
    refused("hole.csv", "1,2\n3,\n5,6\n", &["hole.csv:2", "empty cell"]);
    refused("header.csv", "a,b\n", &["0 rows"]);
}

#[test]
fn labels_of_another_length() {
    let folder = Folder::new();
    folder.write("data.csv", csv(9, 3));
    folder.write("labels.csv", "0\n1\n2\n");
    let args = ["data.csv", "-k", "2", "--labels", "labels.csv"];
    folder.refuses_to_train(&args, 3, &["labels.csv", "found 3 labels for 9 rows"]);
    folder.refuses(
        &["eval", "labels.csv", "data.csv"],
        3,
        &["data.csv", "found 9 labels for 3 rows"],
    );
    let args = ["data.csv", "-k", "2", "--label-column", "class"];
    folder.refuses_to_train(&args, 3, &["data.csv", "label column \"class\" not found"]);
}

#[test]
fn models_that_do_not_fit() {
    let folder = Folder::new();
    folder.write("data.csv", csv(12, 4));
    folder.write("wide.csv", csv(12, 5));
    folder.train(&["data.csv", "-k", "2"]);
    let model = "run/model.safetensors";
    let words = [
        "model.safetensors",
        "expects 4 values per sample, wide.csv has 5",
    ];
    folder.refuses(&["predict", model, "wide.csv"], 3, &words);
    folder.refuses(
        &["predict", "no.safetensors", "data.csv"],
        3,
        &["no.safetensors: cannot be read"],
    );
    folder.refuses(
        &["predict", "data.csv", "data.csv"],
        3,
        &["data.csv: not a readable safetensors"],
    );
    let whole = folder.read(model);
    folder.write("cut.safetensors", &whole[..whole.len() - 4]);
    folder.refuses(
        &["predict", "cut.safetensors", "data.csv"],
        3,
        &["cut.safetensors"],
    );
    folder.refuses(&["predict", model, "nowhere.npy"], 3, &["nowhere.npy"]);
    assert!(
        !folder.path("predictions").exists(),
        "a folder was made for nothing"
    );
}
