//! Whether a page holds as many values as it says.
//!
//! The parquet crate (60.1) trusts pages in some places and panics where they lie; all that were found are checked here
//! before it decodes them: lengths of text and streams of split bytes that go beyond the page, a count of deltas below
//! that of the values, places in a dictionary that is not there, levels in the old encoding, and what [`super::walk`] finds.

use parquet::basic::{Encoding, Type};
use parquet::column::page::Page;
use parquet::errors::{ParquetError, Result};

use super::walk::{deltas, ones, runs};

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
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => match values.split_first() {
                Some((width, places)) => runs(places, usize::from(*width), present),
                None => Ok(()),
            },
            Encoding::RLE => runs(sized(values).unwrap_or_default().0, 1, present),
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

pub(super) fn enough(found: usize, expected: usize) -> Result<()> {
    if found >= expected {
        return Ok(());
    }
    let text = format!("a page of {found} values that says to have {expected}");
    Err(ParquetError::EOF(text))
}

pub(super) fn eof(text: &str) -> ParquetError {
    ParquetError::EOF(text.to_owned())
}
