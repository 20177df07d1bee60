//! Batches from compressed sparse rows: as [`super::gather_rows`], and what is not kept is zero.

use super::gather_rows::{Normalisation, Order, expect_batch};
use super::inputs;
use crate::data::Sparse;
use crate::device::{Device, DeviceBuffer, Matrix, Result, param};
use crate::kernel::{
    Case,
    Element::{F32, U32},
    Kernel, Tolerance, View, grid, params_of, read, views, write,
};
use crate::random;

crate::params! {
    /// Rows of out.
    rows: u32,
    /// Columns of x and out.
    cols: u32,
    /// The position in the order that row 0 of out takes.
    first: u32,
    /// 1: rows are named by index, 0: they follow each other.
    indexed: u32,
    /// The row of the data set that row 0 of x is.
    block_first: u32,
    /// Rows of x.
    block_rows: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "gather_sparse_rows",
    wgsl: &[
        include_str!("../../shaders/ordered_row.wgsl"),
        include_str!("../../shaders/gather_sparse_rows.wgsl"),
    ],
    params: Params::FIELDS,
    bindings: &[
        read("index", U32, "(first + rows or more, 1)"),
        read(
            "starts",
            U32,
            "(block_rows + 1, 1), where rows begin in columns and values",
        ),
        read("columns", U32, "(values kept, 1), rising within a row"),
        read("values", F32, "(values kept, 1)"),
        read("shift", F32, "(1, cols)"),
        read("scale", F32, "(1, cols)"),
        write("out", F32, "(rows, cols)"),
    ],
    workgroup_size: [256, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: ("columns[middle] < c", "columns[middle] <= c"),
};

/// A run of a sparse data set's rows on a device.
pub struct SparseBlock<D: Device> {
    /// Where each row begins (rows + 1; u32), from 0.
    pub starts: D::Buffer,
    /// The column of each value (u32), rising within a row.
    pub columns: D::Buffer,
    /// The values.
    pub values: D::Buffer,
    /// The row of the data set that the block starts with.
    pub first: usize,
    /// Rows in the block.
    pub rows: usize,
}

impl<D: Device> SparseBlock<D> {
    /// Uploads `rows` rows of a set from row `first` on.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn upload(device: &D, x: &Sparse, first: usize, rows: usize) -> Result<Self> {
        let starts = &x.starts[first..=first + rows];
        let kept = starts[0]..starts[rows];
        let starts: Vec<u32> = starts.iter().map(|at| param(at - kept.start)).collect();
        // A block of zeros still needs something to bind.
        let (no_column, no_value) = ([0u32], [0f32]);
        let (columns, values) = match kept.is_empty() {
            true => (&no_column[..], &no_value[..]),
            false => (&x.columns[kept.clone()], &x.values[kept]),
        };
        Ok(Self {
            starts: device.upload(&starts)?,
            columns: device.upload(columns)?,
            values: device.upload(values)?,
            first,
            rows,
        })
    }
}

