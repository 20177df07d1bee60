//! Malformed files, one table for each reader. What is in a table is read by the library (`data_hostile`, `model_hostile`)
//! and by the program (`cli`), and is what fuzzing begins with (`fuzzed`, `fuzz/`).

#![allow(dead_code, reason = "each binary uses its part")]

pub(crate) mod checkpoints;
pub(crate) mod columns;
pub(crate) mod configs;
pub(crate) mod gzip;
pub(crate) mod idx;
pub(crate) mod labels;
pub(crate) mod make;
pub(crate) mod matrix_market;
mod model_body;
mod model_tables;
pub(crate) mod models;
pub(crate) mod npy;
pub(crate) mod npz;
pub(crate) mod svmlight;
pub(crate) mod table;

/// What the case is, the file's bytes, and words of the error.
pub(crate) type Case = (&'static str, Vec<u8>, &'static str);

/// The tables of data, each with the name that its files have.
pub(crate) fn data() -> Vec<(&'static str, Vec<Case>)> {
    vec![
        ("a.idx", idx::cases()),
        ("a.npy", npy::cases()),
        ("a.npz", npz::cases()),
        ("a.csv", table::cases()),
        ("a.gz", gzip::cases()),
        ("x.svm", svmlight::cases()),
        ("x.mtx", matrix_market::cases()),
    ]
}
