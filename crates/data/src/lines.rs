//! The lines of a text table, cut into cells.
//!
//! Cells between delimiters, quoted or not, are found by `csv_core`. Here each line gets its true number and a bounded
//! length, and empty lines are kept, which that passes over.

use std::io::{self, BufRead, Read};
use std::ops::Range;

use csv_core::ReadRecordResult;

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
    /// What was read; may be followed by bytes of an earlier line.
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
    /// Cuts at a byte, and counts the lines of both kinds.
    parser: csv_core::Reader,
    /// Where the cells end that the parser finds.
    ends: Vec<usize>,
    begun: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R, delimiter: Delimiter) -> Self {
        let mut parser = csv_core::ReaderBuilder::new();
        // A carriage return before it is a blank around the last cell.
        parser.terminator(csv_core::Terminator::Any(b'\n'));
        if let Delimiter::Byte(delimiter) = delimiter {
            parser.delimiter(delimiter);
        }
        Self {
            reader,
            delimiter,
            parser: parser.build(),
            ends: Vec::new(),
            begun: false,
        }
    }

    /// Read the next line into `row`; whether there was one.
    pub(super) fn next(&mut self, row: &mut Row) -> Result<bool, LineFault> {
        if !self.begun {
            self.begun = true;
            if filled(&mut self.reader)?.starts_with(BOM) {
                self.reader.consume(BOM.len());
            }
        }
        row.line = self.parser.line();
        row.cells.clear();
        match self.delimiter {
            Delimiter::Byte(_) => self.next_record(row),
            Delimiter::Blanks => self.next_words(row),
        }
    }

    /// What the lines are read from.
    pub(super) fn reader(&self) -> &R {
        &self.reader
    }

    fn next_record(&mut self, row: &mut Row) -> Result<bool, LineFault> {
        // The parser passes over empty lines.
        if filled(&mut self.reader)?.first() == Some(&b'\n') {
            self.reader.consume(1);
            self.parser.set_line(row.line + 1);
            row.cells.push(0..0);
            return Ok(true);
        }
        let (mut read, mut used, mut cells) = (0, 0, 0);
        loop {
            let input = filled(&mut self.reader)?;
            let input = &input[..input.len().min(LONGEST_LINE + 1 - read)];
            let (result, taken, written, ended) =
                self.parser
                    .read_record(input, &mut row.bytes[used..], &mut self.ends[cells..]);
            self.reader.consume(taken);
            (read, used, cells) = (read + taken, used + written, cells + ended);
            if read > LONGEST_LINE {
                return Err(LineFault::TooLong { line: row.line });
            }
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => row.bytes.resize((2 * used).max(256), 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize((2 * cells).max(64), 0),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(false),
            }
        }
        let mut start = 0;
        for &end in &self.ends[..cells] {
            row.cells.push(start as u32..end as u32);
            start = end;
        }
        row.trim();
        Ok(true)
    }

    fn next_words(&mut self, row: &mut Row) -> Result<bool, LineFault> {
        row.bytes.clear();
        let found = (self.reader.by_ref())
            .take(LONGEST_LINE as u64 + 1)
            .read_until(b'\n', &mut row.bytes)
            .map_err(LineFault::Io)?;
        if found > LONGEST_LINE {
            return Err(LineFault::TooLong { line: row.line });
        }
        self.parser.set_line(row.line + 1);
        let mut start = 0;
        for word in row.bytes.split(u8::is_ascii_whitespace) {
            let end = start + word.len() as u32;
            if !word.is_empty() {
                row.cells.push(start..end);
            }
            start = end + 1;
        }
        Ok(found > 0)
    }
}

const BOM: &[u8] = b"\xef\xbb\xbf";

/// The bytes that are there; none at the end.
fn filled<R: BufRead>(reader: &mut R) -> Result<&[u8], LineFault> {
    loop {
        match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(LineFault::Io(error)),
            Ok([]) => return Ok(&[]), // asked again, it would read again
            Ok(_) => break,
        }
    }
    reader.fill_buf().map_err(LineFault::Io)
}

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
