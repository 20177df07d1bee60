//! The program as a user or a script meets it: every exit code, what is written, what is said.

mod bad_data;
mod bad_usage;
mod bench;
mod choose;
#[path = "../common/runs.rs"]
mod common_runs;
mod explain;
mod export;
mod hostile;
mod ids;
mod images;
mod info;
#[cfg(target_os = "linux")]
mod memory;
mod neighbours;
mod numeric;
mod onnx_graph;
mod output;
mod predict;
mod predict_faults;
mod predict_formats;
mod prepare;
mod pretrained;
mod report;
mod resume;
mod run_folder;
mod runs;
mod single_cells;
mod sparse;
mod support;
#[path = "../hostile/mod.rs"]
mod tables;
mod tensorboard;
mod terminal;
