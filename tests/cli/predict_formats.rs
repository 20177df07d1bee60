//! `predict` on every format of data: what it writes is what the library finds in the whole set at once.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use dec_gpu::cpu::Cpu;
use dec_gpu::data::{ReadOptions, open};
use dec_gpu::model::Model;
use dec_gpu::predict::predict;
use dec_gpu::report::write_labels_csv;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::predict::{MODEL, gzip, predicting};
use crate::support::{Folder, idx, npy};

/// Samples of a file, and values of a sample.
const N: usize = 9;
const D: usize = 4;

/// The same samples in every format; in `set` twice, with labels beside them.
fn write_every_format(folder: &Folder) -> [&'static str; 9] {
    let images = idx(N as u8);
    let values: Vec<f32> = images[16..].iter().map(|value| f32::from(*value)).collect();
    let array = npy(N, D, &values);
    std::fs::create_dir(folder.path("set")).expect("made");
    let labels = [&[0, 0, 8, 1, 0, 0, 0, 9][..], &[0, 1, 2, 0, 1, 2, 0, 1, 2]].concat();
    for part in ["train", "t10k"] {
        folder.write(&format!("set/{part}-images-idx3-ubyte"), &images);
        folder.write(&format!("set/{part}-labels-idx1-ubyte"), &labels);
    }
    folder.write("x.idx", &images);
    folder.write("x.npz", npz(&array));
    folder.write("x.npy", &array);
    folder.write("x.csv", table(&values, ","));
    folder.write("x.tsv", table(&values, "\t"));
    folder.write("x.csv.gz", gzip(table(&values, ",").as_bytes()));
    folder.write("x.svm", svmlight(&values));
    folder.write("x.mtx", matrix_market(&values));
    [
        "set", "x.idx", "x.npz", "x.npy", "x.csv", "x.tsv", "x.csv.gz", "x.svm", "x.mtx",
    ]
}

fn npz(array: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("x.npy", SimpleFileOptions::default())
        .expect("begun");
    zip.write_all(array).expect("written");
    zip.finish().expect("whole").into_inner()
}

fn table(values: &[f32], separator: &str) -> String {
    let line = |row: &[f32]| {
        let cells: Vec<String> = row.iter().map(f32::to_string).collect();
        cells.join(separator) + "\n"
    };
    values.chunks(D).map(line).collect()
}

fn svmlight(values: &[f32]) -> String {
    let mut text = String::new();
    for (i, row) in values.chunks(D).enumerate() {
        write!(text, "{}", i % 2).expect("written");
        for (j, value) in row.iter().enumerate() {
            write!(text, " {}:{value}", j + 1).expect("written");
        }
        text.push('\n');
    }
    text
}

fn matrix_market(values: &[f32]) -> String {
    let banner = "%%MatrixMarket matrix coordinate real general";
    let mut text = format!("{banner}\n{N} {D} {}\n", N * D);
    for (at, value) in values.iter().enumerate() {
        writeln!(text, "{} {} {value}", at / D + 1, at % D + 1).expect("written");
    }
    text
}

#[test]
fn every_format_gives_the_labels_of_the_whole_set_at_once() {
    let folder = Folder::new();
    let files = write_every_format(&folder);
    folder.train(&["set", "-k", "3"]);
    let model = Model::from_safetensors(&folder.read(MODEL), MODEL).expect("a model");
    for (i, file) in files.into_iter().enumerate() {
        let data = open(&folder.path(file), &ReadOptions::default()).expect("readable");
        let found = pollster::block_on(predict(&Cpu::new(), &model, &data, 1024)).expect("found");
        let mut expected = Vec::new();
        write_labels_csv(&mut expected, &found.assignment, &found.confidence, None)
            .expect("written");
        for rows in ["1", "4", "1000"] {
            let out = format!("{i}-{rows}");
            folder.ok(&predicting(file, &out, &["--block-rows", rows]));
            let labels = folder.read(&format!("{out}/labels.csv"));
            assert!(labels == expected, "{file} in blocks of {rows}");
            for (name, values) in [
                ("embedding", &found.embedding),
                ("soft_assignment", &found.soft_assignment),
            ] {
                let written = folder.read(&format!("{out}/{name}.npy"));
                let expected = npy(data.n_samples, 3, values);
                assert!(written == expected, "{name} of {file} in blocks of {rows}");
            }
        }
    }
}
