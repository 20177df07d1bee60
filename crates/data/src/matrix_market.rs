//! Matrix Market text: `%%MatrixMarket matrix coordinate real|integer|pattern general`, comments, the sizes,
//! then `row column value` for each value that is kept, in any order.
//!
//! Samples are rows, or columns as 10x Genomics writes them (genes × cells, in a file called `matrix.mtx`).

use super::blocks::Whole;
use super::body::room;
use super::error::DataError;
use super::format::{Columns, Format, Rows, Start};
use super::lines::Row;
use super::place::shown;
use super::source::Input;
use super::sparse_text::{At, each_line};
use super::{Dataset, ReadOptions, SampleAxis, Sparse, Values};

/// The first bytes of every file.
pub(super) const MAGIC: &[u8] = b"%%MatrixMarket";

const ENTRY: &str = "row, column and value, the first two from 1 to the sizes above";

/// Samples that are believed without a value for each.
const EMPTY_SAMPLES: u64 = 1 << 22;

/// The sizes, with samples first.
#[derive(Clone, Copy, Default)]
struct Sizes {
    samples: usize,
    width: usize,
    entries: u64,
}

pub(super) const FORMAT: Format = Format {
    name: "Matrix Market",
    start: Start::Text(|start| start.starts_with(MAGIC)),
    not_in_gzip: None,
    columns: Columns::None,
    layers: false,
    rows,
    labels: None,
    labels_beside: false,
};

/// Entries may be in any order, so the set is held whole.
fn rows<'i>(
    input: &'i mut Input<'_>,
    name: String,
    options: &ReadOptions,
) -> Result<Rows<'i>, DataError> {
    Ok(Box::new(Whole(data(input, name, options)?)))
}

/// Read the matrix.
pub(super) fn data(
    input: &mut Input<'_>,
    name: String,
    options: &ReadOptions,
) -> Result<Dataset, DataError> {
    let has_values = kind(input)?;
    let axis = options.samples.unwrap_or_else(|| usual_axis(&input.file));
    let sizes = check(input, axis, has_values)?;
    let x = fill(input, axis, has_values, sizes)?;
    Ok(Dataset::new(
        name,
        sizes.samples,
        sizes.width,
        Values::Sparse(x),
    ))
}

/// 10x Genomics' name of the file means its layout; all others write samples as rows.
fn usual_axis(file: &str) -> SampleAxis {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let axis = match name {
        "matrix.mtx" | "matrix.mtx.gz" => SampleAxis::Columns,
        _ => SampleAxis::Rows,
    };
    log::warn!("{file}: samples are taken to be its {axis}, because nothing else was asked for");
    axis
}

/// Whether entries have a value, from the first line.
fn kind(input: &mut Input<'_>) -> Result<bool, DataError> {
    let start = input.prefix(512)?;
    let line = start.split(|byte| *byte == b'\n').next().unwrap_or(&[]);
    let line = String::from_utf8_lossy(line).to_ascii_lowercase();
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    match words[..] {
        [_, "matrix", "coordinate", "real" | "integer", "general"] => Ok(true),
        [_, "matrix", "coordinate", "pattern", "general"] => Ok(false),
        _ => Err(DataError::BadHeader {
            file: input.file.clone(),
            offset: 0,
            found: shown(line.as_bytes()),
            expected: "%%MatrixMarket matrix coordinate, then real, integer or pattern, then general",
        }),
    }
}

/// Reads all of the file; nothing is kept but its sizes.
fn check(input: &mut Input<'_>, axis: SampleAxis, has_values: bool) -> Result<Sizes, DataError> {
    let mut sizes: Option<Sizes> = None;
    let mut found = 0;
    each_line(input, b'%', |at, _, row| {
        let Some(sizes) = sizes else {
            sizes = Some(sizes_of(at, row, axis)?);
            return Ok(());
        };
        found += 1;
        entry(at, row, axis, has_values, sizes).map(|_| ())
    })?;
    let none = || DataError::NoRows {
        file: input.file.clone(),
    };
    let sizes = sizes.ok_or_else(none)?;
    if found != sizes.entries {
        return Err(DataError::EntryCount {
            file: input.file.clone(),
            found,
            expected: sizes.entries,
        });
    }
    match (sizes.samples, sizes.width) {
        (0, _) => Err(none()),
        (_, 0) => Err(DataError::NoColumns {
            file: input.file.clone(),
        }),
        _ => Ok(sizes),
    }
}

