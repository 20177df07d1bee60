//! A matrix as compressed sparse rows or columns: a group of `data`, `indices` and `indptr`.

use hdf5_pure::{AttrValue, Dataset, Group};

use super::super::array::unusable;
use super::super::body::room;
use super::super::place::Place;
use super::super::{DataError, Sparse, Values};
use super::dense::check_sides;
use super::numbers::Numbers;
use super::store::{Store, WRITE_AGAIN};
use super::{EMPTY_SAMPLES, Matrix};

/// What is compressed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rows,
    Columns,
}

/// The parts of a matrix; a line is a row or a column, whichever is compressed.
struct Parts<'a> {
    store: &'a Store,
    starts: (String, Dataset),
    indices: (String, Dataset),
    data: (String, Dataset),
    /// Lines, and what is in each.
    lines: usize,
    width: usize,
}

pub(super) fn read(store: &Store, path: &str, group: &Group) -> Result<Matrix, DataError> {
    let (kind, [n, d]) = describe(store, path, group)?;
    check_sides(store, path, n, d)?;
    let part = |name: &str| {
        let path = format!("{path}/{name}");
        let dataset = store.dataset(&path)?;
        Ok::<_, DataError>((path, dataset))
    };
    let (lines, width) = match kind {
        Kind::Rows => (n, d),
        Kind::Columns => (d, n),
    };
    let parts = Parts {
        store,
        starts: part("indptr")?,
        indices: part("indices")?,
        data: part("data")?,
        lines,
        width,
    };
    let kept = parts.check()?;
    if n > kept.saturating_add(EMPTY_SAMPLES) {
        let found = format!("{n} samples with {kept} values");
        return Err(store.unfit(
            path,
            found,
            "a value for most samples",
            "drop those without any",
        ));
    }
    let lines = parts.read(kept)?;
    let x = match kind {
        Kind::Rows => sorted(lines),
        Kind::Columns => transposed(&store.file, &lines, n)?,
    };
    if let Some((sample, column)) = twice(&x) {
        return Err(DataError::EntryTwice {
            file: store.of(path),
            sample: sample + 1,
            column: column as usize + 1,
        });
    }
    Ok(Matrix {
        n,
        d,
        values: Values::Sparse(x),
    })
}

/// What is compressed, and the sides of the matrix, as the attributes of its group say; those before anndata 0.7 had
/// other names.
fn describe(store: &Store, path: &str, group: &Group) -> Result<(Kind, [usize; 2]), DataError> {
    let either = |name: &str, old: &str| match store.attribute(path, group, name)? {
        Some(value) => Ok::<_, DataError>(Some(value)),
        None => store.attribute(path, group, old),
    };
    let encoding = either("encoding-type", "h5sparse_format")?;
    let encoding = encoding
        .as_ref()
        .and_then(AttrValue::as_str)
        .unwrap_or("no encoding-type");
    let kind = match encoding {
        "csr_matrix" | "csr" => Kind::Rows,
        "csc_matrix" | "csc" => Kind::Columns,
        other => {
            let found = super::shown(other.as_bytes());
            return Err(store.unfit(path, found, "csr_matrix or csc_matrix", WRITE_AGAIN));
        }
    };
    let shape = either("shape", "h5sparse_shape")?;
    match shape.as_ref().and_then(sides) {
        Some(sides) => Ok((kind, sides)),
        None => Err(store.unfit(
            path,
            "no shape",
            "an attribute `shape` of two numbers",
            WRITE_AGAIN,
        )),
    }
}

/// The sides of a matrix, from an attribute that is two whole numbers.
fn sides(value: &AttrValue) -> Option<[usize; 2]> {
    match value.to_u64s()?[..] {
        [rows, columns] => Some([usize::try_from(rows).ok()?, usize::try_from(columns).ok()?]),
        _ => None,
    }
}

