//! The lines of a text table, cut into cells.
//!
//! Lines are framed here, so that each has its true number and a bounded length; a line with
//! quotes is cut by the csv crate, any other at its delimiters.

use std::io::{self, BufRead, Read};
use std::ops::Range;

/// The longest line, or quoted cell over several lines, that is read.
///
/// It bounds what one row can cost before its columns are counted; a million columns fit.
pub(super) const LONGEST_LINE: usize = 4 << 20;

/// What stands between two cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delimiter {
    Byte(u8),
    /// Any run of blanks; no quotes, no empty cells.
    Blanks,
}

/// Why the next line cannot be had.
#[derive(Debug)]
pub(super) enum LineFault {
    Io(io::Error),
    TooLong { line: u64 },
}

/// One line.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// The number of its first line in the file, from 1.
    pub(super) line: u64,
    bytes: Vec<u8>,
    /// Where each cell lies in `bytes`, which are fewer than 2^32.
    cells: Vec<Range<u32>>,
}

impl Row {
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// One cell.
    pub(super) fn cell(&self, at: usize) -> Option<&[u8]> {
        let cell = self.cells.get(at)?;
        Some(&self.bytes[cell.start as usize..cell.end as usize])
    }

    /// A line of blanks only.
    pub(super) fn is_blank(&self) -> bool {
        self.cells.len() <= 1 && self.cells.iter().all(Range::is_empty)
    }

    /// The cells, without blanks around them.
    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        self.cells
            .iter()
            .map(|cell| &self.bytes[cell.start as usize..cell.end as usize])
    }
}

/// Reads lines.
pub(super) struct Lines<R> {
    reader: R,
    delimiter: Delimiter,
    line: u64,
    buffer: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R, delimiter: Delimiter) -> Self {
        Self {
            reader,
            delimiter,
            line: 0,
            buffer: Vec::new(),
        }
    }

    /// Read the next line into `row`; whether there was one.
    pub(super) fn next(&mut self, row: &mut Row) -> Result<bool, LineFault> {
        self.buffer.clear();
        row.line = self.line + 1;
        let mut quotes = Quotes::default();
        let mut scanned = 0;
        loop {
            let room = (LONGEST_LINE + 1).saturating_sub(self.buffer.len()) as u64;
            let mut limited = self.reader.by_ref().take(room);
            let found = limited
                .read_until(b'\n', &mut self.buffer)
                .map_err(LineFault::Io)?;
            if self.buffer.len() > LONGEST_LINE {
                return Err(LineFault::TooLong { line: row.line });
            }
            if found == 0 {
                break;
            }
            self.line += 1;
            if self.line == 1 && self.buffer.starts_with(BOM) {
                self.buffer.drain(..BOM.len());
            }
            if let Delimiter::Byte(delimiter) = self.delimiter {
                quotes.scan(&self.buffer[scanned..], delimiter);
            }
            scanned = self.buffer.len();
            if !quotes.open {
                break;
            }
        }
        if self.buffer.is_empty() {
            return Ok(false);
        }
        self.cut(row, quotes.any);
        Ok(true)
    }

    /// What the lines are read from.
    pub(super) fn reader(&self) -> &R {
        &self.reader
    }

    fn cut(&self, row: &mut Row, quoted: bool) {
        row.bytes.clear();
        row.cells.clear();
        let end = self.buffer.trim_ascii_end().len();
        // A row of empty cells between tabs is no blank line: only the line end is cut off.
        let line = match self.buffer[end..]
            .iter()
            .position(|byte| matches!(byte, b'\r' | b'\n'))
        {
            Some(at) => &self.buffer[..end + at],
            None => &self.buffer[..],
        };
        match self.delimiter {
            Delimiter::Byte(delimiter) if quoted => return cut_quoted(line, delimiter, row),
            Delimiter::Byte(delimiter) => cut_at(line, |&byte| byte == delimiter, row),
            Delimiter::Blanks => {
                cut_at(line.trim_ascii(), |byte| byte.is_ascii_whitespace(), row);
                row.cells.retain(|cell| !cell.is_empty());
                row.bytes.extend_from_slice(line.trim_ascii());
                return;
            }
        }
        row.bytes.extend_from_slice(line);
        row.trim();
    }
}

const BOM: &[u8] = b"\xef\xbb\xbf";

impl Row {
    /// Leave blanks around cells out.
    fn trim(&mut self) {
        for cell in &mut self.cells {
            let text = &self.bytes[cell.start as usize..cell.end as usize];
            let start = cell.start + (text.len() - text.trim_ascii_start().len()) as u32;
            *cell = start..start + text.trim_ascii().len() as u32;
        }
    }
}

