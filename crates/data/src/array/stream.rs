//! The rows of a binary array (n, D), some at a time.
//!
//! In C order they follow each other. In Fortran order a block is gathered from every column, by leaps in a plain
//! file; a packed one cannot be leapt through and is held whole.

use std::ops::{ControlFlow, Range};

use super::super::Dataset;
use super::super::blocks::{Block, BlockRows, RowStream, Take};
use super::{DataError, Header, ReadHeader, Size, Source, Span, Values};
use super::{c_order, image_shape, is_matrix, rehearse, room};

/// An array whose header has been read and checked.
pub(crate) struct ArrayRows<'s> {
    source: Box<dyn Source + 's>,
    read_header: ReadHeader,
    array: Array,
}

/// What the header says.
struct Array {
    name: String,
    header: Header,
    size: Size,
    /// Where the numbers begin in the file.
    start: u64,
}

impl<'s> ArrayRows<'s> {
    pub(crate) fn open(
        mut source: Box<dyn Source + 's>,
        read_header: ReadHeader,
        name: String,
    ) -> Result<Self, DataError> {
        let (header, size, start) = {
            let mut body = source.body()?;
            let header = read_header(&mut body)?;
            is_matrix(&header, body.file)?;
            let size = header.size(body.file)?;
            let count = (size.rows * size.columns) as u64;
            body.check_rest(count * header.element.size() as u64)?;
            (header, size, body.offset)
        };
        let array = Array {
            name,
            header,
            size,
            start,
        };
        Ok(Self {
            source,
            read_header,
            array,
        })
    }

