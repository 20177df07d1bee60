//! The directions in which the normalised rows vary most, by randomised subspace iteration (Halko, Martinsson and Tropp
//! 2011, algorithms 4.4 and 5.1), from a sample of the rows.

use nalgebra::{DMatrix, SymmetricEigen};
use ndarray::{Array1, Array2, ArrayView2, Axis};

use crate::data::{Affine, Dataset, Sparse, Values};
use crate::random::{self, stream};

/// Rows that the directions are found by, at most.
const SAMPLES: usize = 16_384;
/// Values of a dense sample, at most: 256 MiB.
const SAMPLED_VALUES: usize = 1 << 26;
/// Directions more than are wanted, so that the wanted ones are exact.
const SPARE: usize = 10;
/// Rows of mostly zeros are texts or counts.
pub const MOSTLY_ZEROS: f64 = 0.9;
/// Iterations: the spectra of real data fall slowly.
const ITERATIONS: usize = 3;

/// Principal directions of normalised rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Principal {
    /// Unit vectors as columns (D, m), row-major, by falling variance.
    pub directions: Vec<f32>,
    /// m.
    pub count: usize,
    /// Where the rows' mean lies on each direction (m).
    pub mean: Vec<f32>,
    /// The rows' standard deviation along each direction (m).
    pub deviation: Vec<f64>,
    /// The share of raw values that are zero.
    pub zeros: f64,
}

impl Principal {
    /// At most `most` directions of the rows x' = (x − shift)·scale, of rows that are mostly zeros at most `most_of_zeros`,
    /// from at most 16,384 rows, drawn from the seed.
    pub fn of(
        data: &Dataset,
        affine: &Affine,
        [most, most_of_zeros]: [usize; 2],
        seed: u32,
    ) -> Self {
        let rows = Sample::of(data, affine, seed);
        let most = if rows.zeros > MOSTLY_ZEROS {
            most_of_zeros
        } else {
            most
        };
        let (n, columns) = rows.shape();
        let count = most.min(columns).min(n);
        let width = (count + SPARE).min(columns).min(n);
        let start = Array2::from_shape_fn((columns, width), |(i, j)| {
            random::normal(seed, j as u32, stream::PRINCIPAL, i as u32)
        });
        let mut basis = orthonormal(&rows.times(&start));
        for _ in 0..ITERATIONS {
            let back = orthonormal(&rows.transposed_times(&basis));
            basis = orthonormal(&rows.times(&back));
        }
        // B = Qᵀ X has the right singular vectors of X: Uᵀ B/σ with B Bᵀ = U σ² Uᵀ.
        let small = rows.transposed_times(&basis); // Bᵀ (D, width)
        let gram = product(small.t(), small.view()).mapv(f64::from);
        let gram = DMatrix::from_fn(width, width, |i, j| 0.5 * (gram[(i, j)] + gram[(j, i)]));
        let eigen = SymmetricEigen::new(gram);
        let mut order: Vec<usize> = (0..width).collect();
        order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
        let turn = Array2::from_shape_fn((width, count), |(i, j)| {
            eigen.eigenvectors[(i, order[j])] as f32
        });
        let mut directions = product(small.view(), turn.view());
        directions.axis_iter_mut(Axis(1)).for_each(|mut column| {
            let length = column
                .iter()
                .map(|v| f64::from(*v).powi(2))
                .sum::<f64>()
                .sqrt();
            let largest =
                column.iter().copied().fold(
                    0.0f32,
                    |most, v| if v.abs() > most.abs() { v } else { most },
                );
            let sign = if largest < 0.0 { -1.0 } else { 1.0 };
            let factor = if length > 0.0 { sign / length } else { 0.0 };
            column.mapv_inplace(|v| (f64::from(v) * factor) as f32);
        });
        let variance = |j: &usize| eigen.eigenvalues[*j].max(0.0) / n as f64;
        Self {
            mean: rows.mean.dot(&directions).to_vec(),
            deviation: order[..count].iter().map(|j| variance(j).sqrt()).collect(),
            directions: directions.into_iter().collect(),
            count,
            zeros: rows.zeros,
        }
    }
}

/// Bytes that [`Principal::of`] needs on the host besides the data.
pub(crate) fn host_bytes(data: &Dataset) -> usize {
    let (n, columns) = (data.n_samples, data.input_dim);
    match &data.values {
        Values::Sparse(x) => 8 * x.values.len().min(x.values.len() / n.max(1) * SAMPLES),
        _ => 4 * n.min(SAMPLES).min((SAMPLED_VALUES / columns).max(1)) * columns,
    }
}

/// Whether more than [`MOSTLY_ZEROS`] of the raw values are zero.
pub(crate) fn is_mostly_zeros(data: &Dataset) -> bool {
    let cells = data.n_samples as f64 * data.input_dim as f64;
    let there = match &data.values {
        Values::U8(values) => values.iter().filter(|x| **x != 0).count(),
        Values::F32(values) => values.iter().filter(|x| **x != 0.0).count(),
        Values::Sparse(x) => x.values.len(),
    };
    (there as f64) < (1.0 - MOSTLY_ZEROS) * cells
}

