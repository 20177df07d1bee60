//! The host version: blocks of rows over threads, all restarts of a block at once.
//!
//! Blocks have a fixed size and each is computed by one thread, so bits do not depend on the number of
//! threads. From [`PRODUCT_COLUMNS`] columns on, the centroids are ranked by |mu|² - 2 x·mu, one matrix
//! product for all restarts. The distance to the winner comes from the same product, unless so much cancels
//! that too few digits are left: then it is summed from differences.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};
use rayon::prelude::*;

use super::Params;
use crate::kernel::{View, params_of, views};

/// Rows of one block.
pub(crate) const BLOCK: usize = 256;
/// Columns from which the matrix product is faster than differences.
const PRODUCT_COLUMNS: usize = 16;
/// Most columns of one matrix product: 256 rows of them stay in a core's cache.
const PRODUCT_WIDTH: usize = 1024;
/// A distance is summed from differences when it is below this share of |x|² + |mu|²: above it the product
/// loses 4 of 24 bits at most.
const CANCELLED: f32 = 1.0 / 16.0;
/// Rows that are compared at once by differences.
const LANES: usize = 16;

/// The restarts that have not converged in the iteration before.
pub(crate) fn running(p: &Params, changes: &[u32]) -> Vec<usize> {
    let restarts = p.restarts as usize;
    running_after(restarts, p.iteration as usize, p.tolerance, changes)
}

/// The restarts among `restarts` that have not converged before `iteration`.
pub(crate) fn running_after(
    restarts: usize,
    iteration: usize,
    tolerance: u32,
    changes: &[u32],
) -> Vec<usize> {
    (0..restarts)
        .filter(|r| iteration == 0 || changes[(iteration - 1) * restarts + r] > tolerance)
        .collect()
}

/// |a - b|², what is right.
pub(crate) fn squared_distance_f64(a: &[f32], b: &[f32]) -> f64 {
    (a.iter().zip(b))
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
        .sum()
}

/// |a - b|² in f32: 16 running sums, which the compiler keeps in vector registers.
pub(crate) fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += (a - b) * (a - b);
        }
    }
    let rest: f32 = (a_rest.iter().zip(b_rest))
        .map(|(a, b)| (a - b) * (a - b))
        .sum();
    sums.iter().sum::<f32>() + rest
}

/// |a|²
fn square(a: &[f32]) -> f32 {
    a.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() as f32
}

/// The rows a dispatch works on, of a (restarts, n) matrix.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    /// Columns of the matrix.
    pub(crate) n: usize,
    /// The first row's index.
    pub(crate) first: usize,
    /// How many.
    pub(crate) rows: usize,
}

/// Cuts a (restarts, n) matrix into blocks of the span's rows; each block holds one piece per chosen restart.
pub(crate) fn blocks_mut<'a, T>(
    values: &'a mut [T],
    span: Span,
    restarts: &[usize],
) -> Vec<Vec<&'a mut [T]>> {
    let mut blocks: Vec<Vec<&mut [T]>> = Vec::new();
    blocks.resize_with(span.rows.div_ceil(BLOCK), Vec::new);
    for (r, row) in values.chunks_exact_mut(span.n).enumerate() {
        if restarts.binary_search(&r).is_ok() {
            let pieces = row[span.first..][..span.rows].chunks_mut(BLOCK);
            for (block, piece) in blocks.iter_mut().zip(pieces) {
                block.push(piece);
            }
        }
    }
    blocks
}

/// The centroids of the running restarts.
struct Centroids {
    /// (running·k, d)
    values: Vec<f32>,
    /// |mu|² of each.
    norms: Vec<f32>,
    k: usize,
    d: usize,
}

impl Centroids {
    fn gather(mu: &[f32], restarts: &[usize], k: usize, d: usize) -> Self {
        let values: Vec<f32> = (restarts.iter())
            .flat_map(|r| &mu[r * k * d..][..k * d])
            .copied()
            .collect();
        let norms = (values.chunks_exact(d)).map(square).collect();
        Self {
            values,
            norms,
            k,
            d,
        }
    }
}

/// One block of rows with what is known of them, one piece per running restart.
struct Block<'a> {
    x: &'a [f32],
    labels: Vec<&'a mut [u32]>,
    distances: Vec<&'a mut [f32]>,
    /// New labels per running restart.
    changes: Vec<u32>,
    /// Every label counts as new.
    fresh: bool,
}

impl Block<'_> {
    fn set(&mut self, restart: usize, i: usize, label: u32, distance: f32) {
        let old = &mut self.labels[restart][i];
        self.changes[restart] += u32::from(self.fresh || *old != label);
        *old = label;
        self.distances[restart][i] = distance;
    }
}

