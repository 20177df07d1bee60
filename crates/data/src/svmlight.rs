//! svmlight (libsvm) text: `label column:value column:value … # comment`, a line for each sample.
//!
//! Columns rise within a line. They count from 1, or from 0 if a 0 is among them. The format does not say how
//! many columns there are: as many as the largest, or as many as are asked for.

use super::blocks::Whole;
use super::body::room;
use super::error::DataError;
use super::format::{Columns, Format, Rows, Start};
use super::labels::Builder;
use super::lines::Row;
use super::place::shown;
use super::source::Input;
use super::sparse_text::{At, each_line};
use super::{Dataset, ReadOptions, Sparse, Values};

/// Whether the start of a text is of this format: the first line that is no comment has `whole:number` in each
/// cell but the first, and at least one of them.
pub(super) fn is_svmlight(start: &[u8]) -> bool {
    let mut lines = start.split(|byte| *byte == b'\n');
    let Some(line) = lines.find(|line| {
        let line = line.trim_ascii_start();
        !line.is_empty() && line[0] != b'#'
    }) else {
        return false;
    };
    let cells = line.split(|byte| byte.is_ascii_whitespace());
    let mut cells = cells
        .filter(|cell| !cell.is_empty())
        .take_while(|cell| cell[0] != b'#');
    let label = cells.next();
    // The last cell may be cut off where the sample ends.
    let mut pairs = cells.peekable();
    label.is_some_and(|label| !label.contains(&b':'))
        && pairs.peek().is_some()
        && pairs.all(|cell| split(cell).is_some_and(|(column, _)| is_column(column)))
}

fn is_column(text: &[u8]) -> bool {
    text == b"qid" || !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

fn split(cell: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = cell.iter().position(|byte| *byte == b':')?;
    Some((&cell[..at], &cell[at + 1..]))
}

/// What the first pass finds.
#[derive(Default)]
struct Extent {
    rows: usize,
    kept: usize,
    /// One more than the largest column.
    width: u64,
    from_zero: bool,
}

pub(super) const FORMAT: Format = Format {
    name: "svmlight",
    start: Start::Text(is_svmlight),
    not_in_gzip: None,
    columns: Columns::None,
    layers: false,
    rows,
    labels: None,
    labels_beside: false,
};

/// The largest column is known at the end, so the set is held whole.
fn rows<'i>(
    input: &'i mut Input<'_>,
    name: String,
    options: &ReadOptions,
) -> Result<Rows<'i>, DataError> {
    Ok(Box::new(Whole(data(input, name, options)?)))
}

/// Read the samples, and their labels if there are two or more classes.
pub(super) fn data(
    input: &mut Input<'_>,
    name: String,
    options: &ReadOptions,
) -> Result<Dataset, DataError> {
    let mut extent = Extent::default();
    each_line(input, b'#', |at, _, row| {
        extent.rows += 1;
        each_pair(at, row, |column, _| {
            extent.kept += 1;
            extent.width = extent.width.max(column.saturating_add(1));
            extent.from_zero |= column == 0;
        })?;
        at.check_width(extent.width.saturating_sub(1)).map(|_| ())
    })?;
    let from = u64::from(!extent.from_zero);
    let width = extent.width.saturating_sub(from) as usize;
    if width == 0 {
        return Err(DataError::NoColumns {
            file: input.file.clone(),
        });
    }
    let mut x = Sparse {
        starts: room(&input.file, extent.rows + 1)?,
        columns: room(&input.file, extent.kept)?,
        values: room(&input.file, extent.kept)?,
    };
    x.starts.push(0);
    let mut labels = Builder::default();
    each_line(input, b'#', |at, _, row| {
        each_pair(at, row, |column, value| {
            x.columns.push((column - from) as u32);
            x.values.push(value);
        })?;
        x.starts.push(x.columns.len());
        labels.push(row.cell(0).unwrap_or_default());
        Ok(())
    })?;
    let labels = labels.finish();
    let width = width.max(options.least_columns.unwrap_or(0));
    Ok(Dataset {
        // Where all are alike there is nothing to score; tools write a 0 in each line of unlabelled data.
        labels: (labels.n_classes() > 1 && options.label_file.is_none()).then_some(labels),
        ..Dataset::new(name, extent.rows, width, Values::Sparse(x))
    })
}

