//! Takes the best of the rows that were drawn for a centroid of greedy k-means++.

use super::inputs;
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case,
    Element::{F32, U32},
    Kernel, Tolerance, View, params_of, read, views, write,
};

crate::params! {
    /// Clusters.
    k: u32,
    /// Restarts R.
    restarts: u32,
    /// Candidates of each restart, T.
    trials: u32,
    /// Parts of all blocks, P.
    parts: u32,
    /// The centroid j.
    chosen: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "kmeanspp_choose",
    wgsl: &[
        include_str!("../../shaders/sum_workgroup.wgsl"),
        include_str!("../../shaders/kmeanspp_choose.wgsl"),
    ],
    params: Params::FIELDS,
    bindings: &[
        read("trial", U32, "(R, T)"),
        read("partial", F32, "(R, T, P)"),
        write("index", U32, "(R, k)"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: ("potential < least", "potential <= least"),
};

/// Sets index (R, k) at column `chosen` to the row of trial (R, T) whose potential, the sum of its row of partial (R·T, P), is
/// the least; of equal ones to the first.
pub fn kmeanspp_choose<D: Device>(
    device: &D,
    trial: &Matrix<D>,
    partial: &Matrix<D>,
    chosen: usize,
    index: &Matrix<D>,
) {
    let (restarts, trials) = (trial.rows, trial.cols);
    partial.expect_shape("partial", restarts * trials, partial.cols);
    index.expect_shape("index", restarts, index.cols);
    assert!(chosen < index.cols, "centroid {chosen} of {}", index.cols);
    let params = Params {
        k: param(index.cols),
        restarts: param(restarts),
        trials: param(trials),
        parts: param(partial.cols),
        chosen: param(chosen),
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        [param(restarts), 1, 1],
        &[&trial.buffer, &partial.buffer, &index.buffer],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [trial, partial, index] = views(buffers);
    let (trials, parts) = (p.trials as usize, p.parts as usize);
    for r in 0..p.restarts as usize {
        let potential = |t: &usize| -> f64 {
            let parts = &partial.f32()[(r * trials + t) * parts..][..parts];
            parts.iter().map(|part| f64::from(*part)).sum()
        };
        let best = (0..trials)
            .min_by(|a, b| potential(a).total_cmp(&potential(b)))
            .unwrap_or(0);
        index.u32_mut()[r * p.k as usize + p.chosen as usize] = trial.u32()[r * trials + best];
    }
}

fn cases() -> Vec<Case> {
    // (k, restarts, trials, parts, chosen): one of each, around the workgroup size, many parts.
    [
        (1, 1, 1, 1, 0),
        (3, 5, 4, 1, 2),
        (2, 20, 4, 63, 1),
        (7, 64, 9, 65, 3),
        (10, 3, 5, 1000, 9),
    ]
    .map(|(k, restarts, trials, parts, chosen)| {
        case(Params {
            k,
            restarts,
            trials,
            parts,
            chosen,
        })
    })
    .to_vec()
}

/// Integer potentials: every sum is exact. The candidates of every second restart all have the same.
fn case(p: Params) -> Case {
    let (restarts, trials, parts) = (p.restarts as usize, p.trials as usize, p.parts as usize);
    let mut partial: Vec<f32> = (inputs::integers(1, restarts * trials * parts).iter())
        .map(|v| v + 4.0)
        .collect();
    let alike = partial.chunks_exact_mut(trials * parts).step_by(2);
    alike.for_each(|restart| restart.fill(2.0));
    let trial: Vec<u32> = (0..p.restarts * p.trials)
        .map(|cell| 3 * cell + 1)
        .collect();
    let label = format!(
        "centroid {} of {}, {trials} trials, {parts} parts, {restarts} restarts",
        p.chosen, p.k
    );
    Case::new(label, &p, [p.restarts, 1, 1])
        .input(&trial)
        .input(&partial)
        .update(&vec![u32::MAX; restarts * p.k as usize], Tolerance::Exact)
}
