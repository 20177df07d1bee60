//! Whether a page holds as many values as it says.
//!
//! The parquet crate (60.1) trusts pages in some places and panics where they lie; all that were found are checked here
//! before it decodes them: lengths of text and streams of split bytes that go beyond the page, a count of deltas below
//! that of the values, places in a dictionary that is not there, levels in the old encoding.

use parquet::basic::{Encoding, Type};
use parquet::column::page::Page;
use parquet::errors::{ParquetError, Result};

/// What is known of a column.
#[derive(Clone, Copy)]
pub(super) struct Values {
    pub(super) kind: Type,
    /// Bytes of a value of fixed length.
    pub(super) width: usize,
    /// Whether a value may be null, and each has a level that says so.
    pub(super) nullable: bool,
}

impl Values {
    /// Refuses a page that is not sound; `coded` says whether a dictionary has been seen.
    pub(super) fn check(self, page: &Page, coded: bool) -> Result<()> {
        if let Page::DictionaryPage {
            buf, num_values, ..
        } = page
        {
            return self.plain(buf, *num_values as usize);
        }
        let (present, values) = self.present(page)?;
        match page.encoding() {
            Encoding::PLAIN => self.plain(values, present),
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY if !coded => {
                Err(eof("places in a dictionary that is not there"))
            }
            Encoding::BYTE_STREAM_SPLIT => enough(values.len() / self.width.max(1), present),
            Encoding::DELTA_BINARY_PACKED => deltas(values, present),
            encoding if is_apart(encoding) => Err(ParquetError::NYI(format!(
                "text in the encoding {encoding}"
            ))),
            _ => Ok(()),
        }
    }

    /// How many values of a data page are not null, and their bytes.
    fn present(self, page: &Page) -> Result<(usize, &[u8])> {
        match page {
            Page::DataPageV2 {
                buf,
                num_values,
                num_nulls,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                let present = num_values.checked_sub(*num_nulls);
                let present = present.ok_or_else(|| eof("more nulls than values"))? as usize;
                let from = *rep_levels_byte_len as usize;
                let to = from + *def_levels_byte_len as usize;
                let levels = buf
                    .get(from..to)
                    .ok_or_else(|| eof("levels beyond the page"))?;
                if self.nullable && ones(levels, *num_values as usize)? != present {
                    return Err(eof("levels that are not those of the nulls"));
                }
                Ok((present, &buf[to..]))
            }
            Page::DataPage {
                buf, num_values, ..
            } if !self.nullable => Ok((*num_values as usize, buf)),
            Page::DataPage {
                buf,
                num_values,
                def_level_encoding: Encoding::RLE,
                ..
            } => {
                let (levels, values) = sized(buf).ok_or_else(|| eof("levels beyond the page"))?;
                Ok((ones(levels, *num_values as usize)?, values))
            }
            _ => Err(ParquetError::NYI("levels in an old encoding".to_owned())),
        }
    }

    /// Values one after the other.
    fn plain(self, mut bytes: &[u8], expected: usize) -> Result<()> {
        let found = match self.kind {
            Type::BOOLEAN => bytes.len().saturating_mul(8),
            Type::BYTE_ARRAY => {
                let mut found = 0;
                while let Some((_, rest)) = sized(bytes).filter(|_| found < expected) {
                    (bytes, found) = (rest, found + 1);
                }
                found
            }
            _ => bytes.len() / self.width.max(1),
        };
        enough(found, expected)
    }
}

/// Encodings that keep the lengths of texts and the texts apart.
pub(super) fn is_apart(encoding: Encoding) -> bool {
    matches!(
        encoding,
        Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY
    )
}

/// Bytes behind their length in four, and those after them.
fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*len) as usize)
}

/// How many of the first `count` levels, each a bit, are one: runs of one level, or eight levels to a byte.
fn ones(mut levels: &[u8], count: usize) -> Result<usize> {
    let (mut seen, mut ones) = (0, 0);
    let short = || eof("fewer levels than values");
    while seen < count {
        let header = varint(&mut levels).ok_or_else(short)?;
        let run = usize::try_from(header >> 1).map_err(|_| short())?;
        let left = count - seen;
        if header & 1 == 0 {
            let (level, rest) = levels.split_first().ok_or_else(short)?;
            levels = rest;
            seen += run.min(left);
            ones += if level & 1 == 1 { run.min(left) } else { 0 };
        } else {
            let (packed, rest) = levels.split_at_checked(run).ok_or_else(short)?;
            levels = rest;
            let taken = run.saturating_mul(8).min(left);
            let is_one = |at: &usize| packed[at / 8] >> (at % 8) & 1 == 1;
            ones += (0..taken).filter(is_one).count();
            seen += taken;
        }
        if run == 0 {
            return Err(short());
        }
    }
    Ok(ones)
}

/// Deltas say themselves how many they are: after the size of a block and the number of its parts.
fn deltas(mut bytes: &[u8], expected: usize) -> Result<()> {
    let mut header = || varint(&mut bytes);
    let count = header().and_then(|_| header()).and_then(|_| header());
    let count = count.ok_or_else(|| eof("half a header of deltas"))?;
    enough(
        usize::try_from(count).unwrap_or(usize::MAX),
        expected.max(1),
    )
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if *first < 0x80 {
            return Some(value);
        }
    }
    None
}

fn enough(found: usize, expected: usize) -> Result<()> {
    if found >= expected {
        return Ok(());
    }
    let text = format!("a page of {found} values that says to have {expected}");
    Err(ParquetError::EOF(text))
}

fn eof(text: &str) -> ParquetError {
    ParquetError::EOF(text.to_owned())
}
