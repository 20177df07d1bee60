//! JPEG in grey or YCbCr, decoded strictly: a file that is cut off is an error, not half grey.

use image::{DynamicImage, GrayImage, RgbImage};
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::decode::{Header, Source, length, zeros};
use super::{DataError, PictureError};

/// The longest side that the format allows.
const LONGEST: usize = 65_535;

/// The most pixels that a byte can stand for. A block of 8 × 8 takes a bit or more, the code of its mean (ITU T.81, F.1.2.1);
/// 32 × 32 pixels, the largest unit that components are woven in, are eight blocks or more: 4 × 1 of one and 1 × 4 of another.
const MOST_PER_BYTE: u64 = 1024;

/// A file whose header has been read.
pub(super) struct Jpeg(JpegDecoder<Source>);

impl Jpeg {
    pub(super) fn open(source: Source, file: &str) -> Result<(Self, Header), DataError> {
        let length = length(&source, file)?;
        let options = DecoderOptions::default()
            .set_strict_mode(true)
            .set_max_width(LONGEST)
            .set_max_height(LONGEST);
        let mut decoder = JpegDecoder::new_with_options(source, options);
        decoder.decode_headers().map_err(broken(file))?;
        let colours = match decoder.input_colorspace() {
            Some(ColorSpace::Luma) => ColorSpace::Luma,
            Some(ColorSpace::YCbCr | ColorSpace::RGB) => ColorSpace::RGB,
            // Its CMYK is turned into RGB without a profile, which gives wrong colours.
            other => return Err(unknown(file, other)),
        };
        decoder.set_options(options.jpeg_set_out_colorspace(colours));
        let Some((width, height)) = decoder.dimensions() else {
            return Err(error(file, "a header without a size"));
        };
        // The decoder would take what is missing for zeros.
        let possible = length.saturating_mul(MOST_PER_BYTE);
        if (height as u64).saturating_mul(width as u64) > possible {
            let reason = format!(
                "{height} × {width} pixels in {length} bytes, which can hold {possible} at most"
            );
            return Err(error(file, &reason));
        }
        let header = Header {
            height,
            width,
            exif: decoder.exif().cloned(),
        };
        Ok((Self(decoder), header))
    }

    pub(super) fn pixels(mut self, file: &str) -> Result<DynamicImage, DataError> {
        let size = self.0.output_buffer_size().unwrap_or(usize::MAX);
        let mut bytes = zeros(file, size)?;
        self.0.decode_into(&mut bytes).map_err(broken(file))?;
        let (width, height) = self.0.dimensions().unwrap_or_default();
        let (width, height) = (width as u32, height as u32);
        let image = match self.0.output_colorspace() {
            Some(ColorSpace::Luma) => {
                GrayImage::from_raw(width, height, bytes).map(DynamicImage::from)
            }
            _ => RgbImage::from_raw(width, height, bytes).map(DynamicImage::from),
        };
        image.ok_or_else(|| error(file, "pixels of another number than declared"))
    }
}

fn unknown(file: &str, found: Option<ColorSpace>) -> DataError {
    let found = match found {
        Some(ColorSpace::CMYK) => "CMYK".to_owned(),
        Some(ColorSpace::YCCK) => "YCCK (CMYK)".to_owned(),
        other => format!("{other:?}"),
    };
    PictureError::Colours {
        file: file.to_owned(),
        found,
    }
    .into()
}

fn broken(file: &str) -> impl Fn(DecodeErrors) -> DataError {
    move |fault| error(file, &fault.to_string())
}

fn error(file: &str, reason: &str) -> DataError {
    PictureError::Broken {
        file: file.to_owned(),
        format: "JPEG",
        reason: super::super::place::printable(reason.trim()),
    }
    .into()
}
