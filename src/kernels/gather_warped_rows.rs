//! Batches of images, each gathered as [`super::gather_rows`] does, and turned, scaled and moved a little at random
//! (Guo et al. 2018, DEC-DA). What is drawn is a function of seed, stream, step and row.

use rayon::prelude::*;

use super::gather_rows::{self, Block, Normalisation, Order, Rows, Source};
use super::inputs;
use crate::data::ImageShape;
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case,
    Element::{F32, U32},
    Kernel, Tolerance, View, grid, params_of, read, views, write,
};
use crate::random;

crate::params! {
    /// Images in the batch.
    rows: u32,
    /// H.
    height: u32,
    /// W.
    width: u32,
    /// C, planes of an image one after the other.
    channels: u32,
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
    /// Seed of the run.
    seed: u32,
    /// Step of training.
    step: u32,
    /// Stream of the phase.
    stream: u32,
    /// Largest angle in radians.
    rotation: f32,
    /// Largest change of scale.
    zoom: f32,
    /// Largest move, as a share of height and width.
    translation: f32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "gather_warped_rows",
    wgsl: &[
        include_str!("../../shaders/pcg.wgsl"),
        include_str!("../../shaders/block_value.wgsl"),
        include_str!("../../shaders/ordered_row.wgsl"),
        include_str!("../../shaders/gather_warped_rows.wgsl"),
    ],
    params: Params::FIELDS,
    bindings: &[
        read("index", U32, "(first + rows or more, 1)"),
        read(
            "x",
            U32,
            "(block_rows, C*H*W); u8 rows do not start on words",
        ),
        read("shift", F32, "(1, C*H*W)"),
        read("scale", F32, "(1, C*H*W)"),
        write("out", F32, "(rows, C*H*W)"),
    ],
    workgroup_size: [256, 1, 1],
    tile: None,
    reference,
    fast: Some(fast),
    cases,
    mutation: ("turn.x * p.x - turn.y", "turn.x * p.x + turn.y"),
};

/// How far images may be changed. All zero changes nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Largest angle in radians, either way; at most π/4.
    pub rotation: f32,
    /// Largest change of scale: the scale is in [1 - zoom, 1 + zoom).
    pub zoom: f32,
    /// Largest move, as a share of height and width.
    pub shift: f32,
}

/// One draw of maps, one for each row of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Warp {
    /// Height, width and planes of the images.
    pub shape: ImageShape,
    /// How far they are changed.
    pub extent: Extent,
    /// Seed of the run.
    pub seed: u32,
    /// Step of training.
    pub step: u32,
    /// [`random::stream::AUGMENT`] plus the phase's number.
    pub stream: u32,
}

/// Writes those rows of out (b, C·H·W) that lie in this block, each image warped by its own map, the same for all of
/// its planes; one call per block fills a batch. Points outside an image take its edge.
pub fn gather_warped_rows<D: Device>(
    device: &D,
    warp: &Warp,
    order: Order<'_, D>,
    block: &Block<D>,
    normalisation: &Normalisation<D>,
    out: &Matrix<D>,
) {
    out.expect_shape("out", out.rows, warp.shape.n_values());
    let params = params(warp, &gather_rows::params(order, block, normalisation, out));
    let buffers = gather_rows::buffers(order, block, normalisation, out);
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(out.len(), 256),
        &buffers,
    );
}

fn params(warp: &Warp, batch: &gather_rows::Params) -> Params {
    let Warp { shape, extent, .. } = warp;
    let limit = std::f32::consts::FRAC_PI_4;
    assert!(extent.rotation.abs() <= limit, "the series ends at π/4");
    Params {
        rows: batch.rows,
        height: param(shape.height),
        width: param(shape.width),
        channels: param(shape.channels),
        first: batch.first,
        indexed: batch.indexed,
        block_first: batch.block_first,
        block_rows: batch.block_rows,
        source: batch.source,
        seed: warp.seed,
        step: warp.step,
        stream: warp.stream,
        rotation: extent.rotation,
        zoom: extent.zoom,
        translation: extent.shift,
    }
}

