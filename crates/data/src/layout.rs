//! How a text table is laid out, found from its first lines: delimiter, header, columns.

use super::error::DataError;
use super::lines::{Delimiter, LONGEST_LINE, LineFault, Lines, Row};
use super::place::{listed, short};
use super::table::RowNames;
use super::{Column, ColumnError};

/// How much of a file is looked at: enough for the longest line, and to see one that is longer.
pub(super) const SAMPLE: usize = LONGEST_LINE + 1;

const MOST_ROWS: usize = 50;

/// The widest table that is read.
pub(super) const MOST_COLUMNS: usize = 1 << 20;

/// The name a column of labels has by itself.
pub(super) const LABEL: &str = "label";

/// What files write where a value is missing; no evidence of a header.
const MISSING: [&[u8]; 9] = [
    b"NA", b"N/A", b"na", b"n/a", b"null", b"NULL", b"None", b"?", b"-",
];

/// The first line is longer than any that is read.
#[derive(Debug)]
pub(super) struct TooLong {
    pub(super) line: u64,
}

/// The layout of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The first line that is not blank, from 1.
    pub(super) line: u64,
    pub(super) delimiter: Delimiter,
    /// The names of the columns, if the first line holds them.
    pub(super) header: Option<Vec<String>>,
    pub(super) columns: usize,
    /// Whether the first column seems to name the rows.
    pub(super) row_names: Option<RowNames>,
}

/// What a table is read for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Data,
    Labels,
}

impl Layout {
    /// Find the layout from the start of the file; `None` if it has blank lines only.
    pub(super) fn find(
        sample: &[u8],
        header: Option<bool>,
        purpose: Purpose,
    ) -> Result<Option<Self>, TooLong> {
        let sample = whole_lines(sample);
        let delimiter = delimiter(sample, purpose);
        let rows = rows(sample, delimiter)?;
        let Some((first, rest)) = rows.split_first() else {
            return Ok(None);
        };
        let has_header = header.unwrap_or_else(|| match purpose {
            Purpose::Data => is_header(first, rest),
            Purpose::Labels => {
                first.cells().any(|cell| cell == LABEL.as_bytes())
                    || (!rest.is_empty() && is_header(first, rest))
            }
        });
        // Names of too many columns would cost more than the file; the table is refused anyway.
        let has_header = has_header && first.len() <= MOST_COLUMNS;
        let names = || {
            first
                .cells()
                .map(|cell| String::from_utf8_lossy(cell).into_owned())
        };
        let header: Option<Vec<String>> = has_header.then(|| names().collect());
        let name = (header.as_ref()).and_then(|names| names.first().map(String::as_str));
        let rows = if has_header { rest } else { &rows[..] };
        let cells: Vec<&[u8]> = (rows.iter().map(|row| row.cell(0).unwrap_or_default())).collect();
        let row_names = RowNames::find(name, &cells, is_text);
        Ok(Some(Self {
            line: first.line,
            delimiter,
            columns: first.len(),
            header,
            row_names,
        }))
    }

    /// The column that labels are in, in a file of labels.
    pub(super) fn only_labels(&self, file: &str) -> Result<usize, DataError> {
        if self.columns == 1 {
            return Ok(0);
        }
        let wanted = Column::Name(LABEL.to_owned());
        self.named(LABEL)
            .ok_or_else(|| self.no_column(&wanted, "label", file).into())
    }

    /// Whether the first column has a name as a column that counts the rows has, or none among names.
    pub(super) fn may_count(&self) -> bool {
        let name = self.header.as_ref().and_then(|header| header.first());
        name.is_some_and(|name| RowNames::is_of_counter(name))
    }

    /// A column as an option can name it: by its name, if that is one of its own and needs no quotes, else by its
    /// place from 0.
    pub(super) fn option_name(&self, column: usize) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        let name = self.header.as_ref().and_then(|header| header.get(column));
        let plain = name.filter(|name| {
            self.named(name) == Some(column)
                && name.chars().all(is_plain)
                && name.parse::<i64>().is_err()
                && !name.is_empty()
        });
        plain.cloned().unwrap_or_else(|| column.to_string())
    }

    /// The one column of this name.
    pub(super) fn named(&self, name: &str) -> Option<usize> {
        let header = self.header.as_ref()?;
        let mut places = (0..header.len()).filter(|&at| header[at] == name);
        let first = places.next();
        if places.next().is_some() { None } else { first }
    }

    /// The column at `index`, counted from the end if negative.
    pub(super) fn at(&self, index: i64) -> Option<usize> {
        let from_start = if index < 0 {
            index + self.columns as i64
        } else {
            index
        };
        usize::try_from(from_start)
            .ok()
            .filter(|&at| at < self.columns)
    }

    /// The error for a column that is not there.
    pub(super) fn no_column(&self, wanted: &Column, role: &'static str, file: &str) -> ColumnError {
        let last = self.columns.saturating_sub(1);
        let known = match &self.header {
            Some(names) => format!(
                "{} (each name once), or an index 0 to {last}",
                listed(names)
            ),
            None => format!("an index 0 to {last} (no header line was found)"),
        };
        let wanted = match wanted {
            Column::Name(name) => format!("\"{}\"", short(name)),
            Column::Index(index) => index.to_string(),
        };
        ColumnError::NotFound {
            file: file.to_owned(),
            role,
            wanted,
            known,
        }
    }
}

