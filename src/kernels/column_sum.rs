//! Column sums in stages: the soft cluster frequencies f_j of Xie et al. 2016, eq. 3, and sums of loss terms.

use super::inputs;
use crate::device::{Device, Matrix, Result, param};
use crate::kernel::{
    Case, Element::F32, Kernel, Tolerance, View, grid, params_of, read, views, write,
};

crate::params! {
    /// Rows of x.
    rows: u32,
    /// Columns of x and part.
    cols: u32,
    /// Rows summed by one invocation.
    rows_per_part: u32,
    /// The row of part that part 0 is written to.
    first_part: u32,
    /// Factor on each sum.
    scale: f32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "column_sum",
    wgsl: &[include_str!("../../shaders/column_sum.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("x", F32, "(rows, cols)"),
        write("part", F32, "(first_part + parts or more, cols)"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: ("let first = g *", "let first = 0u *"),
};

/// How the rows of one dispatch are cut, and where the sums go.
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    /// Rows summed into one.
    pub rows_per_part: usize,
    /// The row of `part` that the first sum is written to.
    pub first_part: usize,
    /// Factor on each sum.
    pub scale: f32,
}

/// One stage: each `rows_per_part` rows of x (n, c) become one row of part, from row `first_part` on.
pub fn column_sum<D: Device>(device: &D, x: &Matrix<D>, parts: Parts, part: &Matrix<D>) {
    assert!(
        x.rows > 0 && parts.rows_per_part > 0,
        "a sum over {} rows in parts of {}",
        x.rows,
        parts.rows_per_part
    );
    let count = x.rows.div_ceil(parts.rows_per_part);
    part.expect_shape("part", part.rows, x.cols);
    assert!(
        parts.first_part + count <= part.rows,
        "parts {}..{} of {}",
        parts.first_part,
        parts.first_part + count,
        part.rows
    );
    let params = Params {
        rows: param(x.rows),
        cols: param(x.cols),
        rows_per_part: param(parts.rows_per_part),
        first_part: param(parts.first_part),
        scale: parts.scale,
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(count * x.cols, 64),
        &[&x.buffer, &part.buffer],
    );
}

/// Rows summed by one invocation in [`ColumnSum`]. Each stage divides the rows by this, so 64 sums
/// 262,144 rows in three stages and keeps the chain of dependent additions, and its rounding, short.
const ROWS_PER_PART: usize = 64;

/// Sums the columns of a matrix that lies in row blocks; owns the memory of the stages in between.
pub struct ColumnSum<D: Device> {
    block_rows: Vec<usize>,
    /// Parts of all blocks, then parts of those, and so on; each has more than one row.
    stages: Vec<Matrix<D>>,
}

impl<D: Device> ColumnSum<D> {
    /// For blocks of these numbers of rows, each with `cols` columns.
    pub fn new(device: &D, block_rows: &[usize], cols: usize) -> Result<Self> {
        let parts = |rows: usize| rows.div_ceil(ROWS_PER_PART);
        let mut rows: usize = block_rows.iter().map(|rows| parts(*rows)).sum();
        let mut stages = Vec::new();
        while rows > 1 {
            stages.push(Matrix::zeros(device, rows, cols)?);
            rows = parts(rows);
        }
        Ok(Self {
            block_rows: block_rows.to_vec(),
            stages,
        })
    }

    /// Writes `scale` times the sum over all rows of all blocks to `sum`, at row `slot`.
    pub fn run(&self, device: &D, blocks: &[Matrix<D>], scale: f32, sum: &Matrix<D>, slot: usize) {
        assert!(
            blocks
                .iter()
                .map(|block| block.rows)
                .eq(self.block_rows.iter().copied()),
            "blocks of other sizes than {:?}",
            self.block_rows
        );
        let stage = |x: &Matrix<D>, part: Option<&Matrix<D>>, first_part: usize| {
            let last = part.is_none();
            let parts = Parts {
                rows_per_part: ROWS_PER_PART,
                first_part: if last { slot } else { first_part },
                scale: if last { scale } else { 1.0 },
            };
            column_sum(device, x, parts, part.unwrap_or(sum));
        };
        let mut first_part = 0;
        for block in blocks {
            stage(block, self.stages.first(), first_part);
            first_part += block.rows.div_ceil(ROWS_PER_PART);
        }
        for (i, x) in self.stages.iter().enumerate() {
            stage(x, self.stages.get(i + 1), 0);
        }
    }
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, part] = views(buffers);
    let (rows, cols) = (p.rows as usize, p.cols as usize);
    let parts = x.f32()[..rows * cols].chunks(p.rows_per_part as usize * cols);
    let first = p.first_part as usize * cols;
    let out = part.f32_mut()[first..].chunks_exact_mut(cols);
    for (part, out) in parts.zip(out) {
        let mut sums = vec![0.0f64; cols];
        for row in part.chunks_exact(cols) {
            for (sum, x) in sums.iter_mut().zip(row) {
                *sum += f64::from(*x);
            }
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = (f64::from(p.scale) * sum) as f32;
        }
    }
}

fn cases() -> Vec<Case> {
    // (rows, cols, rows per part, scale): one of each, primes, the last part short, a batch, a whole set's
    // stage, many columns, a single column of loss terms.
    [
        (1, 1, 1, 1.0),
        (37, 5, 7, -0.5),
        (64, 1, 64, 1.0),
        (65, 13, 64, 1.0),
        (256, 10, 256, 1.0 / 256.0),
        (4099, 10, 64, 1.0),
        (97, 1024, 32, 2.0),
        (997, 1, 31, 1.0),
    ]
    .map(|(rows, cols, rows_per_part, scale)| case(rows, cols, rows_per_part, scale))
    .into_iter()
    .chain([later_parts_case()])
    .collect()
}

fn case(rows: usize, cols: usize, rows_per_part: usize, scale: f32) -> Case {
    let params = Params {
        rows: param(rows),
        cols: param(cols),
        rows_per_part: param(rows_per_part),
        first_part: 0,
        scale,
    };
    let parts = rows.div_ceil(rows_per_part);
    Case::new(
        format!("{rows}x{cols}, parts of {rows_per_part}, scale {scale}"),
        &params,
        grid(parts * cols, 64),
    )
    .input(&inputs::uniform(1, rows * cols))
    .output(parts * cols, Tolerance::sum(rows_per_part, scale.abs()))
}

/// The second block of two: parts 3 to 7, the rows before stay. Integers, so every order gives the same bits.
fn later_parts_case() -> Case {
    let (rows, cols) = (129, 17);
    let params = Params {
        rows: param(rows),
        cols: param(cols),
        rows_per_part: 29,
        first_part: 3,
        scale: 1.0,
    };
    Case::new(
        "129x17, parts of 29 from row 3, folded grid, exact",
        &params,
        inputs::folded(5 * cols, 64),
    )
    .input(&inputs::integers(2, rows * cols))
    .update(&vec![-7.0f32; 8 * cols], Tolerance::Exact)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    fn total(block_rows: &[usize], scale: f32) -> Vec<f32> {
        let cpu = Cpu::reference();
        let mut next = 0;
        let mut value = || {
            next += 1;
            next as f32
        };
        let blocks: Vec<_> = (block_rows.iter())
            .map(|&rows| {
                let values: Vec<f32> = (0..2 * rows).map(|_| value()).collect();
                Matrix::upload(&cpu, rows, 2, &values).unwrap()
            })
            .collect();
        let sum = Matrix::zeros(&cpu, 3, 2).unwrap();
        let scratch = ColumnSum::new(&cpu, block_rows, 2).unwrap();
        scratch.run(&cpu, &blocks, scale, &sum, 1);
        pollster::block_on(sum.download(&cpu)).unwrap()
    }

    #[test]
    fn closed_form_whatever_the_blocks() {
        // Rows (1, 2), (3, 4), …: n rows sum to (n², n(n + 1)).
        for blocks in [&[1][..], &[64], &[65], &[64, 64], &[1, 1, 130], &[5000]] {
            let n = blocks.iter().sum::<usize>() as f32;
            let want = [0.0, 0.0, n * n, n * (n + 1.0), 0.0, 0.0];
            assert_eq!(total(blocks, 1.0), want, "{blocks:?}");
            assert_eq!(total(blocks, 0.5), want.map(|v| v / 2.0), "{blocks:?}");
        }
    }
}
