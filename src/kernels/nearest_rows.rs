//! The k nearest rows of each row, by brute force (Garcia, Debreuve and Barlaud 2008): exact, ties by index.

mod host;

use super::inputs;
use crate::device::{Device, Matrix, Result, param};
use crate::kernel::{
    Case,
    Element::{F32, U32},
    Kernel, Tolerance, View, grid, params_of, read, views, write,
};

crate::params! {
    /// Rows of y.
    queries: u32,
    /// Global index of y's first row.
    first_query: u32,
    /// Global index of x's first row.
    first_row: u32,
    /// First row of x to look at.
    start: u32,
    /// Rows to look at.
    count: u32,
    /// Columns.
    d: u32,
    /// Length of a list.
    k: u32,
    /// 1: the lists begin empty.
    fresh: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "nearest_rows",
    wgsl: &[include_str!("../../shaders/nearest_rows.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("y", F32, "(queries, d)"),
        read("x", F32, "(rows, d)"),
        write("nearest", U32, "(queries, k), global indices"),
        write("distance", F32, "(queries, k)"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: Some(host::fast),
    cases,
    mutation: (
        "value == other && j < other_row",
        "value == other && j > other_row",
    ),
};

/// The longest list.
pub const MOST: usize = 64;
/// An empty place of a list: no row has this index, and none is as far.
pub const NOBODY: u32 = u32::MAX;
/// The distance of an empty place.
pub const FARTHEST: f32 = f32::MAX;

/// Iterations of one invocation in a dispatch: llvmpipe ends loops after 65,535.
const ITERATIONS: usize = 48_000;

/// The nearest rows of every row.
pub struct Nearest<D: Device> {
    /// Their global indices (n, k), u32, for each block of the data: by rising distance, of equal ones by index.
    pub index: Vec<Matrix<D>>,
    /// The squared distances (n, k), for each block of the data.
    pub distance: Vec<Matrix<D>>,
}

/// The k nearest other rows of each row of x, in blocks (rows, d): all pairs are compared.
///
/// # Errors
/// The device's, when memory runs out.
///
/// # Panics
/// If k is 0, above [`MOST`], or not below the number of rows.
pub fn nearest_rows<D: Device>(device: &D, x: &[Matrix<D>], k: usize) -> Result<Nearest<D>> {
    let n: usize = x.iter().map(|block| block.rows).sum();
    assert!(
        (1..=MOST).contains(&k) && k < n,
        "{k} neighbours of {n} rows"
    );
    let lists = || x.iter().map(|block| Matrix::zeros(device, block.rows, k));
    let nearest = Nearest {
        index: lists().collect::<Result<_>>()?,
        distance: lists().collect::<Result<_>>()?,
    };
    let mut first_query = 0;
    for (y, lists) in x.iter().zip(nearest.index.iter().zip(&nearest.distance)) {
        let mut first_row = 0;
        for rows in x {
            for start in (0..rows.rows).step_by(rows_at_once(rows.cols, k)) {
                let from = [(y, first_query), (rows, first_row)];
                look(device, from, start, k, lists);
            }
            first_row += rows.rows;
        }
        first_query += y.rows;
        device.flush();
    }
    Ok(nearest)
}

/// Rows that one dispatch looks at: sixteen take two iterations for each of their columns' tiles and columns, and each row
/// may move a whole list.
fn rows_at_once(d: usize, k: usize) -> usize {
    let sixteen = d.div_ceil(16) * 17 + d + 16 * (k + 1);
    (ITERATIONS / sixteen).max(1) * 16
}

/// One dispatch: some rows of x from `start` on, for all queries y; each with the global index of its first row.
fn look<D: Device>(
    device: &D,
    [(y, first_query), (x, first_row)]: [(&Matrix<D>, usize); 2],
    start: usize,
    k: usize,
    (index, distance): (&Matrix<D>, &Matrix<D>),
) {
    x.expect_shape("x", x.rows, y.cols);
    let params = Params {
        queries: param(y.rows),
        first_query: param(first_query),
        first_row: param(first_row),
        start: param(start),
        count: param(rows_at_once(x.cols, k).min(x.rows - start)),
        d: param(x.cols),
        k: param(k),
        fresh: (first_row + start == 0).into(),
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(y.rows, 64),
        &[&y.buffer, &x.buffer, &index.buffer, &distance.buffer],
    );
}

/// |a - b|², what is right.
fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    super::soft_assign::squared_distance(a, b) as f32
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [y, x, nearest, distance] = views(buffers);
    let (d, k) = (p.d as usize, p.k as usize);
    for i in 0..p.queries as usize {
        let own = &y.f32()[i * d..][..d];
        let mut list: Vec<(f32, u32)> = match p.fresh {
            1 => vec![(FARTHEST, NOBODY); k],
            _ => (distance.f32()[i * k..][..k].iter().copied())
                .zip(nearest.u32()[i * k..][..k].iter().copied())
                .collect(),
        };
        for row in p.start..p.start + p.count {
            let j = p.first_row + row;
            if j != p.first_query + i as u32 {
                let other = &x.f32()[row as usize * d..][..d];
                list.push((squared_distance(own, other), j));
            }
        }
        list.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (s, (value, j)) in list.into_iter().take(k).enumerate() {
            distance.f32_mut()[i * k + s] = value;
            nearest.u32_mut()[i * k + s] = j;
        }
    }
}

fn cases() -> Vec<Case> {
    // (queries, rows, d, k, rows seen before): one of each, a prime, around the tiles of 64 queries and 16 rows and columns,
    // the longest list, fewer rows than the list is long.
    [
        (1, 2, 1, 1, 0),
        (37, 37, 5, 7, 0),
        (65, 33, 17, 5, 9),
        (64, 64, 16, 15, 16),
        (63, 130, 50, 15, 0),
        (5, 200, 3, 64, 0),
        (3, 4, 2, 6, 0),
    ]
    .map(|(queries, rows, d, k, seen)| case(queries, rows, d, k, seen))
    .to_vec()
}

/// Small integers, so that distances are exact and many are equal: the order of equals is tested.
fn case(queries: usize, rows: usize, d: usize, k: usize, seen: usize) -> Case {
    let count = rows - seen;
    let params = Params {
        queries: param(queries),
        first_query: 2,
        first_row: 0,
        start: param(seen),
        count: param(count),
        d: param(d),
        k: param(k),
        fresh: (seen == 0).into(),
    };
    let y = inputs::integers(1, queries * d);
    let mut x = inputs::integers(2, rows * d);
    let own = queries.min(rows.saturating_sub(2));
    x[2 * d..][..own * d].copy_from_slice(&y[..own * d]); // query i is row i + 2
    let empty = [(FARTHEST, NOBODY)].repeat(queries * k);
    let (distance, nearest): (Vec<f32>, Vec<u32>) = empty.into_iter().unzip();
    let fresh = Case::new(
        format!("{queries} of {rows}x{d}, k {k}, from {seen}"),
        &params,
        inputs::folded(queries, 64),
    );
    if seen == 0 {
        return fresh
            .input(&y)
            .input(&x)
            .update(&vec![7u32; queries * k], Tolerance::Exact)
            .output(queries * k, Tolerance::Exact);
    }
    let before = Params {
        start: 0,
        count: param(seen),
        fresh: 1,
        ..params
    };
    let mut lists = [
        bytemuck::cast_slice(&nearest).to_vec(),
        bytemuck::cast_slice(&distance).to_vec(),
    ];
    let [nearest, distance] = &mut lists;
    let mut views = [
        View::Read(bytemuck::cast_slice(&y)),
        View::Read(bytemuck::cast_slice(&x)),
        View::Write(nearest),
        View::Write(distance),
    ];
    reference(bytemuck::bytes_of(&before), &mut views);
    let [nearest, distance] = lists;
    fresh
        .input(&y)
        .input(&x)
        .update(&nearest, Tolerance::Exact)
        .update(&distance, Tolerance::Exact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    fn found(x: &[f32], d: usize, blocks: &[usize], k: usize) -> (Vec<u32>, Vec<f32>) {
        let device = Cpu::new();
        let mut rest = x;
        let mut block = |rows: &usize| {
            let (own, others) = rest.split_at(rows * d);
            rest = others;
            Matrix::upload(&device, *rows, d, own).unwrap()
        };
        let x: Vec<_> = blocks.iter().map(&mut block).collect();
        pollster::block_on(async {
            let found = nearest_rows(&device, &x, k).unwrap();
            let (mut index, mut distance) = (Vec::new(), Vec::new());
            for (i, v) in found.index.iter().zip(&found.distance) {
                index.extend(device.download(&i.buffer).await.unwrap());
                distance.extend(v.download(&device).await.unwrap());
            }
            (index, distance)
        })
    }

    #[test]
    fn a_line_has_its_neighbours_on_both_sides() {
        let x: Vec<f32> = (0..6).map(|i| i as f32).collect();
        let (index, distance) = found(&x, 1, &[6], 2);
        assert_eq!(index, [1, 2, 0, 2, 1, 3, 2, 4, 3, 5, 4, 3]);
        assert_eq!(distance[..4], [1.0, 4.0, 1.0, 1.0]);
    }

    #[test]
    fn blocks_and_pieces_leave_no_trace() {
        let n = 3000; // more than one dispatch of rows
        let x = inputs::integers(3, n * 4);
        assert!(rows_at_once(4, 64) < n);
        let whole = found(&x, 4, &[n], 64);
        assert_eq!(whole, found(&x, 4, &[1, 1000, n - 1001], 64));
    }

    #[test]
    fn equal_rows_are_neighbours_at_no_distance() {
        let (index, distance) = found(&[5.0; 8], 2, &[4], 3);
        assert_eq!(index, [1, 2, 3, 0, 2, 3, 0, 1, 3, 0, 1, 2]);
        assert_eq!(distance, [0.0; 12]);
    }
}
