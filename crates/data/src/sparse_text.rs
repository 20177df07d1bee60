//! What svmlight and Matrix Market share: lines of cells between blanks, read twice. The first pass proves the
//! file and counts, the second fills arrays of exactly that size, so that no file costs more than it is worth.

use std::io::BufReader;

use super::body::Body;
use super::cell::{CellFault, number};
use super::error::DataError;
use super::layout::MOST_COLUMNS;
use super::lines::{Delimiter, LONGEST_LINE, LineFault, Lines, Row};
use super::place::{Place, shown};
use super::source::{Input, Source};

const BUFFER: usize = 64 << 10;

/// Where a line stands.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) file: &'a str,
    pub(super) line: u64,
}

impl At<'_> {
    /// The error for a line that breaks a rule of its format.
    pub(super) fn bad(self, found: impl Into<String>, expected: &'static str) -> DataError {
        DataError::BadLine {
            file: self.file.to_owned(),
            line: self.line,
            found: found.into(),
            expected,
        }
    }

    /// The finite number in a cell; `column` counts the cells of the line from 1.
    pub(super) fn number(self, cell: &[u8], column: usize) -> Result<f32, DataError> {
        number(cell).map_err(|fault| {
            let (file, text) = (self.file.to_owned(), shown(cell));
            let place = Place::Cell {
                line: self.line,
                column,
                name: None,
            };
            match fault {
                CellFault::NotANumber => DataError::NotANumber {
                    file,
                    place,
                    found: text,
                },
                CellFault::NotFinite => DataError::NotFinite {
                    file,
                    place,
                    value: text,
                },
                CellFault::OutOfRange => DataError::OutOfRange {
                    file,
                    place,
                    value: text,
                },
            }
        })
    }

    /// A whole number in a cell.
    pub(super) fn whole(self, cell: &[u8], expected: &'static str) -> Result<u64, DataError> {
        let text = std::str::from_utf8(cell).ok();
        let digits = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        digits
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| self.bad(shown(cell), expected))
    }

    /// Refuses more columns than are read.
    pub(super) fn check_width(self, columns: u64) -> Result<usize, DataError> {
        match usize::try_from(columns) {
            Ok(width) if width <= MOST_COLUMNS => Ok(width),
            _ => Err(DataError::TooManyColumns {
                file: self.file.to_owned(),
                line: self.line,
                found: usize::try_from(columns).unwrap_or(usize::MAX),
                limit: MOST_COLUMNS,
            }),
        }
    }
}

/// Hands over every line that is neither blank nor a comment, which begins with `comment`.
pub(super) fn each_line(
    input: &mut Input<'_>,
    comment: u8,
    mut take: impl FnMut(At<'_>, &Body<'_>, &Row) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let file = input.file.clone();
    let reader = BufReader::with_capacity(BUFFER, input.body()?);
    let mut lines = Lines::new(reader, Delimiter::Blanks);
    let mut row = Row::default();
    loop {
        match lines.next(&mut row) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(LineFault::Io(source)) => return Err(lines.reader().get_ref().broken(source)),
            Err(LineFault::TooLong { line }) => {
                return Err(DataError::LineTooLong {
                    file,
                    line,
                    limit: LONGEST_LINE,
                });
            }
        }
        let is_comment = row
            .cell(0)
            .is_some_and(|cell| cell.first() == Some(&comment));
        if !row.is_blank() && !is_comment {
            let at = At {
                file: &file,
                line: row.line,
            };
            take(at, lines.reader().get_ref(), &row)?;
        }
    }
}
