//! Labels each row with its nearest centroid, for all restarts at once (Lloyd's first step).

pub(crate) mod host;

use super::inputs;
use crate::device::{Device, Matrix, Result, param};
use crate::kernel::{
    Case,
    Element::{AtomicU32, F32, U32},
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
    /// t; in the first every label counts as new.
    iteration: u32,
    /// A restart has converged when no more labels than this were new.
    tolerance: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "nearest_centroid",
    wgsl: &[include_str!("../../shaders/nearest_centroid.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("x", F32, "(rows, d)"),
        read("mu", F32, "(R, k, d)"),
        write("label", U32, "(R, n)"),
        write("distance", F32, "(R, n)"),
        write("changes", AtomicU32, "(iterations, R)"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: Some(host::fast),
    cases,
    mutation: ("value < best_distance", "value <= best_distance"),
};

/// All restarts of k-means: their centroids, and the labels these give.
pub struct Restarts<D: Device> {
    /// Centroids (R·k, d).
    pub mu: Matrix<D>,
    /// The nearest centroid of each row (R, n), u32.
    pub label: Matrix<D>,
    /// The squared distance to it (R, n).
    pub distance: Matrix<D>,
    /// New labels of each iteration (iterations, R), u32; zero once a restart has converged.
    pub changes: Matrix<D>,
}

impl<D: Device> Restarts<D> {
    /// `restarts` sets of centroids, together mu (R·k, d), with room for `n` rows and for `iterations`.
    pub fn new(
        device: &D,
        mu: Matrix<D>,
        restarts: usize,
        n: usize,
        iterations: usize,
    ) -> Result<Self> {
        Ok(Self {
            mu,
            label: Matrix::zeros(device, restarts, n)?,
            distance: Matrix::zeros(device, restarts, n)?,
            changes: Matrix::zeros(device, iterations, restarts)?,
        })
    }

    /// Restarts R, rows n, clusters k. Panics unless the matrices fit together and hold this iteration.
    pub fn sizes(&self, iteration: Iteration) -> (usize, usize, usize) {
        let (restarts, n) = (self.label.rows, self.label.cols);
        let (k, iterations) = (self.mu.rows / restarts, self.changes.rows);
        self.mu.expect_shape("mu", restarts * k, self.mu.cols);
        self.label.expect_shape("label", restarts, n);
        self.distance.expect_shape("distance", restarts, n);
        self.changes.expect_shape("changes", iterations, restarts);
        assert!(
            iteration.number < iterations,
            "{iteration:?} of {iterations}"
        );
        (restarts, n, k)
    }
}

/// The iteration a dispatch belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Iteration {
    /// t, from 0.
    pub number: usize,
    /// A restart has converged when no more labels than this were new.
    pub tolerance: u32,
}

/// Labels the rows x (rows, d), from `first` on, with the nearest centroid of each restart. A restart that
/// converged in the iteration before is left alone: to label once take iteration 0.
pub fn nearest_centroid<D: Device>(
    device: &D,
    x: &Matrix<D>,
    first: usize,
    restarts: &Restarts<D>,
    iteration: Iteration,
) {
    let (r, n, k) = restarts.sizes(iteration);
    x.expect_shape("x", x.rows, restarts.mu.cols);
    assert!(first + x.rows <= n, "rows {first}+{} of {n}", x.rows);
    let params = Params {
        first: param(first),
        rows: param(x.rows),
        n: param(n),
        d: param(x.cols),
        k: param(k),
        restarts: param(r),
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
            &restarts.distance.buffer,
            &restarts.changes.buffer,
        ],
    );
}

/// `fold` is [`grid`], or in the cases one that folds small sizes too.
fn workgroups(p: &Params, fold: fn(usize, u32) -> [u32; 3]) -> [u32; 3] {
    let [x, y, _] = fold(p.rows as usize, 64);
    [x, y, p.restarts]
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, mu, label, distance, changes] = views(buffers);
    let (d, k) = (p.d as usize, p.k as usize);
    for r in host::running(&p, changes.u32()) {
        let mu = &mu.f32()[r * k * d..][..k * d];
        for i in 0..p.rows as usize {
            let (best, squared) = nearest(&x.f32()[i * d..][..d], mu);
            let cell = r * p.n as usize + p.first as usize + i;
            let is_new = p.iteration == 0 || label.u32()[cell] != best;
            changes.u32_mut()[(p.iteration * p.restarts) as usize + r] += u32::from(is_new);
            label.u32_mut()[cell] = best;
            distance.f32_mut()[cell] = squared as f32;
        }
    }
}

