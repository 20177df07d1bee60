//! Sums the rows of each cluster, part by part (Lloyd's second step, first half).

use rayon::prelude::*;

use super::inputs;
use super::nearest_centroid::{Iteration, Restarts, host};
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case,
    Element::{F32, U32},
    Kernel, Tolerance, View, grid, params_of, read, views, write,
};

crate::params! {
    /// Global index of the block's first row.
    first: u32,
    /// Rows of x.
    rows: u32,
    /// Rows of all blocks.
    n: u32,
    /// Columns of x.
    d: u32,
    /// Clusters.
    k: u32,
    /// Restarts R.
    restarts: u32,
    /// Rows of one part; the block's last may have fewer.
    rows_per_part: u32,
    /// The block's first part.
    part_offset: u32,
    /// Parts of all blocks, P.
    parts: u32,
    /// t; a restart that converged before it is left alone.
    iteration: u32,
    /// A restart has converged when no more labels than this were new.
    tolerance: u32,
}

/// Clusters of one invocation (`CLUSTERS` in the WGSL).
const CLUSTERS: u32 = 32;

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "centroid_sum",
    wgsl: &[include_str!("../../shaders/centroid_sum.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("x", F32),
        read("mu", F32),
        read("label", U32),
        read("changes", U32),
        write("partial", F32),
    ],
    workgroup_size: [64, 1, 1],
    reference,
    fast: Some(fast),
    cases,
    mutation: ("cells[s * 64u + lane] += value", "cells[s * 64u + lane] = value"),
};

/// Where the parts of one block of rows lie among all parts.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    /// Rows of one part; the block's last may have fewer.
    pub rows_per_part: usize,
    /// The block's first part.
    pub offset: usize,
    /// Parts of all blocks, P.
    pub total: usize,
}

/// Writes partial (R·P·k, d + 1): per part and cluster the sum of the differences of its rows of x (rows, d)
/// from the centroid, and their count in the last column. A restart that converged in the iteration before is
/// left alone.
///
/// Differences, because equal rows then leave their centroid exactly where it is, and because rows far from
/// the origin lose no digits.
pub fn centroid_sum<D: Device>(
    device: &D,
    x: &Matrix<D>,
    first: usize,
    restarts: &Restarts<D>,
    iteration: Iteration,
    parts: Parts,
    partial: &Matrix<D>,
) {
    let (r, n, k) = restarts.sizes(iteration);
    x.expect_shape("x", x.rows, restarts.mu.cols);
    partial.expect_shape("partial", r * parts.total * k, x.cols + 1);
    let block_parts = x.rows.div_ceil(parts.rows_per_part);
    assert!(parts.offset + block_parts <= parts.total, "{block_parts} parts in {parts:?}");
    assert!(first + x.rows <= n, "rows {first}+{} of {n}", x.rows);
    let params = Params {
        first: param(first),
        rows: param(x.rows),
        n: param(n),
        d: param(x.cols),
        k: param(k),
        restarts: param(r),
        rows_per_part: param(parts.rows_per_part),
        part_offset: param(parts.offset),
        parts: param(parts.total),
        iteration: param(iteration.number),
        tolerance: iteration.tolerance,
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        workgroups(&params),
        &[
            &x.buffer,
            &restarts.mu.buffer,
            &restarts.label.buffer,
            &restarts.changes.buffer,
            &partial.buffer,
        ],
    );
}

fn workgroups(p: &Params) -> [u32; 3] {
    let parts = p.rows.div_ceil(p.rows_per_part);
    let items = p.restarts * parts * p.k.div_ceil(CLUSTERS) * (p.d + 1);
    grid(items as usize, 64)
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, mu, label, changes, partial] = views(buffers);
    let (d, k, rows) = (p.d as usize, p.k as usize, p.rows as usize);
    for r in running(&p, changes.u32()) {
        let label = &label.u32()[r * p.n as usize + p.first as usize..][..rows];
        for (part, start) in (0..rows).step_by(p.rows_per_part as usize).enumerate() {
            let mut sums = vec![0.0f64; k * (d + 1)];
            for i in start..(start + p.rows_per_part as usize).min(rows) {
                let j = label[i] as usize;
                for c in 0..d {
                    let difference = f64::from(x.f32()[i * d + c]) - f64::from(mu.f32()[(r * k + j) * d + c]);
                    sums[j * (d + 1) + c] += difference;
                }
                sums[j * (d + 1) + d] += 1.0;
            }
            let part = (r * p.parts as usize + p.part_offset as usize + part) * k * (d + 1);
            for (out, sum) in partial.f32_mut()[part..].iter_mut().zip(sums) {
                *out = sum as f32;
            }
        }
    }
}

