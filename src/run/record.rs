//! What a run says of itself: plain values, which [`crate::report`] writes into files.

mod history;
mod metrics;
mod runs;
mod tree;

pub use history::{HistoryError, HistoryRecord, parse_history};
pub use metrics::{
    DeviceFaultRecord, LoweredRate, METRICS_SCHEMA, RunIdentity, RunMetrics, RunScores, Seconds,
    Steps, StopReason,
};
pub use runs::{OneRun, RUNS_SCHEMA, Runs, Spread, StageSpread};
pub use tree::{ClusterJoining, ClusterTree, TREE_SCHEMA};
