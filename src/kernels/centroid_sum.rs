//! Sums the rows of each cluster, part by part (Lloyd's second step, first half).

mod host;

use super::inputs;
use super::nearest_centroid::{Iteration, Restarts, host::running_after};
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
        read("x", F32, "(rows, d)"),
        read("mu", F32, "(R, k, d)"),
        read("label", U32, "(R, n)"),
        read("changes", U32, "(iterations, R)"),
        write("partial", F32, "(R, P, k, d + 1)"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: Some(host::fast),
    cases,
    mutation: (
        "cells[s * 64u + lane] += value",
        "cells[s * 64u + lane] = value",
    ),
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
    assert!(
        parts.offset + block_parts <= parts.total,
        "{block_parts} parts in {parts:?}"
    );
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
        workgroups(&params, grid),
        &[
            &x.buffer,
            &restarts.mu.buffer,
            &restarts.label.buffer,
            &restarts.changes.buffer,
            &partial.buffer,
        ],
    );
}

/// `fold` is [`grid`], or in the cases one that folds small sizes too.
fn workgroups(p: &Params, fold: fn(usize, u32) -> [u32; 3]) -> [u32; 3] {
    let parts = p.rows.div_ceil(p.rows_per_part);
    let items = p.restarts * parts * p.k.div_ceil(CLUSTERS) * (p.d + 1);
    fold(items as usize, 64)
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, mu, label, changes, partial] = views(buffers);
    let (d, k, rows) = (p.d as usize, p.k as usize, p.rows as usize);
    for r in running(&p, changes.u32()) {
        let label = &label.u32()[r * p.n as usize + p.first as usize..][..rows];
        for (part, start) in (0..rows).step_by(p.rows_per_part as usize).enumerate() {
            let mut sums = vec![0.0f64; k * (d + 1)];
            let end = (start + p.rows_per_part as usize).min(rows);
            for (i, j) in (start..end).zip(&label[start..end]) {
                let (j, row) = (*j as usize, &x.f32()[i * d..][..d]);
                let mu = &mu.f32()[(r * k + j) * d..][..d];
                let sums = &mut sums[j * (d + 1)..][..d + 1];
                for c in 0..d {
                    sums[c] += f64::from(row[c]) - f64::from(mu[c]);
                }
                sums[d] += 1.0;
            }
            let part = (r * p.parts as usize + p.part_offset as usize + part) * k * (d + 1);
            for (out, sum) in partial.f32_mut()[part..].iter_mut().zip(sums) {
                *out = sum as f32;
            }
        }
    }
}

fn running(p: &Params, changes: &[u32]) -> Vec<usize> {
    running_after(
        p.restarts as usize,
        p.iteration as usize,
        p.tolerance,
        changes,
    )
}

fn cases() -> Vec<Case> {
    // (first, rows, n, d, k, restarts, rows_per_part, part_offset, parts, iteration): one of each, around
    // the workgroup size and the 32 clusters of an invocation, a block in the middle, parts of one row,
    // wide rows, more of them than the host version keeps in cache, the largest k promised.
    [
        (0, 1, 1, 1, 1, 1, 256, 0, 1, 0),
        (0, 257, 257, 2, 31, 1, 64, 0, 5, 0),
        (40, 61, 101, 15, 32, 4, 16, 3, 7, 1),
        (0, 100, 200, 7, 33, 2, 128, 0, 2, 2),
        (3, 5, 8, 784, 10, 3, 2, 0, 3, 0),
        (0, 200, 200, 784, 3, 9, 190, 0, 2, 0),
        (0, 70, 70, 3, 1024, 2, 1, 0, 70, 1),
        (0, 600, 600, 10, 10, 20, 256, 1, 4, 1),
    ]
    .map(
        |(first, rows, n, d, k, restarts, rows_per_part, part_offset, parts, iteration)| {
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
        },
    )
    .to_vec()
}

/// Integers: sums are exact. The highest cluster is empty; the second restart has converged.
fn case(p: Params) -> Case {
    let (n, d, k, restarts) = (
        p.n as usize,
        p.d as usize,
        p.k as usize,
        p.restarts as usize,
    );
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
    Case::new(name, &p, workgroups(&p, inputs::folded))
        .input(&inputs::integers(2, p.rows as usize * d))
        .input(&inputs::integers(3, restarts * k * d))
        .input(&label)
        .input(&changes)
        .update(&vec![0.5f32; cells], Tolerance::Exact)
}