/// Writes those rows of out (b, D) that lie in this block; one call per block fills a batch.
pub fn gather_sparse_rows<D: Device>(
    device: &D,
    order: Order<'_, D>,
    block: &SparseBlock<D>,
    normalisation: &Normalisation<D>,
    out: &Matrix<D>,
) {
    expect_batch(order, normalisation, out);
    let Normalisation { shift, scale } = normalisation;
    assert!(
        block.rows < block.starts.words(),
        "starts are fewer than rows"
    );
    let params = Params {
        rows: param(out.rows),
        cols: param(out.cols),
        first: param(order.first),
        indexed: order.index.is_some().into(),
        block_first: param(block.first),
        block_rows: param(block.rows),
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(out.len(), 256),
        &[
            // Without an index something must still be bound in its place; it is not read.
            &order.index.unwrap_or(shift).buffer,
            &block.starts,
            &block.columns,
            &block.values,
            &shift.buffer,
            &scale.buffer,
            &out.buffer,
        ],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [index, starts, columns, values, shift, scale, out] = views(buffers);
    let (rows, cols) = (p.rows as usize, p.cols as usize);
    let (starts, columns, values) = (starts.u32(), columns.u32(), values.f32());
    let (shift, scale) = (shift.f32(), scale.f32());
    for (i, out) in (out.f32_mut()[..rows * cols].chunks_exact_mut(cols)).enumerate() {
        let position = p.first as usize + i;
        let row = match p.indexed {
            1 => index.u32()[position],
            _ => position as u32,
        };
        let local = row.wrapping_sub(p.block_first);
        if local >= p.block_rows {
            continue;
        }
        for ((out, shift), scale) in out.iter_mut().zip(shift).zip(scale) {
            *out = (0.0 - shift) * scale;
        }
        let local = local as usize;
        for at in starts[local] as usize..starts[local + 1] as usize {
            let c = columns[at] as usize;
            out[c] = (values[at] - shift[c]) * scale[c];
        }
    }
}

fn cases() -> Vec<Case> {
    // (rows, cols, of, first, block first, block rows, share kept, indexed)
    let trials = [
        (1, 1, 1, 0, 0, 1, 1.0, true),
        (1, 7, 3, 0, 0, 3, 0.0, true),
        (51, 5, 53, 0, 0, 53, 0.5, true),
        (257, 1, 300, 0, 0, 300, 0.3, true),
        (65, 13, 131, 7, 0, 44, 0.2, true),
        (65, 13, 131, 7, 44, 46, 0.2, true),
        (65, 13, 131, 7, 90, 41, 0.2, true),
        (37, 5, 101, 64, 0, 101, 1.0, false),
        (37, 64, 101, 11, 20, 20, 0.1, false),
        (64, 2000, 80, 0, 0, 80, 0.03, true),
    ];
    trials.into_iter().map(case).collect()
}

type Trial = (usize, usize, usize, usize, usize, usize, f32, bool);

fn case(trial: Trial) -> Case {
    let (rows, cols, of, first, block_first, block_rows, share, indexed) = trial;
    let params = Params {
        rows: param(rows),
        cols: param(cols),
        first: param(first),
        indexed: indexed.into(),
        block_first: param(block_first),
        block_rows: param(block_rows),
    };
    let label = format!(
        "{rows}x{cols} from {first} of {of}, block {block_first}+{block_rows}, {share} kept, indexed {indexed}"
    );
    let x = sparse(block_rows, cols, share);
    let starts: Vec<u32> = x.starts.iter().map(|at| param(*at)).collect();
    let (mut columns, mut values) = (x.columns, x.values);
    if columns.is_empty() {
        (columns, values) = (vec![0], vec![f32::NAN]); // bound, and never read
    }
    Case::new(label, &params, inputs::folded(rows * cols, 256))
        .input(&random::permutation(1, 0, 0, of))
        .input(&starts)
        .input(&columns)
        .input(&values)
        .input(&inputs::uniform(3, cols))
        .input(&inputs::uniform(4, cols))
        // A difference and a product, each rounded once; rows of other blocks keep their -7.
        .update(
            &vec![-7.0f32; rows * cols],
            Tolerance::Near {
                absolute: 1e-30,
                relative: 4.0 * f32::EPSILON,
            },
        )
}

/// Rows of which about `share` of the values are kept; the last row never has any but for a share of 1.
fn sparse(rows: usize, cols: usize, share: f32) -> Sparse {
    let mut x = Sparse::new();
    for row in 0..rows {
        let kept = |c: &u32| random::uniform(5, 0, row as u32, *c) < share;
        let columns: Vec<u32> = (0..cols as u32).filter(kept).collect();
        let value = |c: &u32| 2.0 * random::uniform(6, 0, row as u32, *c) - 1.0;
        let values: Vec<f32> = columns.iter().map(value).collect();
        match row + 1 == rows && share < 1.0 {
            true => x.push_row(&[], &[]),
            false => x.push_row(&columns, &values),
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    #[test]
    fn closed_form_over_blocks() {
        let cpu = Cpu::reference();
        // (0, 5, 0), (0, 0, 0), (7, 0, 9) in two blocks; less 1, halved.
        let x = Sparse {
            starts: vec![0, 1, 1, 3],
            columns: vec![1, 0, 2],
            values: vec![5.0, 7.0, 9.0],
        };
        let row = |value: f32| Matrix::upload(&cpu, 1, 3, &[value; 3]).unwrap();
        let normalisation = Normalisation {
            shift: row(1.0),
            scale: row(0.5),
        };
        let index = Matrix::<Cpu> {
            rows: 3,
            cols: 1,
            buffer: cpu.upload(&[2u32, 1, 0]).unwrap(),
        };
        let out = Matrix::upload(&cpu, 3, 3, &[f32::NAN; 9]).unwrap();
        for (first, rows) in [(0, 2), (2, 1)] {
            let block = SparseBlock::upload(&cpu, &x, first, rows).unwrap();
            let order = Order {
                index: Some(&index),
                first: 0,
            };
            gather_sparse_rows(&cpu, order, &block, &normalisation, &out);
        }
        let got = pollster::block_on(out.download(&cpu)).unwrap();
        assert_eq!(got, [3.0, -0.5, 4.0, -0.5, -0.5, -0.5, -0.5, 2.0, -0.5]);
    }
}
