//! A stream of unpacked bytes that counts them and turns failures into errors with a place.

use std::io::{self, Read};

use super::error::DataError;
use super::source::Packing;

/// Memory that may be taken, beside twice the file, before a packed file has proved to be whole.
const ALLOWANCE: u64 = 64 << 20;

/// A stream of unpacked bytes.
pub(super) struct Body<'a> {
    pub(super) file: &'a str,
    reader: Box<dyn Read + 'a>,
    packing: Packing,
    /// Bytes read so far.
    pub(super) offset: u64,
    /// No more bytes than this can come.
    pub(super) most: u64,
    /// The length of the file on disk.
    file_len: u64,
}

impl<'a> Body<'a> {
    pub(super) fn new(
        file: &'a str,
        reader: Box<dyn Read + 'a>,
        packing: Packing,
        most: u64,
        file_len: u64,
    ) -> Self {
        Self {
            file,
            reader,
            packing,
            offset: 0,
            most,
            file_len,
        }
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DataError> {
        let mut bytes = [0; N];
        self.exactly(&mut bytes)?;
        Ok(bytes)
    }

    /// Fill the whole of `bytes`.
    pub(super) fn exactly(&mut self, bytes: &mut [u8]) -> Result<(), DataError> {
        let expected = self.offset.saturating_add(bytes.len() as u64);
        self.exactly_of(bytes, expected)
    }

    /// Fill the whole of `bytes`, part of something that should go on to byte `expected`.
    pub(super) fn exactly_of(&mut self, bytes: &mut [u8], expected: u64) -> Result<(), DataError> {
        let result = fill(self, bytes);
        match result {
            Ok(found) if found == bytes.len() => Ok(()),
            Ok(_) => Err(self.truncated(expected)),
            Err(source) => Err(self.broken(source)),
        }
    }

    /// Append the next bytes to `out`, at most `most`; how many there were.
    pub(super) fn read_up_to(&mut self, most: u64, out: &mut Vec<u8>) -> Result<u64, DataError> {
        let result = self.by_ref().take(most).read_to_end(out);
        result
            .map(|found| found as u64)
            .map_err(|source| self.broken(source))
    }

    /// Read `count` bytes and forget them.
    pub(super) fn skip(&mut self, count: u64) -> Result<(), DataError> {
        let expected = self.offset.saturating_add(count);
        let result = io::copy(&mut self.by_ref().take(count), &mut io::sink());
        match result {
            Ok(found) if found == count => Ok(()),
            Ok(_) => Err(self.truncated(expected)),
            Err(source) => Err(self.broken(source)),
        }
    }

    /// Insist on the end of the stream; this is also where a checksum is checked.
    pub(super) fn end(&mut self) -> Result<(), DataError> {
        let offset = self.offset;
        let result = fill(self, &mut [0]);
        match result {
            Ok(0) => Ok(()),
            Ok(_) => Err(DataError::TrailingBytes {
                file: self.file.to_owned(),
                offset,
            }),
            Err(source) => Err(self.broken(source)),
        }
    }

    /// Insist that `count` more bytes can come, and for a plain file that no others will.
    pub(super) fn check_rest(&self, count: u64) -> Result<(), DataError> {
        let file = self.file.to_owned();
        let declared = self.offset.saturating_add(count);
        match self.packing {
            Packing::Plain if declared > self.most => Err(DataError::Truncated {
                file,
                found: self.most,
                expected: declared,
            }),
            Packing::Plain if declared < self.most => Err(DataError::TrailingBytes {
                file,
                offset: declared,
            }),
            Packing::Gzip | Packing::Zip if declared > self.most => Err(DataError::Overclaim {
                file,
                declared,
                possible: self.most,
            }),
            _ => Ok(()),
        }
    }

    /// Whether `bytes` of memory are too much to be taken on a header's word.
    ///
    /// A small packed file may declare a large content and then break; such a file is read once
    /// without being kept before memory is taken. The length of a plain file is proof enough.
    pub(super) fn needs_rehearsal(&self, bytes: u64) -> bool {
        let allowed = self.file_len.saturating_mul(2).saturating_add(ALLOWANCE);
        self.packing != Packing::Plain && bytes > allowed
    }

    /// The error for bytes that ended before `expected`.
    pub(super) fn truncated(&self, expected: u64) -> DataError {
        DataError::Truncated {
            file: self.file.to_owned(),
            found: self.offset,
            expected,
        }
    }

    /// The error for a failed read: of the system, or of the unpacking.
    pub(super) fn broken(&self, source: io::Error) -> DataError {
        let file = self.file.to_owned();
        let packing = match self.packing {
            Packing::Plain => return DataError::Io { file, source },
            Packing::Gzip => "gzip",
            Packing::Zip => "zip",
        };
        match source.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidData
            | io::ErrorKind::Other => {
                let reason = source.to_string();
                DataError::BrokenPacking {
                    file,
                    packing,
                    offset: self.offset,
                    reason,
                }
            }
            _ => DataError::Io { file, source },
        }
    }
}

impl Read for Body<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let found = self.reader.read(bytes)?;
        self.offset += found as u64;
        Ok(found)
    }
}

/// Read until `bytes` is full or the end; how many bytes came.
pub(super) fn fill<R: Read + ?Sized>(reader: &mut R, bytes: &mut [u8]) -> io::Result<usize> {
    let mut found = 0;
    while found < bytes.len() {
        match reader.read(&mut bytes[found..]) {
            Ok(0) => break,
            Ok(more) => found += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// An empty vector with room for exactly `count` values, or an error where memory is short.
pub(super) fn room<T>(file: &str, count: usize) -> Result<Vec<T>, DataError> {
    let mut values = Vec::new();
    match values.try_reserve_exact(count) {
        Ok(()) => Ok(values),
        Err(_) => {
            let bytes = (count as u64).saturating_mul(size_of::<T>() as u64);
            Err(DataError::OutOfMemory {
                file: file.to_owned(),
                bytes,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_memory_is_an_error() {
        assert!(matches!(
            room::<f32>("x", usize::MAX / 8),
            Err(DataError::OutOfMemory { .. })
        ));
    }
}
