//! PNG: palettes are expanded, 16 bits become 8, alpha is put on black, of an animation the first frame is taken.

use image::{DynamicImage, GrayImage, RgbImage};
use png::{ColorType, DecodingError, Reader, Transformations};

use super::super::source::MOST_PER_BYTE;
use super::decode::{Header, Source, length, zeros};
use super::{DataError, PictureError};

/// A file whose header has been read.
pub(super) struct Png(Reader<Source>);

impl Png {
    pub(super) fn open(source: Source, file: &str) -> Result<(Self, Header), DataError> {
        let possible = length(&source, file)?.saturating_mul(MOST_PER_BYTE);
        let mut decoder = png::Decoder::new(source);
        decoder.set_transformations(Transformations::normalize_to_color8());
        // Neither is looked at, and both can unpack to much.
        decoder.set_ignore_text_chunk(true);
        decoder.set_ignore_iccp_chunk(true);
        let reader = decoder.read_info().map_err(broken(file))?;
        let info = reader.info();
        // The decoder would panic (png 0.18.1, its issue 694).
        if let Some(palette) = info.palette.as_ref().filter(|bytes| bytes.len() % 3 != 0) {
            let reason = format!(
                "a palette of {} bytes, which are no colours of 3",
                palette.len()
            );
            return Err(error(file, reason));
        }
        // Interlaced or not, the rows hold at least so much once they are unpacked.
        let declared = u64::from(info.height).saturating_mul(info.raw_row_length() as u64);
        if declared > possible {
            return Err(DataError::Overclaim {
                file: file.to_owned(),
                declared,
                possible,
            });
        }
        let header = Header {
            height: info.height as usize,
            width: info.width as usize,
            exif: info.exif_metadata.as_ref().map(|exif| exif.to_vec()),
        };
        Ok((Self(reader), header))
    }

    pub(super) fn pixels(mut self, file: &str) -> Result<DynamicImage, DataError> {
        let size = self.0.output_buffer_size().unwrap_or(usize::MAX);
        let mut bytes = zeros(file, size)?;
        let info = self.0.next_frame(&mut bytes).map_err(broken(file))?;
        // Up to the end, because a file that is cut off behind its pixels is not whole either.
        self.0.finish().map_err(broken(file))?;
        let (width, height) = (info.width, info.height);
        let image = match info.color_type {
            ColorType::Grayscale => {
                GrayImage::from_raw(width, height, bytes).map(DynamicImage::from)
            }
            ColorType::GrayscaleAlpha => {
                GrayImage::from_raw(width, height, on_black::<2>(bytes)).map(DynamicImage::from)
            }
            ColorType::Rgb => RgbImage::from_raw(width, height, bytes).map(DynamicImage::from),
            ColorType::Rgba => {
                RgbImage::from_raw(width, height, on_black::<4>(bytes)).map(DynamicImage::from)
            }
            ColorType::Indexed => None,
        };
        image.ok_or_else(|| {
            let reason = format!(
                "{:?} pixels of another number than declared",
                info.color_type
            );
            error(file, reason)
        })
    }
}

/// Pixels of `N` values, the last of which is alpha, laid on black, in place.
fn on_black<const N: usize>(mut bytes: Vec<u8>) -> Vec<u8> {
    let pixels = bytes.len() / N;
    for pixel in 0..pixels {
        let alpha = u16::from(bytes[pixel * N + N - 1]);
        for i in 0..N - 1 {
            let value = u16::from(bytes[pixel * N + i]);
            bytes[pixel * (N - 1) + i] = ((value * alpha + 127) / 255) as u8;
        }
    }
    bytes.truncate(pixels * (N - 1));
    bytes
}

fn broken(file: &str) -> impl Fn(DecodingError) -> DataError {
    move |fault| match fault {
        DecodingError::IoError(source) if source.kind() != std::io::ErrorKind::UnexpectedEof => {
            let file = file.to_owned();
            DataError::Io { file, source }
        }
        fault => error(file, fault.to_string()),
    }
}

fn error(file: &str, reason: String) -> DataError {
    PictureError::Broken {
        file: file.to_owned(),
        format: "PNG",
        reason,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_dims() {
        let rgba = [10, 200, 255, 255, 10, 200, 255, 0, 10, 200, 255, 128];
        assert_eq!(
            on_black::<4>(rgba.to_vec()),
            [10, 200, 255, 0, 0, 0, 5, 100, 128]
        );
        assert_eq!(on_black::<2>(vec![255, 255, 255, 1, 0, 255]), [255, 1, 0]);
    }
}
