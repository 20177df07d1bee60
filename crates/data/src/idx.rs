//! IDX, the format of MNIST: `00 00 type rank`, the sizes as big-endian u32, then the numbers.

use super::array::{self, ArrayRows};
use super::body::Body;
use super::element::{Element, Kind};
use super::error::DataError;
use super::format::{Columns, Format, Rows, Start};
use super::shape::Header;
use super::source::{Input, Source};
use super::{Labels, ReadOptions};

pub(super) const FORMAT: Format = Format {
    name: "IDX",
    start: Start::Binary(|start| start.starts_with(&[0, 0])),
    not_in_gzip: None,
    columns: Columns::None,
    layers: false,
    rows,
    labels: Some(|input| labels(input)),
    labels_beside: true,
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
fn labels(source: &mut dyn Source) -> Result<Labels, DataError> {
    array::labels(source, header)
}

fn header(body: &mut Body<'_>) -> Result<Header, DataError> {
    let [zero, also_zero, kind, rank] = body.array()?;
    if (zero, also_zero) != (0, 0) {
        return Err(DataError::BadHeader {
            file: body.file.to_owned(),
            offset: 0,
            found: format!("bytes {zero:02x} {also_zero:02x}"),
            expected: "IDX's 00 00",
        });
    }
    let kind = match kind {
        0x08 => Kind::U8,
        0x09 => Kind::I8,
        0x0b => Kind::I16,
        0x0c => Kind::I32,
        0x0d => Kind::F32,
        0x0e => Kind::F64,
        other => {
            return Err(DataError::UnsupportedType {
                file: body.file.to_owned(),
                offset: 2,
                found: format!("0x{other:02x}"),
                expected: "08 (u8), 09 (i8), 0b (i16), 0c (i32), 0d (f32) or 0e (f64) of IDX",
            });
        }
    };
    let mut shape = Vec::with_capacity(usize::from(rank));
    for _ in 0..rank {
        shape.push(u64::from(u32::from_be_bytes(body.array()?)));
    }
    Ok(Header {
        element: Element {
            kind,
            big_endian: true,
        },
        shape,
        fortran: false,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::{Dataset, ImageShape, Values};
    use super::*;

    fn idx(kind: u8, shape: &[u32], body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, kind, shape.len() as u8];
        shape.iter().for_each(|dim| bytes.extend(dim.to_be_bytes()));
        bytes.extend(body);
        bytes
    }

    fn read(bytes: Vec<u8>) -> Result<Dataset, DataError> {
        crate::read("x.idx", Cursor::new(bytes), &ReadOptions::default())
    }

    #[test]
    fn bytes_stay_bytes() {
        let set = read(idx(
            8,
            &[2, 2, 3],
            &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255],
        ))
        .unwrap();
        assert_eq!(
            (set.n_samples, set.input_dim, set.image_shape),
            (2, 6, Some(ImageShape::grey(2, 3)))
        );
        assert_eq!(
            set.values,
            Values::U8(vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255])
        );
    }

    #[test]
    fn every_type_is_read() {
        let cases: [(u8, Vec<u8>); 5] = [
            (0x09, vec![0xff, 2]),
            (0x0b, [(-1i16).to_be_bytes(), 2i16.to_be_bytes()].concat()),
            (0x0c, [(-1i32).to_be_bytes(), 2i32.to_be_bytes()].concat()),
            (0x0d, [(-1f32).to_be_bytes(), 2f32.to_be_bytes()].concat()),
            (0x0e, [(-1f64).to_be_bytes(), 2f64.to_be_bytes()].concat()),
        ];
        for (kind, body) in cases {
            let set = read(idx(kind, &[2, 1], &body)).unwrap();
            assert_eq!(set.values, Values::F32(vec![-1.0, 2.0]), "type {kind:#x}");
        }
    }

    #[test]
    fn labels_have_one_dimension() {
        let mut reader = Cursor::new(idx(8, &[3], &[7, 3, 7]));
        let mut input = Input::new("y".into(), &mut reader).unwrap();
        let found = labels(&mut input).unwrap();
        assert_eq!(
            (found.ids, found.names),
            (vec![1, 0, 1], vec!["3".into(), "7".into()])
        );
        assert!(matches!(
            rows(&mut input, "y".into(), &ReadOptions::default()).map(drop),
            Err(DataError::WrongRank { .. })
        ));
    }

    #[test]
    fn every_cut_is_an_error() {
        let whole = idx(8, &[2, 2], &[1, 2, 3, 4]);
        for cut in 2..whole.len() {
            let error = read(whole[..cut].to_vec()).unwrap_err();
            assert!(
                matches!(error, DataError::Truncated { .. }),
                "{cut}: {error}"
            );
        }
        let longer = [whole, vec![5]].concat();
        assert!(matches!(
            read(longer),
            Err(DataError::TrailingBytes { offset: 16, .. })
        ));
    }
}