/// Hands over the columns of a line, as they are counted there, and their values.
fn each_pair(at: At<'_>, row: &Row, mut take: impl FnMut(u64, f32)) -> Result<(), DataError> {
    const PAIR: &str = "column:value, a whole number and a number";
    let mut last = None;
    for (place, cell) in row.cells().enumerate().skip(1) {
        if cell.first() == Some(&b'#') {
            break;
        }
        let (column, value) = split(cell).ok_or_else(|| at.bad(shown(cell), PAIR))?;
        if column == b"qid" {
            continue;
        }
        let column = at.whole(column, PAIR)?;
        if last.is_some_and(|last| column <= last) {
            let found = format!("column {column} after {}", last.unwrap_or(0));
            return Err(at.bad(found, "columns that rise within a line"));
        }
        last = Some(column);
        take(column, at.number(value, place + 1)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn read(text: &str, options: &ReadOptions) -> Result<Dataset, DataError> {
        let mut reader = Cursor::new(text.as_bytes());
        data(
            &mut Input::new("x.svm".into(), &mut reader)?,
            "x".into(),
            options,
        )
    }

    #[test]
    fn columns_count_from_one_or_from_zero() {
        let set = read(
            "# made by hand\n+1 1:0.5 3:2 # first\n-1\n+1 qid:7 2:-1e3\n",
            &ReadOptions::default(),
        );
        let set = set.unwrap();
        assert_eq!((set.n_samples, set.input_dim), (3, 3));
        let rows = [0, 1, 2].map(|i| set.row(i));
        assert_eq!(rows, [[0.5, 0.0, 2.0], [0.0; 3], [0.0, -1000.0, 0.0]]);
        assert_eq!(set.labels.unwrap().ids, [1, 0, 1]);
        let set = read("0 0:1 1:2\n0 1:3\n", &ReadOptions::default()).unwrap();
        assert_eq!((set.input_dim, set.row(1)), (2, vec![0.0, 3.0]));
        assert_eq!(set.labels, None, "one class says nothing");
    }

    #[test]
    fn a_model_can_ask_for_more_columns() {
        let options = ReadOptions {
            least_columns: Some(5),
            ..ReadOptions::default()
        };
        assert_eq!(read("1 2:1\n", &options).unwrap().input_dim, 5);
        assert_eq!(read("1 7:1\n", &options).unwrap().input_dim, 7);
    }

    #[test]
    fn faults_name_the_line() {
        let cases = [
            (
                "1 1:2\n1 x\n",
                "x.svm:2: found \"x\", expected column:value",
            ),
            (
                "1 1:2\n1 -3:1\n",
                "x.svm:2: found \"-3\", expected column:value",
            ),
            (
                "1 1:2\n1 :1\n",
                "x.svm:2: found \"\", expected column:value",
            ),
            ("1 2:1 1:1\n", "x.svm:1: found column 1 after 2"),
            ("1 2:1 2:1\n", "x.svm:1: found column 2 after 2"),
            ("1 2:x\n", "x.svm:1: column 2: found \"x\""),
            ("1 2:nan\n", "x.svm:1: column 2: found \"nan\""),
            ("1 2:1e99\n", "x.svm:1: column 2: found \"1e99\""),
            (
                "1 1099511627776:1\n",
                "x.svm:1: found 1099511627776 columns",
            ),
            ("1 18446744073709551615:1\n", "x.svm:1: found"),
            ("1 99999999999999999999999:1\n", "x.svm:1: found"),
            ("1\n2\n", "x.svm: found 0 columns"),
        ];
        for (text, start) in cases {
            let found = read(text, &ReadOptions::default()).unwrap_err().to_string();
            assert!(found.starts_with(start), "{text:?}: {found}");
        }
    }

    #[test]
    fn the_format_is_told_by_the_first_line() {
        assert!(is_svmlight(b"# a comment\n\n-1 1:2 3:4\n"));
        assert!(is_svmlight(b"0 qid:1 5:0.25\r\n"));
        for other in [
            "1 2 3\n",
            "a,b\n1,2\n",
            "12:30 1:2\n",
            "1\n",
            "x\n",
            "",
            "#\n",
        ] {
            assert!(!is_svmlight(other.as_bytes()), "{other:?}");
        }
    }
}
