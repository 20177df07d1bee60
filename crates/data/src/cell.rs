//! One cell of a text table: the number in it, or what is wrong and where.

use super::ColumnError;
use super::body::Body;
use super::error::DataError;
use super::layout::Layout;
use super::place::{Place, short, shown};

/// What is wrong with a cell.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CellFault {
    NotANumber,
    NotFinite,
    OutOfRange,
}

impl CellFault {
    pub(super) fn into_error(
        self,
        body: &Body<'_>,
        layout: &Layout,
        line: u64,
        column: usize,
        cell: &[u8],
    ) -> DataError {
        let (file, place) = (body.file.to_owned(), place(layout, line, column));
        match self {
            Self::NotANumber => DataError::Column(ColumnError::Text {
                file,
                place,
                found: shown(cell),
                column: layout.option_name(column),
            }),
            Self::NotFinite => DataError::NotFinite {
                file,
                place,
                value: shown(cell),
            },
            Self::OutOfRange => DataError::OutOfRange {
                file,
                place,
                value: shown(cell),
            },
        }
    }
}

/// The error for a cell without content.
pub(super) fn empty(body: &Body<'_>, layout: &Layout, line: u64, column: usize) -> DataError {
    DataError::EmptyCell {
        file: body.file.to_owned(),
        place: place(layout, line, column),
    }
}

/// Where a cell is.
pub(super) fn place(layout: &Layout, line: u64, column: usize) -> Place {
    let name = layout.header.as_ref().and_then(|header| header.get(column));
    Place::Cell {
        line,
        column: column + 1,
        name: name.map(|name| short(name)),
    }
}

/// The number in a cell.
pub(super) fn number(cell: &[u8]) -> Result<f32, CellFault> {
    let text = std::str::from_utf8(cell).map_err(|_| CellFault::NotANumber)?;
    let value: f32 = text.parse().map_err(|_| CellFault::NotANumber)?;
    if value.is_finite() {
        Ok(value)
    } else if text.bytes().any(|byte| byte.is_ascii_digit()) {
        Err(CellFault::OutOfRange)
    } else {
        Err(CellFault::NotFinite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(number(b"-1.5e3"), Ok(-1500.0));
        assert_eq!(number(b"1e-400"), Ok(0.0));
        assert_eq!(number(b"3.5e38"), Err(CellFault::OutOfRange));
        assert_eq!(number(b"Infinity"), Err(CellFault::NotFinite));
        assert_eq!(number(b"0x10"), Err(CellFault::NotANumber));
        assert_eq!(number(b"\xff"), Err(CellFault::NotANumber));
    }
}
