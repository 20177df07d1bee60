//! `exemplars.png` and `saliency.png`: clusters of images, one line each.

use std::io::{self, Write};

use super::super::tiles::{Grid, Tile, write_png};
use crate::data::{Dataset, ImageShape};
use crate::explain::{Exemplar, Explanation, Kind, Uncertain};

/// Writes a line for each cluster: the decoded centroid, the mean of the members, the nearest members by
/// rank, the farthest by rank. The least value of the data is black, the largest white (of red, green and blue, where
/// images have colours).
///
/// # Panics
/// If the images have neither 1 nor 3 planes, or not as many pixels as a sample has values.
pub fn write_exemplars_png(
    out: impl Write,
    found: &Explanation,
    data: &Dataset,
    shape: ImageShape,
) -> io::Result<()> {
    let shade = |values: &[f32]| shades(values, found.columns.low, found.columns.high);
    let most = most_of_a_cluster(found);
    let grid = grid(shape, vec![1, 1, most, most], clusters(found, data).len());
    let lines = clusters(found, data).map(|(cluster, decoded, mean)| {
        let mut line = vec![Some(shade(decoded)), Some(shade(mean))];
        // The mean of no members is no picture.
        line[1].take_if(|_| mean.iter().any(|value| value.is_nan()));
        for kind in [Kind::Nearest, Kind::Farthest] {
            let chosen = of(found, cluster, kind).map(|exemplar| shade(&row(data, exemplar.index)));
            line.extend(padded(chosen.collect(), most));
        }
        line
    });
    write_png(out, &grid, lines)
}

/// Writes a line for each cluster: each of its nearest members beside its saliency, the largest of which is
/// white. That of a pixel with colours is the sum over its planes.
///
/// # Panics
/// If the images have neither 1 nor 3 planes, or not as many pixels as a sample has values.
pub fn write_saliency_png(
    out: impl Write,
    found: &Explanation,
    data: &Dataset,
    shape: ImageShape,
) -> io::Result<()> {
    let most = most_of_a_cluster(found);
    let grid = grid(shape, vec![2; most], clusters(found, data).len());
    // Both are in the order of the clusters.
    let mut salient = (found.salient())
        .zip(found.saliency.chunks_exact(data.input_dim))
        .peekable();
    let lines = clusters(found, data).map(|(cluster, ..)| {
        let mut line = Vec::new();
        while let Some((exemplar, saliency)) = salient.next_if(|(e, _)| e.cluster == cluster) {
            let saliency = of_pixels(saliency, shape.channels);
            let largest = saliency.iter().copied().fold(0.0, f32::max);
            line.push(shades(
                &row(data, exemplar.index),
                found.columns.low,
                found.columns.high,
            ));
            line.push(shades(&saliency, 0.0, largest.into()).repeat(shape.channels));
        }
        padded(line, 2 * most)
    });
    write_png(out, &grid, lines)
}

fn grid(shape: ImageShape, groups: Vec<usize>, lines: usize) -> Grid {
    Grid {
        height: shape.height,
        width: shape.width,
        channels: shape.channels,
        groups,
        lines,
    }
}

/// The sum over the planes of an image: a value for each pixel.
fn of_pixels(values: &[f32], channels: usize) -> Vec<f32> {
    let pixels = values.len() / channels;
    let sum = |pixel| values.iter().skip(pixel).step_by(pixels).sum();
    (0..pixels).map(sum).collect()
}

/// Samples of a line of [`write_uncertain_png`].
const UNCERTAIN_COLUMNS: usize = 12;

/// Writes the samples that could as well be in another cluster, the least margin first, line by line.
///
/// # Panics
/// If the images have neither 1 nor 3 planes, or not as many pixels as a sample has values.
pub fn write_uncertain_png(
    out: impl Write,
    found: &Explanation,
    data: &Dataset,
    shape: ImageShape,
) -> io::Result<()> {
    let (low, high) = (found.columns.low, found.columns.high);
    let columns = found.uncertain.len().clamp(1, UNCERTAIN_COLUMNS);
    let grid = grid(
        shape,
        vec![columns],
        found.uncertain.len().div_ceil(columns),
    );
    let lines = found.uncertain.chunks(columns).map(|line| {
        let tile = |sample: &Uncertain| shades(&row(data, sample.index), low, high);
        padded(line.iter().map(tile).collect(), columns)
    });
    write_png(out, &grid, lines)
}

/// Each cluster with its decoded centroid (D) and the mean of its members (D).
fn clusters<'a>(
    found: &'a Explanation,
    data: &Dataset,
) -> impl ExactSizeIterator<Item = (u32, &'a [f32], &'a [f32])> + use<'a> {
    let means = found.columns.member_means.chunks_exact(data.input_dim);
    let decoded = found.decoded.chunks_exact(data.input_dim);
    let numbered = |(cluster, (decoded, mean))| (cluster as u32, decoded, mean);
    (decoded.zip(means).enumerate()).map(numbered)
}

/// The exemplars of one kind of a cluster, by rank.
fn of(found: &Explanation, cluster: u32, kind: Kind) -> impl Iterator<Item = &Exemplar> {
    (found.exemplars.iter()).filter(move |e| (e.cluster, e.kind) == (cluster, kind))
}

/// The most exemplars of one kind that a cluster has.
fn most_of_a_cluster(found: &Explanation) -> usize {
    let ranks = found.exemplars.iter().map(|exemplar| exemplar.rank);
    ranks.max().unwrap_or(0)
}