/// An orthonormal basis of the columns' space (n, c): Y V Λ^(−1/2) with YᵀY = V Λ Vᵀ, twice, because once leaves an error
/// of the condition number squared. Columns beyond the rank are zero.
fn orthonormal(columns: &Array2<f32>) -> Array2<f32> {
    let once = |y: &Array2<f32>| {
        let c = y.ncols();
        let gram = product(y.t(), y.view());
        let gram = DMatrix::from_fn(c, c, |i, j| 0.5 * f64::from(gram[(i, j)] + gram[(j, i)]));
        let eigen = SymmetricEigen::new(gram);
        let largest = eigen.eigenvalues.iter().copied().fold(0.0, f64::max);
        let turn = Array2::from_shape_fn((c, c), |(i, j)| {
            let value = eigen.eigenvalues[j];
            let counts = value > f64::from(f32::EPSILON) * largest && value > 0.0;
            if counts {
                (eigen.eigenvectors[(i, j)] / value.sqrt()) as f32
            } else {
                0.0
            }
        });
        product(y.view(), turn.view())
    };
    once(&once(columns))
}

/// Some normalised rows, less their mean.
struct Sample {
    rows: Rows,
    /// Of the rows before it was taken off (D).
    mean: Array1<f32>,
    zeros: f64,
}

enum Rows {
    /// Less the mean already (n, D).
    Dense(Array2<f32>),
    /// Times the scale; the mean, with the shift in it, is taken off in the products.
    Sparse(Sparse, Array1<f32>),
}

impl Sample {
    fn of(data: &Dataset, affine: &Affine, seed: u32) -> Self {
        let n = data.n_samples;
        let most = match &data.values {
            Values::Sparse(_) => SAMPLES,
            _ => SAMPLES.min((SAMPLED_VALUES / data.input_dim).max(1)),
        };
        let mut chosen: Vec<u32> = match n <= most {
            true => (0..n as u32).collect(),
            false => random::permutation(seed, stream::PRINCIPAL, 0, n),
        };
        chosen.truncate(most);
        chosen.sort_unstable();
        match &data.values {
            Values::Sparse(x) => Self::sparse(x, &chosen, affine),
            _ => Self::dense(data, &chosen, affine),
        }
    }

    fn dense(data: &Dataset, chosen: &[u32], affine: &Affine) -> Self {
        let columns = data.input_dim;
        let mut zeros = 0usize;
        let mut rows = Array2::<f32>::zeros((chosen.len(), columns));
        for (i, mut row) in chosen.iter().zip(rows.rows_mut()) {
            for (c, (to, x)) in row.iter_mut().zip(data.row(*i as usize)).enumerate() {
                zeros += usize::from(x == 0.0);
                *to = (x as f32 - affine.shift[c]) * affine.scale[c];
            }
        }
        let mean: Array1<f32> = (rows.columns().into_iter())
            .map(|column| {
                (column.iter().map(|x| f64::from(*x)).sum::<f64>() / chosen.len() as f64) as f32
            })
            .collect();
        rows -= &mean;
        Self {
            zeros: zeros as f64 / rows.len() as f64,
            rows: Rows::Dense(rows),
            mean,
        }
    }

    fn sparse(x: &Sparse, chosen: &[u32], affine: &Affine) -> Self {
        let columns = affine.scale.len();
        let mut taken = x.of_rows(chosen);
        for (value, column) in taken.values.iter_mut().zip(&taken.columns) {
            *value *= affine.scale[*column as usize];
        }
        let mut sum = vec![0.0f64; columns];
        for (value, column) in taken.values.iter().zip(&taken.columns) {
            sum[*column as usize] += f64::from(*value);
        }
        let stored: Array1<f32> = sum
            .iter()
            .map(|sum| (sum / chosen.len() as f64) as f32)
            .collect();
        let shifts = affine
            .shift
            .iter()
            .zip(&affine.scale)
            .map(|(shift, scale)| shift * scale);
        let cells = chosen.len() as f64 * columns as f64;
        Self {
            zeros: 1.0 - taken.values.len() as f64 / cells,
            mean: &stored - &shifts.collect::<Array1<f32>>(),
            rows: Rows::Sparse(taken, stored),
        }
    }

    /// (n, D).
    fn shape(&self) -> (usize, usize) {
        match &self.rows {
            Rows::Dense(rows) => rows.dim(),
            Rows::Sparse(x, stored) => (x.n_rows(), stored.len()),
        }
    }

