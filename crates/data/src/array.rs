//! The body of a binary array: what IDX, NPY and the members of NPZ have in common.
//!
//! A format gives a function that reads its header. The size the header declares is checked
//! against what the file can hold before memory is taken.

use super::body::{Body, room};
use super::element::{Element, Kind};
use super::error::DataError;
use super::place::Place;
use super::shape::{Header, Size, shape_text};
use super::source::Source;
use super::{ImageShape, Labels, Values};

pub(super) use stream::ArrayRows;

mod stream;

/// Reads a header and leaves the body at the first number.
pub(super) type ReadHeader = fn(&mut Body<'_>) -> Result<Header, DataError>;

const CHUNK: usize = 64 << 10;

/// What a row is a picture of, by the shape.
fn image_shape(header: &Header) -> Option<ImageShape> {
    match header.shape[..] {
        [_, height, width] => Some(ImageShape::grey(height as usize, width as usize)),
        _ => None,
    }
}

/// The rule for data: samples and values.
fn is_matrix(header: &Header, file: &str) -> Result<(), DataError> {
    if header.shape.len() >= 2 {
        Ok(())
    } else {
        let expected = "two or more dimensions (samples, values)";
        Err(wrong_rank(header, file, expected))
    }
}

/// Read an array of one dimension, or of one column, as labels.
pub(super) fn labels(
    source: &mut dyn Source,
    read_header: ReadHeader,
) -> Result<Labels, DataError> {
    let declared = {
        let mut body = source.body()?;
        let header = read_header(&mut body)?;
        is_vector(&header, body.file)?;
        let rows = header.size(body.file)?.rows as u64;
        let declared = rows * header.element.size() as u64;
        body.check_rest(declared)?;
        (declared, rows * 4)
    };
    rehearse(source, read_header, declared.0, declared.1)?;
    let mut body = source.body()?;
    let header = read_header(&mut body)?;
    let size = header.size(body.file)?;
    let mut found = room(body.file, size.rows)?;
    let mut bad = None;
    let end = body.offset + (size.rows * header.element.size()) as u64;
    each_chunk(&mut body, header.element, size.rows, end, |bytes| {
        header.element.each_integer(bytes, |label| {
            if let (Err(text), None) = (&label, &bad) {
                bad = Some((found.len(), text.clone()));
            }
            found.push(label.unwrap_or(0));
        });
        bad.is_none()
    })?;
    if let Some((row, found)) = bad {
        let place = Place::Element { row, column: 0 };
        return Err(DataError::NotALabel {
            file: body.file.to_owned(),
            place,
            found,
        });
    }
    body.end()?;
    Ok(Labels::from_integers(&found))
}

/// The rule for labels: one for each sample.
fn is_vector(header: &Header, file: &str) -> Result<(), DataError> {
    if !header.shape.is_empty() && header.shape[1..].iter().all(|&dim| dim == 1) {
        Ok(())
    } else {
        Err(wrong_rank(header, file, "one dimension of labels"))
    }
}

fn wrong_rank(header: &Header, file: &str, expected: &'static str) -> DataError {
    DataError::WrongRank {
        file: file.to_owned(),
        shape: shape_text(&header.shape),
        expected,
    }
}

/// Reads what follows a header to its end without keeping it, if it would take more memory than a header's word is
/// worth.
fn rehearse(
    source: &mut dyn Source,
    read_header: ReadHeader,
    declared: u64,
    bytes: u64,
) -> Result<(), DataError> {
    let mut body = source.body()?;
    if body.needs_rehearsal(bytes) {
        read_header(&mut body)?;
        body.skip(declared)?;
        body.end()?;
    }
    Ok(())
}

/// Numbers of an array that follow each other in the file.
struct Span<'a> {
    header: &'a Header,
    /// How many.
    count: usize,
    /// Where the array should end, for the error if it does not.
    end: u64,
}

impl Span<'_> {
    /// Reads them in the order of the file; `place` says where the n-th of them belongs.
    fn read(
        &self,
        body: &mut Body<'_>,
        place: impl Fn(usize) -> Place,
    ) -> Result<Values, DataError> {
        if self.header.element.kind == Kind::U8 {
            self.read_bytes(body).map(Values::U8)
        } else {
            self.read_numbers(body, place).map(Values::F32)
        }
    }

    fn read_bytes(&self, body: &mut Body<'_>) -> Result<Vec<u8>, DataError> {
        let mut bytes = room(body.file, self.count)?;
        body.read_up_to(self.count as u64, &mut bytes)?;
        if bytes.len() == self.count {
            Ok(bytes)
        } else {
            Err(body.truncated(self.end))
        }
    }

    fn read_numbers(
        &self,
        body: &mut Body<'_>,
        place: impl Fn(usize) -> Place,
    ) -> Result<Vec<f32>, DataError> {
        let element = self.header.element;
        let mut values = room(body.file, self.count)?;
        let mut bad = None;
        each_chunk(body, element, self.count, self.end, |bytes| {
            element.each_number(bytes, |number| {
                let value = number as f32;
                if !value.is_finite() && bad.is_none() {
                    bad = Some((values.len(), number));
                }
                values.push(value);
            });
            bad.is_none()
        })?;
        match bad {
            None => Ok(values),
            Some((index, number)) => Err(unusable(body.file.to_owned(), place(index), number)),
        }
    }
}

/// The error for a number that is no finite f32.
pub(super) fn unusable(file: String, place: Place, number: f64) -> DataError {
    let value = if number.is_nan() {
        "NaN".to_owned()
    } else {
        format!("{number:e}")
    };
    if number.is_finite() {
        DataError::OutOfRange { file, place, value }
    } else {
        DataError::NotFinite { file, place, value }
    }
}

/// Hand over `count` numbers as chunks of whole numbers, until `take` says no more. The array should go on to
/// byte `end`.
fn each_chunk(
    body: &mut Body<'_>,
    element: Element,
    count: usize,
    end: u64,
    mut take: impl FnMut(&[u8]) -> bool,
) -> Result<(), DataError> {
    let mut left = count * element.size();
    let mut chunk = vec![0; CHUNK.min(left)];
    while left > 0 {
        let bytes = &mut chunk[..CHUNK.min(left)];
        body.exactly_of(bytes, end)?;
        left -= bytes.len();
        if !take(bytes) {
            break;
        }
    }
    Ok(())
}

/// Put numbers that came in Fortran order into rows.
fn c_order<T: Copy + Default>(
    file: &str,
    header: &Header,
    size: Size,
    values: Vec<T>,
) -> Result<Vec<T>, DataError> {
    let mut rows = room(file, values.len())?;
    rows.resize(values.len(), T::default());
    for (block, numbers) in values.chunks_exact(size.rows).enumerate() {
        let column = header.c_column(block);
        for (row, &number) in numbers.iter().enumerate() {
            rows[row * size.columns + column] = number;
        }
    }
    Ok(rows)
}
