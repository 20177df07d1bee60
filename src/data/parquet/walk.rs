//! Through the runs and deltas of a page, as the parquet crate will go: it panics at a number of more than ten bytes,
//! and may overflow in deltas of very large blocks. What merely ends too early it refuses itself.

use parquet::errors::{ParquetError, Result};

use super::sound::{enough, eof};

/// Bytes of the longest number.
const LONGEST: usize = 10;
/// The most deltas of a block; writers take 128.
const LARGEST_BLOCK: u64 = 1 << 16;

/// A number of seven bits to a byte, or none if the bytes end.
fn varint(bytes: &mut &[u8]) -> Result<Option<u64>> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(LONGEST).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if *byte < 0x80 {
            *bytes = &bytes[at + 1..];
            return Ok(Some(value));
        }
    }
    match bytes.len() {
        ..LONGEST => Ok(None),
        _ => Err(eof("a number of more than ten bytes")),
    }
}

/// `count` values of `width` bits each: runs of one value, or groups of eight values one after the other.
pub(super) fn runs(mut bytes: &[u8], width: usize, count: usize) -> Result<()> {
    let mut seen = 0;
    loop {
        let Some(header) = varint(&mut bytes)? else {
            return Ok(());
        };
        let run = usize::try_from(header >> 1).unwrap_or(usize::MAX);
        let (values, len) = match header & 1 {
            0 => (run, width.div_ceil(8)),
            _ => (run.saturating_mul(8), run.saturating_mul(width)),
        };
        seen += values.min(count - seen);
        if header == 0 || seen == count {
            return Ok(());
        }
        let Some((_, rest)) = bytes.split_at_checked(len) else {
            return Ok(());
        };
        bytes = rest;
    }
}

/// How many of the first `count` levels, each a bit, are one; in the form of [`runs`].
pub(super) fn ones(mut levels: &[u8], count: usize) -> Result<usize> {
    let (mut seen, mut ones) = (0, 0);
    let short = || eof("fewer levels than values");
    while seen < count {
        let header = varint(&mut levels)?.ok_or_else(short)?;
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

/// `expected` numbers as deltas: the size of a block, the number of its parts, how many numbers, and the first; then
/// the blocks, each of its least delta, the bits of each part, and the parts.
pub(super) fn deltas(mut bytes: &[u8], expected: usize) -> Result<()> {
    let mut header = || varint(&mut bytes)?.ok_or_else(|| eof("half a header of deltas"));
    let (block, parts, count, _first) = (header()?, header()?, header()?, header()?);
    enough(
        usize::try_from(count).unwrap_or(usize::MAX),
        expected.max(1),
    )?;
    if block > LARGEST_BLOCK || !(1..=block).contains(&parts) {
        let text = format!("deltas in {parts} parts of blocks of {block}");
        return Err(ParquetError::General(text));
    }
    let (parts, of_part) = (parts as usize, (block / parts) as usize);
    let mut left = expected.saturating_sub(1);
    while left > 0 {
        let Some(_least) = varint(&mut bytes)? else {
            return Ok(());
        };
        let Some((widths, mut rest)) = bytes.split_at_checked(parts) else {
            return Ok(());
        };
        for width in widths {
            if left == 0 {
                break;
            }
            let Some((_, after)) = rest.split_at_checked(usize::from(*width) * of_part / 8) else {
                return Ok(());
            };
            rest = after;
            left -= left.min(of_part);
        }
        bytes = rest;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number of as many bytes as wanted.
    fn number(len: usize) -> Vec<u8> {
        let mut bytes = vec![0x80; len - 1];
        bytes.push(1);
        bytes
    }

    #[test]
    fn numbers_have_ten_bytes_at_most() {
        assert_eq!(varint(&mut &[0xac, 0x02, 7][..]).unwrap(), Some(300));
        assert_eq!(varint(&mut &[0x80; 9][..]).unwrap(), None);
        assert_eq!(varint(&mut &number(10)[..]).unwrap(), Some(1 << 63));
        assert!(varint(&mut &number(11)[..]).is_err());
        assert!(varint(&mut &[0x80; 10][..]).is_err());
    }

    #[test]
    fn long_numbers_are_found_where_they_are_read() {
        // Three of one value, a group of eight in two bits each, then the number.
        let bytes = [&[3 << 1, 1, 1 << 1 | 1, 0xff, 0xff][..], &number(11)].concat();
        assert!(runs(&bytes, 2, 11).is_ok());
        assert!(runs(&bytes, 2, 12).is_err());
        assert!(runs(&number(11), 2, 0).is_err());
        // Blocks of 128 in 4 parts, 200 numbers, the first 0; each block of least delta 0 and no bits.
        let block = [0; 5];
        let header = [0x80, 1, 4, 0xc8, 1, 0];
        let bytes = [&header[..], &block, &number(11)].concat();
        assert!(deltas(&bytes, 129).is_ok());
        assert!(deltas(&bytes, 130).is_err());
        assert!(deltas(&[&header[..], &block, &block].concat(), 200).is_ok());
        assert!(deltas(&header, 201).is_err());
    }

    #[test]
    fn what_ends_is_left_to_the_decoder() {
        assert!(runs(&[], 1, 9).is_ok());
        assert!(runs(&[9 << 1 | 1, 0], 8, 99).is_ok());
        assert!(deltas(&[0x80, 1, 4, 9, 0], 9).is_ok());
    }
}
