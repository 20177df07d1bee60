//! The cells of one column of one row group, in order.

use half::f16;
use parquet::basic::Type;
use parquet::column::reader::{ColumnReaderImpl, get_column_reader, get_typed_column_reader};
use parquet::data_type::{
    BoolType, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType,
    FloatType, Int32Type, Int64Type,
};
use parquet::file::metadata::RowGroupMetaData;

use super::super::ContainerError;
use super::super::owned::Owned;
use super::super::panics::caught;
use super::super::place::{printable, shown};
use super::super::remedy::Remedy;
use super::columns::{Column, Kind};
use super::pages::{Pages, is_apart, is_read};
use super::{DataError, broken};

/// Cells that are decoded at a time.
const BATCH: usize = 1 << 13;

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Null,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Text(&'a [u8]),
}

/// A column of a row group.
pub(super) struct Chunk<'a> {
    pub(super) file: &'a str,
    pub(super) bytes: &'a Owned,
    pub(super) group: &'a RowGroupMetaData,
    /// The place of the column among those without columns in them.
    pub(super) leaf: usize,
    pub(super) column: &'a Column,
    /// Rows of the group.
    pub(super) rows: usize,
}

impl Chunk<'_> {
    /// Hands over the first `most` cells with their rows.
    pub(super) fn each(
        &self,
        most: usize,
        mut take: impl FnMut(usize, Cell<'_>) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        self.check_supported()?;
        let (most, take) = (most.min(self.rows), &mut take);
        let physical = self.group.column(self.leaf).column_type();
        match (&self.column.kind, physical) {
            (Kind::Bool, _) => self.typed::<BoolType>(most, |v| Cell::Bool(*v), take),
            (Kind::Signed, Type::INT32) => {
                self.typed::<Int32Type>(most, |v| Cell::Signed(i64::from(*v)), take)
            }
            (Kind::Signed, _) => self.typed::<Int64Type>(most, |v| Cell::Signed(*v), take),
            (Kind::Unsigned, Type::INT32) => self.typed::<Int32Type>(
                most,
                |v| Cell::Unsigned(u64::from(v.cast_unsigned())),
                take,
            ),
            (Kind::Unsigned, _) => {
                self.typed::<Int64Type>(most, |v| Cell::Unsigned(v.cast_unsigned()), take)
            }
            (Kind::Float, Type::FLOAT) => {
                self.typed::<FloatType>(most, |v| Cell::Float(f64::from(*v)), take)
            }
            (Kind::Float, _) => self.typed::<DoubleType>(most, |v| Cell::Float(*v), take),
            (Kind::Half, _) => self.typed::<FixedLenByteArrayType>(most, half, take),
            (Kind::Text, _) => self.typed::<ByteArrayType>(most, |v| Cell::Text(v.data()), take),
            (Kind::Other(_), _) => Ok(()),
        }
    }

    fn typed<T: DataType>(
        &self,
        most: usize,
        cell: impl Fn(&T::T) -> Cell<'_>,
        take: &mut impl FnMut(usize, Cell<'_>) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let described = self.group.schema_descr().column(self.leaf);
        let mut reader = self.sound(|| {
            let pages = Pages::new(self.bytes, self.group.column(self.leaf), self.rows)?;
            let reader = get_column_reader(described.clone(), Box::new(pages));
            Ok(get_typed_column_reader::<T>(reader))
        })?;
        let present = described.max_def_level();
        let (mut levels, mut values) = (Vec::new(), Vec::new());
        let mut row = 0;
        while row < most {
            levels.clear();
            values.clear();
            let wanted = BATCH.min(most - row);
            let (found, ..) =
                self.sound(|| reader.read_records(wanted, Some(&mut levels), None, &mut values))?;
            if found == 0 {
                return Err(self.broken(format!("{row} values, expected {}", self.rows)));
            }
            let mut values = values.iter();
            for at in 0..found {
                let is_null = present > 0 && levels.get(at).is_none_or(|level| *level < present);
                let value = if is_null { None } else { values.next() };
                take(row + at, value.map_or(Cell::Null, &cell))?;
            }
            row += found;
        }
        self.check_end(&mut reader, most)
    }

    /// Insists that a column that has been read to the end of its group has no more cells.
    fn check_end<T: DataType>(
        &self,
        reader: &mut ColumnReaderImpl<T>,
        most: usize,
    ) -> Result<(), DataError> {
        if most < self.rows {
            return Ok(());
        }
        match self.sound(|| reader.read_records(1, Some(&mut Vec::new()), None, &mut Vec::new()))? {
            (0, ..) => Ok(()),
            _ => Err(self.broken(format!("more than {} values", self.rows))),
        }
    }

    /// Refuses what is sound but not read.
    fn check_supported(&self) -> Result<(), DataError> {
        let chunk = self.group.column(self.leaf);
        let (found, expected, advice, remedy) = match chunk.compression() {
            codec if !is_read(codec) => (
                format!("values packed by {codec}"),
                "SNAPPY, GZIP, ZSTD, LZ4_RAW or no packing",
                "write the file again, for example with compression=\"zstd\"",
                None,
            ),
            _ => match chunk.encodings().find(|encoding| is_apart(*encoding)) {
                Some(encoding) if self.column.kind == Kind::Text => (
                    format!("text in the encoding {encoding}"),
                    "PLAIN or a dictionary",
                    "write the file again as Parquet 1.0",
                    Some(Remedy::IgnoreColumn(printable(&self.column.name))),
                ),
                _ => return Ok(()),
            },
        };
        Err(ContainerError::Unfit {
            file: self.file.to_owned(),
            part: self.part(),
            found,
            expected: expected.into(),
            advice: advice.to_owned(),
            remedy: remedy.map(Box::new),
        }
        .into())
    }

    /// What the parquet crate (60.1) gives, which panics at some pages that lie.
    fn sound<V>(&self, read: impl FnOnce() -> parquet::errors::Result<V>) -> Result<V, DataError> {
        match caught(read) {
            Some(read) => read.map_err(|error| self.broken(error)),
            None => Err(self.broken("a page that is not what it says")),
        }
    }

    fn part(&self) -> String {
        format!(": column {}", shown(self.column.name.as_bytes()))
    }

    fn broken(&self, reason: impl ToString) -> DataError {
        broken(self.file, self.part(), reason)
    }
}

fn half(value: &FixedLenByteArray) -> Cell<'_> {
    // The schema says that it is two bytes long.
    let value = value.data().try_into().map_or(f16::NAN, f16::from_le_bytes);
    Cell::Float(f64::from(value))
}
