//! Where the layers of one dispatch lie, as the kernel reads it.

use super::{KERNELS, Operands};
use crate::device::{Device, DeviceBuffer, param};
use crate::error::Result;
use crate::tile::{Product, TILES, Tile};

/// Words of a layer in the table.
pub(super) const WORDS: usize = 8;

/// Where a matrix begins: in which of two buffers, at which element.
#[derive(Clone, Copy, Debug)]
pub struct Operand {
    /// 0 or 1.
    pub buffer: usize,
    /// Its first element.
    pub first: usize,
}

/// Where one layer's parts lie.
#[derive(Clone, Copy, Debug)]
pub struct LayerPlace {
    /// Inputs.
    pub d_in: usize,
    /// Outputs.
    pub d_out: usize,
    /// x (b, in).
    pub x: Operand,
    /// dy (b, out).
    pub dy: Operand,
    /// The first element of the weight (in, out).
    pub weight: usize,
    /// The first element of the bias (out).
    pub bias: usize,
}

/// The layers of one dispatch, on a device.
pub struct LayerTable<D: Device> {
    places: Vec<LayerPlace>,
    form: usize,
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
        let form = device.tile(&KERNELS, together(rows, &places));
        let (words, tiles) = words(&places, &TILES[form]);
        Ok(Self {
            buffer: device.upload(&words)?,
            places,
            form,
            tiles,
        })
    }

    pub(super) fn form(&self) -> usize {
        self.form
    }

    pub(super) fn tiles(&self) -> usize {
        self.tiles
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn buffer(&self) -> &D::Buffer {
        &self.buffer
    }

    /// Panics unless every part lies within its buffer.
    pub(super) fn expect_room(&self, rows: usize, from: &Operands<D>, w: usize) {
        for place in &self.places {
            let LayerPlace { d_in, d_out, .. } = *place;
            let parts = [
                (
                    "x",
                    place.x.first + rows * d_in,
                    from.x[place.x.buffer].words(),
                ),
                (
                    "dy",
                    place.dy.first + rows * d_out,
                    from.dy[place.dy.buffer].words(),
                ),
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
pub(super) fn words(places: &[LayerPlace], tile: &Tile) -> (Vec<u32>, usize) {
    debug_assert!(KERNELS.len() == TILES.len(), "every form has a kernel");
    let mut words = Vec::with_capacity(WORDS * places.len());
    let mut tiles = 0usize;
    for place in places {
        let second = place.x.buffer | place.dy.buffer << 1;
        words.extend(
            [
                tiles,
                place.d_in,
                place.d_out,
                place.x.first,
                place.dy.first,
                place.weight,
                place.bias,
                second,
            ]
            .map(param),
        );
        let [x, y, _] = tile.workgroups(place.d_in, place.d_out);
        tiles += x as usize * y as usize;
    }
    (words, tiles)
}

/// Places one behind the other, in either buffer by turns, and the lengths of x0, x1, dy0, dy1 and w.
pub(super) fn by_turns(rows: usize, shapes: &[(usize, usize)]) -> (Vec<LayerPlace>, [usize; 5]) {
    let mut lengths = [0usize; 5];
    let mut take = |buffer: usize, len: usize| {
        let first = lengths[buffer];
        lengths[buffer] += len;
        first
    };
    let places = (shapes.iter().enumerate())
        .map(|(l, &(d_in, d_out))| {
            // Not the same turn for x and dy: every pair occurs in four layers.
            let (x, dy) = (l % 2, l / 2 % 2);
            LayerPlace {
                d_in,
                d_out,
                x: Operand {
                    buffer: x,
                    first: take(x, rows * d_in),
                },
                dy: Operand {
                    buffer: dy,
                    first: take(2 + dy, rows * d_out),
                },
                weight: take(4, d_in * d_out),
                bias: take(4, d_out),
            }
        })
        .collect();
    (places, lengths.map(|len| len.max(1)))
}
