//! Small images, grey or RGB, side by side, as one PNG, written line by line.

use std::io::{self, Write};

/// The values of one image as a sample has them: planes (grey, or red, green and blue) one after the other, each
/// (height, width), row by row; 0 is black.
pub type Tile = Vec<u8>;

/// How tiles are laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Pixels of a tile, from top to bottom.
    pub height: usize,
    /// Pixels of a tile, from left to right.
    pub width: usize,
    /// Planes of a tile: 1 for shades of grey, 3 for red, green and blue.
    pub channels: usize,
    /// Tiles of each group in a line; groups stand farther apart than tiles.
    pub groups: Vec<usize>,
    /// Lines of tiles.
    pub lines: usize,
}

/// Neither black nor white, so that tiles of either show their edges.
const BACKGROUND: u8 = 128;
/// Pixels between two tiles, and around all.
pub(super) const GAP: usize = 2;
/// More pixels between two groups.
const GROUP_GAP: usize = 8;
/// Tiles are enlarged until another step would make their longer side larger than this.
const SIDE: usize = 64;

/// Writes a PNG of the tiles, grey or RGB as they are; `None` leaves a place empty.
///
/// # Errors
/// Those of the `Write`; an image that is wider or higher than PNG allows.
///
/// # Panics
/// If a tile, a line or their number is not that of the grid, or tiles have neither 1 nor 3 planes.
pub fn write_png(
    out: impl Write,
    grid: &Grid,
    lines: impl Iterator<Item = Vec<Option<Tile>>>,
) -> io::Result<()> {
    let mut encoder = png::Encoder::new(out, pixels(grid.columns())?, pixels(grid.rows())?);
    encoder.set_color(grid.colours());
    encoder.set_depth(png::BitDepth::Eight);
    let mut header = encoder.write_header()?;
    let mut out = header.stream_writer()?;
    let gap = vec![BACKGROUND; GAP * grid.columns() * grid.channels];
    let mut written = 0;
    for line in lines {
        out.write_all(&gap)?;
        out.write_all(&grid.line(&line))?;
        written += 1;
    }
    assert!(
        written == grid.lines,
        "{written} lines, expected {}",
        grid.lines
    );
    out.write_all(&gap)?;
    out.finish()?;
    Ok(header.finish()?)
}

/// A side as PNG holds it.
fn pixels(side: usize) -> io::Result<u32> {
    let text = || {
        format!(
            "a picture of {side} pixels a side, expected fewer than 2^31; ask for fewer exemplars"
        )
    };
    (u32::try_from(side).ok().filter(|side| *side < 1 << 31))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, text()))
}

impl Grid {
    fn colours(&self) -> png::ColorType {
        match self.channels {
            1 => png::ColorType::Grayscale,
            3 => png::ColorType::Rgb,
            other => panic!("tiles of {other} planes, expected 1 or 3"),
        }
    }

    /// How many times as large a tile is drawn.
    fn zoom(&self) -> usize {
        (SIDE / self.height.max(self.width).max(1)).max(1)
    }

    /// Pixels of a line, from top to bottom.
    fn line_rows(&self) -> usize {
        self.height * self.zoom()
    }

    /// Pixels from top to bottom.
    fn rows(&self) -> usize {
        GAP + self.lines * (self.line_rows() + GAP)
    }

    /// Pixels from left to right.
    fn columns(&self) -> usize {
        let tiles: usize = self.groups.iter().sum();
        GAP + tiles * (self.width * self.zoom() + GAP)
            + self.groups.len().saturating_sub(1) * GROUP_GAP
    }

    /// The first pixel of each tile of a line.
    fn places(&self) -> Vec<usize> {
        let mut places = Vec::new();
        let mut at = GAP;
        for tiles in &self.groups {
            for _ in 0..*tiles {
                places.push(at);
                at += self.width * self.zoom() + GAP;
            }
            at += GROUP_GAP;
        }
        places
    }

    /// The pixels of a line of tiles.
    fn line(&self, tiles: &[Option<Tile>]) -> Vec<u8> {
        let places = self.places();
        assert!(
            tiles.len() == places.len(),
            "{} tiles in a line, expected {}",
            tiles.len(),
            places.len()
        );
        let mut line = vec![BACKGROUND; self.line_rows() * self.columns() * self.channels];
        for (tile, place) in tiles.iter().zip(places) {
            if let Some(tile) = tile {
                self.draw(tile, &mut line[place * self.channels..]);
            }
        }
        line
    }

