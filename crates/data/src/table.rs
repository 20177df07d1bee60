//! CSV, TSV and other text tables, read row by row.

use std::io::BufReader;
use std::ops::ControlFlow;

mod error;
mod ids;
mod roles;
mod row_names;
mod rows;
mod stream;

pub use error::ColumnError;
pub(super) use ids::first_twice;
pub(super) use row_names::RowNames;

use super::body::{Body, room};
use super::cell::empty;
use super::error::DataError;
use super::format::{self, Columns, Format, Start};
use super::labels::Builder;
use super::layout::{Layout, MOST_COLUMNS, Purpose, SAMPLE, TooLong};
use super::lines::{LONGEST_LINE, LineFault, Lines, Row};
use super::source::{Input, Source};
use super::{Dataset, Labels, ReadOptions, Values};
#[cfg(feature = "parquet")]
pub(super) use roles::Role;
pub(super) use roles::Roles;
use rows::Rows;

const BUFFER: usize = 64 << 10;

/// Any text that is no other format.
pub(super) const FORMAT: Format = Format {
    name: "a text table",
    start: Start::Text(|_| true),
    not_in_gzip: None,
    columns: Columns::All,
    layers: false,
    rows,
    labels: Some(labels),
    labels_beside: false,
};

/// A table of numbers whose layout is known.
struct Table<'i, 'a> {
    input: &'i mut Input<'a>,
    name: String,
    layout: Layout,
    roles: Roles,
    /// D.
    input_dim: usize,
}

impl<'i, 'a> Table<'i, 'a> {
    /// Finds the layout from the start of the table.
    fn open(
        input: &'i mut Input<'a>,
        name: String,
        options: &ReadOptions,
    ) -> Result<Self, DataError> {
        let layout = layout(input, options.header, Purpose::Data)?;
        let roles = Roles::find(&layout, options, &input.file)?;
        Ok(Self {
            input_dim: roles.n_values(),
            input,
            name,
            layout,
            roles,
        })
    }
}

fn rows<'i>(
    input: &'i mut Input<'_>,
    name: String,
    options: &ReadOptions,
) -> Result<format::Rows<'i>, DataError> {
    Ok(Box::new(Table::open(input, name, options)?))
}

/// Read a file of labels: one column, or the column named `label`.
fn labels(input: &mut Input<'_>) -> Result<Labels, DataError> {
    let layout = layout(input, None, Purpose::Labels)?;
    let column = layout.only_labels(&input.file)?;
    match read_labels(input, &layout, column, false)? {
        Some(labels) => Ok(labels),
        None => Ok(read_labels(input, &layout, column, true)?.unwrap_or_default()),
    }
}

