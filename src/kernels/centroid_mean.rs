//! Moves each centroid to the mean of its rows (Lloyd's second step, second half).

use rayon::prelude::*;

use super::inputs;
use super::nearest_centroid::{Iteration, Restarts};
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case,
    Element::{F32, U32},
    Kernel, Tolerance, View, grid, params_of, read, views, write,
};

crate::params! {
    /// Columns.
    d: u32,
    /// Clusters.
    k: u32,
    /// Restarts R.
    restarts: u32,
    /// Parts P.
    parts: u32,
    /// t; a restart that converged in it is left alone.
    iteration: u32,
    /// A restart has converged when no more labels than this were new.
    tolerance: u32,
}

/// Cells of one workgroup (`CELLS` in the WGSL).
const CELLS: u32 = 16;

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "centroid_mean",
    wgsl: &[include_str!("../../shaders/centroid_mean.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("partial", F32, "(R, P, k, d + 1)"),
        read("changes", U32, "(iterations, R)"),
        write("mu", F32, "(R, k, d)"),
        write("count", U32, "(R, k)"),
    ],
    workgroup_size: [256, 1, 1],
    tile: None,
    reference,
    fast: Some(fast),
    cases,
    mutation: ("half >= CELLS", "half > CELLS"),
};

/// Moves the centroids of all restarts by the mean differences in partial (R·P·k, d + 1), and writes
/// count (R, k). An empty cluster keeps its centroid; a restart that converged in this iteration is left alone.
pub fn centroid_mean<D: Device>(
    device: &D,
    partial: &Matrix<D>,
    restarts: &Restarts<D>,
    iteration: Iteration,
    count: &Matrix<D>,
) {
    let (r, _, k) = restarts.sizes(iteration);
    let mu = &restarts.mu;
    let parts = partial.rows / (r * k);
    partial.expect_shape("partial", r * parts * k, mu.cols + 1);
    count.expect_shape("count", r, k);
    let params = Params {
        d: param(mu.cols),
        k: param(k),
        restarts: param(r),
        parts: param(parts),
        iteration: param(iteration.number),
        tolerance: iteration.tolerance,
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        workgroups(&params, grid),
        &[
            &partial.buffer,
            &restarts.changes.buffer,
            &mu.buffer,
            &count.buffer,
        ],
    );
}

/// `fold` is [`grid`], or in the cases one that folds small sizes too.
fn workgroups(p: &Params, fold: fn(usize, u32) -> [u32; 3]) -> [u32; 3] {
    fold((p.restarts * p.k * p.d) as usize, CELLS)
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [partial, changes, mu, count] = views(buffers);
    for (cell, (mu, count)) in clusters(&p, mu.f32_mut(), count.u32_mut()).enumerate() {
        mean(&p, partial.f32(), changes.u32(), cell, mu, count);
    }
}

/// The reference with its clusters spread over threads.
fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [partial, changes, mu, count] = views(buffers);
    let all: Vec<_> = clusters(&p, mu.f32_mut(), count.u32_mut()).collect();
    (all.into_par_iter().enumerate())
        .for_each(|(cell, (mu, count))| mean(&p, partial.f32(), changes.u32(), cell, mu, count));
}

/// The centroid and the count of each (restart, cluster).
fn clusters<'a>(
    p: &Params,
    mu: &'a mut [f32],
    count: &'a mut [u32],
) -> impl Iterator<Item = (&'a mut [f32], &'a mut u32)> {
    let cells = (p.restarts * p.k) as usize;
    mu.chunks_exact_mut(p.d as usize).zip(count).take(cells)
}

/// One centroid; `cell` is its (restart, cluster).
fn mean(
    p: &Params,
    partial: &[f32],
    changes: &[u32],
    cell: usize,
    mu: &mut [f32],
    count: &mut u32,
) {
    let (d, k, parts) = (p.d as usize, p.k as usize, p.parts as usize);
    let (r, j) = (cell / k, cell % k);
    if changes[(p.iteration * p.restarts) as usize + r] <= p.tolerance {
        return;
    }
    let mut sums = vec![0.0f64; d];
    let mut rows = 0;
    for part in 0..parts {
        let row = &partial[((r * parts + part) * k + j) * (d + 1)..][..d + 1];
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += f64::from(*value);
        }
        rows += row[d] as u32;
    }
    if rows > 0 {
        for (mu, sum) in mu.iter_mut().zip(sums) {
            *mu = (f64::from(*mu) + sum / f64::from(rows)) as f32;
        }
    }
    *count = rows;
}

fn cases() -> Vec<Case> {
    // (d, k, restarts, parts, iteration): one of each, around the 16 cells and 16 shares of a workgroup,
    // wide rows, the largest k promised.
    [
        (1, 1, 1, 1, 0),
        (5, 3, 1, 15, 0),
        (4, 4, 1, 16, 1),
        (17, 5, 3, 17, 2),
        (784, 10, 2, 5, 1),
        (2, 1024, 2, 3, 1),
        (10, 10, 20, 274, 1),
    ]
    .map(|(d, k, restarts, parts, iteration)| {
        case(Params {
            d,
            k,
            restarts,
            parts,
            iteration,
            tolerance: 2,
        })
    })
    .to_vec()
}

/// Every fifth cluster is empty; the second restart has converged.
fn case(p: Params) -> Case {
    let (d, k, restarts) = (p.d as usize, p.k as usize, p.restarts as usize);
    let rows = restarts * p.parts as usize * k;
    let mut partial = inputs::uniform(1, rows * (d + 1));
    for (cell, row) in partial.chunks_exact_mut(d + 1).enumerate() {
        row[d] = if cell % k % 5 == 3 {
            0.0
        } else {
            (cell % 4) as f32
        };
        if row[d] == 0.0 {
            row.fill(0.0);
        }
    }
    let mut changes = vec![p.tolerance + 1; (p.iteration as usize + 1) * restarts];
    if restarts > 1 {
        changes[p.iteration as usize * restarts + 1] = p.tolerance;
    }
    let label = format!(
        "d {d}, k {k}, {restarts} restarts, {} parts, iteration {}",
        p.parts, p.iteration
    );
    Case::new(label, &p, workgroups(&p, inputs::folded))
        .input(&partial)
        .input(&changes)
        .update(
            &inputs::uniform(2, restarts * k * d),
            Tolerance::sum(p.parts as usize, 1.0),
        )
        .update(&vec![77u32; restarts * k], Tolerance::Exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_cluster_keeps_its_centroid() {
        let p = Params {
            d: 1,
            k: 2,
            restarts: 1,
            parts: 2,
            iteration: 0,
            tolerance: 0,
        };
        // Cluster 0: differences 1 and 5 in one part, 6 in the other. Cluster 1: none.
        let partial = [6.0, 2.0, 0.0, 0.0, 6.0, 1.0, 0.0, 0.0];
        let (mut mu, mut count) = ([0.5, 0.5], [9, 9]);
        for (cell, (mu, count)) in clusters(&p, &mut mu, &mut count).enumerate() {
            mean(&p, &partial, &[1], cell, mu, count);
        }
        assert_eq!((mu, count), ([4.5, 0.5], [3, 0]));
    }
}
