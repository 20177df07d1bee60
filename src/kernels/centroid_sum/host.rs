//! The host version: parts of rows over threads, in f32.

use rayon::prelude::*;

use super::{Params, running};
use crate::kernel::{View, params_of, views};

/// Restarts that share the rows of a part while these are in cache.
const TOGETHER: usize = 8;
/// Values of x that are summed for all these restarts before the next are read: 256 KiB.
const IN_CACHE: usize = 65_536;

/// Columns from which rows are grouped by cluster before they are added.
const GROUPED_COLUMNS: usize = 32;

/// In f32, parts spread over threads. Each cell is summed by one thread, its rows in order.
pub(super) fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, mu, label, changes, partial] = views(buffers);
    let (d, k, rows) = (p.d as usize, p.k as usize, p.rows as usize);
    let per_part = p.rows_per_part as usize;
    let (x, mu, label) = (&x.f32()[..rows * d], mu.f32(), label.u32());
    let restarts = running(&p, changes.u32());
    let mut parts: Vec<Vec<Sums<'_>>> = Vec::new();
    parts.resize_with(rows.div_ceil(per_part), Vec::new);
    let of_restart = partial
        .f32_mut()
        .chunks_exact_mut(p.parts as usize * k * (d + 1));
    for (r, cells) in of_restart
        .enumerate()
        .filter(|(r, _)| restarts.binary_search(r).is_ok())
    {
        let label = &label[r * p.n as usize + p.first as usize..][..rows];
        let cells = cells
            .chunks_exact_mut(k * (d + 1))
            .skip(p.part_offset as usize);
        for ((sums, cells), label) in parts.iter_mut().zip(cells).zip(label.chunks(per_part)) {
            sums.push(Sums {
                mu: &mu[r * k * d..][..k * d],
                label,
                cells,
            });
        }
    }
    let mut work: Vec<(&[f32], &mut [Sums<'_>])> = Vec::new();
    for (sums, x) in parts.iter_mut().zip(x.chunks(per_part * d)) {
        work.extend(sums.chunks_mut(TOGETHER).map(|sums| (x, sums)));
    }
    work.into_par_iter()
        .for_each(|(x, sums)| sum_part(x, d, sums));
}

/// One restart's share of a part.
struct Sums<'a> {
    mu: &'a [f32],
    label: &'a [u32],
    /// (k, d + 1)
    cells: &'a mut [f32],
}

fn sum_part(x: &[f32], d: usize, sums: &mut [Sums<'_>]) {
    let rows = (IN_CACHE / d).max(1);
    sums.iter_mut().for_each(|sums| sums.cells.fill(0.0));
    for (tile, x) in x.chunks(rows * d).enumerate() {
        for sums in sums.iter_mut() {
            let label = &sums.label[tile * rows..][..x.len() / d];
            if d < GROUPED_COLUMNS {
                scatter(x, label, sums.mu, sums.cells);
                continue;
            }
            let (rows, ends) = by_label(label, sums.mu.len() / d);
            let mut start = 0;
            for (j, end) in ends.into_iter().enumerate() {
                let cells = &mut sums.cells[j * (d + 1)..][..d + 1];
                add_rows(x, &rows[start..end], &sums.mu[j * d..][..d], cells);
                start = end;
            }
        }
    }
}

/// Adds rows one by one.
fn scatter(x: &[f32], label: &[u32], mu: &[f32], cells: &mut [f32]) {
    let d = x.len() / label.len();
    for (row, label) in x.chunks_exact(d).zip(label) {
        let mu = &mu[*label as usize * d..][..d];
        let (sums, count) = cells[*label as usize * (d + 1)..][..d + 1].split_at_mut(d);
        for c in 0..d {
            sums[c] += row[c] - mu[c];
        }
        count[0] += 1.0;
    }
}

/// The rows of each cluster, in order: all of them cluster by cluster, and where each cluster ends.
fn by_label(label: &[u32], k: usize) -> (Vec<u32>, Vec<usize>) {
    let mut ends = vec![0; k];
    for label in label {
        ends[*label as usize] += 1;
    }
    let mut start = 0;
    for end in &mut ends {
        start += std::mem::replace(end, start);
    }
    let mut rows = vec![0; label.len()];
    for (i, label) in label.iter().enumerate() {
        let next = &mut ends[*label as usize];
        rows[*next] = i as u32;
        *next += 1;
    }
    (rows, ends)
}

/// Adds the differences of these rows from mu, and their count. Four rows at once: the cells are then read and
/// written a quarter as often.
fn add_rows(x: &[f32], rows: &[u32], mu: &[f32], cells: &mut [f32]) {
    let d = mu.len();
    let row = |i: u32| &x[i as usize * d..][..d];
    let (count, sums) = cells.split_last_mut().expect("the count's column");
    *count += rows.len() as f32;
    let (fours, rest) = rows.as_chunks::<4>();
    for four in fours {
        add_four(four.map(row), mu, sums);
    }
    for i in rest {
        for ((sum, value), mu) in sums.iter_mut().zip(row(*i)).zip(mu) {
            *sum += value - mu;
        }
    }
}

fn add_four(rows: [&[f32]; 4], mu: &[f32], sums: &mut [f32]) {
    let d = sums.len();
    let ([a, b, c, e], mu) = (rows.map(|row| &row[..d]), &mu[..d]);
    for i in 0..d {
        sums[i] += ((a[i] - mu[i]) + (b[i] - mu[i])) + ((c[i] - mu[i]) + (e[i] - mu[i]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_summed_and_counted() {
        let mut cells = [9.0; 6];
        let sums = Sums {
            mu: &[0.0, 1.0, 2.0, 0.0],
            label: &[1, 0, 1],
            cells: &mut cells,
        };
        sum_part(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2, &mut [sums]);
        assert_eq!(cells, [3.0, 3.0, 1.0, 2.0, 8.0, 2.0]);
    }
}
