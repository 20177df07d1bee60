//! Copies chosen rows of a block into the centroids.

use super::inputs;
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
    /// Columns of x.
    d: u32,
    /// Clusters.
    k: u32,
    /// Restarts R.
    restarts: u32,
    /// The first centroid j to copy.
    start: u32,
    /// How many.
    centroids: u32,
}

/// The index that copies nothing.
pub const NONE: u32 = u32::MAX;

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "copy_rows",
    wgsl: &[include_str!("../../shaders/copy_rows.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("x", F32, "(rows, d)"),
        read("index", U32, "(R, k)"),
        write("mu", F32, "(R, k, d)"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: ("x[i * params.d + c]", "x[i * params.d]"),
};

/// Copies row index_rj of all rows into centroid j of restart r, where x (rows, d), from `first` on, holds
/// it; for the centroids of `range` only. index is (R, k), mu (R·k, d).
pub fn copy_rows<D: Device>(
    device: &D,
    x: &Matrix<D>,
    first: usize,
    index: &Matrix<D>,
    range: std::ops::Range<usize>,
    mu: &Matrix<D>,
) {
    let (restarts, k) = (index.rows, index.cols);
    index.expect_shape("index", restarts, k);
    mu.expect_shape("mu", restarts * k, x.cols);
    assert!(range.end <= k, "centroids {range:?} of {k}");
    let params = Params {
        first: param(first),
        rows: param(x.rows),
        d: param(x.cols),
        k: param(k),
        restarts: param(restarts),
        start: param(range.start),
        centroids: param(range.len()),
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        workgroups(&params, grid),
        &[&x.buffer, &index.buffer, &mu.buffer],
    );
}

/// `fold` is [`grid`], or in the cases one that folds small sizes too.
fn workgroups(p: &Params, fold: fn(usize, u32) -> [u32; 3]) -> [u32; 3] {
    fold((p.restarts * p.centroids * p.d) as usize, 64)
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, index, mu] = views(buffers);
    let (d, k, first) = (p.d as usize, p.k as usize, p.first as usize);
    for r in 0..p.restarts as usize {
        for cell in (r * k + p.start as usize..).take(p.centroids as usize) {
            let i = index.u32()[cell];
            if i != NONE && (first..first + p.rows as usize).contains(&(i as usize)) {
                let row = &x.f32()[(i as usize - first) * d..][..d];
                mu.f32_mut()[cell * d..][..d].copy_from_slice(row);
            }
        }
    }
}

fn cases() -> Vec<Case> {
    // (first, rows, d, k, restarts, start, centroids): one of each, blocks that hold some of the rows,
    // one centroid and all of them, wide rows, the largest k promised.
    [
        (0, 1, 1, 1, 1, 0, 1),
        (0, 64, 7, 13, 3, 0, 13),
        (31, 33, 7, 13, 3, 0, 13),
        (31, 33, 5, 13, 3, 12, 1),
        (60, 4, 784, 10, 2, 3, 2),
        (0, 100, 2, 1024, 2, 0, 1024),
    ]
    .map(|(first, rows, d, k, restarts, start, centroids)| {
        case(Params {
            first,
            rows,
            d,
            k,
            restarts,
            start,
            centroids,
        })
    })
    .to_vec()
}

/// Every third centroid has no row; the others meet the block's borders and rows outside it.
fn case(p: Params) -> Case {
    let (d, k, restarts) = (p.d as usize, p.k as usize, p.restarts as usize);
    let index: Vec<u32> = (0..restarts * k)
        .map(|cell| match cell % 3 {
            0 => p.first + p.rows - 1,
            1 => (cell as u32 * 7) % (p.first + p.rows + 1),
            _ => NONE,
        })
        .collect();
    let label = format!(
        "{}x{d} from {}, k {k}, {} from centroid {}, {restarts} restarts",
        p.rows, p.first, p.centroids, p.start
    );
    Case::new(label, &p, workgroups(&p, inputs::folded))
        .input(&inputs::uniform(1, p.rows as usize * d))
        .input(&index)
        .update(&inputs::uniform(2, restarts * k * d), Tolerance::Exact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    #[test]
    fn rows_come_from_the_block_that_holds_them() {
        let device = Cpu::new();
        let blocks = [[1.0, 2.0], [3.0, 4.0]].map(|x| Matrix::upload(&device, 2, 1, &x).unwrap());
        let index = Matrix {
            rows: 1,
            cols: 3,
            buffer: device.upload(&[2, NONE, 1]).unwrap(),
        };
        let mu = Matrix::upload(&device, 3, 1, &[9.0; 3]).unwrap();
        for (first, x) in [0, 2].into_iter().zip(&blocks) {
            copy_rows(&device, x, first, &index, 0..3, &mu);
        }
        assert_eq!(
            pollster::block_on(mu.download(&device)).unwrap(),
            [3.0, 9.0, 2.0]
        );
    }
}
