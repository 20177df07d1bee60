//! Batches: rows of the data set by an order, normalised, from f32 or packed u8.

use std::ops::Range;

use super::inputs;
use crate::device::{Device, DeviceBuffer, Matrix, param};
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
    /// [`Source`]: 0 f32, 1 u8.
    source: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "gather_rows",
    wgsl: &[
        include_str!("../../shaders/block_value.wgsl"),
        include_str!("../../shaders/ordered_row.wgsl"),
        include_str!("../../shaders/gather_rows.wgsl"),
    ],
    params: Params::FIELDS,
    bindings: &[
        read("index", U32, "(first + rows or more, 1)"),
        read(
            "x",
            U32,
            "(block_rows, cols); u8 rows do not start on words",
        ),
        read("shift", F32, "(1, cols)"),
        read("scale", F32, "(1, cols)"),
        write("out", F32, "(rows, cols)"),
    ],
    workgroup_size: [256, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: ("8u * (offset % 4u)", "8u * (3u - offset % 4u)"),
};

/// How a block's values are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// One f32 per word.
    F32,
    /// Four u8 per word, little-endian; rows follow each other without padding.
    U8,
}

/// A run of the data set's rows on a device.
pub struct Block<D: Device> {
    /// The values (rows, D).
    pub x: D::Buffer,
    /// How they are stored.
    pub source: Source,
    /// The row of the data set that the block starts with.
    pub first: usize,
    /// Rows in the block.
    pub rows: usize,
}

/// Which rows of the data set are wanted: as many as `out` has.
pub struct Order<'a, D: Device> {
    /// The order of the samples (n, 1; u32); `None` is the data set's own order.
    pub index: Option<&'a Matrix<D>>,
    /// Where in the order to start.
    pub first: usize,
}

// By hand: a derive would ask for a device that can be copied.
impl<D: Device> Clone for Order<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: Device> Copy for Order<'_, D> {}

/// What is done to each column: (x - shift)·scale.
pub struct Normalisation<D: Device> {
    /// Subtracted (1, D).
    pub shift: Matrix<D>,
    /// Multiplied by (1, D).
    pub scale: Matrix<D>,
}

/// Writes those rows of out (b, D) that lie in this block; one call per block fills a batch.
pub fn gather_rows<D: Device>(
    device: &D,
    order: Order<'_, D>,
    block: &Block<D>,
    normalisation: &Normalisation<D>,
    out: &Matrix<D>,
) {
    let params = params(order, block, normalisation, out);
    let buffers = buffers(order, block, normalisation, out);
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(out.len(), 256),
        &buffers,
    );
}

/// The buffers in the order of the bindings.
pub(super) fn buffers<'a, D: Device>(
    order: Order<'a, D>,
    block: &'a Block<D>,
    Normalisation { shift, scale }: &'a Normalisation<D>,
    out: &'a Matrix<D>,
) -> [&'a D::Buffer; 5] {
    // Without an index something must still be bound in its place; of it only the first word is read.
    let index = &order.index.unwrap_or(shift).buffer;
    [index, &block.x, &shift.buffer, &scale.buffer, &out.buffer]
}

/// Asserts that an order and a normalisation are of the shape of a batch (b, D).
pub(super) fn expect_batch<D: Device>(
    order: Order<'_, D>,
    Normalisation { shift, scale }: &Normalisation<D>,
    out: &Matrix<D>,
) {
    shift.expect_shape("shift", 1, out.cols);
    scale.expect_shape("scale", 1, out.cols);
    if let Some(index) = order.index {
        index.expect_shape("index", index.rows, 1);
        let last = order.first + out.rows;
        assert!(last <= index.rows, "{last} of {} indices", index.rows);
    }
}

/// The parameters, once the shapes are seen to be right.
pub(super) fn params<D: Device>(
    order: Order<'_, D>,
    block: &Block<D>,
    normalisation: &Normalisation<D>,
    out: &Matrix<D>,
) -> Params {
    expect_batch(order, normalisation, out);
    let values = block.rows * out.cols;
    let words = match block.source {
        Source::F32 => values,
        Source::U8 => values.div_ceil(4),
    };
    assert!(words <= block.x.words(), "x is larger than its buffer");
    Params {
        rows: param(out.rows),
        cols: param(out.cols),
        first: param(order.first),
        indexed: order.index.is_some().into(),
        block_first: param(block.first),
        block_rows: param(block.rows),
        source: (block.source == Source::U8).into(),
    }
}

/// The buffers that rows are read from, opened; the first layer reads its input through them too.
pub(super) struct Rows<'a> {
    pub(super) p: Params,
    pub(super) index: &'a [u32],
    pub(super) x: &'a View<'a>,
    pub(super) shift: &'a [f32],
    pub(super) scale: &'a [f32],
}

