//! The graph of nearest neighbours, its layouts, and the clusters they show.
//!
//! | step | what | where |
//! |---|---|---|
//! | space | the rows on their principal directions, or an embedding | [`Principal`] |
//! | graph | the k nearest of each row, exactly; UMAP's memberships and their fuzzy union | [`nearest_rows`], [`membership`], [`Graph`] |
//! | layouts | the graph laid out freely in d dimensions with DEC's kernel 1/(1 + &#124;Δ&#124;²) | [`Laying`] |
//! | slow walks | with two or three clusters, the graph's slowest walks as one more layout | `spectral` |
//! | candidates | k-means, a mixture, and many small clusters merged along the graph, each moved along the graph | [`candidates()`] |
//! | choice | of the half with the highest modularity the one that agrees best with all others, if the graph shows more than k-means on the space sees | [`Verdict`] |
//!
//! Nothing here looks at labels. All is deterministic on one device.

mod candidates;
mod choice;
mod graph;
mod layout;
mod means;
mod merge;
mod moves;
mod pca;
mod principal;
mod spectral;

pub use candidates::{Candidate, Laid, candidates};
pub(crate) use choice::{Pool, RAW, are_few};
pub use choice::{Verdict, Weighed};
pub use graph::Graph;
pub use layout::{Laying, LayoutOptions};
pub(crate) use means::Means;
pub use merge::{Joining, merge, tree};
pub use moves::move_labels;
pub use pca::Pca;
pub use principal::{MOSTLY_ZEROS, Principal};
pub(crate) use principal::{host_bytes, is_mostly_zeros};
pub(crate) use spectral::slow_walks;

use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::membership::membership;
use crate::kernels::nearest_rows::nearest_rows;

/// Neighbours of each of n rows for k clusters: about half a cluster, within 5 to 15, and fewer than there are rows.
pub fn neighbours_for(n: usize, k: usize) -> usize {
    (n / (2 * k).max(1)).clamp(5, 15).min(n.saturating_sub(1))
}

/// Bytes of the host for each point of a graph whose slowest walks are looked for; 0 where they are not.
pub(crate) fn bytes_of_slow_walks(n_clusters: usize) -> usize {
    match are_few(n_clusters) {
        true => size_of::<f32>() * spectral::STEPS,
        false => 0,
    }
}

/// The graph of the `k` nearest rows of each row of x, in blocks (rows, m).
///
/// # Errors
/// The device's.
///
/// # Panics
/// If k is 0, above 64, or not below the number of rows.
pub async fn graph<D: Device>(device: &D, x: &[Matrix<D>], k: usize) -> Result<Graph> {
    let nearest = nearest_rows(device, x, k)?;
    let (mut index, mut weight) = (Vec::new(), Vec::new());
    for (own, distance) in nearest.index.iter().zip(&nearest.distance) {
        let of_block = Matrix::zeros(device, distance.rows, k)?;
        membership(device, distance, &of_block);
        index.extend_from_slice(&device.download(&own.buffer).await?[..own.len()]);
        weight.extend(of_block.download(device).await?);
    }
    Ok(Graph::of_memberships(&index, &weight, k))
}