fn nearest(x: &[f32], mu: &[f32]) -> (u32, f64) {
    let mut best = (0, f64::INFINITY);
    for (j, mu) in mu.chunks_exact(x.len()).enumerate() {
        let squared = host::squared_distance_f64(x, mu);
        if squared < best.1 {
            best = (j as u32, squared);
        }
    }
    best
}

fn cases() -> Vec<Case> {
    // (first, rows, n, d, k, restarts, iteration): one of each, around the workgroup size and around the
    // tiles of 12 centroids and 16 columns, a block in the middle, the largest k promised, wide rows,
    // more rows than one block of the host version.
    [
        (0, 1, 1, 1, 1, 1, 0),
        (0, 63, 63, 16, 12, 2, 0),
        (19, 64, 101, 15, 13, 3, 1),
        (36, 65, 101, 17, 11, 1, 2),
        (0, 37, 37, 3, 1, 2, 1),
        (3, 5, 8, 784, 10, 4, 3),
        (0, 70, 70, 2, 1024, 1, 1),
        (5, 600, 607, 10, 10, 20, 1),
        (0, 515, 515, 20, 60, 20, 1),
    ]
    .map(|(first, rows, n, d, k, restarts, iteration)| {
        case(Params {
            first,
            rows,
            n,
            d,
            k,
            restarts,
            iteration,
            tolerance: 2,
        })
    })
    .into_iter()
    .chain([near_centroids(100, 784, 10), near_centroids(67, 7, 25)])
    .collect()
}

fn label_of(p: &Params) -> String {
    format!(
        "{}x{} from {}, k {}, iteration {}, {} restarts",
        p.rows, p.d, p.first, p.k, p.iteration, p.restarts
    )
}

/// Small integers, so that distances are exact and ties are met: they must go to the lowest j. In later
/// iterations the second restart has converged.
fn case(p: Params) -> Case {
    let (n, d, k, restarts) = (
        p.n as usize,
        p.d as usize,
        p.k as usize,
        p.restarts as usize,
    );
    let mut mu = inputs::integers(2, restarts * k * d);
    if k > 2 {
        mu.copy_within(0..d, (k - 1) * d); // twice the same centroid
    }
    let label: Vec<u32> = (0..restarts * n).map(|cell| (cell % k) as u32).collect();
    let mut changes = vec![0u32; (p.iteration as usize + 1) * restarts];
    if p.iteration > 0 {
        let before = (p.iteration as usize - 1) * restarts;
        changes[before..before + restarts].fill(p.tolerance + 1);
        if restarts > 1 {
            changes[before + 1] = p.tolerance;
        }
    }
    Case::new(label_of(&p), &p, workgroups(&p, inputs::folded))
        .input(&inputs::integers(1, p.rows as usize * d))
        .input(&mu)
        .update(&label, Tolerance::Exact)
        .update(&vec![7.0f32; restarts * n], Tolerance::Exact)
        .update(&changes, Tolerance::Exact)
}

/// Rows close to one of the centroids: the label is certain, the distance a small difference.
fn near_centroids(n: usize, d: usize, k: usize) -> Case {
    let mu = inputs::uniform(2, k * d);
    let x: Vec<f32> = (inputs::uniform(1, n * d).iter().enumerate())
        .map(|(cell, noise)| mu[(cell / d * 3) % k * d + cell % d] + 0.01 * noise)
        .collect();
    let p = Params {
        first: 0,
        rows: param(n),
        n: param(n),
        d: param(d),
        k: param(k),
        restarts: 1,
        iteration: 0,
        tolerance: 0,
    };
    Case::new(
        format!("near centroids, {}", label_of(&p)),
        &p,
        workgroups(&p, inputs::folded),
    )
    .input(&x)
    .input(&mu)
    .update(&vec![0u32; n], Tolerance::Exact)
    .output(n, Tolerance::sum(d, 1e-4))
    .update(&[0u32], Tolerance::Exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_goes_to_the_lowest_centroid() {
        assert_eq!(
            nearest(&[0.0, 0.0], &[0.0, 2.0, 1.0, 0.0, 0.0, 1.0]),
            (1, 1.0)
        );
    }
}
