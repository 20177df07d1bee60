//! Image files, and folders of them.

use std::fs;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use dec_gpu::data::{self, BlockOptions, Dataset, ReadOptions, Shard};
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder};

/// A folder that is removed at the end of the test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// Writes a file, and the folders that it lies in.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("created");
        fs::write(path, bytes).expect("written");
    }

    pub(crate) fn open(&self, options: &ReadOptions) -> Result<Dataset, String> {
        data::open(self.root(), options).map_err(|error| error.to_string())
    }

    /// The images as they are, nothing asked for.
    pub(crate) fn read(&self) -> Dataset {
        self.open(&ReadOptions::default()).expect("images")
    }

    /// Blocks of so many rows.
    pub(crate) fn blocks(
        &self,
        options: &ReadOptions,
        rows: usize,
        shard: Option<Shard>,
    ) -> Result<Vec<data::Block>, String> {
        let block_options = BlockOptions {
            rows: NonZeroUsize::new(rows),
            shard,
        };
        let mut found = Vec::new();
        data::open_blocks(self.root(), options, &block_options, &mut |block| {
            found.push(block);
            ControlFlow::Continue(())
        })
        .map_err(|error| error.to_string())?;
        Ok(found)
    }
}

/// A PNG of 8 bits a value.
pub(crate) fn png(height: u32, width: u32, colours: png::ColorType, values: &[u8]) -> Vec<u8> {
    png_with(height, width, values, |encoder| encoder.set_color(colours))
}

pub(crate) fn png_with(
    height: u32,
    width: u32,
    values: &[u8],
    set: impl FnOnce(&mut png::Encoder<'_, &mut Vec<u8>>),
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_depth(png::BitDepth::Eight);
    set(&mut encoder);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(values).expect("pixels");
    writer.finish().expect("an end");
    bytes
}

/// A grey PNG whose values differ from seed to seed.
pub(crate) fn grey(height: u32, width: u32, seed: u32) -> Vec<u8> {
    let values: Vec<u8> = (0..height * width)
        .map(|i| (i * 7 + seed * 31) as u8)
        .collect();
    png(height, width, png::ColorType::Grayscale, &values)
}

/// A black PNG of one bit a pixel.
pub(crate) fn bits(height: u32, width: u32) -> Vec<u8> {
    let values = vec![0; (height * width.div_ceil(8)) as usize];
    png_with(height, width, &values, |encoder| {
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
    })
}

/// A PNG of 2 × 2 pixels of two colours that are looked up in these bytes.
pub(crate) fn of_palette(palette: &[u8]) -> Vec<u8> {
    png_with(2, 2, &[0, 1, 1, 0], |encoder| {
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(palette.to_vec());
    })
}

/// A JPEG of one colour, or of one shade, with EXIF data if there are any.
pub(crate) fn jpeg(height: u32, width: u32, colour: &[u8], exif: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 100);
    if !exif.is_empty() {
        encoder.set_exif_metadata(exif.to_vec()).expect("EXIF data");
    }
    let kind = match colour.len() {
        1 => ExtendedColorType::L8,
        _ => ExtendedColorType::Rgb8,
    };
    let values = colour.repeat((height * width) as usize);
    encoder
        .write_image(&values, width, height, kind)
        .expect("a JPEG");
    bytes
}

/// EXIF data that say how the image lies: 1 to 8.
pub(crate) fn orientation(how: u8) -> Vec<u8> {
    let entry = [0x12, 0x01, 3, 0, 1, 0, 0, 0, how, 0, 0, 0];
    [&b"II*\0\x08\0\0\0\x01\0"[..], &entry, &[0; 4]].concat()
}

/// `bytes`, a PNG, with other sizes in its header and the checksum that belongs to them.
pub(crate) fn of_size(mut bytes: Vec<u8>, height: u32, width: u32) -> Vec<u8> {
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let mut sum = flate2::Crc::new();
    sum.update(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.sum().to_be_bytes());
    bytes
}
