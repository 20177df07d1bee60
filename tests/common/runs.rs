//! What two runs of one configuration have in common.

/// The files of a run with labels that hold no times: the same whether it was interrupted or not.
pub(crate) const SAME: [&str; 9] = [
    "centroids.npy",
    "config.toml",
    "confusion.csv",
    "embedding.npy",
    "labels.csv",
    "map.npy",
    "model.safetensors",
    "soft_assignment.npy",
    "tree.json",
];