fn sizes_of(at: At<'_>, row: &Row, axis: SampleAxis) -> Result<Sizes, DataError> {
    const SIZES: &str = "rows, columns and the number of entries";
    let cells: Vec<&[u8]> = row.cells().collect();
    let &[rows, columns, entries] = &cells[..] else {
        return Err(at.bad(format!("{} values", cells.len()), SIZES));
    };
    let (rows, columns) = (at.whole(rows, SIZES)?, at.whole(columns, SIZES)?);
    let entries = at.whole(entries, SIZES)?;
    let (samples, width) = match axis {
        SampleAxis::Rows => (rows, columns),
        SampleAxis::Columns => (columns, rows),
    };
    // A few bytes cannot declare away all memory: a sample of zeros takes some. That the entries are there is
    // seen before any is taken.
    if samples > entries.saturating_add(EMPTY_SAMPLES) {
        let found = format!("{samples} samples with {entries} entries");
        return Err(at.bad(found, "an entry for most samples; drop those without any"));
    }
    Ok(Sizes {
        samples: samples as usize,
        width: at.check_width(width)?,
        entries,
    })
}

/// The sample, column and value of a line, counted from 0.
fn entry(
    at: At<'_>,
    row: &Row,
    axis: SampleAxis,
    has_values: bool,
    sizes: Sizes,
) -> Result<(usize, u32, f32), DataError> {
    if row.len() != 2 + usize::from(has_values) {
        return Err(at.bad(format!("{} values", row.len()), ENTRY));
    }
    let index = |cell: usize, most: usize| {
        let text = row.cell(cell).unwrap_or_default();
        match at.whole(text, ENTRY)? {
            value if (1..=most as u64).contains(&value) => Ok(value as usize - 1),
            _ => Err(at.bad(shown(text), ENTRY)),
        }
    };
    let (sample, column) = match axis {
        SampleAxis::Rows => (index(0, sizes.samples)?, index(1, sizes.width)?),
        SampleAxis::Columns => (index(1, sizes.samples)?, index(0, sizes.width)?),
    };
    let value = match has_values {
        true => at.number(row.cell(2).unwrap_or_default(), 3)?,
        false => 1.0,
    };
    Ok((sample, column as u32, value))
}

/// Counts the values of each sample, then puts each in its place.
fn fill(
    input: &mut Input<'_>,
    axis: SampleAxis,
    has_values: bool,
    sizes: Sizes,
) -> Result<Sparse, DataError> {
    let mut starts: Vec<usize> = room(&input.file, sizes.samples + 1)?;
    starts.resize(sizes.samples + 1, 0);
    each_entry(input, axis, has_values, sizes, |sample, _, _| {
        starts[sample + 1] += 1;
    })?;
    for sample in 0..sizes.samples {
        starts[sample + 1] += starts[sample];
    }
    let kept = starts[sizes.samples];
    let mut entries: Vec<(u32, f32)> = room(&input.file, kept)?;
    entries.resize(kept, (0, 0.0));
    // `starts` is where the next value of each sample goes; at the end it is where the next sample begins.
    each_entry(input, axis, has_values, sizes, |sample, column, value| {
        entries[starts[sample]] = (column, value);
        starts[sample] += 1;
    })?;
    starts.rotate_right(1);
    starts[0] = 0;
    for sample in 0..sizes.samples {
        let row = &mut entries[starts[sample]..starts[sample + 1]];
        row.sort_unstable_by_key(|(column, _)| *column);
        if let Some(twice) = row.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(DataError::EntryTwice {
                file: input.file.clone(),
                sample: sample + 1,
                column: twice[0].0 as usize + 1,
            });
        }
    }
    Ok(Sparse {
        starts,
        columns: entries.iter().map(|(column, _)| *column).collect(),
        values: entries.iter().map(|(_, value)| *value).collect(),
    })
}

