//! Readers of data, from bytes in memory.

use std::io::{Cursor, Write};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

use dec_gpu::data::{
    self, BlockOptions, Classes, Column, DataError, Dataset, Labels, ReadOptions, SampleAxis,
    Values,
};
use flate2::{Compression, write::GzEncoder};

use super::forced;
use super::text::{self, NAME, SHOWN};

pub(crate) fn idx(bytes: &[u8]) {
    any(&forced(&[0, 0], bytes));
}

pub(crate) fn npy(bytes: &[u8]) {
    any(&forced(b"\x93NUMPY", bytes));
}

pub(crate) fn npz(bytes: &[u8]) {
    any(&forced(b"PK\x03\x04", bytes));
}

pub(crate) fn mtx(bytes: &[u8]) {
    any(&forced(b"%%MatrixMarket", bytes));
}

pub(crate) fn parquet(bytes: &[u8]) {
    any(&forced(b"PAR1", bytes));
}

pub(crate) fn h5ad(bytes: &[u8]) {
    any(&forced(b"\x89HDF\r\n\x1a\n", bytes));
}

/// The bytes as a gzip file, and packed as one: what is packed is read as what is not.
pub(crate) fn gzip(bytes: &[u8]) {
    any(&forced(&[0x1f, 0x8b], bytes));
    let options = ReadOptions::default();
    let mut packer = GzEncoder::new(Vec::new(), Compression::none());
    packer.write_all(bytes).expect("packed");
    let packed = packer.finish().expect("packed");
    let plain = data::read(NAME, Cursor::new(bytes), &options);
    match data::read(NAME, Cursor::new(&packed), &options) {
        Ok(set) => assert_eq!(Some(set), plain.ok(), "packed and not"),
        Err(error) => {
            text::check(&error, SHOWN);
            let within = matches!(error, DataError::Nested { .. });
            assert!(within || plain.is_err(), "packed: {error}");
        }
    }
}

/// The bytes as they are, with the options that their number picks.
pub(crate) fn any(bytes: &[u8]) {
    let options = options(bytes.len());
    let whole = data::read(NAME, Cursor::new(bytes), &options);
    match &whole {
        Ok(set) => consistent(set, bytes.len()),
        Err(error) => text::check(error, SHOWN),
    }
    in_blocks(bytes, &options, whole);
}

pub(crate) fn labels(bytes: &[u8]) {
    match data::read_labels(NAME, Cursor::new(bytes)) {
        Ok(labels) => numbered(&labels),
        Err(error) => text::check(error, SHOWN),
    }
}

/// Most files are read without options.
fn options(pick: usize) -> ReadOptions {
    let mut options = ReadOptions::default();
    match pick % 16 {
        1 => options.header = Some(true),
        2 => options.header = Some(false),
        3 => options.label_column = Some(Column::Index(-1)),
        4 => options.id_column = Some(Column::Index(0)),
        5 => options.ignore_columns = vec![Column::Index(1), Column::Name("a".into())],
        6 => options.samples = Some(SampleAxis::Columns),
        7 => options.layer = Some("counts".into()),
        8 => options.least_columns = Some(5),
        9 => options.label_column = Some(Column::Name("label".into())),
        _ => {}
    }
    options
}

