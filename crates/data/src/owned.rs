//! The bytes of a file for readers that go about it at will and want to keep it: Parquet, HDF5.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use super::body::room;
use super::error::DataError;
use super::source::{Input, Source};

/// Memory that may be taken, beside the file, before its content has proved to be worth it. Twice this (pieces as they
/// are unpacked, and the values in them) stays below what all formats may take.
const ALLOWANCE: u64 = 32 << 20;

trait Bytes: Read + Seek + Send {}
impl<T: Read + Seek + Send> Bytes for T {}

/// A file, opened once more, or a copy of bytes that are no file.
#[derive(Clone)]
pub(super) struct Owned {
    bytes: Arc<Mutex<Box<dyn Bytes>>>,
    pub(super) len: u64,
}

impl Owned {
    pub(super) fn new(input: &mut Input<'_>) -> Result<Self, DataError> {
        let bytes: Box<dyn Bytes> = match &input.path {
            Some(path) => Box::new(File::open(path).map_err(|source| DataError::Io {
                file: input.file.clone(),
                source,
            })?),
            None => {
                let mut copy = room(&input.file, input.len as usize)?;
                let len = input.len;
                input.body()?.read_up_to(len, &mut copy)?;
                Box::new(Cursor::new(copy))
            }
        };
        Ok(Self {
            bytes: Arc::new(Mutex::new(bytes)),
            len: input.len,
        })
    }

    /// Bytes that are taken for a piece of the file on its word.
    pub(super) fn allowance(&self) -> u64 {
        self.len.saturating_add(ALLOWANCE)
    }

    /// Fills `to` with the bytes from `offset` on.
    pub(super) fn fill(&self, offset: u64, to: &mut [u8]) -> io::Result<()> {
        self.at(offset, |bytes| bytes.read_exact(to))
    }

    /// Reads bytes from `offset` on; how many there were.
    #[cfg(feature = "parquet")]
    pub(super) fn read(&self, offset: u64, to: &mut [u8]) -> io::Result<usize> {
        self.at(offset, |bytes| bytes.read(to))
    }

    fn at<T>(
        &self,
        offset: u64,
        read: impl FnOnce(&mut dyn Bytes) -> io::Result<T>,
    ) -> io::Result<T> {
        // Every use begins with a seek, so one that ended halfway left nothing behind.
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.seek(SeekFrom::Start(offset))?;
        read(&mut **bytes)
    }
}