fn each_entry(
    input: &mut Input<'_>,
    axis: SampleAxis,
    has_values: bool,
    sizes: Sizes,
    mut take: impl FnMut(usize, u32, f32),
) -> Result<(), DataError> {
    let mut header = true;
    each_line(input, b'%', |at, _, row| {
        if !std::mem::take(&mut header) {
            let (sample, column, value) = entry(at, row, axis, has_values, sizes)?;
            take(sample, column, value);
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn read(file: &str, text: &str, samples: Option<SampleAxis>) -> Result<Dataset, DataError> {
        let mut reader = Cursor::new(text.as_bytes());
        let options = ReadOptions {
            samples,
            ..ReadOptions::default()
        };
        let mut input = Input::new(file.into(), &mut reader)?;
        data(&mut input, "x".into(), &options)
    }

    const REAL: &str = "%%MatrixMarket matrix coordinate real general\n% by hand\n";

    #[test]
    fn samples_are_rows_or_columns() {
        let text = format!("{REAL}2 3 3\n2 3 4.5\n1 2 -1\n2 1 7\n");
        let set = read("x.mtx", &text, None).unwrap();
        assert_eq!((set.n_samples, set.input_dim), (2, 3));
        assert_eq!(
            [set.row(0), set.row(1)],
            [[0.0, -1.0, 0.0], [7.0, 0.0, 4.5]]
        );
        let columns = [vec![0.0, 7.0], vec![-1.0, 0.0], vec![0.0, 4.5]];
        for (file, axis) in [
            ("a/matrix.mtx.gz", None),
            ("x.mtx", Some(SampleAxis::Columns)),
        ] {
            let set = read(file, &text, axis).unwrap();
            assert_eq!([0, 1, 2].map(|i| set.row(i)), columns, "{file}");
        }
    }

    #[test]
    fn a_pattern_has_ones() {
        let text = "%%MatrixMarket MATRIX coordinate pattern general\n1 2 1\n1 2\n";
        assert_eq!(read("x.mtx", text, None).unwrap().row(0), [0.0, 1.0]);
    }

    #[test]
    fn faults_name_the_line() {
        let cases = [
            ("2 2 1\n1 3 1\n", "x.mtx:4: found \"3\", expected row"),
            ("2 2 1\n0 1 1\n", "x.mtx:4: found \"0\", expected row"),
            ("2 2 1\n1 1\n", "x.mtx:4: found 2 values, expected row"),
            ("2 2 1\n1 x 1\n", "x.mtx:4: found \"x\", expected row"),
            ("2 2 1\n1 1 inf\n", "x.mtx:4: column 3: found \"inf\""),
            ("2 2 1\n1 1 1e99\n", "x.mtx:4: column 3: found \"1e99\""),
            ("2 2 2\n1 1 1\n", "x.mtx: found 1 entries, expected 2"),
            (
                "2 2 1\n1 1 1\n1 2 1\n",
                "x.mtx: found 2 entries, expected 1",
            ),
            (
                "2 2 2\n1 1 1\n1 1 1\n",
                "x.mtx: sample 1, column 1: found two",
            ),
            ("2 2\n", "x.mtx:3: found 2 values, expected rows"),
            ("-2 2 1\n", "x.mtx:3: found \"-2\""),
            ("99999999999 2 0\n", "x.mtx:3: found 99999999999 samples"),
            ("2 99999999999 0\n", "x.mtx:3: found 99999999999 columns"),
            ("0 2 0\n", "x.mtx: found 0 rows"),
            ("2 0 0\n", "x.mtx: found 0 columns"),
            ("", "x.mtx: found 0 rows"),
        ];
        for (text, start) in cases {
            let found = read("x.mtx", &format!("{REAL}{text}"), None)
                .unwrap_err()
                .to_string();
            assert!(found.starts_with(start), "{text:?}: {found}");
        }
        for header in [
            "array real general",
            "coordinate complex general",
            "coordinate real symmetric",
            "",
        ] {
            let text = format!("%%MatrixMarket matrix {header}\n1 1 1\n1 1 1\n");
            let found = read("x.mtx", &text, None).unwrap_err();
            assert!(matches!(found, DataError::BadHeader { .. }), "{found}");
        }
    }
}
