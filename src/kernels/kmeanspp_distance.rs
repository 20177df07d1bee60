//! The squared distance of each row to the nearest centroid chosen so far (k-means++).

use rayon::prelude::*;

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
    /// Clusters.
    k: u32,
    /// Restarts R.
    restarts: u32,
    /// The centroid j.
    chosen: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "kmeanspp_distance",
    wgsl: &[include_str!("../../shaders/kmeanspp_distance.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("x", F32, "(rows, d)"),
        read("mu", F32, "(R, k, d)"),
        write("distance", F32, "(R, n)"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: Some(fast),
    cases,
    mutation: ("min(sum, distance[cell])", "max(sum, distance[cell])"),
};

/// Lowers distance (R, n) to the squared distance of the rows x (rows, d), from `first` on, to centroid
/// `chosen` of mu (R·k, d). The first centroid overwrites what was there.
pub fn kmeanspp_distance<D: Device>(
    device: &D,
    x: &Matrix<D>,
    first: usize,
    mu: &Matrix<D>,
    chosen: usize,
    distance: &Matrix<D>,
) {
    let (restarts, n) = (distance.rows, distance.cols);
    let k = mu.rows / restarts;
    mu.expect_shape("mu", restarts * k, x.cols);
    distance.expect_shape("distance", restarts, n);
    assert!(
        first + x.rows <= n && chosen < k,
        "rows or centroid out of range"
    );
    let params = Params {
        first: param(first),
        rows: param(x.rows),
        n: param(n),
        d: param(x.cols),
        k: param(k),
        restarts: param(restarts),
        chosen: param(chosen),
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        workgroups(&params, grid),
        &[&x.buffer, &mu.buffer, &distance.buffer],
    );
}

/// `fold` is [`grid`], or in the cases one that folds small sizes too.
fn workgroups(p: &Params, fold: fn(usize, u32) -> [u32; 3]) -> [u32; 3] {
    let [x, y, _] = fold(p.rows as usize, 64);
    [x, y, p.restarts]
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, mu, distance] = views(buffers);
    let (d, k, n) = (p.d as usize, p.k as usize, p.n as usize);
    for r in 0..p.restarts as usize {
        let centroid = &mu.f32()[(r * k + p.chosen as usize) * d..][..d];
        for i in 0..p.rows as usize {
            let squared = host::squared_distance_f64(&x.f32()[i * d..][..d], centroid) as f32;
            let cell = &mut distance.f32_mut()[r * n + p.first as usize + i];
            *cell = if p.chosen == 0 {
                squared
            } else {
                cell.min(squared)
            };
        }
    }
}

/// In f32, blocks of rows spread over threads; a row is read once for all restarts.
fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, mu, distance] = views(buffers);
    let (d, k, rows) = (p.d as usize, p.k as usize, p.rows as usize);
    let all: Vec<usize> = (0..p.restarts as usize).collect();
    let span = host::Span {
        n: p.n as usize,
        first: p.first as usize,
        rows,
    };
    let mu = mu.f32();
    (host::blocks_mut(distance.f32_mut(), span, &all).into_par_iter())
        .zip(x.f32()[..rows * d].par_chunks(host::BLOCK * d))
        .for_each(|(mut distances, x)| {
            for (i, row) in x.chunks_exact(d).enumerate() {
                for (r, distance) in distances.iter_mut().enumerate() {
                    let centroid = &mu[(r * k + p.chosen as usize) * d..][..d];
                    let squared = host::squared_distance(row, centroid);
                    distance[i] = if p.chosen == 0 {
                        squared
                    } else {
                        distance[i].min(squared)
                    };
                }
            }
        });
}

fn cases() -> Vec<Case> {
    // (first, rows, n, d, k, restarts, chosen): one of each, around the workgroup size, a block in the
    // middle, the first centroid, more rows than one block of the host version.
    [
        (0, 1, 1, 1, 1, 1, 0),
        (0, 63, 63, 5, 7, 3, 6),
        (17, 64, 101, 3, 2, 2, 1),
        (36, 65, 101, 10, 4, 1, 0),
        (0, 600, 601, 10, 10, 20, 3),
        (2, 5, 11, 784, 3, 2, 2),
    ]
    .map(|(first, rows, n, d, k, restarts, chosen)| {
        case(Params {
            first,
            rows,
            n,
            d,
            k,
            restarts,
            chosen,
        })
    })
    .to_vec()
}

fn case(p: Params) -> Case {
    let (n, d, k, restarts) = (
        p.n as usize,
        p.d as usize,
        p.k as usize,
        p.restarts as usize,
    );
    let label = format!(
        "{}x{d} from {}, k {k}, centroid {}, {restarts} restarts",
        p.rows, p.first, p.chosen
    );
    // Around the mean of |x - mu|^2, so that both sides of the minimum are met.
    let old: Vec<f32> = (inputs::uniform(3, restarts * n).iter())
        .map(|u| d as f32 * (u + 1.0))
        .collect();
    Case::new(label, &p, workgroups(&p, inputs::folded))
        .input(&inputs::uniform(1, p.rows as usize * d))
        .input(&inputs::uniform(2, restarts * k * d))
        .update(&old, Tolerance::sum(d, 4.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    #[test]
    fn keeps_the_smaller_distance() {
        let device = Cpu::new();
        let x = Matrix::upload(&device, 2, 1, &[0.0, 5.0]).unwrap();
        let mu = Matrix::upload(&device, 2, 1, &[1.0, 4.0]).unwrap();
        let distance = Matrix::zeros(&device, 1, 2).unwrap();
        kmeanspp_distance(&device, &x, 0, &mu, 0, &distance);
        assert_eq!(
            pollster::block_on(distance.download(&device)).unwrap(),
            [1.0, 16.0]
        );
        kmeanspp_distance(&device, &x, 0, &mu, 1, &distance);
        assert_eq!(
            pollster::block_on(distance.download(&device)).unwrap(),
            [1.0, 1.0]
        );
    }
}
