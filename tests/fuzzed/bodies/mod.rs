//! What must hold whatever the bytes are, reader by reader: fuzzing (`../fuzz`) and the property tests beside this call
//! the same bodies.
//!
//! No reader may panic. What it accepts must be whole and come out the same by every way of reading it; what it
//! refuses it must say in a short text that begins with the file's name and cannot steer a terminal.

mod checkpoint;
mod config;
mod data;
mod folders;
mod model;
mod seeds;
mod text;
mod words;

pub(crate) use words::{NUMBERS, WORDS};

/// Bytes that a target begins with.
pub(crate) type Seeds = fn() -> Vec<Vec<u8>>;

/// A reader under test.
pub(crate) struct Target {
    /// As fuzzing calls it.
    pub(crate) name: &'static str,
    /// What must hold; panics if it does not.
    pub(crate) body: fn(&[u8]),
    /// Valid files, and malformed ones.
    pub(crate) seeds: Seeds,
}

macro_rules! targets {
    ($($(#[$meta:meta])* $name:literal, $body:path, $seeds:path;)*) => {
        /// Every reader. A new one is one line here and one in `../fuzz/Cargo.toml`.
        pub(crate) const TARGETS: &[Target] = &[$($(#[$meta])* Target {
            name: $name,
            body: $body,
            seeds: $seeds,
        }),*];
    };
}

targets! {
    "idx", data::idx, seeds::idx;
    "npy", data::npy, seeds::npy;
    "npz", data::npz, seeds::npz;
    "csv", data::any, seeds::csv;
    "svmlight", data::any, seeds::svmlight;
    "mtx", data::mtx, seeds::mtx;
    "gzip", data::gzip, seeds::gzip;
    "labels", data::labels, seeds::labels;
    "png", folders::png, seeds::png;
    "jpeg", folders::jpeg, seeds::jpeg;
    "ten_x", folders::ten_x, seeds::ten_x;
    "parquet", data::parquet, seeds::parquet;
    "h5ad", data::h5ad, seeds::h5ad;
    "model", model::model, seeds::model;
    "checkpoint", checkpoint::checkpoint, seeds::checkpoint;
    "config", config::config, seeds::config;
}

/// The target of that name.
pub(crate) fn target(name: &str) -> &'static Target {
    let found = TARGETS.iter().find(|target| target.name == name);
    found.unwrap_or_else(|| panic!("no target {name}"))
}

/// `bytes` with these at the front, so that all go to one reader.
fn forced(magic: &[u8], bytes: &[u8]) -> Vec<u8> {
    let rest = bytes.get(magic.len()..).unwrap_or_default();
    [magic, rest].concat()
}