fn cut_at(line: &[u8], is_delimiter: impl Fn(&u8) -> bool, row: &mut Row) {
    let mut start = 0;
    for cell in line.split(is_delimiter) {
        row.cells.push(start..start + cell.len() as u32);
        start += cell.len() as u32 + 1;
    }
}

/// Cut a line with RFC 4180 quotes.
fn cut_quoted(line: &[u8], delimiter: u8, row: &mut Row) {
    let mut record = csv::ByteRecord::new();
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter)
        .buffer_capacity(line.len().clamp(64, 8 << 10))
        .from_reader(line);
    // Reading from memory and without UTF-8 or equal lengths asked for, nothing can fail; an empty
    // record would be reported as ragged.
    let _ = reader.read_byte_record(&mut record);
    row.bytes.extend_from_slice(record.as_slice());
    let ranges = (0..record.len()).filter_map(|index| record.range(index));
    row.cells
        .extend(ranges.map(|cell| cell.start as u32..cell.end as u32));
    row.trim();
}

/// Whether a quoted cell is still open at the end of what has been seen.
#[derive(Default)]
struct Quotes {
    open: bool,
    /// A quote has opened a cell somewhere.
    any: bool,
    /// The last byte was a quote within a quoted cell: its end, or half of an escaped quote.
    closing: bool,
}

impl Quotes {
    /// Follow the next line, whose first byte starts a cell unless one is open.
    fn scan(&mut self, line: &[u8], delimiter: u8) {
        if !self.any && !line.contains(&b'"') {
            return;
        }
        let mut at_start = !self.open;
        for &byte in line {
            if self.open {
                self.open = byte != b'"';
                self.closing = !self.open;
            } else {
                // The second quote of an escaped pair opens the cell again.
                self.open = byte == b'"' && (at_start || self.closing);
                self.any |= self.open;
                self.closing = false;
                at_start = byte == delimiter;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, delimiter: Delimiter) -> Vec<(u64, Vec<String>)> {
        let mut lines = Lines::new(text.as_bytes(), delimiter);
        let (mut row, mut found) = (Row::default(), Vec::new());
        while lines.next(&mut row).unwrap() {
            let cells = row
                .cells()
                .map(|cell| String::from_utf8_lossy(cell).into_owned());
            found.push((row.line, cells.collect()));
        }
        found
    }

    fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (line, cells.iter().map(|&cell| cell.to_owned()).collect())
    }

    const COMMA: Delimiter = Delimiter::Byte(b',');

    #[test]
    fn line_ends_and_blanks() {
        let expected = [
            row(1, &["a", "b c"]),
            row(2, &[""]),
            row(3, &["1", "", "3"]),
        ];
        assert_eq!(rows("\u{feff}a , b c\r\n\r\n1,,3", COMMA), expected);
        assert_eq!(rows("", COMMA), []);
        let tabs = [row(1, &["1", "", ""]), row(2, &["2", "3", "4"])];
        assert_eq!(rows("1\t\t\n2\t3\t4\n", Delimiter::Byte(b'\t')), tabs);
        assert_eq!(
            rows("  1.5   2\t3 \r\n", Delimiter::Blanks),
            [row(1, &["1.5", "2", "3"])]
        );
        assert_eq!(rows(" Ankle boot \n", COMMA), [row(1, &["Ankle boot"])]);
    }

    #[test]
    fn quotes_as_in_rfc_4180() {
        let text = "1,\"a,\"\"b\"\"\",2\r\n\"x\ny\",2,3\n5\",6\",7\n\"\",8,9\n";
        let expected = [
            row(1, &["1", "a,\"b\"", "2"]),
            row(2, &["x\ny", "2", "3"]),
            row(4, &["5\"", "6\"", "7"]),
            row(5, &["", "8", "9"]),
        ];
        assert_eq!(rows(text, COMMA), expected);
    }

    #[test]
    fn a_line_without_end_is_not_collected() {
        let endless = io::BufReader::new(io::repeat(b'7'));
        let result = Lines::new(endless, COMMA).next(&mut Row::default());
        assert!(matches!(result, Err(LineFault::TooLong { line: 1 })));
        let open = io::BufReader::new((&b"1\n\""[..]).chain(io::repeat(b'\n')));
        let mut lines = Lines::new(open, COMMA);
        assert!(lines.next(&mut Row::default()).unwrap());
        let result = lines.next(&mut Row::default());
        assert!(matches!(result, Err(LineFault::TooLong { line: 2 })));
    }
}