/// Insists that a set is what its documentation says, and that it is no larger than its file can be worth.
pub(crate) fn consistent(set: &Dataset, file_len: usize) {
    let (n, d) = (set.n_samples, set.input_dim);
    assert!(n > 0 && d > 0, "{n} x {d}");
    text::harmless(&set.name);
    let n_values = match &set.values {
        Values::U8(values) => values.len(),
        Values::F32(values) => {
            assert!(values.iter().all(|value| value.is_finite()));
            values.len()
        }
        Values::Sparse(sparse) => {
            assert_eq!(sparse.n_rows(), n);
            assert_eq!(sparse.starts[n], sparse.values.len());
            for row in 0..n {
                let (columns, values) = sparse.row(row);
                assert_eq!(columns.len(), values.len());
                assert!(columns.is_sorted_by(|a, b| a < b));
                assert!(columns.last().is_none_or(|last| (*last as usize) < d));
                assert!(values.iter().all(|value| value.is_finite()));
            }
            n * d
        }
    };
    assert_eq!(n_values, n * d, "values");
    if !matches!(set.values, Values::Sparse(_)) {
        // No byte of any packing becomes more than 1,032, and no byte of data more than a number of four.
        assert!(4 * n_values <= 4 * 1032 * file_len, "{n_values} values");
    }
    let image = set.image_shape.map(|shape| shape.n_values());
    assert!(image.is_none_or(|values| values == d), "an image of {d}");
    if let Some(names) = &set.column_names {
        assert_eq!(names.len(), d, "names");
        names.iter().for_each(|name| text::harmless(name));
    }
    if let Some(ids) = &set.ids {
        assert_eq!(ids.len(), n, "ids");
        ids.iter().for_each(|id| text::harmless(id));
        let mut distinct: Vec<&String> = ids.iter().collect();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), n, "an id twice");
    }
    if let Some(labels) = &set.labels {
        assert_eq!(labels.len(), n, "labels");
        numbered(labels);
    }
}

/// Every class has a name of its own and a sample.
fn numbered(labels: &Labels) {
    assert!(!labels.is_empty());
    let mut found = vec![false; labels.n_classes()];
    for id in &labels.ids {
        found[*id as usize] = true;
    }
    assert!(found.iter().all(|found| *found), "a class of none");
    let mut names = labels.names.clone();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), labels.n_classes(), "a name twice");
}

/// Insists that blocks of three rows are the whole, or fail as it does.
fn in_blocks(bytes: &[u8], options: &ReadOptions, whole: Result<Dataset, DataError>) {
    let block_options = BlockOptions {
        rows: NonZeroUsize::new(3),
        shard: None,
    };
    let mut seen = Seen::default();
    let mut take = |block| {
        if let Ok(set) = &whole {
            seen.next(set, block);
        }
        ControlFlow::Continue(())
    };
    let reader = Cursor::new(bytes);
    let result = data::read_blocks(NAME, reader, options, &block_options, &mut take);
    match (result, whole) {
        (Ok(()), Ok(set)) => seen.end(&set),
        // Of two faults either may be met first.
        (Err(error), Err(_)) => text::check(error, SHOWN),
        (Err(error), Ok(_)) => panic!("in blocks only: {error}"),
        // That no id comes twice is seen within a block only.
        (Ok(()), Err(error)) => {
            let twice = error.to_string().contains("expected each id once");
            assert!(twice, "not in blocks: {error}");
        }
    }
}

/// What the blocks held so far; they are not kept, because a short file may have many.
#[derive(Default)]
struct Seen {
    rows: usize,
    classes: Classes,
    numbers: Vec<u32>,
}

impl Seen {
    /// Insists that a block is the next rows of the set.
    fn next(&mut self, set: &Dataset, block: data::Block) {
        assert_eq!(block.first, self.rows);
        let found = block.rows;
        self.rows += found.n_samples;
        let rows: Vec<u32> = (block.first..self.rows).map(|row| row as u32).collect();
        let same = set.of_rows(&rows);
        assert_eq!(same.values, found.values);
        assert_eq!(same.ids, found.ids);
        assert_eq!(set.image_shape, found.image_shape);
        assert_eq!(found.labels.is_some(), set.labels.is_some());
        let labels = found.labels.iter();
        self.numbers
            .extend(labels.flat_map(|labels| self.classes.number(labels)));
    }

    /// Insists that nothing is left, and that the classes are those of the set.
    fn end(self, set: &Dataset) {
        assert_eq!(self.rows, set.n_samples, "rows of all blocks");
        if let Some(labels) = &set.labels {
            let (names, places) = self.classes.finish();
            let ids: Vec<u32> = self.numbers.iter().map(|n| places[*n as usize]).collect();
            assert_eq!((&ids, &names), (&labels.ids, &labels.names));
        }
    }
}
