//! What two runs of one configuration have in common.

/// The files of a run with labels that hold no times: the same whether it was interrupted or not.
pub(crate) const SAME: [&str; 7] = [
    "centroids.npy",
    "config.toml",
    "confusion.csv",
    "embedding.npy",
    "labels.csv",
    "model.safetensors",
    "soft_assignment.npy",
];
