//! An NPY file whose length is not known until its end: the header is written again then.

use std::io::{self, Seek, SeekFrom, Write};
use std::marker::PhantomData;

use super::{header, write_values};

/// A number that NPY files here are made of.
pub trait NpyNumber: bytemuck::NoUninit {
    /// Its type as NumPy writes it.
    const DESCR: &'static str;

    /// Its bytes, least first.
    fn le_bytes(self) -> [u8; 4];
}

impl NpyNumber for f32 {
    const DESCR: &'static str = "<f4";

    fn le_bytes(self) -> [u8; 4] {
        self.to_le_bytes()
    }
}

impl NpyNumber for i32 {
    const DESCR: &'static str = "<i4";

    fn le_bytes(self) -> [u8; 4] {
        self.to_le_bytes()
    }
}

impl NpyNumber for u32 {
    const DESCR: &'static str = "<u4";

    fn le_bytes(self) -> [u8; 4] {
        self.to_le_bytes()
    }
}

/// Writes a matrix (any, columns), or a vector (any), in as many pieces as the caller likes. Until
/// [`NpyWriter::finish`] the header says that there are no rows.
#[derive(Debug)]
pub struct NpyWriter<T: NpyNumber, W: Write + Seek> {
    out: W,
    columns: Option<usize>,
    values: u64,
    number: PhantomData<T>,
}

impl<T: NpyNumber, W: Write + Seek> NpyWriter<T, W> {
    /// Begins the file at the start of `out`; without columns it is a vector.
    ///
    /// # Panics
    /// If there are 0 columns.
    pub fn new(mut out: W, columns: Option<usize>) -> io::Result<Self> {
        assert!(columns != Some(0), "0 columns, expected some or a vector");
        out.write_all(&header(T::DESCR, 0, columns))?;
        Ok(Self {
            out,
            columns,
            values: 0,
            number: PhantomData,
        })
    }

    /// Writes the next values, row-major.
    pub fn write(&mut self, values: &[T]) -> io::Result<()> {
        self.values += values.len() as u64;
        write_values(&mut self.out, values)
    }

    /// Writes the header as it should be, flushes, and gives the `Write` back.
    ///
    /// # Panics
    /// If the values were not whole rows.
    pub fn finish(mut self) -> io::Result<W> {
        let columns = self.columns.unwrap_or(1) as u64;
        assert!(
            self.values.is_multiple_of(columns),
            "{} values, expected rows of {columns}",
            self.values
        );
        self.out.seek(SeekFrom::Start(0))?;
        let header = header(T::DESCR, self.values / columns, self.columns);
        self.out.write_all(&header)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::write_npy;
    use super::*;

    #[test]
    fn is_the_file_of_a_matrix_of_known_length() {
        let mut writer = NpyWriter::new(Cursor::new(Vec::new()), Some(2)).unwrap();
        for piece in [&[1.0f32, -2.0, 0.5, 3.0][..], &[], &[0.0, -0.0]] {
            writer.write(piece).unwrap();
        }
        let mut expected = Vec::new();
        write_npy(&mut expected, &[1.0, -2.0, 0.5, 3.0, 0.0, -0.0], 2).unwrap();
        assert_eq!(writer.finish().unwrap().into_inner(), expected);
    }

    #[test]
    fn vectors_are_what_numpy_saves() {
        let mut writer = NpyWriter::new(Cursor::new(Vec::new()), None).unwrap();
        writer.write(&[3i32, -1]).unwrap();
        let bytes = writer.finish().unwrap().into_inner();
        // `numpy.save` of `array([3, -1], dtype='<i4')`, numpy 2.4.6.
        let mut expected = b"\x93NUMPY\x01\x00v\x00".to_vec();
        expected.extend(b"{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }");
        expected.resize(127, b' ');
        expected.extend(b"\n\x03\x00\x00\x00\xff\xff\xff\xff");
        assert_eq!(bytes, expected);
    }

    #[test]
    #[should_panic(expected = "3 values, expected rows of 2")]
    fn part_of_a_row_is_a_bug() {
        let mut writer = NpyWriter::new(Cursor::new(Vec::new()), Some(2)).unwrap();
        writer.write(&[0.0f32; 3]).unwrap();
        let _ = writer.finish();
    }
}
