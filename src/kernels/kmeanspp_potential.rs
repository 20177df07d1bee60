//! What the squared distances would sum up to with another centroid (greedy k-means++), part by part.

use rayon::prelude::*;

use super::centroid_sum::Parts;
use super::inputs;
use super::nearest_centroid::host;
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case, Element::F32, Kernel, Tolerance, View, grid, params_of, read, views, write,
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
    /// Restarts R.
    restarts: u32,
    /// Candidates of each restart, T.
    trials: u32,
    /// Rows of one part; the block's last may have fewer.
    rows_per_part: u32,
    /// The block's first part.
    part_offset: u32,
    /// Parts of all blocks, P.
    parts: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "kmeanspp_potential",
    wgsl: &[
        include_str!("../../shaders/sum_workgroup.wgsl"),
        include_str!("../../shaders/kmeanspp_potential.wgsl"),
    ],
    params: Params::FIELDS,
    bindings: &[
        read("x", F32, "(rows, d)"),
        read("candidate", F32, "(R, T, d)"),
        read("distance", F32, "(R, n)"),
        write("partial", F32, "(R, T, P)"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: Some(fast),
    cases,
    mutation: ("min(squared,", "max(squared,"),
};

/// Writes the block's parts of partial (R·T, P): over the rows of x (rows, d), from `first` on, the sum of their squared
/// distance to the nearest of the centroids so far, in distance (R, n), and the row's candidate (R·T, d).
pub fn kmeanspp_potential<D: Device>(
    device: &D,
    x: &Matrix<D>,
    first: usize,
    candidate: &Matrix<D>,
    distance: &Matrix<D>,
    parts: Parts,
    partial: &Matrix<D>,
) {
    let (restarts, n) = (distance.rows, distance.cols);
    candidate.expect_shape("candidate", candidate.rows, x.cols);
    partial.expect_shape("partial", candidate.rows, parts.total);
    assert!(first + x.rows <= n, "rows {first}+{} of {n}", x.rows);
    assert_eq!(
        candidate.rows % restarts,
        0,
        "candidates of {restarts} restarts"
    );
    let params = Params {
        first: param(first),
        rows: param(x.rows),
        n: param(n),
        d: param(x.cols),
        restarts: param(restarts),
        trials: param(candidate.rows / restarts),
        rows_per_part: param(parts.rows_per_part),
        part_offset: param(parts.offset),
        parts: param(parts.total),
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        workgroups(&params, grid),
        &[
            &x.buffer,
            &candidate.buffer,
            &distance.buffer,
            &partial.buffer,
        ],
    );
}

/// `fold` is [`grid`], or in the cases one that folds small sizes too.
fn workgroups(p: &Params, fold: fn(usize, u32) -> [u32; 3]) -> [u32; 3] {
    let [x, y, _] = fold(p.rows.div_ceil(p.rows_per_part) as usize, 1);
    [x, y, p.restarts * p.trials]
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, candidate, distance, partial] = views(buffers);
    let (d, n, per_part) = (p.d as usize, p.n as usize, p.rows_per_part as usize);
    let x = &x.f32()[..p.rows as usize * d];
    for cell in 0..(p.restarts * p.trials) as usize {
        let candidate = &candidate.f32()[cell * d..][..d];
        let distance = &distance.f32()[cell / p.trials as usize * n + p.first as usize..];
        for (part, x) in x.chunks(per_part * d).enumerate() {
            let nearest = &distance[part * per_part..];
            let sum: f64 = (x.chunks_exact(d).zip(nearest))
                .map(|(row, nearest)| {
                    host::squared_distance_f64(row, candidate).min(f64::from(*nearest))
                })
                .sum();
            let to = cell * p.parts as usize + p.part_offset as usize + part;
            partial.f32_mut()[to] = sum as f32;
        }
    }
}

/// In f32, parts of rows spread over threads; a row is read once for all candidates.
fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, candidate, distance, partial] = views(buffers);
    let (d, n, per_part) = (p.d as usize, p.n as usize, p.rows_per_part as usize);
    let (candidate, distance) = (candidate.f32(), distance.f32());
    let sums: Vec<Vec<f32>> = (x.f32()[..p.rows as usize * d].par_chunks(per_part * d))
        .enumerate()
        .map(|(part, x)| {
            let mut sums = vec![0.0; (p.restarts * p.trials) as usize];
            for (i, row) in x.chunks_exact(d).enumerate() {
                for (cell, sum) in sums.iter_mut().enumerate() {
                    let r = cell / p.trials as usize;
                    let nearest = distance[r * n + p.first as usize + part * per_part + i];
                    *sum += host::squared_distance(row, &candidate[cell * d..][..d]).min(nearest);
                }
            }
            sums
        })
        .collect();
    for (part, sums) in sums.iter().enumerate() {
        for (cell, sum) in sums.iter().enumerate() {
            let to = cell * p.parts as usize + p.part_offset as usize + part;
            partial.f32_mut()[to] = *sum;
        }
    }
}

fn cases() -> Vec<Case> {
    // (first, rows, n, d, restarts, trials, rows_per_part, part_offset, parts): one of each, around the workgroup size, a
    // block in the middle, parts of which the last is short, wide rows.
    [
        (0, 1, 1, 1, 1, 1, 256, 0, 1),
        (0, 63, 63, 5, 3, 4, 64, 0, 1),
        (17, 64, 101, 3, 2, 2, 64, 1, 2),
        (36, 65, 101, 10, 1, 3, 32, 2, 6),
        (0, 600, 601, 10, 20, 4, 256, 0, 3),
        (2, 5, 11, 784, 3, 2, 2, 1, 5),
    ]
    .map(
        |(first, rows, n, d, restarts, trials, rows_per_part, part_offset, parts)| {
            case(Params {
                first,
                rows,
                n,
                d,
                restarts,
                trials,
                rows_per_part,
                part_offset,
                parts,
            })
        },
    )
    .to_vec()
}

fn case(p: Params) -> Case {
    let (n, d, restarts) = (p.n as usize, p.d as usize, p.restarts as usize);
    let cells = restarts * p.trials as usize;
    let label = format!(
        "{}x{d} from {}, {} trials, {} rows a part, {restarts} restarts",
        p.rows, p.first, p.trials, p.rows_per_part
    );
    // Around the mean of |x - candidate|^2, so that both sides of the minimum are met.
    let nearest: Vec<f32> = (inputs::uniform(3, restarts * n).iter())
        .map(|u| d as f32 * (u + 1.0))
        .collect();
    let rows = p.rows_per_part.min(p.rows) as usize;
    Case::new(label, &p, workgroups(&p, inputs::folded))
        .input(&inputs::uniform(1, p.rows as usize * d))
        .input(&inputs::uniform(2, cells * d))
        .input(&nearest)
        .update(
            &vec![-1.0f32; cells * p.parts as usize],
            Tolerance::sum(rows * d, 4.0),
        )
}