fn running(p: &Params, changes: &[u32]) -> Vec<usize> {
    host::running_after(p.restarts as usize, p.iteration as usize, p.tolerance, changes)
}

/// Restarts that share the rows of a part while these are in cache.
const TOGETHER: usize = 8;
/// Values of x that are summed for all these restarts before the next are read: 256 KiB.
const IN_CACHE: usize = 65_536;

/// Columns from which rows are grouped by cluster before they are added.
const GROUPED_COLUMNS: usize = 32;

/// In f32, parts spread over threads. Each cell is summed by one thread, its rows in order.
fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, mu, label, changes, partial] = views(buffers);
    let (d, k, rows) = (p.d as usize, p.k as usize, p.rows as usize);
    let per_part = p.rows_per_part as usize;
    let (x, mu, label) = (&x.f32()[..rows * d], mu.f32(), label.u32());
    let restarts = running(&p, changes.u32());
    let mut parts: Vec<Vec<Sums<'_>>> = Vec::new();
    parts.resize_with(rows.div_ceil(per_part), Vec::new);
    let of_restart = partial.f32_mut().chunks_exact_mut(p.parts as usize * k * (d + 1));
    for (r, cells) in of_restart.enumerate().filter(|(r, _)| restarts.binary_search(r).is_ok()) {
        let label = &label[r * p.n as usize + p.first as usize..][..rows];
        let cells = cells.chunks_exact_mut(k * (d + 1)).skip(p.part_offset as usize);
        for ((sums, cells), label) in parts.iter_mut().zip(cells).zip(label.chunks(per_part)) {
            sums.push(Sums { mu: &mu[r * k * d..][..k * d], label, cells });
        }
    }
    let mut work: Vec<(&[f32], &mut [Sums<'_>])> = Vec::new();
    for (sums, x) in parts.iter_mut().zip(x.chunks(per_part * d)) {
        work.extend(sums.chunks_mut(TOGETHER).map(|sums| (x, sums)));
    }
    work.into_par_iter().for_each(|(x, sums)| sum_part(x, d, sums));
}

/// One restart's share of a part.
struct Sums<'a> {
    mu: &'a [f32],
    label: &'a [u32],
    /// (k, d + 1)
    cells: &'a mut [f32],
}