fn row(data: &Dataset, sample: usize) -> Vec<f32> {
    data.row(sample).iter().map(|v| *v as f32).collect()
}

/// Pixels from black at `low` to white at `high`.
fn shades(values: &[f32], low: f64, high: f64) -> Tile {
    let scale = if high > low {
        255.0 / (high - low)
    } else {
        0.0
    };
    let shade = |value: &f32| ((f64::from(*value) - low) * scale).round() as u8;
    values.iter().map(shade).collect()
}

/// So many tiles, with gaps at the end.
fn padded(tiles: Vec<Tile>, count: usize) -> Vec<Option<Tile>> {
    let mut line: Vec<_> = tiles.into_iter().map(Some).collect();
    line.resize(count, None);
    line
}

#[cfg(test)]
mod tests {
    use super::super::super::tiles::tests::{decoded, decoded_as};
    use super::*;
    use crate::data::Values;
    use crate::explain::{Certainty, ColumnStatistics};

    /// Images of one pixel, 0 to 255: cluster 0 is empty, cluster 1 has the samples 10 and 250.
    fn explained() -> (Dataset, Explanation) {
        let data = Dataset::new("test", 2, 1, Values::U8(vec![10, 250]));
        let exemplar = |kind, rank, index| Exemplar {
            cluster: 1,
            kind,
            rank,
            index,
            distance: 0.0,
            certainty: Certainty {
                confidence: 1.0,
                margin: 1.0,
            },
        };
        let found = Explanation {
            exemplars: vec![
                exemplar(Kind::Nearest, 1, 0),
                exemplar(Kind::Nearest, 2, 1),
                exemplar(Kind::Farthest, 1, 1),
                exemplar(Kind::Farthest, 2, 0),
            ],
            certainty: Vec::new(),
            uncertain: Vec::new(),
            decoded: vec![40.0, 60.0],
            columns: ColumnStatistics {
                mean: vec![130.0],
                deviation: vec![120.0],
                member_means: vec![f32::NAN, 130.0],
                low: 0.0,
                high: 255.0,
            },
            features: Vec::new(),
            saliency: vec![0.0, 0.5],
        };
        (data, found)
    }

    /// The shade in the middle of each tile of each line; tiles are 64 pixels wide.
    fn middles(png: &[u8], starts: &[usize]) -> Vec<Vec<u8>> {
        let (width, pixels) = decoded(png);
        let line = |top: usize| {
            let at = starts
                .iter()
                .map(move |start| (top + 32) * width + start + 32);
            at.map(|at| pixels[at]).collect()
        };
        vec![line(2), line(2 + 64 + 2)]
    }

    #[test]
    fn a_line_is_centroid_mean_nearest_farthest() {
        let (data, found) = explained();
        let mut out = Vec::new();
        write_exemplars_png(&mut out, &found, &data, ImageShape::grey(1, 1)).unwrap();
        let starts = [2, 76, 150, 216, 290, 356];
        assert_eq!(
            middles(&out, &starts),
            [[40, 128, 128, 128, 128, 128], [60, 130, 10, 250, 250, 10]]
        );
    }

    #[test]
    fn saliency_stands_beside_its_sample() {
        let (data, found) = explained();
        let mut out = Vec::new();
        write_saliency_png(&mut out, &found, &data, ImageShape::grey(1, 1)).unwrap();
        let starts = [2, 68, 142, 208];
        assert_eq!(middles(&out, &starts), [[128; 4], [10, 0, 250, 255]]);
    }

    /// The images of [`explained`] with planes 0 to 255 beside the one there is.
    #[test]
    fn colours_are_drawn() {
        let (_, mut found) = explained();
        let data = Dataset::new("test", 2, 3, Values::U8(vec![10, 20, 30, 250, 0, 5]));
        found.decoded = vec![40.0, 50.0, 60.0, 70.0, 80.0, 90.0];
        found.columns.member_means = [[f32::NAN; 3], [130.0, 10.0, 17.0]].concat();
        found.saliency = vec![0.0, 0.0, 0.0, 0.25, 0.25, 0.5];
        let shape = ImageShape {
            channels: 3,
            ..ImageShape::grey(1, 1)
        };
        let middles = |png: &[u8], starts: &[usize]| -> Vec<[u8; 3]> {
            let (width, values) = decoded_as(png, png::ColorType::Rgb);
            let at = |start: &usize| 3 * ((2 + 64 + 2 + 32) * width + start + 32);
            let pixel = |start| values[at(start)..][..3].try_into().unwrap();
            starts.iter().map(pixel).collect()
        };
        let mut out = Vec::new();
        write_exemplars_png(&mut out, &found, &data, shape).unwrap();
        assert_eq!(
            middles(&out, &[2, 76, 150, 216]),
            [[70, 80, 90], [130, 10, 17], [10, 20, 30], [250, 0, 5]]
        );
        let mut out = Vec::new();
        write_saliency_png(&mut out, &found, &data, shape).unwrap();
        assert_eq!(
            middles(&out, &[2, 68, 142, 208]),
            [[10, 20, 30], [0; 3], [250, 0, 5], [255; 3]]
        );
    }

    #[test]
    fn shades_span_the_range_and_are_clipped() {
        let values = [-1.0, 0.0, 1.0, 2.0, 3.0, f32::NAN];
        assert_eq!(shades(&values, 0.0, 2.0), [0, 0, 128, 255, 255, 0]);
        assert_eq!(shades(&[5.0], 5.0, 5.0), [0]);
    }
}