/// The kernel on the host.
pub(super) fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, mu, label, distance, changes] = views(buffers);
    let restarts = running(&p, changes.u32());
    if restarts.is_empty() {
        return;
    }
    let d = p.d as usize;
    let span = Span {
        n: p.n as usize,
        first: p.first as usize,
        rows: p.rows as usize,
    };
    let centroids = Centroids::gather(mu.f32(), &restarts, p.k as usize, d);
    let labels = blocks_mut(label.u32_mut(), span, &restarts);
    let distances = blocks_mut(distance.f32_mut(), span, &restarts);
    let counts: Vec<Vec<u32>> = (labels.into_par_iter().zip(distances))
        .zip(x.f32()[..span.rows * d].par_chunks(BLOCK * d))
        .map(|((labels, distances), x)| {
            let block = Block {
                x,
                labels,
                distances,
                changes: vec![0; restarts.len()],
                fresh: p.iteration == 0,
            };
            label_block(block, &centroids)
        })
        .collect();
    let changes = &mut changes.u32_mut()[(p.iteration * p.restarts) as usize..];
    for counts in counts {
        for (r, count) in restarts.iter().zip(counts) {
            changes[*r] += count;
        }
    }
}

fn label_block(mut block: Block<'_>, centroids: &Centroids) -> Vec<u32> {
    if centroids.d < PRODUCT_COLUMNS {
        by_difference(&mut block, centroids);
    } else {
        by_product(&mut block, centroids);
    }
    block.changes
}

/// Ranks centroids by |mu|² - 2 x·mu, some restarts at a time.
fn by_product(block: &mut Block<'_>, centroids: &Centroids) {
    let Centroids {
        values,
        norms,
        k,
        d,
    } = centroids;
    let rows = block.x.len() / d;
    let x = ArrayView2::from_shape((rows, *d), block.x).expect("a block of whole rows");
    let squares: Vec<f32> = block.x.chunks_exact(*d).map(square).collect();
    let together = (PRODUCT_WIDTH / k).max(1);
    let mut scores = Vec::new();
    for (group, norms) in norms.chunks(together * k).enumerate() {
        let width = norms.len();
        let mu = &values[group * together * k * d..][..width * d];
        scores.clear();
        scores.extend((0..rows).flat_map(|_| norms));
        general_mat_mul(
            -2.0,
            &x,
            &ArrayView2::from_shape((width, *d), mu)
                .expect("whole centroids")
                .t(),
            1.0,
            &mut ArrayViewMut2::from_shape((rows, width), &mut scores).expect("a score per pair"),
        );
        for (i, scores) in scores.chunks_exact(width).enumerate() {
            let row = &block.x[i * d..][..*d];
            for (s, scores) in scores.chunks_exact(*k).enumerate() {
                let j = lowest(scores);
                let whole = squares[i] + norms[s * k + j];
                let mut distance = squares[i] + scores[j];
                if distance < CANCELLED * whole {
                    distance = squared_distance(row, &mu[(s * k + j) * d..][..*d]);
                }
                block.set(group * together + s, i, j as u32, distance);
            }
        }
    }
}

/// The position of the lowest score; of equal ones the first.
fn lowest(scores: &[f32]) -> usize {
    let mut best = 0;
    for (j, score) in scores.iter().enumerate() {
        if *score < scores[best] {
            best = j;
        }
    }
    best
}

/// [`LANES`] rows, column by column.
type Tile = [[f32; LANES]; PRODUCT_COLUMNS];

/// Compares [`LANES`] rows at once with each centroid, by differences.
fn by_difference(block: &mut Block<'_>, centroids: &Centroids) {
    let Centroids { values, k, d, .. } = centroids;
    let rows = block.x.len() / d;
    let tiles: Vec<Tile> = block.x.chunks(LANES * d).map(|x| tile(x, *d)).collect();
    for (r, mu) in values.chunks_exact(k * d).enumerate() {
        for (start, tile) in (0..rows).step_by(LANES).zip(&tiles) {
            let (labels, distances) = nearest_lanes(&tile[..*d], mu);
            for i in start..rows.min(start + LANES) {
                block.set(r, i, labels[i - start], distances[i - start]);
            }
        }
    }
}

fn tile(x: &[f32], d: usize) -> Tile {
    let mut tile = [[0.0; LANES]; PRODUCT_COLUMNS];
    for (lane, row) in x.chunks_exact(d).enumerate() {
        for (column, value) in tile.iter_mut().zip(row) {
            column[lane] = *value;
        }
    }
    tile
}

fn nearest_lanes(columns: &[[f32; LANES]], mu: &[f32]) -> ([u32; LANES], [f32; LANES]) {
    let mut best = [0u32; LANES];
    let mut best_distance = [f32::MAX; LANES];
    for (j, mu) in mu.chunks_exact(columns.len()).enumerate() {
        let mut sums = [0.0f32; LANES];
        for (column, mu) in columns.iter().zip(mu) {
            for (sum, value) in sums.iter_mut().zip(column) {
                *sum += (value - mu) * (value - mu);
            }
        }
        for lane in 0..LANES {
            let closer = sums[lane] < best_distance[lane];
            best[lane] = if closer { j as u32 } else { best[lane] };
            best_distance[lane] = if closer {
                sums[lane]
            } else {
                best_distance[lane]
            };
        }
    }
    (best, best_distance)
}