fn sum_part(x: &[f32], d: usize, sums: &mut [Sums<'_>]) {
    let rows = (IN_CACHE / d).max(1);
    sums.iter_mut().for_each(|sums| sums.cells.fill(0.0));
    for (tile, x) in x.chunks(rows * d).enumerate() {
        for sums in sums.iter_mut() {
            let label = &sums.label[tile * rows..][..x.len() / d];
            if d < GROUPED_COLUMNS {
                scatter(x, label, sums.mu, sums.cells);
                continue;
            }
            let (rows, ends) = by_label(label, sums.mu.len() / d);
            let mut start = 0;
            for (j, end) in ends.into_iter().enumerate() {
                let cells = &mut sums.cells[j * (d + 1)..][..d + 1];
                add_rows(x, &rows[start..end], &sums.mu[j * d..][..d], cells);
                start = end;
            }
        }
    }
}

/// Adds rows one by one.
fn scatter(x: &[f32], label: &[u32], mu: &[f32], cells: &mut [f32]) {
    let d = x.len() / label.len();
    for (row, label) in x.chunks_exact(d).zip(label) {
        let mu = &mu[*label as usize * d..][..d];
        let (sums, count) = cells[*label as usize * (d + 1)..][..d + 1].split_at_mut(d);
        for c in 0..d {
            sums[c] += row[c] - mu[c];
        }
        count[0] += 1.0;
    }
}

/// The rows of each cluster, in order: all of them cluster by cluster, and where each cluster ends.
fn by_label(label: &[u32], k: usize) -> (Vec<u32>, Vec<usize>) {
    let mut ends = vec![0; k];
    for label in label {
        ends[*label as usize] += 1;
    }
    let mut start = 0;
    for end in &mut ends {
        start += std::mem::replace(end, start);
    }
    let mut rows = vec![0; label.len()];
    for (i, label) in label.iter().enumerate() {
        let next = &mut ends[*label as usize];
        rows[*next] = i as u32;
        *next += 1;
    }
    (rows, ends)
}

/// Adds the differences of these rows from mu, and their count. Four rows at once: the cells are then read and
/// written a quarter as often.
fn add_rows(x: &[f32], rows: &[u32], mu: &[f32], cells: &mut [f32]) {
    let d = mu.len();
    let row = |i: u32| &x[i as usize * d..][..d];
    let (count, sums) = cells.split_last_mut().expect("the count's column");
    *count += rows.len() as f32;
    let (fours, rest) = rows.as_chunks::<4>();
    for four in fours {
        add_four(four.map(row), mu, sums);
    }
    for i in rest {
        for ((sum, value), mu) in sums.iter_mut().zip(row(*i)).zip(mu) {
            *sum += value - mu;
        }
    }
}

fn add_four(rows: [&[f32]; 4], mu: &[f32], sums: &mut [f32]) {
    let d = sums.len();
    let ([a, b, c, e], mu) = (rows.map(|row| &row[..d]), &mu[..d]);
    for i in 0..d {
        sums[i] += ((a[i] - mu[i]) + (b[i] - mu[i])) + ((c[i] - mu[i]) + (e[i] - mu[i]));
    }
}

fn cases() -> Vec<Case> {
    // (first, rows, n, d, k, restarts, rows_per_part, part_offset, parts, iteration): one of each, around
    // the workgroup size and the 32 clusters of an invocation, a block in the middle, parts of one row,
    // wide rows, the largest k promised.
    [
        (0, 1, 1, 1, 1, 1, 256, 0, 1, 0),
        (0, 257, 257, 2, 31, 1, 64, 0, 5, 0),
        (40, 61, 101, 15, 32, 4, 16, 3, 7, 1),
        (0, 100, 200, 7, 33, 2, 128, 0, 2, 2),
        (3, 5, 8, 784, 10, 3, 2, 0, 3, 0),
        (0, 70, 70, 3, 1024, 2, 1, 0, 70, 1),
        (0, 600, 600, 10, 10, 20, 256, 1, 4, 1),
    ]
    .map(|(first, rows, n, d, k, restarts, rows_per_part, part_offset, parts, iteration)| {
        let tolerance = 2;
        case(Params {
            first,
            rows,
            n,
            d,
            k,
            restarts,
            rows_per_part,
            part_offset,
            parts,
            iteration,
            tolerance,
        })
    })
    .to_vec()
}

/// Integers: sums are exact. The highest cluster is empty; the second restart has converged.
fn case(p: Params) -> Case {
    let (n, d, k, restarts) = (p.n as usize, p.d as usize, p.k as usize, p.restarts as usize);
    let label: Vec<u32> = (inputs::uniform(1, restarts * n).iter())
        .map(|u| ((u + 1.0) / 2.0 * (k - 1) as f32) as u32)
        .collect();
    let mut changes = vec![p.tolerance + 1; (p.iteration as usize + 1) * restarts];
    if p.iteration > 0 && restarts > 1 {
        changes[(p.iteration as usize - 1) * restarts + 1] = p.tolerance;
    }
    let name = format!(
        "{}x{d} from {}, k {k}, {restarts} restarts, parts of {} from {} of {}, iteration {}",
        p.rows, p.first, p.rows_per_part, p.part_offset, p.parts, p.iteration
    );
    let cells = restarts * p.parts as usize * k * (d + 1);
    Case::new(name, &p, workgroups(&p))
        .input(&inputs::integers(2, p.rows as usize * d))
        .input(&inputs::integers(3, restarts * k * d))
        .input(&label)
        .input(&changes)
        .update(&vec![0.5f32; cells], Tolerance::Exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_summed_and_counted() {
        let mut cells = [9.0; 6];
        let sums = Sums { mu: &[0.0, 1.0, 2.0, 0.0], label: &[1, 0, 1], cells: &mut cells };
        sum_part(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, &mut [sums]);
        assert_eq!(cells, [3.0, 3.0, 1.0, 2.0, 8.0, 2.0]);
    }
}
