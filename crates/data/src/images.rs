//! Whether rows are images. Augmentation and pictures read it.

use super::{Dataset, ImageShape};

/// A side below this is too small for augmentation: a move of less than two pixels and a turn blur away what
/// tells such images apart.
const MIN_SIDE: usize = 16;
/// Most values that are looked at, in evenly spaced rows.
const MAX_VALUES: usize = 1 << 18;
/// Neighbours differ by at most this share of what two independent values would.
const NEAR: f64 = 0.5;
/// Pixels above each other differ by at most this share of what pixels half a width apart do. In a sequence,
/// such as a spectrum, difference only grows with distance.
const NEARER: f64 = 0.7;

/// The shape of the images that the rows are, if they are large enough to be warped.
pub fn images(data: &Dataset) -> Option<ImageShape> {
    image_shape(data).filter(|shape| shape.height.min(shape.width) >= MIN_SIDE)
}

/// The shape of the images that the rows are, to be looked at.
///
/// The file says so, or the rows of a flat table look like square images: values beside and above each
/// other are alike, values half a width apart are not.
pub fn image_shape(data: &Dataset) -> Option<ImageShape> {
    data.image_shape.or_else(|| square(data))
}

fn square(data: &Dataset) -> Option<ImageShape> {
    if (data.prepared.as_ref()).is_some_and(|own| own.columns.is_some()) {
        return None; // columns that were chosen are no picture
    }
    let side = data.input_dim.isqrt();
    if side < MIN_SIDE || side * side != data.input_dim {
        return None;
    }
    let values = some_rows(data);
    let difference = |offset| mean_square_difference(&values, data.input_dim, offset);
    let (spread, half) = (2.0 * variance(&values), difference(side / 2));
    let alike = |difference: f64| difference < NEAR * spread && difference < NEARER * half;
    (alike(difference(1)) && alike(difference(side))).then_some(ImageShape::grey(side, side))
}

/// The values of the rows that are looked at.
fn some_rows(data: &Dataset) -> Vec<f64> {
    let rows = (MAX_VALUES / data.input_dim).clamp(1, data.n_samples);
    let step = data.n_samples.div_ceil(rows);
    let chosen = (0..data.n_samples).step_by(step);
    chosen.flat_map(|row| data.row(row)).collect()
}

/// The mean of (x_i - x_{i + offset})² over all pairs within a row.
fn mean_square_difference(values: &[f64], input_dim: usize, offset: usize) -> f64 {
    let rows = values.chunks_exact(input_dim);
    let squares = rows.flat_map(|row| row.iter().zip(&row[offset..]).map(|(a, b)| (a - b).powi(2)));
    mean(squares)
}

fn variance(values: &[f64]) -> f64 {
    let centre = mean(values.iter().copied());
    mean(values.iter().map(|v| (v - centre).powi(2)))
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0u64), |(sum, count), v| (sum + v, count + 1));
    sum / count.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Values;
    use crate::draw::uniform;

    fn set(input_dim: usize, n: usize, value: impl Fn(usize, usize) -> f32) -> Dataset {
        let values = (0..n * input_dim).map(|at| value(at / input_dim, at % input_dim));
        Dataset::new("test", n, input_dim, Values::F32(values.collect()))
    }

    /// A blot at a random place of a 20 × 20 image.
    fn blot(row: usize, i: usize) -> f32 {
        let at = |axis| 4.0 + 12.0 * uniform(1, row, axis);
        let (r, c) = ((i / 20) as f32 - at(0), (i % 20) as f32 - at(1));
        (-(r * r + c * c) / 18.0).exp()
    }

    #[test]
    fn what_the_file_says_is_believed_from_a_side_of_16_on() {
        let mut data = set(15 * 40, 3, |_, i| i as f32);
        for ((height, width), found) in [((15, 40), false), ((20, 30), true)] {
            let shape = ImageShape::grey(height, width);
            data.image_shape = Some(shape);
            assert_eq!(images(&data), found.then_some(shape));
        }
        assert_eq!(images(&crate::digits()), None, "8 x 8");
    }

    #[test]
    fn flat_images_are_found() {
        assert_eq!(images(&set(400, 200, blot)), Some(ImageShape::grey(20, 20)));
    }

    #[test]
    fn noise_spectra_shuffled_images_and_constant_rows_are_not_images() {
        let noise = |row: usize, i: usize| uniform(2, row, i);
        assert_eq!(images(&set(400, 200, noise)), None);
        // A peak at a random wavelength: smooth over the whole row.
        let spectrum = |row: usize, i: usize| {
            let at = 400.0 * uniform(3, row, 0);
            (-((i as f32 - at) / 60.0).powi(2)).exp()
        };
        assert_eq!(images(&set(400, 200, spectrum)), None);
        let mut order: Vec<usize> = (0..400).collect();
        fastrand::Rng::with_seed(4).shuffle(&mut order);
        let shuffled = |row: usize, i: usize| blot(row, order[i]);
        assert_eq!(images(&set(400, 200, shuffled)), None);
        assert_eq!(images(&set(400, 200, |_, _| 1.0)), None);
        assert_eq!(images(&set(401, 200, |row, i| blot(row, i % 400))), None);
    }
}