impl Rows<'_> {
    /// Copies row i of the order, normalised, if it lies in the block; whether it does.
    pub(super) fn copy(&self, i: usize, out: &mut [f32]) -> bool {
        let position = self.p.first as usize + i;
        let row = match self.p.indexed {
            1 => self.index[position] as usize,
            _ => position,
        };
        let (first, rows) = (self.p.block_first as usize, self.p.block_rows as usize);
        if !(first..first + rows).contains(&row) {
            return false;
        }
        let start = (row - first) * out.len();
        if self.p.source == 1 {
            let x = &self.x.u8()[start..][..out.len()];
            self.normalise(x.iter().map(|x| f32::from(*x)), out);
        } else {
            let x = &self.x.f32()[start..][..out.len()];
            self.normalise(x.iter().copied(), out);
        }
        true
    }

    fn normalise(&self, x: impl Iterator<Item = f32>, out: &mut [f32]) {
        for (((out, x), shift), scale) in out.iter_mut().zip(x).zip(self.shift).zip(self.scale) {
            *out = (x - shift) * scale;
        }
    }
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [index, x, shift, scale, out] = views(buffers);
    let (rows, cols) = (p.rows as usize, p.cols as usize);
    let from = Rows {
        p,
        index: index.u32(),
        x,
        shift: shift.f32(),
        scale: scale.f32(),
    };
    for (i, out) in out.f32_mut()[..rows * cols]
        .chunks_exact_mut(cols)
        .enumerate()
    {
        from.copy(i, out);
    }
}

fn cases() -> Vec<Case> {
    let whole = |rows, cols, of: usize| Trial {
        rows,
        cols,
        of,
        first: 0,
        block: 0..of,
        indexed: true,
    };
    // 65 rows of 13 bytes start on every byte of a word; blocks are the first, a middle and the last part.
    let part = |block| Trial {
        first: 7,
        block,
        ..whole(65, 13, 131)
    };
    let plain = |first, block| Trial {
        first,
        block,
        indexed: false,
        ..whole(37, 5, 101)
    };
    let trials = [
        whole(1, 1, 1),
        whole(51, 5, 53),
        whole(32, 8, 32),
        whole(257, 1, 300),
        part(0..44),
        part(44..90),
        part(90..131),
        plain(64, 0..101),
        plain(11, 20..40),
        whole(256, 784, 300),
    ];
    let both = |trial| [case(trial, Source::F32), case(trial, Source::U8)];
    trials.iter().flat_map(both).collect()
}

/// `rows` rows from position `first` of the order of a data set of `of` rows, of which one block is read.
struct Trial {
    rows: usize,
    cols: usize,
    of: usize,
    first: usize,
    block: Range<usize>,
    indexed: bool,
}

fn case(trial: &Trial, source: Source) -> Case {
    let Trial {
        rows,
        cols,
        of,
        first,
        ref block,
        indexed,
    } = *trial;
    let params = Params {
        rows: param(rows),
        cols: param(cols),
        first: param(first),
        indexed: indexed.into(),
        block_first: param(block.start),
        block_rows: param(block.len()),
        source: (source == Source::U8).into(),
    };
    let label = format!(
        "{rows}x{cols} from {first} of {of}, block {block:?}, {source:?}, indexed {indexed}"
    );
    let index = random::permutation(1, 0, 0, of);
    let values = inputs::uniform(2, block.len() * cols);
    let bytes: Vec<u8> = values.iter().map(|v| (128.0 * v + 128.0) as u8).collect();
    let case = Case::new(label, &params, inputs::folded(rows * cols, 256)).input(&index);
    let case = match source {
        Source::F32 => case.input(&values),
        Source::U8 => case.input(&bytes),
    };
    case.input(&inputs::uniform(3, cols))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    /// Two samples from the second of the order on, of a set (0, 1, 2), (3, 4, 5), … of five in two blocks;
    /// each value less 1, halved.
    fn gathered(source: Source, order: Option<&[u32]>) -> Vec<f32> {
        let cpu = Cpu::reference();
        let row = |value: f32| Matrix::upload(&cpu, 1, 3, &[value; 3]).unwrap();
        let (shift, scale) = (row(1.0), row(0.5));
        let normalisation = Normalisation { shift, scale };
        let index = order.map(|order| Matrix::<Cpu> {
            rows: order.len(),
            cols: 1,
            buffer: cpu.upload(order).unwrap(),
        });
        let out = Matrix::upload(&cpu, 2, 3, &[f32::NAN; 6]).unwrap();
        for (first, rows) in [(0, 2), (2, 3)] {
            let bytes: Vec<u8> = (3 * first..3 * (first + rows)).map(|v| v as u8).collect();
            let floats: Vec<f32> = bytes.iter().map(|v| f32::from(*v)).collect();
            let x = match source {
                Source::U8 => cpu.upload(&bytes),
                Source::F32 => cpu.upload(&floats),
            };
            let block = Block::<Cpu> {
                x: x.unwrap(),
                source,
                first,
                rows,
            };
            let order = Order {
                index: index.as_ref(),
                first: 1,
            };
            gather_rows(&cpu, order, &block, &normalisation, &out);
        }
        pollster::block_on(out.download(&cpu)).unwrap()
    }

    #[test]
    fn closed_form_over_blocks() {
        for source in [Source::F32, Source::U8] {
            let got = gathered(source, Some(&[4, 2, 1, 3, 0]));
            assert_eq!(got, [2.5, 3.0, 3.5, 1.0, 1.5, 2.0]);
            let got = gathered(source, None);
            assert_eq!(got, [1.0, 1.5, 2.0, 2.5, 3.0, 3.5]);
        }
    }
}
