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

/// Values that are told together: one for all of them, or groups of eight, one value after the other.
struct Run<'a> {
    values: usize,
    packed: bool,
    bytes: &'a [u8],
}

/// The next run of values of `width` bits each, or none if the bytes end or say so.
fn next_run<'a>(bytes: &mut &'a [u8], width: usize) -> Result<Option<Run<'a>>> {
    let Some(header) = varint(bytes)?.filter(|header| *header != 0) else {
        return Ok(None);
    };
    let packed = header & 1 == 1;
    let run = usize::try_from(header >> 1).unwrap_or(usize::MAX);
    let (values, len) = if packed {
        (run.saturating_mul(8), run.saturating_mul(width))
    } else {
        (run, width.div_ceil(8))
    };
    Ok(bytes.split_off(..len).map(|bytes| Run {
        values,
        packed,
        bytes,
    }))
}

/// Through runs of `count` values of `width` bits each.
pub(super) fn runs(mut bytes: &[u8], width: usize, count: usize) -> Result<()> {
    let mut seen = 0;
    while let Some(run) = next_run(&mut bytes, width)? {
        seen += run.values.min(count - seen);
        if seen == count {
            break;
        }
    }
    Ok(())
}

/// How many of the first `count` levels, each a bit, are one; in the form of [`runs`].
pub(super) fn ones(mut levels: &[u8], count: usize) -> Result<usize> {
    let (mut seen, mut ones) = (0, 0);
    while seen < count {
        let run = next_run(&mut levels, 1)?.ok_or_else(|| eof("fewer levels than values"))?;
        let taken = run.values.min(count - seen);
        let bit = |at: usize| usize::from(run.bytes[at / 8] >> (at % 8) & 1);
        ones += match run.packed {
            true => (0..taken).map(bit).sum(),
            false => taken * bit(0),
        };
        seen += taken;
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
    fn levels_are_counted_in_runs_and_groups() {
        // Three ones, two zeros, then eight levels of which the first and the fourth are one.
        let levels = [3 << 1, 1, 2 << 1, 0, 1 << 1 | 1, 0b1001];
        let counts = [0, 1, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 5, 5];
        for (count, expected) in counts.into_iter().enumerate() {
            assert_eq!(ones(&levels, count).unwrap(), expected, "of {count}");
        }
        assert!(ones(&levels, 14).is_err());
        assert!(ones(&levels[..5], 6).is_err());
        assert!(ones(&[0, 3 << 1, 1], 3).is_err());
    }

    #[test]
    fn what_ends_is_left_to_the_decoder() {
        assert!(runs(&[], 1, 9).is_ok());
        assert!(runs(&[9 << 1 | 1, 0], 8, 99).is_ok());
        assert!(deltas(&[0x80, 1, 4, 9, 0], 9).is_ok());
    }
}
