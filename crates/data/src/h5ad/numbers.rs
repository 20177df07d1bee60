//! Arrays of numbers, some rows at a time.

use hdf5_pure::{DType, Dataset, Error};

use super::super::DataError;
use super::store::{Store, WRITE_AGAIN};

/// Bytes of a window, if its rows are not larger.
const WINDOW: usize = 1 << 20;

/// An array of numbers of one or two dimensions, checked by [`Store::shape`].
pub(super) struct Numbers<'a> {
    store: &'a Store,
    path: &'a str,
    dataset: &'a Dataset,
    /// Its rows.
    pub(super) rows: usize,
    columns: usize,
    /// Rows of a window.
    window: usize,
}

impl<'a> Numbers<'a> {
    /// A list of whole numbers.
    pub(super) fn whole(
        store: &'a Store,
        path: &'a str,
        dataset: &'a Dataset,
    ) -> Result<Self, DataError> {
        let dtype = dataset
            .dtype()
            .map_err(|error| store.broken(path, &error))?;
        if !is_whole(&dtype) {
            return Err(store.unfit(
                path,
                format!("values of type {dtype}"),
                "integers",
                WRITE_AGAIN,
            ));
        }
        Self::list(store, path, dataset)
    }

    /// A list of numbers.
    pub(super) fn list(
        store: &'a Store,
        path: &'a str,
        dataset: &'a Dataset,
    ) -> Result<Self, DataError> {
        match store.shape(path, dataset)?[..] {
            [rows] => Self::of(store, path, dataset, rows, 1),
            ref shape => {
                let found = format!("an array of shape {shape:?}");
                Err(store.unfit(path, found, "one dimension", WRITE_AGAIN))
            }
        }
    }

    /// Rows of so many numbers.
    pub(super) fn of(
        store: &'a Store,
        path: &'a str,
        dataset: &'a Dataset,
        rows: usize,
        columns: usize,
    ) -> Result<Self, DataError> {
        let told = |error: Error| store.broken(path, &error);
        let dtype = dataset.dtype().map_err(told)?;
        let is_number =
            matches!(dtype, DType::F32 | DType::F64 | DType::Enum(_)) || is_whole(&dtype);
        if !is_number {
            let found = format!("values of type {dtype}");
            let advice = "convert them with .astype(\"float32\") and write the file again";
            return Err(store.unfit(path, found, "floats or integers", advice));
        }
        let size = dataset.element_size().map_err(told)? as usize;
        let row = columns.saturating_mul(size).max(1);
        // Whole chunks, so that each is unpacked once, unless they are too long for rows this wide.
        let chunk = dataset.chunk_shape().map_err(told)?;
        let chunk = chunk
            .and_then(|sides| sides.first().copied())
            .unwrap_or(1)
            .max(1);
        let chunk = usize::try_from(chunk).unwrap_or(usize::MAX);
        let most = (store.bytes.allowance() as usize / 2 / row).max(1);
        let window = (WINDOW / row).max(1).div_ceil(chunk).saturating_mul(chunk);
        Ok(Self {
            store,
            path,
            dataset,
            rows,
            columns,
            window: window.min(most),
        })
    }

    /// Hands over all numbers with the row of the first of them, until `take` has an error.
    pub(super) fn each(
        &self,
        mut take: impl FnMut(usize, &[f64]) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        self.windows(
            |start, rows| self.dataset.read_f64_rows(start, rows),
            |start, window: &[f64]| take(start, window),
        )
    }

    /// As [`Numbers::each`], of whole numbers.
    pub(super) fn each_whole(
        &self,
        mut take: impl FnMut(usize, &[i64]) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        self.windows(
            |start, rows| self.dataset.read_i64_rows(start, rows),
            |start, window: &[i64]| take(start, window),
        )
    }

    fn windows<T>(
        &self,
        read: impl Fn(u64, u64) -> Result<Vec<T>, Error>,
        mut take: impl FnMut(usize, &[T]) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        for start in (0..self.rows).step_by(self.window) {
            let rows = self.window.min(self.rows - start);
            let window = read(start as u64, rows as u64)
                .map_err(|error| self.store.broken(self.path, &error))?;
            // Damaged types can make numbers of other sizes.
            if window.len() != rows * self.columns {
                let (found, expected) = (window.len(), rows * self.columns);
                let found = format!("{found} numbers in {rows} rows");
                return Err(self
                    .store
                    .unfit(self.path, found, expected.to_string(), WRITE_AGAIN));
            }
            take(start, &window)?;
        }
        Ok(())
    }
}

/// Whether a type is one of integers.
pub(super) fn is_whole(dtype: &DType) -> bool {
    matches!(
        dtype,
        DType::I8
            | DType::I16
            | DType::I32
            | DType::I64
            | DType::U8
            | DType::U16
            | DType::U32
            | DType::U64
    )
}
