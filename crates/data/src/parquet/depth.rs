//! How deep the columns of a table are nested, from the bytes of its footer.
//!
//! The parquet crate builds the schema by recursion without a limit, so a footer of a few kilobytes could take more
//! stack than there is, which nothing can catch. The footer is in Thrift's compact protocol; of it only field 2 of the
//! first struct is looked at: a list of elements, of which each says how many of those after it are its children.

use super::super::owned::Owned;

/// The deepest nesting that is let through.
const DEEPEST: usize = 64;

/// The length of the footer and the mark, at the end of the file.
const TAIL: u64 = 8;

/// Refuses a schema that is nested too deep. What is wrong otherwise is left to the parquet crate.
pub(super) fn check(bytes: &Owned) -> Result<(), String> {
    let mut tail = [0; 4];
    let tail_at = bytes
        .len
        .checked_sub(TAIL)
        .ok_or("a file of less than 8 bytes")?;
    bytes.fill(tail_at, &mut tail).map_err(|e| e.to_string())?;
    let len = u32::from_le_bytes(tail);
    let at = tail_at
        .checked_sub(u64::from(len))
        .ok_or("a footer longer than the file")?;
    let mut footer = vec![0; len as usize];
    bytes.fill(at, &mut footer).map_err(|e| e.to_string())?;
    let deepest = deepest(&mut Thrift(&footer)).ok_or("a footer that is no Thrift")?;
    if deepest > DEEPEST {
        return Err(format!("columns nested more than {DEEPEST} deep"));
    }
    Ok(())
}

/// The nesting of the schema in a footer, counted to one more than is let through.
fn deepest(footer: &mut Thrift<'_>) -> Option<usize> {
    let (mut field, mut deepest) = (0, 0);
    while let Some(kind) = footer.field(&mut field)? {
        if field != 2 || kind != LIST {
            footer.skip(kind, 0)?;
            continue;
        }
        // How many children of each group above are still to come.
        let mut open: Vec<u64> = Vec::new();
        let (kind, count) = footer.list()?;
        for _ in 0..count {
            if kind != STRUCT {
                return None;
            }
            let children = children(footer)?;
            if let Some(left) = open.last_mut() {
                *left -= 1;
            }
            if children > 0 {
                open.push(children);
            }
            while open.last() == Some(&0) {
                open.pop();
            }
            deepest = deepest.max(open.len());
            if deepest > DEEPEST {
                return Some(deepest);
            }
        }
    }
    Some(deepest)
}

/// Field 5 of an element of the schema.
fn children(footer: &mut Thrift<'_>) -> Option<u64> {
    let (mut field, mut children) = (0, 0);
    while let Some(kind) = footer.field(&mut field)? {
        if field == 5 && kind == I32 {
            // Zigzag: a number that is not negative is even.
            children = match footer.varint()? {
                odd if odd % 2 == 1 => 0,
                even => even / 2,
            };
        } else {
            footer.skip(kind, 0)?;
        }
    }
    Some(children)
}

const I32: u8 = 5;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// Bytes in Thrift's compact protocol, from here on.
struct Thrift<'a>(&'a [u8]);

impl Thrift<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn leap(&mut self, count: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// The type of the next field, whose number goes into `field`; nothing at the end of a struct.
    fn field(&mut self, field: &mut u64) -> Option<Option<u8>> {
        let header = self.byte()?;
        if header == 0 {
            return Some(None);
        }
        *field = match header >> 4 {
            0 => self.varint()? / 2,
            step => *field + u64::from(step),
        };
        Some(Some(header & 0xf))
    }

    /// The type and the number of the elements of a list.
    fn list(&mut self) -> Option<(u8, u64)> {
        let header = self.byte()?;
        let count = match header >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        Some((header & 0xf, count))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match kind {
            // Booleans of a field are in its header.
            1 | 2 => {}
            3 => self.leap(1)?,
            4..=6 => {
                self.varint()?;
            }
            7 => self.leap(8)?,
            8 => {
                let len = self.varint()?;
                self.leap(len)?;
            }
            9 | 10 => {
                let (kind, count) = self.list()?;
                for _ in 0..count {
                    match kind {
                        1 | 2 => self.leap(1)?,
                        _ => self.skip(kind, depth + 1)?,
                    }
                }
            }
            STRUCT => {
                let mut field = 0;
                while let Some(kind) = self.field(&mut field)? {
                    self.skip(kind, depth + 1)?;
                }
            }
            // Maps are in no footer.
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A footer whose schema is a chain of groups.
    fn chain(groups: usize) -> Vec<u8> {
        let mut footer = vec![0x15, 2, 0x19, 0xfc];
        let mut count = groups + 1;
        while count >= 0x80 {
            footer.push(count as u8 | 0x80);
            count >>= 7;
        }
        footer.push(count as u8);
        for _ in 0..groups {
            footer.extend([0x48, 1, b'g', 0x15, 2, 0]);
        }
        footer.extend([0x15, 2, 0x38, 1, b'x', 0, 0]);
        footer
    }

    #[test]
    fn chains_are_measured() {
        for groups in [0, 1, 64, 65] {
            assert_eq!(deepest(&mut Thrift(&chain(groups))), Some(groups));
        }
        assert_eq!(deepest(&mut Thrift(&chain(100_000))), Some(DEEPEST + 1));
        let whole = chain(3);
        for end in 0..whole.len() {
            assert_eq!(deepest(&mut Thrift(&whole[..end])), None);
        }
    }
}