impl Parts<'_> {
    /// Reads all of it without keeping anything if it is more than the file is believed to be worth; how many values
    /// there are.
    fn check(&self) -> Result<usize, DataError> {
        let starts = self.whole(&self.starts)?;
        if starts.rows != self.lines + 1 {
            return Err(self.count(&self.starts.0, starts.rows, self.lines + 1));
        }
        let kept = self.whole(&self.indices)?.rows;
        let data = Numbers::list(self.store, &self.data.0, &self.data.1)?;
        if data.rows != kept {
            return Err(self.count(&self.data.0, data.rows, kept));
        }
        let bytes = (self.lines as u64 + kept as u64).saturating_mul(8);
        if bytes > self.store.bytes.allowance() {
            self.each_start(kept, |_| ())?;
            self.each_index(|_| ())?;
            self.each_value(|_| ())?;
        }
        Ok(kept)
    }

    fn read(&self, kept: usize) -> Result<Sparse, DataError> {
        let file = &self.store.file;
        let mut lines = Sparse {
            starts: room(file, self.lines + 1)?,
            columns: room(file, kept)?,
            values: room(file, kept)?,
        };
        self.each_start(kept, |start| lines.starts.push(start))?;
        self.each_index(|index| lines.columns.push(index))?;
        self.each_value(|value| lines.values.push(value))?;
        Ok(lines)
    }

    fn whole<'a>(&'a self, part: &'a (String, Dataset)) -> Result<Numbers<'a>, DataError> {
        Numbers::whole(self.store, &part.0, &part.1)
    }

    /// Where lines begin: from 0, never falling, up to the number of values.
    fn each_start(&self, kept: usize, mut take: impl FnMut(usize)) -> Result<(), DataError> {
        let mut last = 0;
        self.whole(&self.starts)?.each_whole(|first, window| {
            for (at, start) in window.iter().enumerate() {
                let row = first + at;
                let start = usize::try_from(*start).ok().filter(|start| {
                    *start >= last
                        && *start <= kept
                        && (row > 0 || *start == 0)
                        && (row < self.lines || *start == kept)
                });
                let Some(start) = start else {
                    let found = format!("{} at {row}", window[at]);
                    let expected = format!("places that rise from 0 to {kept}");
                    return Err(self
                        .store
                        .unfit(&self.starts.0, found, expected, WRITE_AGAIN));
                };
                last = start;
                take(start);
            }
            Ok(())
        })
    }

    fn each_index(&self, mut take: impl FnMut(u32)) -> Result<(), DataError> {
        self.whole(&self.indices)?.each_whole(|first, window| {
            for (at, index) in window.iter().enumerate() {
                let below = u32::try_from(*index)
                    .ok()
                    .filter(|index| (*index as usize) < self.width);
                let Some(index) = below else {
                    let found = format!("{index} at {}", first + at);
                    let expected = format!("places from 0 to {}", self.width - 1);
                    return Err(self
                        .store
                        .unfit(&self.indices.0, found, expected, WRITE_AGAIN));
                };
                take(index);
            }
            Ok(())
        })
    }

    fn each_value(&self, mut take: impl FnMut(f32)) -> Result<(), DataError> {
        let data = Numbers::list(self.store, &self.data.0, &self.data.1)?;
        data.each(|first, window| {
            for (at, number) in window.iter().enumerate() {
                let value = *number as f32;
                if !value.is_finite() {
                    let place = Place::Element {
                        row: first + at,
                        column: 0,
                    };
                    return Err(unusable(self.store.of(&self.data.0), place, *number));
                }
                take(value);
            }
            Ok(())
        })
    }

    fn count(&self, path: &str, found: usize, expected: usize) -> DataError {
        self.store.unfit(
            path,
            format!("{found} numbers"),
            expected.to_string(),
            WRITE_AGAIN,
        )
    }
}

/// Rows whose columns rise; scipy lets them stand in any order.
fn sorted(mut x: Sparse) -> Sparse {
    let mut row: Vec<(u32, f32)> = Vec::new();
    for at in x.starts.windows(2) {
        let columns = &mut x.columns[at[0]..at[1]];
        if columns.is_sorted() {
            continue;
        }
        let values = &mut x.values[at[0]..at[1]];
        row.clear();
        row.extend(columns.iter().copied().zip(values.iter().copied()));
        row.sort_by_key(|(column, _)| *column);
        for (at, (column, value)) in row.iter().enumerate() {
            (columns[at], values[at]) = (*column, *value);
        }
    }
    x
}

/// The rows of a matrix that is given by its columns; as these are gone through in order, columns rise in each row.
fn transposed(file: &str, columns: &Sparse, n: usize) -> Result<Sparse, DataError> {
    let kept = columns.values.len();
    let mut x = Sparse {
        starts: room(file, n + 1)?,
        columns: room(file, kept)?,
        values: room(file, kept)?,
    };
    x.starts.resize(n + 1, 0);
    x.columns.resize(kept, 0);
    x.values.resize(kept, 0.0);
    for row in &columns.columns {
        x.starts[*row as usize + 1] += 1;
    }
    for row in 0..n {
        x.starts[row + 1] += x.starts[row];
    }
    for column in 0..columns.n_rows() {
        let (rows, values) = columns.row(column);
        for (row, value) in rows.iter().zip(values) {
            let next = &mut x.starts[*row as usize];
            x.columns[*next] = column as u32;
            x.values[*next] = *value;
            *next += 1;
        }
    }
    // Each start is now that of the next row.
    x.starts.rotate_right(1);
    x.starts[0] = 0;
    Ok(x)
}

/// The first place that has two values.
fn twice(x: &Sparse) -> Option<(usize, u32)> {
    (0..x.n_rows()).find_map(|row| {
        let (columns, _) = x.row(row);
        let same = columns.windows(2).find(|two| two[0] == two[1]);
        same.map(|two| (row, two[0]))
    })
}
