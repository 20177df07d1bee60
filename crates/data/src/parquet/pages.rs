//! The pages of a column, unpacked.
//!
//! The parquet crate would unpack a page whatever it grows to. It is told that pages are not packed, and they are
//! unpacked here into no more than a bound; what a page says about its number of values is checked where the crate
//! would take memory for them.

use std::io::Read;
use std::sync::Arc;

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::data_type::ByteArray;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use super::super::owned::Owned;

/// Pages of one column of one row group.
pub(super) struct Pages {
    packed: SerializedPageReader<Owned>,
    codec: Compression,
    /// Bytes of a value of fixed length.
    width: usize,
    /// The most bytes that a page may unpack to.
    most: usize,
}

impl Pages {
    pub(super) fn new(bytes: &Owned, column: &ColumnChunkMetaData, rows: usize) -> Result<Self> {
        let as_it_is = column
            .clone()
            .into_builder()
            .set_compression(Compression::UNCOMPRESSED)
            .build()?;
        Ok(Self {
            packed: SerializedPageReader::new(Arc::new(bytes.clone()), &as_it_is, rows, None)?,
            codec: column.compression(),
            width: usize::try_from(column.column_descr().type_length()).unwrap_or(0),
            most: usize::try_from(bytes.allowance()).unwrap_or(usize::MAX),
        })
    }

    fn unpacked(&mut self, page: Page) -> Result<Page> {
        let whole = |buf: Bytes| self.unpack(&buf, 0);
        let page = match page {
            Page::DataPage {
                buf,
                num_values,
                encoding,
                def_level_encoding,
                rep_level_encoding,
                statistics,
            } => Page::DataPage {
                buf: whole(buf)?,
                num_values,
                encoding,
                def_level_encoding,
                rep_level_encoding,
                statistics,
            },
            Page::DictionaryPage {
                buf,
                num_values,
                encoding,
                is_sorted,
            } => Page::DictionaryPage {
                buf: self.dictionary(whole(buf)?, num_values)?,
                num_values,
                encoding,
                is_sorted,
            },
            Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                num_nulls,
                num_rows,
                def_levels_byte_len,
                rep_levels_byte_len,
                is_compressed,
                statistics,
            } => {
                let levels = u64::from(def_levels_byte_len) + u64::from(rep_levels_byte_len);
                if levels > buf.len() as u64 {
                    return Err(ParquetError::EOF(format!("{levels} bytes of levels")));
                }
                Page::DataPageV2 {
                    // Levels stand in front and are not packed.
                    buf: match is_compressed {
                        true => self.unpack(&buf, levels as usize)?,
                        false => buf,
                    },
                    num_values,
                    encoding,
                    num_nulls,
                    num_rows,
                    def_levels_byte_len,
                    rep_levels_byte_len,
                    is_compressed: false,
                    statistics,
                }
            }
        };
        // Of these the crate takes memory for as many lengths as the page says to have.
        match page.encoding() {
            encoding if is_apart(encoding) => Err(ParquetError::NYI(format!(
                "text in the encoding {encoding}"
            ))),
            _ => Ok(page),
        }
    }

    /// Refuses a dictionary that would grow too large as values.
    fn dictionary(&self, buf: Bytes, num_values: u32) -> Result<Bytes> {
        // Also without bytes of its own a text takes some.
        let held = self.width.max(size_of::<ByteArray>());
        if (num_values as usize).saturating_mul(held) > self.most.max(buf.len()) {
            return Err(self.too_much());
        }
        Ok(buf)
    }

    /// The first `kept` bytes as they are, and the others unpacked.
    fn unpack(&self, page: &Bytes, kept: usize) -> Result<Bytes> {
        let packed = &page[kept..];
        let mut out = page[..kept].to_vec();
        // A page without a value that is not null has nothing to unpack.
        if packed.is_empty() {
            return Ok(page.clone());
        }
        match self.codec {
            Compression::UNCOMPRESSED => return Ok(page.clone()),
            Compression::SNAPPY => {
                if snap::raw::decompress_len(packed).map_err(other)? > self.most {
                    return Err(self.too_much());
                }
                out.extend(
                    snap::raw::Decoder::new()
                        .decompress_vec(packed)
                        .map_err(other)?,
                );
            }
            Compression::GZIP(_) => self.read(MultiGzDecoder::new(packed), &mut out)?,
            Compression::ZSTD(_) => {
                let decoder = ruzstd::decoding::StreamingDecoder::new(packed).map_err(other)?;
                self.read(decoder, &mut out)?;
            }
            Compression::LZ4_RAW => out.extend(self.lz4(packed)?),
            codec => return Err(ParquetError::NYI(format!("values packed by {codec}"))),
        }
        Ok(out.into())
    }

    fn read(&self, from: impl Read, out: &mut Vec<u8>) -> Result<()> {
        let found = from.take(self.most as u64 + 1).read_to_end(out)?;
        if found > self.most {
            return Err(self.too_much());
        }
        Ok(())
    }

    /// A block does not say how long it is unpacked, so room is made until it is enough.
    fn lz4(&self, packed: &[u8]) -> Result<Vec<u8>> {
        use lz4_flex::block::{DecompressError, decompress_into};
        const MOST_PER_BYTE: usize = 255;
        let most = self.most.min(packed.len().saturating_mul(MOST_PER_BYTE));
        let mut size = packed.len().saturating_mul(4).min(most);
        loop {
            let mut out = vec![0; size];
            match decompress_into(packed, &mut out) {
                Ok(len) => {
                    out.truncate(len);
                    return Ok(out);
                }
                Err(DecompressError::OutputTooSmall { .. }) if size < most => {
                    size = size.saturating_mul(4).min(most);
                }
                Err(DecompressError::OutputTooSmall { .. }) => return Err(self.too_much()),
                Err(error) => return Err(other(error)),
            }
        }
    }

    fn too_much(&self) -> ParquetError {
        ParquetError::General(format!(
            "a page that unpacks to more than {} bytes",
            self.most
        ))
    }
}

/// Whether values are read that are packed so.
pub(super) fn is_read(codec: Compression) -> bool {
    matches!(
        codec,
        Compression::UNCOMPRESSED
            | Compression::SNAPPY
            | Compression::GZIP(_)
            | Compression::ZSTD(_)
            | Compression::LZ4_RAW
    )
}

/// Encodings that keep the lengths of texts and the texts apart.
pub(super) fn is_apart(encoding: Encoding) -> bool {
    matches!(
        encoding,
        Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY
    )
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> ParquetError {
    ParquetError::External(Box::new(error))
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.packed.get_next_page()?;
        page.map(|page| self.unpacked(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.packed.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.packed.skip_next_page()
    }
}
