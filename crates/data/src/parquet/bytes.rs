//! The bytes of a file as the parquet crate asks for them.

use std::io::{self, BufReader, Read};

use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use super::super::owned::Owned;

/// Bytes that are read at once where the header of a page is looked for.
const BUFFER: usize = 1 << 10;

/// The file from a place on.
pub(crate) struct From {
    bytes: Owned,
    at: u64,
}

impl Read for From {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let found = self.bytes.read(self.at, to)?;
        self.at += found as u64;
        Ok(found)
    }
}

impl Length for Owned {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for Owned {
    type T = BufReader<From>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let bytes = self.clone();
        Ok(BufReader::with_capacity(BUFFER, From { bytes, at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.len) {
            let text = format!("{length} bytes at byte {start} of {}", self.len);
            return Err(ParquetError::EOF(text));
        }
        let mut bytes = vec![0; length];
        self.fill(start, &mut bytes)?;
        Ok(bytes.into())
    }
}
