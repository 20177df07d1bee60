//! How many restarts run together, and how sums are cut into parts.

use super::{KMeansOptions, Rows};
use crate::device::{Device, FaultKind, Result, param};
use crate::kernel::MAX_WORKGROUPS;
use crate::kernels::centroid_sum::Parts;

/// Most memory for the state of one group of restarts, unless a single restart needs more.
pub(super) const SCRATCH_BYTES: usize = 64 << 20;
/// Most memory for the partial sums of one restart, unless a single part needs more.
const PARTIAL_BYTES: usize = 3 << 20;
/// Fewest rows of a part.
const MIN_ROWS_PER_PART: usize = 256;
/// Most rows of a part: they are counted in f32, which is exact up to here.
const MAX_ROWS_PER_PART: usize = 1 << 24;

/// The sizes of a run. Only [`Plan::together`] depends on the memory for a group.
pub(super) struct Plan {
    /// Restarts that run together.
    pub(super) together: usize,
    /// Per block, where its parts lie.
    pub(super) parts: Vec<Parts>,
    /// Rows that are drawn for each centroid of k-means++, T: 2 + ⌊ln k⌋, as in scikit-learn, and at most k.
    pub(super) trials: usize,
    /// A restart has converged when no more labels than this are new.
    pub(super) tolerance: u32,
}

impl Plan {
    pub(super) fn new<D: Device, R: Rows<D> + ?Sized>(
        device: &D,
        rows: &R,
        options: &KMeansOptions,
        scratch_bytes: usize,
    ) -> Result<Self> {
        let (n, d, k) = (rows.n(), rows.d(), options.n_clusters);
        let lengths: Vec<usize> = (0..rows.blocks())
            .map(|b| rows.block(device, b).1.rows)
            .collect();
        let parts = cut(&lengths, 4 * k * (d + 1));
        let trials = (2 + (k as f64).ln() as usize).min(k);
        // Per restart: the partial sums, the candidates of k-means++ with theirs, the centroids, labels and distances.
        let partial = 4 * parts[0].total * k * (d + 1);
        let largest = partial.max(4 * n);
        if largest > device.room().binding_bytes {
            let text = format!(
                "k-means of {n} rows of {d} values in {k} clusters needs a buffer of {largest} bytes, \
                 one binding holds {}; use fewer rows or clusters",
                device.room().binding_bytes
            );
            return Err(FaultKind::Other.of(&device.info().name, text));
        }
        let candidates = 4 * trials * (k + d + parts[0].total);
        let together = (scratch_bytes / (partial + candidates + 4 * k * d + 8 * n))
            .min(device.room().binding_bytes / largest)
            .min(MAX_WORKGROUPS as usize / trials)
            .clamp(1, options.restarts);
        // At the first iteration all n labels are new: it must never count as converged.
        let tolerance = ((options.tolerance * n as f64) as usize).min(n - 1);
        Ok(Self {
            together,
            parts,
            trials,
            tolerance: param(tolerance),
        })
    }
}

/// Cuts blocks of rows into parts of equal length, so that the sums of all parts stay under a bound.
fn cut(lengths: &[usize], part_bytes: usize) -> Vec<Parts> {
    let count = |rows_per_part| {
        lengths
            .iter()
            .map(|rows| usize::div_ceil(*rows, rows_per_part))
            .sum()
    };
    let mut rows_per_part = MIN_ROWS_PER_PART;
    let mut total: usize = count(rows_per_part);
    while total > lengths.len()
        && total * part_bytes > PARTIAL_BYTES
        && rows_per_part < MAX_ROWS_PER_PART
    {
        rows_per_part *= 2;
        total = count(rows_per_part);
    }
    let mut offset = 0;
    (lengths.iter())
        .map(|rows| {
            let parts = Parts {
                rows_per_part,
                offset,
                total,
            };
            offset += rows.div_ceil(rows_per_part);
            parts
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_blocks_within_the_bound() {
        for (lengths, bytes) in [
            (vec![1], 8),
            (vec![70_000], 4 * 10 * 11),
            (vec![41_943, 28_057], 4 * 10 * 785),
            (vec![1000, 1000, 1], 4 << 20),
            (vec![10_000_000], 440),
        ] {
            let parts = cut(&lengths, bytes);
            let mut next = 0;
            for (rows, parts) in lengths.iter().zip(&parts) {
                assert_eq!(parts.offset, next);
                next += rows.div_ceil(parts.rows_per_part);
            }
            assert_eq!(parts[0].total, next);
            assert!(
                next * bytes <= PARTIAL_BYTES || next == lengths.len(),
                "{lengths:?}: {parts:?}"
            );
        }
    }
}
