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
use super::{Dataset, ImageShape, Labels, Values};

/// Reads a header and leaves the body at the first number.
pub(super) type ReadHeader = fn(&mut Body<'_>) -> Result<Header, DataError>;

const CHUNK: usize = 64 << 10;

/// Read an array of two or more dimensions as a data set without labels.
pub(super) fn data(
    source: &mut dyn Source,
    header: ReadHeader,
    name: String,
) -> Result<Dataset, DataError> {
    let (mut body, header, size) = prepare(source, header, |header, file| {
        let expected = "two or more dimensions (samples, values)";
        if header.shape.len() >= 2 {
            Ok(())
        } else {
            Err(wrong_rank(header, file, expected))
        }
    })?;
    let count = size.rows * size.columns;
    let values = if header.element.kind == Kind::U8 {
        let bytes = read_bytes(&mut body, count)?;
        Values::U8(c_order(&body, &header, size, bytes)?)
    } else {
        let numbers = read_numbers(&mut body, &header, size)?;
        Values::F32(c_order(&body, &header, size, numbers)?)
    };
    body.end()?;
    let image_shape = match header.shape[..] {
        [_, height, width] => Some(ImageShape::grey(height as usize, width as usize)),
        _ => None,
    };
    Ok(Dataset {
        image_shape,
        ..Dataset::new(name, size.rows, size.columns, values)
    })
}

/// Read an array of one dimension, or of one column, as labels.
pub(super) fn labels(source: &mut dyn Source, header: ReadHeader) -> Result<Labels, DataError> {
    let (mut body, header, size) = prepare(source, header, |header, file| {
        let one_column = !header.shape.is_empty() && header.shape[1..].iter().all(|&dim| dim == 1);
        if one_column {
            Ok(())
        } else {
            Err(wrong_rank(header, file, "one dimension of labels"))
        }
    })?;
    let mut found = room(body.file, size.rows)?;
    let mut bad = None;
    each_chunk(&mut body, header.element, size.rows, |bytes| {
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

fn wrong_rank(header: &Header, file: &str, expected: &'static str) -> DataError {
    DataError::WrongRank {
        file: file.to_owned(),
        shape: shape_text(&header.shape),
        expected,
    }
}

/// Read the header, check it, and see that the body is worth the memory it asks for.
fn prepare<'a>(
    source: &'a mut dyn Source,
    read_header: ReadHeader,
    rule: fn(&Header, &str) -> Result<(), DataError>,
) -> Result<(Body<'a>, Header, Size), DataError> {
    {
        let mut body = source.body()?;
        let header = read_header(&mut body)?;
        rule(&header, body.file)?;
        let size = header.size(body.file)?;
        let count = (size.rows * size.columns) as u64;
        let declared = count * header.element.size() as u64;
        body.check_rest(declared)?;
        if body.needs_rehearsal(count * 4) {
            body.skip(declared)?;
            body.end()?;
        }
    }
    let mut body = source.body()?;
    let header = read_header(&mut body)?;
    let size = header.size(body.file)?;
    Ok((body, header, size))
}

/// The next `count` bytes.
fn read_bytes(body: &mut Body<'_>, count: usize) -> Result<Vec<u8>, DataError> {
    let expected = body.offset.saturating_add(count as u64);
    let mut bytes = room(body.file, count)?;
    body.read_up_to(count as u64, &mut bytes)?;
    if bytes.len() == count {
        Ok(bytes)
    } else {
        Err(body.truncated(expected))
    }
}

/// All numbers as f32, in the order of the file.
fn read_numbers(body: &mut Body<'_>, header: &Header, size: Size) -> Result<Vec<f32>, DataError> {
    let count = size.rows * size.columns;
    let mut values = room(body.file, count)?;
    let mut bad = None;
    each_chunk(body, header.element, count, |bytes| {
        header.element.each_number(bytes, |number| {
            let value = number as f32;
            if !value.is_finite() && bad.is_none() {
                bad = Some((values.len(), number));
            }
            values.push(value);
        });
        bad.is_none()
    })?;
    let Some((index, number)) = bad else {
        return Ok(values);
    };
    let (file, place) = (body.file.to_owned(), header.place(size, index));
    let value = if number.is_nan() {
        "NaN".to_owned()
    } else {
        format!("{number:e}")
    };
    if number.is_finite() {
        Err(DataError::OutOfRange { file, place, value })
    } else {
        Err(DataError::NotFinite { file, place, value })
    }
}

/// Hand over `count` numbers as chunks of whole numbers, until `take` says no more.
fn each_chunk(
    body: &mut Body<'_>,
    element: Element,
    count: usize,
    mut take: impl FnMut(&[u8]) -> bool,
) -> Result<(), DataError> {
    let mut left = count * element.size();
    let mut chunk = vec![0; CHUNK.min(left)];
    while left > 0 {
        let bytes = &mut chunk[..CHUNK.min(left)];
        body.exactly(bytes)?;
        left -= bytes.len();
        if !take(bytes) {
            break;
        }
    }
    Ok(())
}

/// Put numbers that came in Fortran order into rows.
fn c_order<T: Copy + Default>(
    body: &Body<'_>,
    header: &Header,
    size: Size,
    values: Vec<T>,
) -> Result<Vec<T>, DataError> {
    if !header.fortran {
        return Ok(values);
    }
    let mut rows = room(body.file, values.len())?;
    rows.resize(values.len(), T::default());
    for (block, numbers) in values.chunks_exact(size.rows).enumerate() {
        let column = header.c_column(block);
        for (row, &number) in numbers.iter().enumerate() {
            rows[row * size.columns + column] = number;
        }
    }
    Ok(rows)
}
