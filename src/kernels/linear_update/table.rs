//! Where the layers of one dispatch lie, as the kernel reads it.

use super::{KERNELS, Operands};
use crate::device::{Device, DeviceBuffer, Result, param};
use crate::kernel::Kernel;
use crate::kernel::tile::{Product, TILES, Tile};

/// Words of a layer in the table.
pub(in crate::kernels) const WORDS: usize = 7;

/// Where one layer's parts lie.
#[derive(Clone, Copy, Debug)]
pub struct LayerPlace {
    /// Inputs.
    pub d_in: usize,
    /// Outputs.
    pub d_out: usize,
    /// The first element of x (b, in).
    pub x: usize,
    /// The first element of dy (b, out).
    pub dy: usize,
    /// The first element of the weight (in, out).
    pub weight: usize,
    /// The first element of the bias (out).
    pub bias: usize,
}

/// The layers of one dispatch, on a device.
pub struct LayerTable<D: Device> {
    places: Vec<LayerPlace>,
    kernel: &'static Kernel,
    tiles: usize,
    buffer: D::Buffer,
}

impl<D: Device> LayerTable<D> {
    /// Layers that are updated together, from batches of up to `rows` rows.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn new(device: &D, rows: usize, places: Vec<LayerPlace>) -> Result<Self> {
        assert!(!places.is_empty(), "no layers");
        let kernel = device.products().form(&KERNELS, together(rows, &places));
        let (words, tiles) = words(&places, kernel.form());
        Ok(Self {
            buffer: device.upload(&words)?,
            places,
            kernel,
            tiles,
        })
    }

    /// Where the layers lie.
    pub fn places(&self) -> &[LayerPlace] {
        &self.places
    }

    pub(in crate::kernels) fn kernel(&self) -> &'static Kernel {
        self.kernel
    }

    pub(in crate::kernels) fn tiles(&self) -> usize {
        self.tiles
    }

    pub(in crate::kernels) fn len(&self) -> usize {
        self.places.len()
    }

    pub(in crate::kernels) fn buffer(&self) -> &D::Buffer {
        &self.buffer
    }

    /// Panics unless every part lies within its buffer.
    pub(in crate::kernels) fn expect_room(&self, rows: usize, from: &Operands<D>, w: usize) {
        for place in &self.places {
            let LayerPlace { d_in, d_out, .. } = *place;
            let parts = [
                ("x", place.x + rows * d_in, from.x.words()),
                ("dy", place.dy + rows * d_out, from.dy.words()),
                ("the weight", place.weight + d_in * d_out, w),
                ("the bias", place.bias + d_out, w),
            ];
            for (name, end, words) in parts {
                assert!(end <= words, "{name} ends at {end} of {words} elements");
            }
        }
    }
}

/// One product with as many elements as those of all layers: their tiles share the device.
fn together(rows: usize, places: &[LayerPlace]) -> Product {
    let elements: usize = places.iter().map(|place| place.d_in * place.d_out).sum();
    let cols = places.iter().map(|place| place.d_out).max().unwrap_or(1);
    Product {
        rows: elements.div_ceil(cols),
        cols,
        depth: rows,
    }
}

/// The table as the kernel reads it, and the tiles of all its layers.
pub(in crate::kernels) fn words(places: &[LayerPlace], tile: &Tile) -> (Vec<u32>, usize) {
    debug_assert!(KERNELS.len() == TILES.len(), "every form has a kernel");
    let mut words = Vec::with_capacity(WORDS * places.len());
    let mut tiles = 0usize;
    for place in places {
        words.extend(
            [
                tiles,
                place.d_in,
                place.d_out,
                place.x,
                place.dy,
                place.weight,
                place.bias,
            ]
            .map(param),
        );
        let [x, y, _] = tile.workgroups(place.d_in, place.d_out);
        tiles += x as usize * y as usize;
    }
    (words, tiles)
}

/// Places one behind the other, and the lengths of x, dy and w.
pub(in crate::kernels) fn in_order(
    rows: usize,
    shapes: &[(usize, usize)],
) -> (Vec<LayerPlace>, [usize; 3]) {
    let mut lengths = [0usize; 3];
    let mut take = |buffer: usize, len: usize| {
        let first = lengths[buffer];
        lengths[buffer] += len;
        first
    };
    let places = (shapes.iter())
        .map(|&(d_in, d_out)| LayerPlace {
            d_in,
            d_out,
            x: take(0, rows * d_in),
            dy: take(1, rows * d_out),
            weight: take(2, d_in * d_out),
            bias: take(2, d_out),
        })
        .collect();
    (places, lengths)
}
