//! The host version: a matrix product ranks the rows, and those that may be among the nearest are measured by differences.
//!
//! |y|² + |x|² - 2 y·x is known to within an error bound, so no row is lost that the differences would have taken: the
//! lists are those of the reference. Blocks of queries have a fixed size and each is computed by one thread.

use ndarray::Array2;
use ndarray::linalg::general_mat_mul;
use rayon::prelude::*;

use super::{Params, squared_distance};
use crate::cpu::gemm::matrix;
use crate::kernel::{View, params_of, views};

/// Queries of one block.
const BLOCK: usize = 128;

pub(super) fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [y, x, nearest, distance] = views(buffers);
    let (queries, d, k) = (p.queries as usize, p.d as usize, p.k as usize);
    let rows = Rows::new(&x.f32()[p.start as usize * d..][..p.count as usize * d], d);
    (nearest.u32_mut()[..queries * k].par_chunks_mut(BLOCK * k))
        .zip(distance.f32_mut()[..queries * k].par_chunks_mut(BLOCK * k))
        .zip(y.f32()[..queries * d].par_chunks(BLOCK * d))
        .enumerate()
        .for_each(|(block, (lists, y))| look(&p, block * BLOCK, y, &rows, lists));
}

/// Rows with their squares.
struct Rows<'a> {
    x: &'a [f32],
    d: usize,
    squares: Vec<f32>,
    largest: f32,
}

impl<'a> Rows<'a> {
    fn new(x: &'a [f32], d: usize) -> Self {
        let squares: Vec<f32> = x.chunks_exact(d).map(square).collect();
        let largest = squares.iter().copied().fold(0.0, f32::max);
        Self {
            x,
            d,
            squares,
            largest,
        }
    }
}

fn square(a: &[f32]) -> f32 {
    a.iter().map(|v| v * v).sum()
}

/// Looks at all rows for the queries of one block, the first of which has the number `first`.
fn look(
    p: &Params,
    first: usize,
    y: &[f32],
    rows: &Rows<'_>,
    (nearest, distance): (&mut [u32], &mut [f32]),
) {
    let (d, k) = (rows.d, p.k as usize);
    let (queries, count) = (y.len() / d, rows.squares.len());
    let mut products = Array2::<f32>::zeros((queries, count));
    let x = matrix(rows.x, count, d);
    general_mat_mul(-2.0, &matrix(y, queries, d), &x.t(), 0.0, &mut products);
    for (i, products) in products.rows().into_iter().enumerate() {
        let own = &y[i * d..][..d];
        let (nearest, distance) = (&mut nearest[i * k..][..k], &mut distance[i * k..][..k]);
        let mut list: Vec<(f32, u32)> = match p.fresh {
            1 => Vec::new(),
            _ => distance
                .iter()
                .copied()
                .zip(nearest.iter().copied())
                .collect(),
        };
        let query = p.first_query + (first + i) as u32;
        let products = products.as_slice().expect("rows of a row-major matrix");
        let near = candidates(p, own, rows, products, list.last().map(|worst| worst.0));
        let found = near.into_iter().map(|row| {
            let other = &rows.x[row as usize * d..][..d];
            (squared_distance(own, other), p.first_row + p.start + row)
        });
        list.extend(found.filter(|(_, j)| *j != query));
        list.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        list.resize(k.max(list.len()), (super::FARTHEST, super::NOBODY));
        for (s, (value, j)) in list.into_iter().take(k).enumerate() {
            (distance[s], nearest[s]) = (value, j);
        }
    }
}

/// The rows that may be among the k nearest, the query itself not counted: their distance by the product is at most the
/// (k + 1)-th smallest, or the worst of the list so far, and the error of both.
fn candidates(
    p: &Params,
    own: &[f32],
    rows: &Rows<'_>,
    products: &[f32],
    worst: Option<f32>,
) -> Vec<u32> {
    let keep = p.k as usize + 1;
    let own = square(own);
    // Each of the d + 3 roundings in a value of size |y|² + |x|² is at most ε of it, and 2|y·x| ≤ |y|² + |x|².
    let error = 2.0 * (rows.d as f32 + 4.0) * f32::EPSILON * (own + rows.largest);
    let mut bound = worst.unwrap_or(f32::INFINITY) + error;
    let mut room = 8 * keep;
    let mut near: Vec<(f32, u32)> = Vec::with_capacity(room);
    for (row, (product, square)) in products.iter().zip(&rows.squares).enumerate() {
        let value = product + square + own;
        // Not `value <= bound`: what is not a number is measured, too.
        if value > bound {
            continue;
        }
        near.push((value, row as u32));
        if near.len() == room {
            bound = cut(&mut near, keep, bound, error);
            room = room.max(2 * near.len()); // many may be equally near
        }
    }
    cut(&mut near, keep, bound, error);
    near.into_iter().map(|(_, row)| row).collect()
}

/// Leaves those that may be among the `keep` nearest; returns how far such a row may be.
fn cut(near: &mut Vec<(f32, u32)>, keep: usize, bound: f32, error: f32) -> f32 {
    if near.len() <= keep {
        return bound;
    }
    let (_, last, _) = near.select_nth_unstable_by(keep - 1, |a, b| a.0.total_cmp(&b.0));
    let bound = bound.min(last.0 + 2.0 * error);
    near.retain(|(value, _)| *value <= bound);
    bound
}
