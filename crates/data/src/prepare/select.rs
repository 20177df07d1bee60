//! The columns of largest variance, and a set of these alone.

use super::super::{Dataset, Sparse, Values};

/// No place among the columns that are kept.
const DROPPED: u32 = u32::MAX;

/// The variance of each column over all rows, zeros included, dividing by n.
///
/// Zeros are counted, not added, so that sparse and dense rows give the same bits. Two passes, because the sum of
/// squares less the square of the sum loses all digits where the mean is large against the deviation.
pub(super) fn variances(set: &Dataset) -> Vec<f64> {
    let n = set.n_samples as f64;
    let mut mean = vec![0.0; set.input_dim];
    each_value(set, |column, value| mean[column] += value);
    mean.iter_mut().for_each(|sum| *sum /= n);
    let mut squares = vec![0.0; set.input_dim];
    let mut counts = vec![0u64; set.input_dim];
    each_value(set, |column, value| {
        let deviation = value - mean[column];
        squares[column] += deviation * deviation;
        counts[column] += 1;
    });
    let variance = |((squares, count), mean): ((f64, u64), &f64)| {
        let zeros = set.n_samples as f64 - count as f64;
        (squares + zeros * mean * mean) / n
    };
    squares
        .into_iter()
        .zip(counts)
        .zip(&mean)
        .map(variance)
        .collect()
}

/// Hands over every value that is not 0, with its column, row by row.
fn each_value(set: &Dataset, mut take: impl FnMut(usize, f64)) {
    fn dense<T: Copy + Into<f64>>(values: &[T], dim: usize, take: &mut dyn FnMut(usize, f64)) {
        for row in values.chunks_exact(dim) {
            for (column, value) in row.iter().enumerate() {
                take(column, (*value).into());
            }
        }
    }
    let mut take = |column: usize, value: f64| {
        if value != 0.0 {
            take(column, value);
        }
    };
    match &set.values {
        Values::U8(values) => dense(values, set.input_dim, &mut take),
        Values::F32(values) => dense(values, set.input_dim, &mut take),
        Values::Sparse(sparse) => {
            for (column, value) in sparse.columns.iter().zip(&sparse.values) {
                take(*column as usize, (*value).into());
            }
        }
    }
}

/// `most` columns of the largest variance, of equal ones the first; in the order of the set.
pub(super) fn most_variable(variances: &[f64], most: usize) -> Vec<u32> {
    // Columns are counted in u32 as in sparse rows.
    let mut columns: Vec<u32> = (0..variances.len() as u32).collect();
    let variance = |column: &u32| variances[*column as usize];
    columns.sort_by(|a, b| variance(b).total_cmp(&variance(a)));
    columns.truncate(most);
    columns.sort_unstable();
    columns
}

/// Leaves these columns of a set, which rise. Images are none any more.
pub(super) fn select(set: &mut Dataset, columns: &[u32]) {
    let dim = set.input_dim;
    match &mut set.values {
        Values::U8(values) => select_dense(values, dim, columns),
        Values::F32(values) => select_dense(values, dim, columns),
        Values::Sparse(sparse) => select_sparse(sparse, dim, columns),
    }
    if let Some(names) = &set.column_names {
        let kept = columns.iter().map(|column| names[*column as usize].clone());
        set.column_names = Some(kept.collect());
    }
    set.input_dim = columns.len();
    set.image_shape = None;
}

/// In place: a value never moves behind one that is still to be read.
fn select_dense<T: Copy>(values: &mut Vec<T>, dim: usize, columns: &[u32]) {
    let mut end = 0;
    for row in (0..values.len()).step_by(dim) {
        for column in columns {
            values[end] = values[row + *column as usize];
            end += 1;
        }
    }
    values.truncate(end);
    values.shrink_to_fit();
}

fn select_sparse(sparse: &mut Sparse, dim: usize, columns: &[u32]) {
    let mut places = vec![DROPPED; dim];
    for (place, column) in (0..).zip(columns) {
        places[*column as usize] = place;
    }
    let mut end = 0;
    let mut from = 0;
    for row in 0..sparse.n_rows() {
        let to = sparse.starts[row + 1];
        for at in from..to {
            let place = places[sparse.columns[at] as usize];
            if place != DROPPED {
                sparse.columns[end] = place;
                sparse.values[end] = sparse.values[at];
                end += 1;
            }
        }
        from = to;
        sparse.starts[row + 1] = end;
    }
    sparse.columns.truncate(end);
    sparse.values.truncate(end);
    sparse.columns.shrink_to_fit();
    sparse.values.shrink_to_fit();
}
