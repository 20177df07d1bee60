//! An image as a row: shrunk or enlarged to the size of the set, its planes one after the other.

use image::imageops::{FilterType, resize};
use image::{DynamicImage, GrayImage, RgbImage};

use super::super::ImageShape;

/// An image with colours where only shades of grey have room.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Coloured;

/// Writes an image into a row (channels · height · width). An image without colours is its own shade in every plane.
pub(super) fn fit(image: DynamicImage, shape: ImageShape, row: &mut [u8]) -> Result<(), Coloured> {
    let planes = row.chunks_exact_mut(shape.height * shape.width);
    match without_colours(image) {
        Ok(grey) => {
            let grey = grey_of_size(grey, shape);
            planes.for_each(|plane| plane.copy_from_slice(&grey));
        }
        Err(_) if shape.channels == 1 => return Err(Coloured),
        Err(colours) => {
            let colours = colours_of_size(colours, shape);
            let (pixels, _) = colours.as_chunks::<3>();
            for (colour, plane) in planes.enumerate() {
                for (value, pixel) in plane.iter_mut().zip(pixels) {
                    *value = pixel[colour];
                }
            }
        }
    }
    Ok(())
}

/// The image in shades of grey, if it has no others: red, green and blue are the same everywhere.
pub(super) fn without_colours(image: DynamicImage) -> Result<GrayImage, RgbImage> {
    let colours = match image {
        DynamicImage::ImageLuma8(grey) => return Ok(grey),
        other => other.into_rgb8(),
    };
    if colours.pixels().any(|pixel| pixel.0 != [pixel.0[0]; 3]) {
        return Err(colours);
    }
    let (width, height) = colours.dimensions();
    Ok(GrayImage::from_fn(width, height, |x, y| {
        [colours.get_pixel(x, y).0[0]].into()
    }))
}

fn grey_of_size(image: GrayImage, shape: ImageShape) -> Vec<u8> {
    let (width, height) = (shape.width as u32, shape.height as u32);
    match image.dimensions() == (width, height) {
        true => image.into_raw(),
        false => resize(&image, width, height, FilterType::Triangle).into_raw(),
    }
}

fn colours_of_size(image: RgbImage, shape: ImageShape) -> Vec<u8> {
    let (width, height) = (shape.width as u32, shape.height as u32);
    match image.dimensions() == (width, height) {
        true => image.into_raw(),
        false => resize(&image, width, height, FilterType::Triangle).into_raw(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_come_one_after_the_other() {
        let image = RgbImage::from_raw(2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap();
        let mut row = [0; 6];
        let shape = ImageShape {
            channels: 3,
            ..ImageShape::grey(1, 2)
        };
        fit(image.clone().into(), shape, &mut row).unwrap();
        assert_eq!(row, [1, 4, 2, 5, 3, 6]);
        let grey = ImageShape::grey(1, 2);
        assert_eq!(fit(image.into(), grey, &mut row[..2]), Err(Coloured));
        let image = RgbImage::from_raw(2, 1, vec![7, 7, 7, 9, 9, 9]).unwrap();
        fit(image.clone().into(), shape, &mut row).unwrap();
        assert_eq!(row, [7, 9, 7, 9, 7, 9]);
        fit(image.into(), grey, &mut row[..2]).unwrap();
        assert_eq!(row[..2], [7, 9]);
    }

    #[test]
    fn shrinking_is_a_mean_over_all_pixels() {
        // Stripes that taking single pixels would turn into black or white.
        let stripes = GrayImage::from_fn(64, 64, |x, _| [if x % 2 == 0 { 0 } else { 200 }].into());
        let mut row = [0; 64];
        fit(stripes.into(), ImageShape::grey(8, 8), &mut row).unwrap();
        assert!(
            row.iter().all(|value| (95..=105).contains(value)),
            "{row:?}"
        );
    }
}