impl Params {
    /// C·H·W.
    fn columns(&self) -> usize {
        (self.channels * self.height * self.width) as usize
    }
}

/// The map of one image: y(r, c) = x(matrix·((c, r) - centre) + offset).
struct Map {
    cos: f32,
    sin: f32,
    centre: [f32; 2],
    offset: [f32; 2],
}

impl Map {
    fn of_row(p: &Params, row: u32) -> Self {
        let draw =
            random::bits4(p.seed, p.step, p.stream, row).map(|b| 2.0 * random::unit(b) - 1.0);
        let (sin, cos) = (p.rotation * draw[0]).sin_cos();
        let scale = 1.0 + p.zoom * draw[1];
        let size = [p.width as f32, p.height as f32];
        let centre = size.map(|size| 0.5 * (size - 1.0));
        Self {
            cos: scale * cos,
            sin: scale * sin,
            centre,
            offset: [0, 1].map(|axis| centre[axis] + p.translation * draw[2 + axis] * size[axis]),
        }
    }

    /// Where pixel (r, c) is read, as (column, row).
    fn point(&self, r: usize, c: usize) -> [f32; 2] {
        let (u, v) = (c as f32 - self.centre[0], r as f32 - self.centre[1]);
        [
            self.cos * u - self.sin * v + self.offset[0],
            self.sin * u + self.cos * v + self.offset[1],
        ]
    }
}

/// A plane (height, width) at a point, bilinear, its edges repeated.
fn sample(plane: &[f32], height: usize, width: usize, [column, row]: [f32; 2]) -> f32 {
    let (left, right, across) = neighbours(column, width);
    let (top, bottom, down) = neighbours(row, height);
    let mixed = |line: usize| {
        let (a, b) = (plane[line * width + left], plane[line * width + right]);
        a * (1.0 - across) + b * across
    };
    mixed(top) * (1.0 - down) + mixed(bottom) * down
}

/// The pixels on both sides of a coordinate, and how far it is from the first.
fn neighbours(at: f32, size: usize) -> (usize, usize, f32) {
    let inside = at.clamp(0.0, (size - 1) as f32);
    let low = inside as usize;
    (low, (low + 1).min(size - 1), inside - low as f32)
}

fn warp_row(p: &Params, row: usize, x: &[f32], y: &mut [f32]) {
    let (height, width) = (p.height as usize, p.width as usize);
    let map = Map::of_row(p, row as u32);
    let planes = (x.chunks_exact(height * width)).zip(y.chunks_exact_mut(height * width));
    for (x, y) in planes {
        for (r, line) in y.chunks_exact_mut(width).enumerate() {
            for (c, y) in line.iter_mut().enumerate() {
                *y = sample(x, height, width, map.point(r, c));
            }
        }
    }
}

/// The batch as it is before it is warped.
fn rows_of<'a>(p: &Params, [index, x, shift, scale]: [&'a View<'a>; 4]) -> Rows<'a> {
    Rows {
        p: gather_rows::Params {
            rows: p.rows,
            cols: p.columns() as u32,
            first: p.first,
            indexed: p.indexed,
            block_first: p.block_first,
            block_rows: p.block_rows,
            source: p.source,
        },
        index: index.u32(),
        x,
        shift: shift.f32(),
        scale: scale.f32(),
    }
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [index, x, shift, scale, out] = views(buffers);
    let from = rows_of(&p, [index, x, shift, scale]);
    let mut clean = vec![0.0; p.columns()];
    let images = (out.f32_mut().chunks_exact_mut(p.columns())).take(p.rows as usize);
    for (row, y) in images.enumerate() {
        if from.copy(row, &mut clean) {
            warp_row(&p, row, &clean, y);
        }
    }
}

