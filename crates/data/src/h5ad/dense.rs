//! A matrix as an array of two dimensions.

use hdf5_pure::Dataset;

use super::super::array::unusable;
use super::super::body::room;
use super::super::layout::MOST_COLUMNS;
use super::super::place::Place;
use super::super::{DataError, Values};
use super::Matrix;
use super::numbers::Numbers;
use super::store::Store;

pub(super) fn read(store: &Store, path: &str, dataset: &Dataset) -> Result<Matrix, DataError> {
    let shape = store.shape(path, dataset)?;
    let [n, d] = shape[..] else {
        let found = format!("an array of shape {shape:?}");
        let advice = "reshape it and write the file again";
        return Err(store.unfit(path, found, "two dimensions, samples × columns", advice));
    };
    check_sides(store, path, n, d)?;
    let numbers = Numbers::of(store, path, dataset, n, d)?;
    let mut values = Vec::new();
    let bytes = (n as u64)
        .saturating_mul(d as u64)
        .saturating_mul(size_of::<f32>() as u64);
    if bytes > store.bytes.allowance() {
        // Only to see that all of it is there and can be used, before memory is taken for it.
        numbers.each(|start, window| {
            let wrong = window.iter().position(|value| !(*value as f32).is_finite());
            wrong.map_or(Ok(()), |at| {
                Err(fault(store, path, start * d + at, d, window[at]))
            })
        })?;
    }
    values.append(&mut room(&store.file, n * d)?);
    numbers.each(|start, window| {
        for (at, number) in window.iter().enumerate() {
            let value = *number as f32;
            if !value.is_finite() {
                return Err(fault(store, path, start * d + at, d, *number));
            }
            values.push(value);
        }
        Ok(())
    })?;
    if values.len() != n * d {
        let found = format!("{} values", values.len());
        return Err(store.unfit(path, found, format!("{n} × {d}"), super::store::WRITE_AGAIN));
    }
    Ok(Matrix {
        n,
        d,
        values: Values::F32(values),
    })
}

/// Refuses a matrix without rows or columns, and one wider than any that is read.
pub(super) fn check_sides(store: &Store, path: &str, n: usize, d: usize) -> Result<(), DataError> {
    let file = store.of(path);
    match (n, d) {
        (0, _) => Err(DataError::NoRows { file }),
        (_, 0) => Err(DataError::NoColumns { file }),
        (_, d) if d > MOST_COLUMNS => Err(store.unfit(
            path,
            format!("{d} columns"),
            format!("at most {MOST_COLUMNS}"),
            "choose some of them, for example the highly variable genes",
        )),
        _ => Ok(()),
    }
}

fn fault(store: &Store, path: &str, at: usize, d: usize, number: f64) -> DataError {
    let place = Place::Element {
        row: at / d,
        column: at % d,
    };
    unusable(store.of(path), place, number)
}
