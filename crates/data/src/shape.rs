//! The shape of a binary array: checked sizes, and the order its numbers lie in.

use super::element::Element;
use super::error::DataError;
use super::place::Place;

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) element: Element,
    /// Samples first.
    pub(super) shape: Vec<u64>,
    /// Whether the first index runs fastest, not the last.
    pub(super) fortran: bool,
}

/// Rows and columns, checked to fit in memory's address range.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl Header {
    /// Rows and columns; every index after the first counts as columns.
    pub(super) fn size(&self, file: &str) -> Result<Size, DataError> {
        let overflow = || DataError::ShapeOverflow {
            file: file.to_owned(),
            shape: shape_text(&self.shape),
        };
        let count = |shape: &[u64]| {
            let product = shape
                .iter()
                .try_fold(1u64, |all, &dim| all.checked_mul(dim));
            product.and_then(|all| usize::try_from(all).ok())
        };
        let rows = count(self.shape.get(..1).unwrap_or(&[])).ok_or_else(overflow)?;
        let columns = count(self.shape.get(1..).unwrap_or(&[])).ok_or_else(overflow)?;
        let total = rows
            .checked_mul(columns)
            .and_then(|all| all.checked_mul(self.element.size()));
        // Numbers of one byte may become f32.
        total
            .and_then(|bytes| bytes.checked_mul(4))
            .ok_or_else(overflow)?;
        if rows == 0 {
            return Err(DataError::NoRows {
                file: file.to_owned(),
            });
        }
        if columns == 0 {
            return Err(DataError::NoColumns {
                file: file.to_owned(),
            });
        }
        Ok(Size { rows, columns })
    }

    /// The column in C order of the `column`-th block in Fortran order.
    pub(super) fn c_column(&self, mut column: usize) -> usize {
        let mut place = 0;
        for dim in self.shape[1..].iter().map(|&dim| dim as usize) {
            place = place * dim + column % dim;
            column /= dim;
        }
        place
    }

    /// Where the `index`-th number of the file belongs.
    pub(super) fn place(&self, size: Size, index: usize) -> Place {
        let (row, column) = if self.fortran {
            (index % size.rows, self.c_column(index / size.rows))
        } else {
            (index / size.columns, index % size.columns)
        };
        Place::Element { row, column }
    }
}

/// `(3, 4)`, as numpy prints it.
pub(super) fn shape_text(shape: &[u64]) -> String {
    const SHOWN: usize = 8;
    let mut dims: Vec<String> = shape.iter().take(SHOWN).map(u64::to_string).collect();
    match shape.len() {
        1 => return format!("({},)", dims[0]),
        n if n > SHOWN => dims.push(format!("… {n} in all")),
        _ => {}
    }
    format!("({})", dims.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::element::Kind;
    use super::*;

    fn header(shape: &[u64], kind: Kind) -> Header {
        let element = Element {
            kind,
            big_endian: true,
        };
        Header {
            element,
            shape: shape.to_vec(),
            fortran: true,
        }
    }

    #[test]
    fn sizes_that_wrap_are_errors() {
        let wrapping: [&[u64]; 4] = [
            &[1 << 32, 1 << 32, 16],
            &[u64::MAX, 2],
            &[1 << 62, 2],
            &[2, 1 << 61],
        ];
        for shape in wrapping {
            let result = header(shape, Kind::F32).size("x");
            assert!(
                matches!(result, Err(DataError::ShapeOverflow { .. })),
                "{shape:?}"
            );
        }
        assert!(matches!(
            header(&[0, 3], Kind::U8).size("x"),
            Err(DataError::NoRows { .. })
        ));
        assert!(matches!(
            header(&[3, 0], Kind::U8).size("x"),
            Err(DataError::NoColumns { .. })
        ));
    }

    #[test]
    fn fortran_blocks_find_their_columns() {
        // Inner shape (2, 3): in Fortran order the blocks are (0,0) (1,0) (0,1) (1,1) (0,2) (1,2).
        let header = header(&[5, 2, 3], Kind::U8);
        let columns: Vec<usize> = (0..6).map(|block| header.c_column(block)).collect();
        assert_eq!(columns, [0, 3, 1, 4, 2, 5]);
        let place = header.place(
            Size {
                rows: 5,
                columns: 6,
            },
            5 + 2,
        );
        assert_eq!(place, Place::Element { row: 2, column: 3 });
    }

    #[test]
    fn shapes_print_like_numpy() {
        assert_eq!(shape_text(&[]), "()");
        assert_eq!(shape_text(&[3]), "(3,)");
        assert_eq!(shape_text(&[3, 4]), "(3, 4)");
        assert_eq!(shape_text(&[1; 8]), "(1, 1, 1, 1, 1, 1, 1, 1)");
        assert_eq!(
            shape_text(&[1; 255]),
            "(1, 1, 1, 1, 1, 1, 1, 1, … 255 in all)"
        );
    }
}
