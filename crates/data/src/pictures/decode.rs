//! One image file: what its header says, and its pixels in grey or RGB, 8 bits each.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use image::DynamicImage;
use image::metadata::Orientation;

use super::super::body::room;
use super::super::{format, open_regular};
use super::files::shown;
use super::{DataError, PictureError, jpeg_file::Jpeg, png_file::Png};

/// The most pixels of an image that are decoded: 192 MiB of RGB, 256 MiB with alpha.
const MOST_PIXELS: usize = 64 << 20;

/// A file whose header has been read.
pub(super) struct Picture {
    file: String,
    decoder: Decoder,
    /// Pixels as they are stored: height and width.
    stored: (usize, usize),
    orientation: Orientation,
}

enum Decoder {
    Png(Box<Png>),
    Jpeg(Box<Jpeg>),
}

/// What a format knows after its header.
pub(super) struct Header {
    pub(super) height: usize,
    pub(super) width: usize,
    /// From the TIFF header on.
    pub(super) exif: Option<Vec<u8>>,
}

impl Picture {
    /// Reads the header; the format is told by the content.
    pub(super) fn open(path: &Path) -> Result<Self, DataError> {
        let file = shown(path);
        let mut reader = BufReader::new(open_regular(path)?);
        let start = reader.fill_buf().map_err(|source| DataError::Io {
            file: file.clone(),
            source,
        })?;
        let (decoder, header) = if start.starts_with(b"\x89PNG") {
            let (png, header) = Png::open(reader, &file)?;
            (Decoder::Png(Box::new(png)), header)
        } else if start.starts_with(&[0xff, 0xd8]) {
            let (jpeg, header) = Jpeg::open(reader, &file)?;
            (Decoder::Jpeg(Box::new(jpeg)), header)
        } else if start.is_empty() {
            return Err(DataError::Empty { file });
        } else {
            let found = format::known(start);
            return Err(PictureError::NotAPicture { file, found }.into());
        };
        let Header {
            height,
            width,
            exif,
        } = header;
        if height.saturating_mul(width) > MOST_PIXELS {
            return Err(PictureError::TooLarge {
                file,
                height,
                width,
                limit: MOST_PIXELS,
            }
            .into());
        }
        let orientation = exif.and_then(|exif| Orientation::from_exif_chunk(&exif));
        Ok(Self {
            file,
            decoder,
            stored: (height, width),
            orientation: orientation.unwrap_or(Orientation::NoTransforms),
        })
    }

    /// Height and width, the right way up.
    pub(super) fn size(&self) -> (usize, usize) {
        let (height, width) = self.stored;
        match self.orientation {
            Orientation::NoTransforms
            | Orientation::Rotate180
            | Orientation::FlipHorizontal
            | Orientation::FlipVertical => (height, width),
            Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH => (width, height),
        }
    }

    /// The pixels, the right way up: grey, or RGB if the file has colours; what shines through is black.
    pub(super) fn pixels(self) -> Result<DynamicImage, DataError> {
        let mut image = match self.decoder {
            Decoder::Png(png) => png.pixels(&self.file)?,
            Decoder::Jpeg(jpeg) => jpeg.pixels(&self.file)?,
        };
        image.apply_orientation(self.orientation);
        Ok(image)
    }
}

/// What the formats decode from.
pub(super) type Source = BufReader<File>;

/// The file's length in bytes, which bounds what its header may claim.
pub(super) fn length(source: &Source, file: &str) -> Result<u64, DataError> {
    let data = source.get_ref().metadata();
    let data = data.map_err(|source| DataError::Io {
        file: file.to_owned(),
        source,
    })?;
    Ok(data.len())
}

/// So many zeros, or the error that there is no memory for them.
pub(super) fn zeros(file: &str, count: usize) -> Result<Vec<u8>, DataError> {
    let mut bytes = room(file, count)?;
    bytes.resize(count, 0);
    Ok(bytes)
}
