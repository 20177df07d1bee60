//! Finds a new place for each empty cluster: the row farthest from its centroid.

use super::copy_rows::NONE;
use super::inputs;
use super::nearest_centroid::{Iteration, Restarts};
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case,
    Element::{F32, U32},
    Kernel, Tolerance, View, params_of, read, views, write,
};

crate::params! {
    /// Rows.
    n: u32,
    /// Clusters.
    k: u32,
    /// Restarts R.
    restarts: u32,
    /// t; a restart that converged in it is left alone.
    iteration: u32,
    /// A restart has converged when no more labels than this were new.
    tolerance: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "farthest_point",
    wgsl: &[include_str!("../../shaders/farthest_point.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("count", U32, "(R, k)"),
        read("changes", U32, "(iterations, R)"),
        write("distance", F32, "(R, n)"),
        write("index", U32, "(R, k)"),
    ],
    workgroup_size: [256, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: (
        "rows[lane + half] < rows[lane]",
        "rows[lane + half] > rows[lane]",
    ),
};

/// Sets index (R, k) to the row that each empty cluster of count (R, k) moves to, [`NONE`] for the others.
/// The distance of a row that is taken becomes 0; rows at distance 0 are not taken.
pub fn farthest_point<D: Device>(
    device: &D,
    count: &Matrix<D>,
    restarts: &Restarts<D>,
    iteration: Iteration,
    index: &Matrix<D>,
) {
    let (r, n, k) = restarts.sizes(iteration);
    count.expect_shape("count", r, k);
    index.expect_shape("index", r, k);
    let params = Params {
        n: param(n),
        k: param(k),
        restarts: param(r),
        iteration: param(iteration.number),
        tolerance: iteration.tolerance,
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        [param(r), 1, 1],
        &[
            &count.buffer,
            &restarts.changes.buffer,
            &restarts.distance.buffer,
            &index.buffer,
        ],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [count, changes, distance, index] = views(buffers);
    let (n, k) = (p.n as usize, p.k as usize);
    for r in 0..p.restarts as usize {
        let running = changes.u32()[(p.iteration * p.restarts) as usize + r] > p.tolerance;
        let distance = &mut distance.f32_mut()[r * n..][..n];
        for cell in r * k..(r + 1) * k {
            let row = match count.u32()[cell] {
                0 if running => take_farthest(distance),
                _ => NONE,
            };
            index.u32_mut()[cell] = row;
        }
    }
}

/// The row with the largest positive distance, which becomes 0; of equal ones the first.
fn take_farthest(distance: &mut [f32]) -> u32 {
    let mut farthest = 0.0;
    let mut row = NONE;
    for (i, value) in distance.iter().enumerate() {
        if *value > farthest {
            farthest = *value;
            row = i as u32;
        }
    }
    if row != NONE {
        distance[row as usize] = 0.0;
    }
    row
}

fn cases() -> Vec<Case> {
    // (n, k, restarts, iteration, empty): one of each, around the workgroup size, no empty cluster, more
    // empty clusters than rows with a distance, the largest k promised.
    [
        (1, 1, 1, 0, 1),
        (255, 3, 2, 0, 2),
        (256, 257, 4, 1, 3),
        (257, 10, 20, 2, 4),
        (5003, 10, 3, 1, usize::MAX),
        (7, 20, 3, 1, 1),
        (600, 1024, 2, 1, 9),
    ]
    .map(|(n, k, restarts, iteration, empty)| {
        case(
            Params {
                n,
                k,
                restarts,
                iteration,
                tolerance: 2,
            },
            empty,
        )
    })
    .to_vec()
}

/// Every `empty`-th cluster is empty; distances are small integers, so there are ties; the second restart
/// has converged.
fn case(p: Params, empty: usize) -> Case {
    let (n, k, restarts) = (p.n as usize, p.k as usize, p.restarts as usize);
    let count: Vec<u32> = (0..restarts * k)
        .map(|cell| ((cell + 1) % empty) as u32)
        .collect();
    let mut changes = vec![p.tolerance + 1; (p.iteration as usize + 1) * restarts];
    if restarts > 1 {
        changes[p.iteration as usize * restarts + 1] = p.tolerance;
    }
    let distance: Vec<f32> = inputs::integers(1, restarts * n)
        .iter()
        .map(|v| v.max(0.0))
        .collect();
    let label = format!("{n} rows, k {k}, {restarts} restarts, every {empty}. empty");
    Case::new(label, &p, [p.restarts, 1, 1])
        .input(&count)
        .input(&changes)
        .update(&distance, Tolerance::Exact)
        .output(restarts * k, Tolerance::Exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_from_far_to_near_and_once() {
        let mut distance = [1.0, 4.0, 0.0, 4.0];
        let taken: Vec<u32> = (0..4).map(|_| take_farthest(&mut distance)).collect();
        assert_eq!(taken, [1, 3, 0, NONE]);
        assert_eq!(distance, [0.0; 4]);
    }
}
