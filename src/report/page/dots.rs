//! Very many samples as one picture: a PNG through which the ground shows.

use super::palette::colour;

/// Pixels of a unit of the map.
const ZOOM: f64 = 2.0;
/// How many samples lie on a pixel that is half covered.
const HALF: f32 = 0.3;
/// Steps of opacity: the fewer, the smaller the file.
const STEPS: f32 = 24.0;

/// A square picture of `side` units with a dot at each of the places, in its cluster's colour. Where dots of several
/// clusters lie on each other the colours are mixed, whatever their order.
pub(super) fn png(side: f64, samples: &[(usize, [f64; 2])]) -> Vec<u8> {
    let width = (side * ZOOM) as usize;
    let mut sums = vec![[0.0f32; 4]; width * width];
    let radius = radius(samples.len());
    for (cluster, place) in samples {
        dot(
            &mut sums,
            width,
            place.map(|x| x * ZOOM),
            radius,
            rgb(colour(*cluster)),
        );
    }
    let pixels: Vec<u8> = sums.iter().flat_map(pixel).collect();
    encoded(width as u32, &pixels).expect("a square of this size, in memory")
}

/// Half the width of a dot in pixels: the more samples, the smaller.
fn radius(samples: usize) -> f64 {
    (260.0 / (samples as f64).sqrt()).clamp(1.2, 2.6)
}

/// Adds a disc with soft edges: colour and coverage.
fn dot(sums: &mut [[f32; 4]], width: usize, [x, y]: [f64; 2], radius: f64, rgb: [f32; 3]) {
    let range = |at: f64| {
        let from = (at - radius - 1.0).max(0.0) as usize;
        from..((at + radius + 2.0).max(0.0) as usize).min(width)
    };
    for row in range(y) {
        for column in range(x) {
            let (dx, dy) = (column as f64 + 0.5 - x, row as f64 + 0.5 - y);
            let covered = (radius + 0.5 - (dx * dx + dy * dy).sqrt()).clamp(0.0, 1.0) as f32;
            let sum = &mut sums[row * width + column];
            for (sum, part) in sum.iter_mut().zip(rgb.iter().chain(&[1.0])) {
                *sum += covered * part;
            }
        }
    }
}

/// Red, green, blue and opacity.
fn pixel([r, g, b, covered]: &[f32; 4]) -> [u8; 4] {
    let opacity = (covered / (covered + HALF) * STEPS).round() / STEPS;
    if opacity == 0.0 {
        return [0; 4];
    }
    let [r, g, b] = [r, g, b].map(|sum| (sum / covered).round() as u8);
    [r, g, b, (opacity * 255.0).round() as u8]
}

/// The parts of a colour such as `#0072b2`.
fn rgb(colour: &str) -> [f32; 3] {
    let part = |at: usize| {
        let digits = colour.get(at..at + 2).unwrap_or("00");
        f32::from(u8::from_str_radix(digits, 16).unwrap_or(0))
    };
    [part(1), part(3), part(5)]
}

fn encoded(width: u32, pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, width);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(png: &[u8]) -> Vec<u8> {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        pixels
    }

    #[test]
    fn dots_have_their_clusters_colour_and_the_ground_shows_elsewhere() {
        let pixels = decoded(&png(20.0, &[(0, [5.0, 5.0]), (1, [15.0, 15.0])]));
        let at =
            |x: usize, y: usize| <[u8; 4]>::try_from(&pixels[4 * (40 * y + x)..][..4]).unwrap();
        assert_eq!(at(10, 10)[..3], [0x00, 0x72, 0xb2]);
        assert_eq!(at(30, 30)[..3], [0xe6, 0x9f, 0x00]);
        assert!(at(10, 10)[3] > 150 && at(20, 20)[3] == 0);
    }

    #[test]
    fn colours_are_mixed_in_any_order() {
        let (a, b) = ((0, [3.0, 3.0]), (5, [3.5, 3.0]));
        assert_eq!(decoded(&png(8.0, &[a, b])), decoded(&png(8.0, &[b, a])));
    }

    #[test]
    fn dots_at_the_edge_are_cut() {
        for place in [[0.0, 0.0], [8.0, 8.0], [-50.0, 900.0]] {
            assert_eq!(decoded(&png(8.0, &[(0, place)])).len(), 4 * 16 * 16);
        }
    }
}