    fn in_c_order(
        &mut self,
        range: Range<usize>,
        most: usize,
        take: &mut Take<'_>,
    ) -> Result<ControlFlow<()>, DataError> {
        let (array, columns) = (&self.array, self.array.size.columns);
        let from = array.offset(range.start * columns);
        let wanted = array.offset(range.end * columns) - from;
        let mut body = self.source.body_from(from, wanted)?;
        for first in range.clone().step_by(most) {
            let rows = most.min(range.end - first);
            let place = |index| array.header.place(array.size, first * columns + index);
            let values = array.span(rows * columns).read(&mut body, place)?;
            if take(array.block(first, rows, values)).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        if range.end == array.size.rows {
            body.end()?;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The rows of a plain file in Fortran order: a piece of every column makes a block.
    fn by_leaps(
        &mut self,
        range: Range<usize>,
        most: usize,
        take: &mut Take<'_>,
    ) -> Result<ControlFlow<()>, DataError> {
        for first in range.clone().step_by(most) {
            let rows = first..range.end.min(first.saturating_add(most));
            let mut block = None;
            for column in 0..self.array.size.columns {
                let piece = self.piece(column, rows.clone())?;
                self.array.spread(piece, column, &mut block)?;
            }
            let values = block.unwrap_or(Values::F32(Vec::new()));
            if take(self.array.block(first, rows.len(), values)).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Some rows of the `column`-th column as it lies in the file.
    fn piece(&mut self, column: usize, rows: Range<usize>) -> Result<Values, DataError> {
        let array = &self.array;
        let first = column * array.size.rows + rows.start;
        let (from, to) = (array.offset(first), array.offset(first + rows.len()));
        let mut body = self.source.body_from(from, to - from)?;
        let place = |index| array.header.place(array.size, first + index);
        array.span(rows.len()).read(&mut body, place)
    }

    /// The rows of a packed file in Fortran order: it is read as a whole and cut.
    fn whole_in_memory(
        &mut self,
        range: Range<usize>,
        most: usize,
        take: &mut Take<'_>,
    ) -> Result<ControlFlow<()>, DataError> {
        let (rows, columns) = (self.array.size.rows, self.array.size.columns);
        if most < rows {
            log::warn!(
                "{}: a packed array in Fortran order is held whole, {} MiB; save it in C order to have it read by and by",
                self.array.name,
                (rows * columns * self.array.header.element.size()) >> 20
            );
        }
        let whole = self.in_memory()?;
        if range == (0..rows) && most >= rows {
            return Ok(take(self.array.block(0, rows, whole)));
        }
        for first in range.clone().step_by(most) {
            let end = range.end.min(first.saturating_add(most));
            let at = first * columns..end * columns;
            let values = match &whole {
                Values::U8(values) => Values::U8(values[at].to_vec()),
                Values::F32(values) => Values::F32(values[at].to_vec()),
                Values::Sparse(_) => unreachable!("an array is dense"),
            };
            if take(self.array.block(first, end - first, values)).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl ArrayRows<'_> {
    /// All values of an array in Fortran order, row by row.
    fn in_memory(&mut self) -> Result<Values, DataError> {
        let (array, size) = (&self.array, self.array.size);
        let mut body = self.source.body_from(array.start, u64::MAX)?;
        let place = |index| array.header.place(size, index);
        let values = array
            .span(size.rows * size.columns)
            .read(&mut body, place)?;
        body.end()?;
        Ok(match values {
            Values::U8(bytes) => Values::U8(c_order(body.file, &array.header, size, bytes)?),
            Values::F32(numbers) => Values::F32(c_order(body.file, &array.header, size, numbers)?),
            Values::Sparse(_) => unreachable!("an array is dense"),
        })
    }

    /// Sees that the values are worth the memory that blocks of `most` rows take.
    fn check_worth(&mut self, most: usize) -> Result<(), DataError> {
        let (array, size) = (&self.array, self.array.size);
        let rows = if array.header.fortran && !self.source.leaps() {
            size.rows
        } else {
            most.min(size.rows)
        };
        let declared = array.offset(size.rows * size.columns) - array.start;
        let bytes = (rows * size.columns) as u64 * 4;
        rehearse(&mut *self.source, self.read_header, declared, bytes)
    }
}

impl Array {
    /// Where the `index`-th number of the file begins.
    fn offset(&self, index: usize) -> u64 {
        self.start + (index * self.header.element.size()) as u64
    }

    fn span(&self, count: usize) -> Span<'_> {
        Span {
            header: &self.header,
            count,
            end: self.offset(self.size.rows * self.size.columns),
        }
    }

    fn block(&self, first: usize, rows: usize, values: Values) -> Block {
        let rows = Dataset {
            image_shape: image_shape(&self.header),
            ..Dataset::new(self.name.clone(), rows, self.size.columns, values)
        };
        Block { first, rows }
    }

    /// Puts a piece of the `column`-th column into the rows of a block, which the first piece makes.
    fn spread(
        &self,
        piece: Values,
        column: usize,
        block: &mut Option<Values>,
    ) -> Result<(), DataError> {
        let (columns, to) = (self.size.columns, self.header.c_column(column));
        match (piece, block) {
            (Values::U8(piece), Some(Values::U8(rows))) => put(&piece, rows, to, columns),
            (Values::F32(piece), Some(Values::F32(rows))) => put(&piece, rows, to, columns),
            (Values::U8(piece), block) => {
                let mut rows = zeros(&self.name, piece.len() * columns)?;
                put(&piece, &mut rows, to, columns);
                *block = Some(Values::U8(rows));
            }
            (Values::F32(piece), block) => {
                let mut rows = zeros(&self.name, piece.len() * columns)?;
                put(&piece, &mut rows, to, columns);
                *block = Some(Values::F32(rows));
            }
            (Values::Sparse(_), _) => unreachable!("an array is dense"),
        }
        Ok(())
    }
}

fn zeros<T: Clone + Default>(file: &str, count: usize) -> Result<Vec<T>, DataError> {
    let mut values = room(file, count)?;
    values.resize(count, T::default());
    Ok(values)
}

/// Writes one column of rows.
fn put<T: Copy>(piece: &[T], rows: &mut [T], column: usize, columns: usize) {
    for (row, value) in rows.chunks_exact_mut(columns).zip(piece) {
        row[column] = *value;
    }
}

impl RowStream for ArrayRows<'_> {
    fn count(&mut self) -> Result<usize, DataError> {
        Ok(self.array.size.rows)
    }

    fn labelled(&self) -> bool {
        false
    }

    fn each(
        &mut self,
        range: Range<usize>,
        block: BlockRows,
        take: &mut Take<'_>,
    ) -> Result<ControlFlow<()>, DataError> {
        let range = range.start..range.end.min(self.array.size.rows);
        if range.is_empty() {
            return Ok(ControlFlow::Continue(()));
        }
        let most = block.of_columns(self.array.size.columns);
        self.check_worth(most)?;
        match (self.array.header.fortran, self.source.leaps()) {
            (false, _) => self.in_c_order(range, most, take),
            (true, true) => self.by_leaps(range, most, take),
            (true, false) => self.whole_in_memory(range, most, take),
        }
    }
}
