//! `labels.parquet`: index (i64), label (i32) and confidence (f32) of every sample, none of them missing.
//!
//! Not in the library's reports: the crate it takes is the command line's, and only with the feature `parquet`.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Encoding, Repetition, Type as PhysicalType};
use parquet::data_type::{DataType, FloatType, Int32Type, Int64Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

/// Rows of a row group. Groups are cut by number and not by what comes at a time, so the bytes do not depend on that.
const GROUP: usize = 1 << 20;

/// Writes the table in as many pieces as the caller likes; up to a row group is held.
pub(super) struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    /// The index of the first row that is held.
    index: i64,
    labels: Vec<i32>,
    confidence: Vec<f32>,
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Begins the file; the next row will be that of sample `first`.
    pub(super) fn new(out: W, first: u64) -> io::Result<Self> {
        let index = i64::try_from(first).map_err(io::Error::other)?;
        let properties = WriterProperties::builder()
            // Rising by one: a few bytes for a page. Shares are hardly ever equal, so a dictionary of them is waste.
            .set_column_dictionary_enabled("index".into(), false)
            .set_column_encoding("index".into(), Encoding::DELTA_BINARY_PACKED)
            .set_column_dictionary_enabled("confidence".into(), false)
            .build();
        Ok(Self {
            file: SerializedFileWriter::new(out, Arc::new(schema()?), Arc::new(properties))?,
            index,
            labels: Vec::new(),
            confidence: Vec::new(),
        })
    }

    /// Writes the next rows: labels (any), and the confidence of each (as many).
    ///
    /// # Panics
    /// If the two differ in length.
    pub(super) fn write_rows(&mut self, labels: &[i32], confidence: &[f32]) -> io::Result<()> {
        assert_eq!(
            labels.len(),
            confidence.len(),
            "labels and their confidence"
        );
        self.labels.extend(labels);
        self.confidence.extend(confidence);
        while self.labels.len() >= GROUP {
            self.write_group(GROUP)?;
        }
        Ok(())
    }

    /// Writes what is held and the footer, and gives the `Write` back.
    pub(super) fn finish(mut self) -> io::Result<W> {
        let rest = self.labels.len();
        if rest > 0 {
            self.write_group(rest)?;
        }
        Ok(self.file.into_inner()?)
    }

    /// The first `rows` rows that are held, as one group.
    fn write_group(&mut self, rows: usize) -> Result<()> {
        let labels: Vec<i32> = self.labels.drain(..rows).collect();
        let confidence: Vec<f32> = self.confidence.drain(..rows).collect();
        let end = self.index + rows as i64;
        let indices: Vec<i64> = (self.index..end).collect();
        self.index = end;
        let mut group = self.file.next_row_group()?;
        write_column::<Int64Type, _>(&mut group, &indices)?;
        write_column::<Int32Type, _>(&mut group, &labels)?;
        write_column::<FloatType, _>(&mut group, &confidence)?;
        group.close()?;
        Ok(())
    }
}

/// The next column of the schema.
fn write_column<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
) -> Result<()> {
    let mut column = group.next_column()?.expect("the schema has this column");
    column.typed::<T>().write_batch(values, None, None)?;
    column.close()
}

fn schema() -> Result<Type> {
    let column = |(name, kind): (&str, PhysicalType)| {
        let column = Type::primitive_type_builder(name, kind);
        let column = column.with_repetition(Repetition::REQUIRED).build()?;
        Ok(Arc::new(column))
    };
    let columns = [
        ("index", PhysicalType::INT64),
        ("label", PhysicalType::INT32),
        ("confidence", PhysicalType::FLOAT),
    ];
    let columns = columns.into_iter().map(column).collect::<Result<_>>()?;
    Type::group_type_builder("labels")
        .with_fields(columns)
        .build()
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    use super::*;

    fn written(pieces: &[usize], first: u64) -> Vec<u8> {
        let mut writer = ParquetWriter::new(Vec::new(), first).unwrap();
        let mut at = 0;
        for piece in pieces {
            let rows = at..at + piece;
            let labels: Vec<i32> = rows.clone().map(|i| i as i32 % 7 - 1).collect();
            let confidence: Vec<f32> = rows.map(|i| 1.0 / (1 + i) as f32).collect();
            writer.write_rows(&labels, &confidence).unwrap();
            at += piece;
        }
        writer.finish().unwrap()
    }

    fn reader(bytes: &[u8]) -> SerializedFileReader<File> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        SerializedFileReader::new(file).unwrap()
    }

    #[test]
    fn rows_come_back() {
        let reader = reader(&written(&[2, 0, 3], 40));
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().collect();
        assert_eq!(rows.len(), 5);
        for (i, row) in rows.into_iter().enumerate() {
            let row = row.unwrap();
            assert_eq!(row.get_long(0).unwrap(), 40 + i as i64);
            assert_eq!(row.get_int(1).unwrap(), i as i32 % 7 - 1);
            assert_eq!(row.get_float(2).unwrap(), 1.0 / (1 + i) as f32);
        }
    }

    #[test]
    fn pieces_do_not_show_in_the_bytes() {
        let whole = written(&[GROUP + 10], 0);
        assert!(whole == written(&[1, GROUP - 5, 14], 0));
        let reader = reader(&whole);
        let groups: Vec<i64> = reader
            .metadata()
            .row_groups()
            .iter()
            .map(|group| group.num_rows())
            .collect();
        assert_eq!(groups, [GROUP as i64, 10]);
    }

    #[test]
    fn no_rows_are_a_table_too() {
        let reader = reader(&written(&[], 5));
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
        let schema = reader.metadata().file_metadata().schema_descr();
        let names: Vec<_> = schema
            .columns()
            .iter()
            .map(|column| column.name())
            .collect();
        assert_eq!(names, ["index", "label", "confidence"]);
    }
}
