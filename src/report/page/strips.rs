//! One picture with a line for each cluster, cut into one picture per cluster.

use std::io::Cursor;

/// The lines of a PNG of `count` lines of equal height as PNG files of their own, with the gap above and below each.
///
/// `None` if it is no PNG of 8 bits, or its height is not that of so many lines.
pub(super) fn strips(png: &[u8], count: usize) -> Option<Vec<Vec<u8>>> {
    let mut reader = png::Decoder::new(Cursor::new(png)).read_info().ok()?;
    let mut pixels = vec![0; reader.output_buffer_size()?];
    let info = reader.next_frame(&mut pixels).ok()?;
    let height = info.height as usize;
    // Between, above and below the lines there are gaps of one height.
    let gap = super::super::tiles::GAP;
    let lines = height.checked_sub(gap)?;
    if count == 0 || !lines.is_multiple_of(count) || info.bit_depth != png::BitDepth::Eight {
        return None;
    }
    let line = lines / count;
    (0..count)
        .map(|number| {
            let from = number * line * info.line_size;
            let rows = &pixels[from..from + (line + gap) * info.line_size];
            encoded(&info, (line + gap) as u32, rows)
        })
        .collect()
}

fn encoded(like: &png::OutputInfo, height: u32, pixels: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, like.width, height);
    encoder.set_color(like.color_type);
    encoder.set_depth(like.bit_depth);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(pixels).ok()?;
    writer.finish().ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::super::super::tiles::{Grid, tests::decoded, write_png};
    use super::*;

    #[test]
    fn each_line_is_cut_out_with_its_gaps() {
        let grid = Grid {
            channels: 1,
            height: 1,
            width: 40,
            groups: vec![1],
            lines: 3,
        };
        let mut png = Vec::new();
        let lines = (1..4).map(|shade| vec![Some(vec![shade; 40])]);
        write_png(&mut png, &grid, lines).unwrap();
        let cut = strips(&png, 3).unwrap();
        for (number, strip) in cut.iter().enumerate() {
            let (width, pixels) = decoded(strip);
            assert_eq!((width, pixels.len()), (44, 44 * 5));
            assert_eq!(pixels[2 * 44 + 2], number as u8 + 1);
        }
        assert!(strips(&png, 2).is_none());
        assert!(strips(b"no png", 3).is_none());
    }
}