    /// Draws a tile into a line that begins at its first pixel.
    fn draw(&self, tile: &[u8], line: &mut [u8]) {
        let plane = self.height * self.width;
        assert!(
            tile.len() == plane * self.channels,
            "a tile of {} values, expected {} of {} x {}",
            tile.len(),
            self.channels,
            self.height,
            self.width
        );
        let zoom = self.zoom();
        for (y, target) in line.chunks_mut(self.columns() * self.channels).enumerate() {
            let start = y / zoom * self.width;
            let pixels = target.chunks_exact_mut(self.channels);
            for (pixel, x) in pixels.zip(0..self.width * zoom) {
                for (colour, value) in pixel.iter_mut().enumerate() {
                    *value = tile[colour * plane + start + x / zoom];
                }
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Width and pixels of a grey PNG.
    pub(crate) fn decoded(bytes: &[u8]) -> (usize, Vec<u8>) {
        decoded_as(bytes, png::ColorType::Grayscale)
    }

    /// Width and pixels of a PNG of these colours.
    pub(crate) fn decoded_as(bytes: &[u8], colours: png::ColorType) -> (usize, Vec<u8>) {
        let mut reader = png::Decoder::new(io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(info.color_type, colours);
        (info.width as usize, pixels)
    }

    /// Two groups of tiles of 1 x 40, which are not enlarged.
    fn grid() -> Grid {
        Grid {
            height: 1,
            width: 40,
            channels: 1,
            groups: vec![1, 2],
            lines: 2,
        }
    }

    #[test]
    fn tiles_are_where_they_belong() {
        let tile = |shade| Some(vec![shade; 40]);
        let lines = [vec![tile(1), tile(2), tile(3)], vec![None, tile(5), None]];
        let mut out = Vec::new();
        write_png(&mut out, &grid(), lines.into_iter()).unwrap();
        let (width, pixels) = decoded(&out);
        assert_eq!((width, pixels.len() / width), (2 + 3 * 42 + 8, 2 + 2 * 3));
        let run = |shade: u8, count| std::iter::repeat_n(shade, count);
        let row = |shades: [u8; 3]| -> Vec<u8> {
            let first = run(128, 2).chain(run(shades[0], 40)).chain(run(128, 2 + 8));
            let second = first.chain(run(shades[1], 40)).chain(run(128, 2));
            second
                .chain(run(shades[2], 40))
                .chain(run(128, 2))
                .collect()
        };
        let rows: Vec<_> = pixels.chunks(width).collect();
        assert_eq!(rows[2], row([1, 2, 3]));
        assert_eq!(rows[5], row([128, 5, 128]));
        for gap in [0, 1, 3, 4, 6, 7] {
            assert_eq!(rows[gap], row([128; 3]), "row {gap}");
        }
    }

    #[test]
    fn small_tiles_are_enlarged() {
        let grid = Grid {
            height: 2,
            width: 1,
            channels: 1,
            groups: vec![1],
            lines: 1,
        };
        let mut out = Vec::new();
        write_png(&mut out, &grid, [vec![Some(vec![10, 20])]].into_iter()).unwrap();
        let (width, pixels) = decoded(&out);
        assert_eq!((width, pixels.len() / width), (2 + 32 + 2, 2 + 64 + 2));
        let at = |x: usize, y: usize| pixels[y * width + x];
        assert_eq!([at(1, 2), at(2, 1), at(2, 66)], [128; 3]);
        assert_eq!(
            [at(2, 2), at(33, 33), at(2, 34), at(33, 65)],
            [10, 10, 20, 20]
        );
    }

    #[test]
    fn planes_become_colours() {
        // One pixel above another: (1, 3, 5) and (2, 4, 6).
        let grid = Grid {
            height: 2,
            width: 1,
            channels: 3,
            groups: vec![1, 1],
            lines: 1,
        };
        let mut out = Vec::new();
        let tiles = vec![None, Some(vec![1, 2, 3, 4, 5, 6])];
        write_png(&mut out, &grid, [tiles].into_iter()).unwrap();
        let (width, values) = decoded_as(&out, png::ColorType::Rgb);
        assert_eq!((width, values.len() / (3 * width)), (2 + 34 + 8 + 34, 68));
        let at = |x: usize, y: usize| &values[3 * (y * width + x)..][..3];
        assert_eq!([at(43, 2), at(76, 2), at(2, 2)], [[128; 3]; 3]);
        assert_eq!([at(44, 2), at(75, 33)], [[1, 3, 5]; 2]);
        assert_eq!([at(44, 34), at(75, 65)], [[2, 4, 6]; 2]);
    }

    #[test]
    fn a_picture_that_png_cannot_hold_is_an_error() {
        let grid = Grid {
            groups: vec![1 << 31],
            ..grid()
        };
        let error = write_png(io::sink(), &grid, std::iter::empty()).unwrap_err();
        assert!(
            error.to_string().contains("expected fewer than 2^31"),
            "{error}"
        );
    }

    #[test]
    #[should_panic(expected = "2 tiles in a line, expected 3")]
    fn lines_must_be_full() {
        let _ = write_png(io::sink(), &grid(), [vec![None, None]].into_iter());
    }
}
