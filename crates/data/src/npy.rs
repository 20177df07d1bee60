//! NPY, one array as `numpy.save` writes it: magic, version, the length of the header, the header
//! as a Python dictionary, then the numbers.

use super::array::{self, ArrayRows};
use super::body::Body;
use super::error::DataError;
use super::format::{Columns, Format, Rows, Start};
use super::npy_header;
use super::shape::Header;
use super::source::{Input, Source};
use super::{Labels, ReadOptions};

/// The first bytes of every NPY file.
const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest header that is read; numpy writes 118 bytes for the arrays that can be used here.
const LONGEST_HEADER: u64 = 64 << 10;

pub(super) const FORMAT: Format = Format {
    name: "NPY",
    start: Start::Binary(|start| start.starts_with(MAGIC)),
    not_in_gzip: None,
    columns: Columns::None,
    layers: false,
    rows,
    labels: Some(|input| labels(input)),
    labels_beside: false,
};

/// Samples × values; three dimensions are samples × height × width.
fn rows<'i>(
    input: &'i mut Input<'_>,
    name: String,
    _: &ReadOptions,
) -> Result<Rows<'i>, DataError> {
    Ok(Box::new(ArrayRows::open(Box::new(input), header, name)?))
}

/// One label per sample.
pub(super) fn labels(source: &mut dyn Source) -> Result<Labels, DataError> {
    array::labels(source, header)
}

/// Read the header up to the first number.
pub(super) fn header(body: &mut Body<'_>) -> Result<Header, DataError> {
    let bad = |body: &Body<'_>, offset, found, expected| DataError::BadHeader {
        file: body.file.to_owned(),
        offset,
        found,
        expected,
    };
    let magic: [u8; 6] = body.array()?;
    if magic != MAGIC {
        return Err(bad(
            body,
            0,
            format!("bytes {magic:02x?}"),
            "NPY's magic \\x93NUMPY",
        ));
    }
    let [major, minor] = body.array()?;
    let length = match major {
        1 => u64::from(u16::from_le_bytes(body.array()?)),
        2 | 3 => u64::from(u32::from_le_bytes(body.array()?)),
        _ => {
            let found = format!("NPY version {major}.{minor}");
            return Err(bad(body, 6, found, "version 1.0, 2.0 or 3.0"));
        }
    };
    let start = body.offset;
    if length > body.most.saturating_sub(start) {
        return Err(body.truncated(start + length));
    }
    if length > LONGEST_HEADER {
        let found = format!("a header of {length} bytes");
        return Err(bad(body, start, found, "a header of at most 65536 bytes"));
    }
    let mut text = vec![0; length as usize];
    body.exactly(&mut text)?;
    npy_header::parse(&text).map_err(|fault| fault.into_error(body.file, start))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::{Dataset, ImageShape, Values};
    use super::*;

    fn npy(version: u8, descr: &str, fortran: &str, shape: &str, body: &[u8]) -> Vec<u8> {
        let text =
            format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
        let mut bytes = [MAGIC, &[version, 0]].concat();
        if version == 1 {
            bytes.extend((text.len() as u16).to_le_bytes());
        } else {
            bytes.extend((text.len() as u32).to_le_bytes());
        }
        bytes.extend(text.as_bytes());
        bytes.extend(body);
        bytes
    }

    fn read(bytes: Vec<u8>) -> Result<Dataset, DataError> {
        crate::read("x.npy", Cursor::new(bytes), &ReadOptions::default())
    }

    #[test]
    fn versions_and_orders() {
        let body: Vec<u8> = (1..=6u16).flat_map(u16::to_le_bytes).collect();
        for version in 1..=3 {
            let set = read(npy(version, "<u2", "False", "(2, 3)", &body)).unwrap();
            assert_eq!(set.values, Values::F32(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
            let set = read(npy(version, "<u2", "True", "(2, 3)", &body)).unwrap();
            assert_eq!(set.values, Values::F32(vec![1.0, 3.0, 5.0, 2.0, 4.0, 6.0]));
        }
    }

    #[test]
    fn images_in_fortran_order() {
        // numpy.arange(12).reshape(2, 2, 3) in Fortran order.
        let body = [0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11];
        let set = read(npy(1, "|u1", "True", "(2, 2, 3)", &body)).unwrap();
        assert_eq!(set.values, Values::U8((0..12).collect()));
        assert_eq!(set.image_shape, Some(ImageShape::grey(2, 3)));
    }

    #[test]
    fn a_bad_number_is_placed() {
        let body: Vec<u8> = [1.0f64, 1e300, 3.0, 4.0]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let error = read(npy(1, "<f8", "False", "(2, 2)", &body))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("x.npy: row 0, column 1: found 1e300"),
            "{error}"
        );
        let error = read(npy(1, "<f8", "True", "(2, 2)", &body))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("x.npy: row 1, column 0: found 1e300"),
            "{error}"
        );
        let error = read(npy(1, "<f2", "False", "(1, 2)", &[0, 0, 0, 0x7e])).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("x.npy: row 0, column 1: found NaN"),
            "{error}"
        );
    }

    #[test]
    fn lies_about_size_are_found_before_reading() {
        for shape in [
            "(1099511627776, 1)",
            "(4294967296, 4294967296, 16)",
            "(2, 9)",
        ] {
            let error = read(npy(1, "<f4", "False", shape, &[0; 8])).unwrap_err();
            let expected = matches!(
                error,
                DataError::Truncated { .. } | DataError::ShapeOverflow { .. }
            );
            assert!(expected, "{shape}: {error}");
        }
        let mut long = npy(2, "<f4", "False", "(1, 1)", &[0; 4]);
        long[8..12].fill(0xff);
        assert!(matches!(read(long), Err(DataError::Truncated { .. })));
    }
}