/// The reference with its images spread over threads.
fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [index, x, shift, scale, out] = views(buffers);
    let from = rows_of(&p, [index, x, shift, scale]);
    let columns = p.columns();
    let images = out.f32_mut()[..p.rows as usize * columns].par_chunks_exact_mut(columns);
    images.enumerate().for_each_init(
        || vec![0.0; columns],
        |clean, (row, y)| {
            if from.copy(row, clean) {
                warp_row(&p, row, clean, y);
            }
        },
    );
}

fn cases() -> Vec<Case> {
    let extent = |rotation, zoom, shift| Extent {
        rotation,
        zoom,
        shift,
    };
    // One pixel, one line, one column, odd sides, digits, MNIST; nothing, each change alone, all of them; then
    // two planes of one pixel, three of odd sides, CIFAR-10.
    let trials = [
        (3, (1, 1, 1), extent(0.2, 0.1, 0.1)),
        (5, (1, 37, 1), extent(0.2, 0.1, 0.1)),
        (5, (37, 1, 1), extent(0.2, 0.1, 0.1)),
        (4, (7, 5, 1), extent(0.0, 0.0, 0.0)),
        (9, (7, 5, 1), extent(0.7, 0.0, 0.0)),
        (9, (7, 5, 1), extent(0.0, 0.4, 0.0)),
        (9, (7, 5, 1), extent(0.0, 0.0, 2.0)),
        (33, (8, 8, 1), extent(0.2, 0.1, 0.1)),
        (256, (28, 28, 1), extent(0.2, 0.1, 0.1)),
        (5, (1, 1, 2), extent(0.2, 0.1, 0.1)),
        (9, (7, 5, 3), extent(0.7, 0.4, 0.5)),
        (33, (32, 32, 3), extent(0.2, 0.1, 0.1)),
    ];
    let variants = [(Source::F32, true), (Source::U8, true), (Source::U8, false)];
    trials
        .iter()
        .flat_map(|&(rows, shape, extent)| {
            variants.map(|(source, indexed)| case(rows, shape, &extent, source, indexed))
        })
        .collect()
}

/// The batch begins one position into the order. The block lacks the data set's first row and its last.
fn case(
    rows: usize,
    (height, width, channels): (usize, usize, usize),
    extent: &Extent,
    source: Source,
    indexed: bool,
) -> Case {
    let (of, columns) = (rows + 2, height * width * channels);
    let block_rows = of - 2;
    let params = Params {
        rows: param(rows),
        height: param(height),
        width: param(width),
        channels: param(channels),
        first: 1,
        indexed: indexed.into(),
        block_first: 1,
        block_rows: param(block_rows),
        source: (source == Source::U8).into(),
        seed: 0x9e37_79b9,
        step: 7,
        stream: random::stream::AUGMENT,
        rotation: extent.rotation,
        zoom: extent.zoom,
        translation: extent.shift,
    };
    // A point is right to a few roundings of numbers up to three sides; the image changes by at most 2
    // from pixel to pixel along each axis.
    let side = 3.0 * height.max(width) as f32;
    let tolerance = Tolerance::Near {
        absolute: 2.0 * 2.0 * 8.0 * f32::EPSILON * side.max(1.0),
        relative: 1e-6,
    };
    let values = inputs::uniform(2, block_rows * columns);
    let case = Case::new(
        format!("{rows} of {height}x{width}x{channels}, {extent:?}, {source:?}, indexed {indexed}"),
        &params,
        inputs::folded(rows * columns, 256),
    )
    .input(&random::permutation(1, 0, 0, of));
    // Both give values in [-1, 1), but for the shift of a hundredth.
    let (case, scale) = match source {
        Source::F32 => (case.input(&values), 1.0f32),
        Source::U8 => {
            let bytes: Vec<u8> = values.iter().map(|v| (128.0 * v + 128.0) as u8).collect();
            (case.input(&bytes), 1.0 / 128.0)
        }
    };
    let shift = match source {
        Source::F32 => 0.01f32,
        Source::U8 => 127.0,
    };
    case.input(&vec![shift; columns])
        .input(&vec![scale; columns])
        .update(&vec![-7.0f32; rows * columns], tolerance)
}

#[cfg(test)]
mod tests;
