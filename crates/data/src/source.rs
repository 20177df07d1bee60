//! Where bytes come from: a plain or gzip'd stream that knows how long it can be.
//!
//! The length bounds what a header may claim, before anything is allocated: a plain file holds
//! exactly its length, and deflate unpacks no byte to more than [`MOST_PER_BYTE`].

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::body::{Body, fill};
use super::error::DataError;
use super::place::printable;

/// The most bytes that one byte of a deflate stream can unpack to.
pub(super) const MOST_PER_BYTE: u64 = 1032;

const BUFFER: usize = 64 << 10;

/// Anything that can be read twice.
pub(super) trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// How the bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    /// A member of a zip archive.
    Zip,
}

/// Something whose unpacked bytes can be read from the start, as often as needed.
pub(super) trait Source {
    fn body(&mut self) -> Result<Body<'_>, DataError>;

    /// As [`Source::body`], from byte `offset` of the unpacked bytes on; what comes before is read and forgotten
    /// where it cannot be leapt over. About `wanted` bytes will be read.
    fn body_from(&mut self, offset: u64, _wanted: u64) -> Result<Body<'_>, DataError> {
        let mut body = self.body()?;
        body.skip(offset)?;
        Ok(body)
    }

    /// Whether [`Source::body_from`] costs nothing.
    fn leaps(&self) -> bool {
        false
    }
}

impl<S: Source + ?Sized> Source for &mut S {
    fn body(&mut self) -> Result<Body<'_>, DataError> {
        (**self).body()
    }

    fn body_from(&mut self, offset: u64, wanted: u64) -> Result<Body<'_>, DataError> {
        (**self).body_from(offset, wanted)
    }

    fn leaps(&self) -> bool {
        (**self).leaps()
    }
}

/// One data file.
pub(super) struct Input<'a> {
    /// The name for messages, safe to print.
    pub(super) file: String,
    pub(super) reader: &'a mut dyn ReadSeek,
    pub(super) len: u64,
    pub(super) packing: Packing,
    /// Where the file is, for readers that open it themselves; nothing if `reader` is no file.
    pub(super) path: Option<PathBuf>,
}

impl<'a> Input<'a> {
    /// Measure `reader` and see whether it holds gzip.
    pub(super) fn new(file: String, reader: &'a mut dyn ReadSeek) -> Result<Self, DataError> {
        let io = |source| DataError::Io {
            file: file.clone(),
            source,
        };
        let len = reader.seek(SeekFrom::End(0)).map_err(io)?;
        if len == 0 {
            return Err(DataError::Empty { file });
        }
        reader.rewind().map_err(io)?;
        let mut magic = [0; 2];
        let found = fill(reader, &mut magic).map_err(io)?;
        let packing = if found == 2 && magic == [0x1f, 0x8b] {
            Packing::Gzip
        } else {
            Packing::Plain
        };
        Ok(Self {
            file,
            reader,
            len,
            packing,
            path: None,
        })
    }

    /// As [`Input::new`], of a file.
    pub(super) fn of_file(path: &Path, file: &'a mut File) -> Result<Self, DataError> {
        let mut input = Self::new(printable(&path.to_string_lossy()), file)?;
        input.path = Some(path.to_owned());
        Ok(input)
    }

    /// The first bytes of the unpacked content, at most `most`.
    pub(super) fn prefix(&mut self, most: usize) -> Result<Vec<u8>, DataError> {
        let mut prefix = Vec::new();
        self.body()?.read_up_to(most as u64, &mut prefix)?;
        if prefix.is_empty() {
            return Err(DataError::Empty {
                file: self.file.clone(),
            });
        }
        Ok(prefix)
    }
}

impl Source for Input<'_> {
    fn body(&mut self) -> Result<Body<'_>, DataError> {
        let io = |source| DataError::Io {
            file: self.file.clone(),
            source,
        };
        self.reader.rewind().map_err(io)?;
        let buffered = BufReader::with_capacity(BUFFER, &mut *self.reader);
        let (reader, most): (Box<dyn Read + '_>, u64) = match self.packing {
            Packing::Gzip => (
                Box::new(MultiGzDecoder::new(buffered)),
                self.len.saturating_mul(MOST_PER_BYTE),
            ),
            Packing::Plain | Packing::Zip => (Box::new(buffered), self.len),
        };
        Ok(Body::new(&self.file, reader, self.packing, most, self.len))
    }

    fn body_from(&mut self, offset: u64, wanted: u64) -> Result<Body<'_>, DataError> {
        if !self.leaps() {
            let mut body = self.body()?;
            body.skip(offset)?;
            return Ok(body);
        }
        let io = |source| DataError::Io {
            file: self.file.clone(),
            source,
        };
        self.reader.seek(SeekFrom::Start(offset)).map_err(io)?;
        // No more than is wanted, because the columns of a wide array are read in many small pieces.
        let capacity = wanted.clamp(1, BUFFER as u64) as usize;
        let reader = Box::new(BufReader::with_capacity(capacity, &mut *self.reader));
        let mut body = Body::new(&self.file, reader, self.packing, self.len, self.len);
        body.offset = offset;
        Ok(body)
    }

    fn leaps(&self) -> bool {
        self.packing == Packing::Plain
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_seen_and_read_twice() {
        let mut packed = Cursor::new(gzip(b"hello"));
        let mut input = Input::new("x".into(), &mut packed).unwrap();
        assert_eq!(input.packing, Packing::Gzip);
        assert_eq!(input.prefix(3).unwrap(), b"hel");
        let mut body = input.body().unwrap();
        assert_eq!(&body.array::<5>().unwrap(), b"hello");
        body.end().unwrap();
    }

    #[test]
    fn broken_gzip_is_named() {
        let whole = gzip(&[7; 1000]);
        let mut flipped = whole.clone();
        let crc = flipped.len() - 8;
        flipped[crc] ^= 1;
        for bytes in [whole[..whole.len() - 3].to_vec(), flipped] {
            let mut reader = Cursor::new(bytes);
            let mut input = Input::new("x.gz".into(), &mut reader).unwrap();
            let mut body = input.body().unwrap();
            let error = body.skip(1000).and_then(|()| body.end()).unwrap_err();
            assert!(
                matches!(
                    error,
                    DataError::BrokenPacking {
                        packing: "gzip",
                        ..
                    }
                ),
                "{error}"
            );
        }
    }

    #[test]
    fn a_claim_is_checked_before_reading() {
        let mut plain = Cursor::new(vec![0u8; 10]);
        let mut input = Input::new("x".into(), &mut plain).unwrap();
        let body = input.body().unwrap();
        assert!(body.check_rest(10).is_ok());
        assert!(matches!(
            body.check_rest(11),
            Err(DataError::Truncated { .. })
        ));
        assert!(matches!(
            body.check_rest(9),
            Err(DataError::TrailingBytes { offset: 9, .. })
        ));
        assert!(matches!(
            body.check_rest(u64::MAX),
            Err(DataError::Truncated { .. })
        ));
    }

    #[test]
    fn deflate_cannot_exceed_its_bound() {
        let zeros = gzip(&vec![0; 10 << 20]);
        assert!((10 << 20) as u64 <= zeros.len() as u64 * MOST_PER_BYTE);
    }
}