/// The labels, or nothing if they are too many to be kept before the end has been seen; `sure`
/// says that it has.
fn read_labels(
    input: &mut Input<'_>,
    layout: &Layout,
    column: usize,
    sure: bool,
) -> Result<Option<Labels>, DataError> {
    let (mut labels, mut count) = (Some(Builder::default()), 0u64);
    each_row(input, layout, |body, row| {
        let cell = row.cell(column).unwrap_or_default();
        if cell.is_empty() {
            return Err(empty(body, layout, row.line, column));
        }
        count += 1;
        if !sure && body.needs_rehearsal(count * 4) {
            labels = None;
        }
        if let Some(labels) = &mut labels {
            labels.push(cell);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(labels.map(Builder::finish))
}

fn layout(
    input: &mut Input<'_>,
    header: Option<bool>,
    purpose: Purpose,
) -> Result<Layout, DataError> {
    let sample = input.prefix(SAMPLE)?;
    let layout = match Layout::find(&sample, header, purpose) {
        Ok(Some(layout)) => layout,
        Ok(None) => {
            return Err(DataError::NoRows {
                file: input.file.clone(),
            });
        }
        Err(TooLong { line }) => return Err(too_long(&input.file, line)),
    };
    if layout.columns > MOST_COLUMNS {
        return Err(DataError::TooManyColumns {
            file: input.file.clone(),
            line: layout.line,
            found: layout.columns,
            limit: MOST_COLUMNS,
        });
    }
    if layout.header.is_some() {
        log::info!(
            "{}: the first line is taken as the names of the columns",
            input.file
        );
    }
    Ok(layout)
}

fn too_long(file: &str, line: u64) -> DataError {
    DataError::LineTooLong {
        file: file.to_owned(),
        line,
        limit: LONGEST_LINE,
    }
}

/// Hand over every row below the header, until `take` wants no more; all have the same number of columns.
fn each_row(
    input: &mut Input<'_>,
    layout: &Layout,
    mut take: impl FnMut(&Body<'_>, &Row) -> Result<ControlFlow<()>, DataError>,
) -> Result<(), DataError> {
    let file = input.file.clone();
    let reader = BufReader::with_capacity(BUFFER, input.body()?);
    let mut lines = Lines::new(reader, layout.delimiter);
    let (mut row, mut blank, mut count) = (Row::default(), None, 0usize);
    let mut header_to_come = layout.header.is_some();
    loop {
        match lines.next(&mut row) {
            Ok(true) => {}
            Ok(false) => break,
            Err(LineFault::Io(source)) => return Err(lines.reader().get_ref().broken(source)),
            Err(LineFault::TooLong { line }) => {
                return Err(too_long(&file, line));
            }
        }
        let expected = layout.columns;
        if row.is_blank() {
            blank = blank.or((count > 0).then_some(row.line));
            continue;
        }
        // Blank lines at the end are harmless; one in the middle is a row without values.
        if let Some(line) = blank {
            return Err(DataError::Ragged {
                file,
                line,
                expected,
                found: 0,
            });
        }
        if row.len() != expected {
            return Err(DataError::Ragged {
                file,
                line: row.line,
                expected,
                found: row.len(),
            });
        }
        if header_to_come {
            header_to_come = false;
            continue;
        }
        if take(lines.reader().get_ref(), &row)?.is_break() {
            return Ok(());
        }
        count += 1;
    }
    if count == 0 {
        Err(DataError::NoRows { file })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn read(text: &str, options: &ReadOptions) -> Result<Dataset, DataError> {
        crate::read("t.csv", Cursor::new(text), options)
    }

    fn error(text: &str) -> String {
        read(text, &ReadOptions::default()).unwrap_err().to_string()
    }

    #[test]
    fn a_table_with_labels() {
        let set = read(
            "a,label,b\r\n1,x,2\r\n3,y,4\r\n\r\n",
            &ReadOptions::default(),
        )
        .unwrap();
        assert_eq!((set.n_samples, set.input_dim), (2, 2));
        assert_eq!(set.values, Values::F32(vec![1.0, 2.0, 3.0, 4.0]));
        assert_eq!(set.labels.unwrap().names, ["x", "y"]);
        assert_eq!(set.column_names.unwrap(), ["a", "b"]);
    }

    #[test]
    fn labels_by_index_without_header() {
        let options = ReadOptions {
            label_column: Some(super::super::Column::Index(-1)),
            ..Default::default()
        };
        let set = read("5.1\t3.5\tsetosa\n4.9\t3.0\tother\n", &options).unwrap();
        assert_eq!((set.input_dim, set.labels.unwrap().ids), (2, vec![1, 0]));
        assert_eq!(set.column_names, None);
    }

    #[test]
    fn faults_name_line_and_column() {
        let cases = [
            ("a,b\n1,2\n3\n", "t.csv:3: expected 2 values, found 1"),
            ("a,b\n1,2\n3,x\n", "t.csv:3: column 2 (b): found \"x\""),
            (
                "1,2\n3,nan\n",
                "t.csv:2: column 2: found \"nan\", expected a finite",
            ),
            (
                "1,2\n-inf,4\n",
                "t.csv:2: column 1: found \"-inf\", expected a finite",
            ),
            (
                "1,2\n3,1e400\n",
                "t.csv:2: column 2: found \"1e400\", expected a number within",
            ),
            ("1,2\n3,\n", "t.csv:2: column 2: found an empty cell"),
            ("1,2\n\n3,4\n", "t.csv:2: expected 2 values, found 0"),
            ("a,b\n", "t.csv: found 0 rows"),
            ("\n\n", "t.csv: found 0 rows"),
            ("label\n1\n", "t.csv: found 0 columns"),
            ("1,2\n\"3\n4\",5\n", "t.csv:2: column 1: found \"3\\n4\""),
            ("1;2\n3;1,5\n", "t.csv:2: column 2: found \"1,5\""),
        ];
        for (text, start) in cases {
            let found = error(text);
            assert!(found.starts_with(start), "{text:?}: {found}");
        }
    }
}
