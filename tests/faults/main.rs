//! The program when the system fails it or kills it: at every write, at every read, at every moment of a checkpoint.
//!
//! `shim.c` makes the faults. A short form runs by default, which takes every few turns; `DEC_GPU_FAULTS=all` takes all:
//! `DEC_GPU_FAULTS=all cargo test --release --test faults -- --nocapture`.
#![cfg(target_os = "linux")]

#[path = "../common/runs.rs"]
mod common_runs;
mod kills;
mod limits;
mod reads;
mod shim;
mod support;
mod writes;
