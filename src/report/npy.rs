//! NumPy's NPY 1.0 for matrices and vectors, written as a stream. Byte for byte what `numpy.save` writes.
//!
//! Layout: `\x93NUMPY`, version 1.0, header length (u16), a Python dictionary padded with spaces and
//! a newline so that the values start on a multiple of 64 bytes, the values (rows, columns), little-endian.

use std::io::{self, Write};

mod writer;

pub use writer::{NpyNumber, NpyWriter};

/// Length of everything before the values, a multiple of 64. A matrix always fits in it, and never in 64 bytes, as
/// a vector: the dictionary takes 56 to 97.
const HEADER: usize = 128;

/// Writes a whole matrix `values` (any, columns) row-major.
///
/// # Panics
/// If `columns` is 0 or `values` is not whole rows.
pub fn write_npy(out: impl Write, values: &[f32], columns: usize) -> io::Result<()> {
    assert!(
        columns > 0 && values.len().is_multiple_of(columns),
        "{} values, expected rows of {columns}",
        values.len()
    );
    write_whole(out, values, (values.len() / columns) as u64, Some(columns))
}

/// Writes a vector (any).
///
/// # Errors
/// Those of the `Write`.
pub fn write_npy_vector<T: NpyNumber>(out: impl Write, values: &[T]) -> io::Result<()> {
    write_whole(out, values, values.len() as u64, None)
}

fn write_whole<T: NpyNumber>(
    mut out: impl Write,
    values: &[T],
    rows: u64,
    columns: Option<usize>,
) -> io::Result<()> {
    out.write_all(&header(T::DESCR, rows, columns))?;
    write_values(&mut out, values)?;
    out.flush()
}

fn write_values<T: NpyNumber>(out: &mut impl Write, values: &[T]) -> io::Result<()> {
    if cfg!(target_endian = "little") {
        return out.write_all(bytemuck::cast_slice(values));
    }
    values
        .iter()
        .try_for_each(|value| out.write_all(&value.le_bytes()))
}

/// The vector of u32 that [`write_npy_vector`] wrote; none if it wrote something else.
pub fn read_npy_vector(bytes: &[u8]) -> Option<Vec<u32>> {
    let (head, values) = bytes.split_at_checked(HEADER)?;
    let (words, rest) = values.as_chunks::<4>();
    let is_whole = rest.is_empty() && head == header(u32::DESCR, words.len() as u64, None);
    is_whole.then(|| words.iter().map(|word| u32::from_le_bytes(*word)).collect())
}

/// Everything before the values; without columns it is a vector.
fn header(descr: &str, rows: u64, columns: Option<usize>) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    let text_len = HEADER as u16 - 10; // magic, version and this length
    bytes.extend(text_len.to_le_bytes());
    let columns = columns.map_or(String::new(), |columns| format!(" {columns}"));
    let text =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({rows},{columns}), }}");
    bytes.extend(text.as_bytes());
    bytes.resize(HEADER - 1, b' ');
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `numpy.save` of `[[1, -2], [0.5, 3], [0, -0.0]]` as `<f4`, numpy 2.4.6.
    fn numpy_saved() -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00v\x00".to_vec();
        bytes.extend(b"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }");
        bytes.resize(127, b' ');
        bytes.extend(b"\n\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x00\x3f\x00\x00\x40\x40");
        bytes.extend(b"\x00\x00\x00\x00\x00\x00\x00\x80");
        bytes
    }

    const VALUES: [f32; 6] = [1.0, -2.0, 0.5, 3.0, 0.0, -0.0];

    #[test]
    fn is_byte_for_byte_what_numpy_saves() {
        let mut out = Vec::new();
        write_npy(&mut out, &VALUES, 2).unwrap();
        assert_eq!(out, numpy_saved());
    }

    #[test]
    fn a_vector_of_u32_is_read_again_and_nothing_else() {
        let mut out = Vec::new();
        write_npy_vector(&mut out, &[3u32, u32::MAX]).unwrap();
        assert_eq!(read_npy_vector(&out), Some(vec![3, u32::MAX]));
        assert_eq!(read_npy_vector(&out[..out.len() - 1]), None);
        assert_eq!(read_npy_vector(&out[..9]), None);
        assert_eq!(read_npy_vector(&numpy_saved()), None);
    }

    #[test]
    fn values_start_on_64_bytes_whatever_the_shape() {
        for (rows, columns) in [(0, 1), (70_000, 10), (u64::MAX, usize::MAX)] {
            let bytes = header("<f4", rows, Some(columns));
            assert_eq!(bytes.len(), 128);
            let text = std::str::from_utf8(&bytes[10..]).unwrap();
            let shape = format!("({rows}, {columns}), }}");
            assert_eq!(text.split("'shape': ").nth(1).unwrap().trim(), shape);
            assert!(text.ends_with(" \n"));
        }
    }

    #[test]
    #[should_panic(expected = "3 values, expected rows of 2")]
    fn part_of_a_row_is_a_bug() {
        let _ = write_npy(io::sink(), &[0.0; 3], 2);
    }
}