    /// X · W (n, c) for W (D, c).
    fn times(&self, w: &Array2<f32>) -> Array2<f32> {
        match &self.rows {
            Rows::Dense(rows) => product(rows.view(), w.view()),
            Rows::Sparse(x, mean) => {
                let mut y = Array2::<f32>::zeros((x.n_rows(), w.ncols()));
                for (i, mut to) in y.rows_mut().into_iter().enumerate() {
                    let (columns, values) = x.row(i);
                    for (column, value) in columns.iter().zip(values) {
                        to.scaled_add(*value, &w.row(*column as usize));
                    }
                }
                y - &mean.dot(w)
            }
        }
    }

    /// Xᵀ · Y (D, c) for Y (n, c).
    fn transposed_times(&self, y: &Array2<f32>) -> Array2<f32> {
        match &self.rows {
            Rows::Dense(rows) => product(rows.t(), y.view()),
            Rows::Sparse(x, mean) => {
                let mut w = Array2::<f32>::zeros((mean.len(), y.ncols()));
                for (i, y) in y.rows().into_iter().enumerate() {
                    let (columns, values) = x.row(i);
                    for (column, value) in columns.iter().zip(values) {
                        w.row_mut(*column as usize).scaled_add(*value, &y);
                    }
                }
                let sums = y.sum_axis(Axis(0));
                for (mut to, mean) in w.rows_mut().into_iter().zip(mean) {
                    to.scaled_add(-mean, &sums);
                }
                w
            }
        }
    }
}

fn product(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>) -> Array2<f32> {
    let mut c = Array2::<f32>::zeros((a.nrows(), b.ncols()));
    crate::cpu::gemm::gemm(a, b, c.view_mut(), |_, _, _| ());
    c
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::inputs;

    fn rows(n: usize) -> Vec<f32> {
        // Deviations of about 4, 1 and 0.1 along three turned axes, and a mean.
        let axes = [[0.6, 0.8, 0.0], [-0.8, 0.6, 0.0], [0.0, 0.0, 1.0]];
        let (a, b, c) = (
            inputs::uniform(1, n),
            inputs::uniform(2, n),
            inputs::uniform(3, n),
        );
        (0..n)
            .flat_map(|i| {
                let t = [7.0 * a[i], 1.7 * b[i], 0.17 * c[i]];
                [0, 1, 2].map(|d| 5.0 + (0..3).map(|axis| t[axis] * axes[axis][d]).sum::<f32>())
            })
            .collect()
    }

    #[test]
    fn directions_are_those_of_the_variance() {
        let data = Dataset::new("x", 4000, 3, Values::F32(rows(4000)));
        let found = Principal::of(&data, &Affine::uniform(3, 0.0, 1.0), [2, 2], 0);
        assert_eq!((found.count, found.directions.len()), (2, 6));
        let first = [0, 2, 4].map(|at| found.directions[at]);
        assert!(
            (first[0] - 0.6).abs() < 0.02 && (first[1] - 0.8).abs() < 0.02,
            "{first:?}"
        );
        assert!(
            (found.deviation[0] - 7.0 / 3f64.sqrt()).abs() < 0.1,
            "{:?}",
            found.deviation
        );
        assert!((found.mean[0] - 7.0).abs() < 0.3, "{:?}", found.mean);
    }

    fn sparse_of(values: &[f32], d: usize) -> Sparse {
        let mut sparse = Sparse::new();
        for row in values.chunks_exact(d) {
            let there = || (0..d).filter(|c| row[*c] != 0.0);
            let columns: Vec<u32> = there().map(|c| c as u32).collect();
            sparse.push_row(&columns, &there().map(|c| row[c]).collect::<Vec<f32>>());
        }
        sparse
    }

    #[test]
    fn sparse_rows_have_the_directions_of_dense_ones() {
        let (n, d) = (300, 40);
        let values: Vec<f32> = inputs::integers(7, n * d)
            .iter()
            .map(|v| if *v > 2.0 { *v } else { 0.0 })
            .collect();
        let affine = Affine::uniform(d, 0.5, 0.7);
        let dense = Dataset::new("x", n, d, Values::F32(values.clone()));
        let sparse = Dataset::new("x", n, d, Values::Sparse(sparse_of(&values, d)));
        let [dense, sparse] = [dense, sparse].map(|data| Principal::of(&data, &affine, [5, 5], 1));
        assert!((dense.zeros - sparse.zeros).abs() < 1e-9);
        for (a, b) in dense.directions.iter().zip(&sparse.directions) {
            assert!((a - b).abs() < 1e-3, "{a} {b}");
        }
        for (a, b) in dense.mean.iter().zip(&sparse.mean) {
            assert!((a - b).abs() < 1e-3, "{a} {b}");
        }
    }

    #[test]
    fn rows_that_are_all_equal_have_no_direction_and_no_nan() {
        let data = Dataset::new("x", 20, 3, Values::F32(vec![2.0; 60]));
        let found = Principal::of(&data, &Affine::uniform(3, 0.0, 1.0), [3, 3], 0);
        assert!(found.directions.iter().all(|v| v.is_finite()));
        assert!(
            found.deviation.iter().all(|v| *v < 1e-3),
            "{:?}",
            found.deviation
        );
    }
}