/// `sample` without a last line that is cut off, if there is another.
fn whole_lines(sample: &[u8]) -> &[u8] {
    if sample.len() < SAMPLE {
        return sample;
    }
    match sample.iter().rposition(|&byte| byte == b'\n') {
        Some(end) => &sample[..=end],
        None => sample,
    }
}

/// The first rows that are not blank, or the first line if it is too long.
///
/// A fault in a later line is left to the reading itself, which knows how to report it.
fn rows(sample: &[u8], delimiter: Delimiter) -> Result<Vec<Row>, TooLong> {
    let mut lines = Lines::new(sample, delimiter);
    let mut rows = Vec::new();
    while rows.len() < MOST_ROWS {
        let mut row = Row::default();
        match lines.next(&mut row) {
            Ok(true) if row.is_blank() => {}
            Ok(true) => rows.push(row),
            Err(LineFault::TooLong { line }) if rows.is_empty() => return Err(TooLong { line }),
            Ok(false) | Err(_) => break,
        }
    }
    Ok(rows)
}

/// The delimiter under which all rows have the same columns, else the one that finds most.
///
/// Semicolons come before commas, because tables with decimal commas have both.
fn delimiter(sample: &[u8], purpose: Purpose) -> Delimiter {
    let (mut best, mut most) = (Delimiter::Byte(b','), 1);
    for byte in [b'\t', b';', b','] {
        let rows = rows(sample, Delimiter::Byte(byte)).unwrap_or_default();
        let columns = rows.first().map_or(0, Row::len);
        if columns > 1 && rows.iter().all(|row| row.len() == columns) {
            return Delimiter::Byte(byte);
        }
        if columns > most {
            (best, most) = (Delimiter::Byte(byte), columns);
        }
    }
    // A label may hold a blank, a value cannot.
    if most == 1 && purpose == Purpose::Data {
        let rows = rows(sample, Delimiter::Blanks).unwrap_or_default();
        if rows.first().is_some_and(|row| row.len() > 1) {
            return Delimiter::Blanks;
        }
    }
    best
}

/// Whether `first` names the columns of the rows in `rest`.
///
/// A name stands where later rows have a number. The other cells must be able to be names too
/// (`0`, `1`, … as pandas writes them, but not `0.5`), so that a row with a slip is no header.
fn is_header(first: &Row, rest: &[Row]) -> bool {
    let may_be_name = |cell: &[u8]| !is_number(cell) || cell.iter().all(u8::is_ascii_digit);
    let over_number = |at| rest.iter().any(|row| row.cell(at).is_some_and(is_number));
    let names_a_number = |(at, cell)| is_text(cell) && (rest.is_empty() || over_number(at));
    first.cells().all(may_be_name) && first.cells().enumerate().any(names_a_number)
}

/// Whether a cell holds text: something, but neither a number nor a mark for a missing one.
pub(super) fn is_text(cell: &[u8]) -> bool {
    !cell.is_empty() && !is_number(cell) && !MISSING.contains(&cell)
}

fn is_number(cell: &[u8]) -> bool {
    std::str::from_utf8(cell).is_ok_and(|text| text.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str, header: Option<bool>, purpose: Purpose) -> Layout {
        Layout::find(text.as_bytes(), header, purpose)
            .unwrap()
            .unwrap()
    }

    fn data(text: &str) -> Layout {
        find(text, None, Purpose::Data)
    }

    #[test]
    fn delimiters() {
        let cases = [
            ("1,2\n3,4\n", Delimiter::Byte(b',')),
            ("1\t2\n3\t4\n", Delimiter::Byte(b'\t')),
            ("1,5;2,5\n3,5;4,5\n", Delimiter::Byte(b';')),
            ("1.5 2.5\n 3   4\n", Delimiter::Blanks),
            ("1, 2\n3, 4\n", Delimiter::Byte(b',')),
            ("1\n2\n", Delimiter::Byte(b',')),
            ("1,2,3\n4,5\n", Delimiter::Byte(b',')),
            ("\"a;b\",\"c;d\"\n1,2\n", Delimiter::Byte(b',')),
        ];
        for (text, expected) in cases {
            assert_eq!(data(text).delimiter, expected, "{text}");
        }
    }

    #[test]
    fn headers() {
        let with = [
            "a,b\n1,2\n",
            "label,0,1\n5,0.5,1\n",
            ",x,y\n0,1,2\n",
            "a,b\n",
            "\u{feff}a\n1\n",
        ];
        for text in with {
            assert!(data(text).header.is_some(), "{text}");
        }
        let without = [
            "1,2\n3,4\n",
            "1,?\n2,3\n",
            "1.5,x\n2.5,3\n",
            "1,setosa\n2,virginica\n",
            "1,,2\n3,4,5\n",
        ];
        for text in without {
            assert_eq!(data(text).header, None, "{text}");
        }
        let forced = find("1,2\n3,4\n", Some(true), Purpose::Data);
        assert_eq!(forced.header.unwrap(), ["1", "2"]);
    }

    #[test]
    fn files_of_labels() {
        let find = |text: &str| find(text, None, Purpose::Labels);
        assert_eq!(find("Ankle boot\nBag\n").header, None);
        assert_eq!(find("Ankle boot\nBag\n").columns, 1);
        assert!(find("label\ncat\n").header.is_some());
        let ours = find("index,label,confidence\n0,3,0.9\n");
        assert_eq!(ours.only_labels("x").unwrap(), 1);
        let error = find("a,b\n1,2\n")
            .only_labels("x.csv")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("label column \"label\" not found, expected one of: a, b"),
            "{error}"
        );
    }
}
