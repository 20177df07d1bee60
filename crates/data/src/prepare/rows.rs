//! The rows of a set one after the other, in f64; sparse ones as they are stored.

use super::super::place::Place;
use super::{PrepareError, Step};
use crate::{Dataset, Values};

/// A row: all its values (D), or those of `columns`.
pub(super) struct Row<'a> {
    columns: Option<&'a [u32]>,
    pub(super) values: &'a mut [f64],
}

/// What a row must not hold.
pub(super) struct Fault {
    why: Why,
    /// The column.
    column: usize,
    value: f64,
}

/// The rule that a value breaks.
#[derive(Clone, Copy)]
pub(super) enum Why {
    /// A count below 0.
    Negative(Step),
    /// ln(1 + x) with x at most −1.
    NoLogarithm,
    /// No f32 is so large.
    TooLarge,
}

impl Row<'_> {
    /// The column of the value at a place.
    pub(super) fn column(&self, at: usize) -> usize {
        self.columns.map_or(at, |columns| columns[at] as usize)
    }

    /// The first value that `breaks` the rule is a fault.
    pub(super) fn refuse(&self, why: Why, breaks: impl Fn(f64) -> bool) -> Result<(), Fault> {
        match self.values.iter().position(|value| breaks(*value)) {
            None => Ok(()),
            Some(at) => Err(Fault {
                why,
                column: self.column(at),
                value: self.values[at],
            }),
        }
    }
}

impl Fault {
    fn of(self, set: &str, row: usize) -> PrepareError {
        let (file, value) = (set.to_owned(), self.value);
        let place = Place::Element {
            row,
            column: self.column,
        };
        match self.why {
            Why::Negative(step) => PrepareError::Negative {
                file,
                place,
                value,
                step,
            },
            Why::NoLogarithm => PrepareError::NoLogarithm { file, place, value },
            Why::TooLarge => PrepareError::TooLarge { file, place, value },
        }
    }
}

/// Hands over a copy of every row.
pub(super) fn each(
    set: &Dataset,
    mut take: impl FnMut(&mut Row<'_>) -> Result<(), Fault>,
) -> Result<(), PrepareError> {
    let mut values: Vec<f64> = Vec::new();
    for i in 0..set.n_samples {
        values.clear();
        let at = i * set.input_dim..(i + 1) * set.input_dim;
        let columns = match &set.values {
            Values::U8(all) => {
                values.extend(all[at].iter().map(|x| f64::from(*x)));
                None
            }
            Values::F32(all) => {
                values.extend(all[at].iter().map(|x| f64::from(*x)));
                None
            }
            Values::Sparse(sparse) => {
                let (columns, own) = sparse.row(i);
                values.extend(own.iter().map(|x| f64::from(*x)));
                Some(columns)
            }
        };
        let mut row = Row {
            columns,
            values: &mut values,
        };
        take(&mut row).map_err(|fault| fault.of(&set.name, i))?;
    }
    Ok(())
}

/// Puts what `change` leaves of every row in its place, as f32; the first is called row `first`.
pub(super) fn change_each(
    set: &mut Dataset,
    first: usize,
    mut change: impl FnMut(&mut Row<'_>) -> Result<(), Fault>,
) -> Result<(), PrepareError> {
    if let Values::U8(bytes) = &set.values {
        set.values = Values::F32(bytes.iter().map(|byte| f32::from(*byte)).collect());
    }
    let (all, sparse) = match &mut set.values {
        Values::F32(all) => (all, None),
        Values::Sparse(sparse) => (&mut sparse.values, Some((&sparse.starts, &sparse.columns))),
        Values::U8(_) => unreachable!("bytes have become floats"),
    };
    let mut values: Vec<f64> = Vec::new();
    for i in 0..set.n_samples {
        let at = match sparse {
            Some((starts, _)) => starts[i]..starts[i + 1],
            None => i * set.input_dim..(i + 1) * set.input_dim,
        };
        values.clear();
        values.extend(all[at.clone()].iter().map(|x| f64::from(*x)));
        let mut row = Row {
            columns: sparse.map(|(_, columns)| &columns[at.clone()]),
            values: &mut values,
        };
        change(&mut row)
            .and_then(|()| row.refuse(Why::TooLarge, |value| !(value as f32).is_finite()))
            .map_err(|fault| fault.of(&set.name, first + i))?;
        for (to, value) in all[at].iter_mut().zip(&values) {
            *to = *value as f32;
        }
    }
    Ok(())
}
