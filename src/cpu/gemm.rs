//! Matrix products of the CPU device: `ndarray` (matrixmultiply's blocked kernels), spread over threads.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, Axis, Slice};
use rayon::prelude::*;

/// Splits are multiples of this, so that each thread keeps whole register tiles.
const GRAIN: usize = 16;

/// C (m, n) = A (m, k) · B (k, n), then `epilogue` on each finished block of C with the block's first row
/// and column.
///
/// Bits do not depend on the number of threads: every element is one sum over k, taken in the same
/// order whichever block it falls into (`the_split_leaves_no_trace` holds the library to that).
pub(crate) fn gemm(
    a: ArrayView2<'_, f32>,
    b: ArrayView2<'_, f32>,
    mut c: ArrayViewMut2<'_, f32>,
    epilogue: impl Fn(usize, usize, &mut ArrayViewMut2<'_, f32>) + Sync,
) {
    let threads = rayon::current_num_threads();
    let (m, n) = c.dim();
    let by_rows = m > n;
    let axis = if by_rows { Axis(0) } else { Axis(1) };
    let chunk = m.max(n).div_ceil(threads).next_multiple_of(GRAIN);
    let blocks: Vec<_> = c.axis_chunks_iter_mut(axis, chunk).enumerate().collect();
    blocks.into_par_iter().for_each(|(i, mut block)| {
        let start = i * chunk;
        if by_rows {
            let rows = a.slice_axis(axis, Slice::from(start..start + block.nrows()));
            general_mat_mul(1.0, &rows, &b, 0.0, &mut block);
            epilogue(start, 0, &mut block);
        } else {
            let cols = b.slice_axis(axis, Slice::from(start..start + block.ncols()));
            general_mat_mul(1.0, &a, &cols, 0.0, &mut block);
            epilogue(0, start, &mut block);
        }
    });
}

/// A (rows, cols) row-major view of the start of a slice.
pub(crate) fn matrix(values: &[f32], rows: usize, cols: usize) -> ArrayView2<'_, f32> {
    ArrayView2::from_shape((rows, cols), &values[..rows * cols])
        .expect("the slice has rows x cols values")
}

/// A (rows, cols) row-major view of the start of a slice, for writing.
pub(crate) fn matrix_mut(values: &mut [f32], rows: usize, cols: usize) -> ArrayViewMut2<'_, f32> {
    ArrayViewMut2::from_shape((rows, cols), &mut values[..rows * cols])
        .expect("the slice has rows x cols values")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::inputs;

    #[test]
    fn the_split_leaves_no_trace() {
        for (m, k, n) in [
            (256, 784, 500),
            (500, 256, 2000),
            (256, 2000, 10),
            (37, 19, 23),
            (1, 5, 1),
        ] {
            let (a, b) = (inputs::uniform(1, m * k), inputs::uniform(2, k * n));
            let product = |threads: usize| {
                let mut c = vec![f32::NAN; m * n];
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .build()
                    .expect("a pool");
                pool.install(|| {
                    gemm(
                        matrix(&a, m, k),
                        matrix(&b, k, n),
                        matrix_mut(&mut c, m, n),
                        |_, _, _| (),
                    );
                });
                c
            };
            let one = product(1);
            assert!(
                one.iter().all(|v| v.is_finite()),
                "{m}x{k}x{n}: every element is written"
            );
            for threads in [2, 3, 7] {
                assert!(product(threads) == one, "{m}x{k}x{n} on {threads} threads");
            }
        }
    }
}
