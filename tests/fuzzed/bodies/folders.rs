//! Readers that need files in a folder: images, and the three files of 10x Genomics.

use std::fs;
use std::sync::OnceLock;

use dec_gpu::data::{self, ReadOptions};
use tempfile::TempDir;

use super::{data::consistent, forced, text};

/// Bytes between the files of a folder.
pub(crate) const NEXT: &[u8] = b"\n--\n";

/// Bytes that a picture of so many may become: a pixel takes no byte of its own where it is that of its neighbours.
const MOST: usize = 1 << 22;

pub(crate) fn png(bytes: &[u8]) {
    picture("a.png", &forced(b"\x89PNG\r\n\x1a\n", bytes));
}

pub(crate) fn jpeg(bytes: &[u8]) {
    picture("a.jpg", &forced(b"\xff\xd8\xff", bytes));
}

fn picture(name: &str, bytes: &[u8]) {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    open(&FOLDER, &[(name, bytes)]);
}

/// The matrix, then cells and genes, if they are there.
pub(crate) fn ten_x(bytes: &[u8]) {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let mut parts = split(bytes).into_iter();
    let names = ["matrix.mtx", "barcodes.tsv", "features.tsv"];
    let files: Vec<(&str, &[u8])> = names
        .into_iter()
        .map(|name| (name, parts.next().unwrap_or_default()))
        .collect();
    open(&FOLDER, &files);
}

fn open(folder: &'static OnceLock<TempDir>, files: &[(&str, &[u8])]) {
    let folder = folder.get_or_init(|| tempfile::tempdir().expect("a folder"));
    // One body at a time uses the folder: targets are processes or tests of their own.
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).expect("written");
    }
    let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    match data::open(folder.path(), &ReadOptions::default()) {
        Ok(set) => consistent(&set, bytes.max(MOST)),
        Err(error) => text::check(error, &folder.path().display().to_string()),
    }
    for (name, _) in files {
        fs::remove_file(folder.path().join(name)).expect("removed");
    }
}

fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(NEXT.len()).position(|found| found == NEXT) {
        parts.push(&rest[..at + 1]);
        rest = &rest[at + NEXT.len()..];
    }
    parts.push(rest);
    parts
}
