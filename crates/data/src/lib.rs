//! Data sets: what is clustered, and the labels to score the result with.
//!
//! [`open`] reads a file or a folder, [`read`] any bytes; the format is found from the content. [`open_blocks`] hands
//! over rows by and by, in memory that does not grow with their number.
//!
//! | format | data | labels |
//! |---|---|---|
//! | IDX | two or more dimensions, any of its types | one dimension |
//! | NPY | two or more dimensions of booleans, integers or floats | one dimension |
//! | NPZ | member `x` (or `X`, `data`, or its only matrix) | member `y` (or `labels`, `target`) |
//! | Matrix Market | coordinates and values, samples as rows or as columns | – |
//! | svmlight | `column:value` pairs after the label | the first cell of each line |
//! | JSON Lines | an array of numbers on each line, or an object with one | the field `label` |
//! | a folder of 10x Genomics | `matrix.mtx`, with `barcodes.tsv` as ids and `features.tsv` as names of columns | – |
//! | a folder of PNG, JPEG | an image a row, grey or RGB; the path is the id | the name of the folder within, if asked for |
//! | CSV, TSV, … | numbers, with or without a header; columns can be left out or taken as ids | a column |
//!
//! All but NPZ and images may be packed with gzip. Bytes stay bytes; every other number becomes an f32 and
//! must be finite. Nothing is trusted: a header is checked against the bytes that are there before
//! memory is taken, and a small packed file that unpacks to much is first read to its end without
//! being kept. See [`DataError`] for what can be wrong.

use std::fmt;
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::str::FromStr;

mod array;
mod blocks;
mod body;
mod cell;
mod container;
mod dataset;
mod digits;
#[cfg(test)]
mod draw;
mod element;
mod error;
mod folder;
mod format;
#[cfg(feature = "h5ad")]
mod h5ad;
mod idx;
mod images;
mod json_lines;
mod labels;
mod layout;
mod lines;
mod matrix_market;
mod normalise;
mod npy;
mod npy_header;
mod npz;
mod optional;
#[cfg(any(feature = "h5ad", feature = "parquet"))]
mod owned;
mod panics;
#[cfg(feature = "parquet")]
mod parquet;
mod pictures;
mod place;
mod prepare;
mod profile;
mod remedy;
mod shape;
mod source;
mod sparse;
mod sparse_text;
mod svmlight;
mod table;
mod ten_x;

pub use blocks::{BadShard, Block, BlockOptions, Shard, Take, open_blocks, read_blocks};
pub use container::ContainerError;
pub use dataset::{Dataset, ImageShape, Values};
pub use digits::digits;
pub use error::DataError;
pub use images::{image_shape, images};
pub use labels::{Classes, Labels};
pub use normalise::{Affine, Normalisation, UnknownNormalisation, fit};
pub use panics::expects_panic;
pub use pictures::{BadImageSize, ImageSize, PictureError};
pub use place::{Place, cut, is_printable, printable, printable_lines, said, short};
pub use prepare::{Preparation, PrepareError, Step, UnknownStep, prepare};
pub use profile::{Columns, columns};
pub use remedy::{ReadOption, Remedy};
pub use sparse::Sparse;
pub use table::ColumnError;

use source::{Input, Packing};

/// How a file is to be read. The default finds everything out by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The column of a text table that holds labels. If not given, a column named exactly `label`
    /// is taken as the labels, provided that there is one such column; no other name is, so that
    /// `class`, `target` or `y` are values unless they are named here.
    pub label_column: Option<Column>,
    /// The column of a text table that says what the samples are called. If not given, a first column that names its
    /// rows is taken: text with a letter in all of the first 50 rows, no two alike; or 0, 1, 2 … or 1, 2, 3 … under no
    /// name or one that programs give such a column (`index`, `Unnamed: 0`, `rownames`, `row.names`).
    pub id_column: Option<Column>,
    /// Columns of a text table that are passed over.
    pub ignore_columns: Vec<Column>,
    /// Whether the first line of a text table names its columns. If not given, it does where it
    /// has text over a column of numbers.
    pub header: Option<bool>,
    /// A file of labels. Labels that come with the data are then not used.
    pub label_file: Option<PathBuf>,
    /// Whether samples are the rows or the columns of a Matrix Market file. If not given, they are its columns
    /// where it has 10x Genomics' name `matrix.mtx`, and else its rows.
    pub samples: Option<SampleAxis>,
    /// The layer of an AnnData file that is read instead of its matrix `X`.
    pub layer: Option<String>,
    /// The size that images of a folder get. If not given, that of the model in `least_columns`; without one, images
    /// of one size up to 64 × 64 stay as they are, others become 32 × 32.
    pub image_size: Option<ImageSize>,
    /// Whether images are labelled with the name of the folder they lie in.
    pub folder_labels: bool,
    /// The number of columns of a model. Formats that do not say how many they have (svmlight) get at least so many,
    /// images of a folder a shape of so many values where one of them is known to fit.
    pub least_columns: Option<usize>,
}

/// What the samples of a matrix are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleAxis {
    /// A sample is a row.
    Rows,
    /// A sample is a column.
    Columns,
}

impl fmt::Display for SampleAxis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rows => "rows",
            Self::Columns => "columns",
        })
    }
}

/// A column of a text table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// By its name in the header.
    Name(String),
    /// By its place: from the first, which is 0, or from the last, which is -1.
    Index(i64),
}

impl FromStr for Column {
    type Err = std::convert::Infallible;

    /// An integer is a place, anything else a name.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(text
            .parse()
            .map_or_else(|_| Self::Name(text.to_owned()), Self::Index))
    }
}

/// Open a file or a folder.
///
/// A folder is read as one set: its `train-*images*` and then its `t10k-*images*`, or the only
/// data file in it, or the matrix of 10x Genomics with the names beside it, or the PNG and JPEG files in it and below. Labels of IDX images are found beside them by
/// their name, with `images` replaced by `labels` and `idx3` by `idx1`.
pub fn open(path: &Path, options: &ReadOptions) -> Result<Dataset, DataError> {
    let set = if path.is_dir() {
        folder::open(path, options)
    } else {
        open_file(path, options)
    }?;
    match &options.label_file {
        Some(file) => set.with_labels(open_labels(file)?, &file.to_string_lossy()),
        None => Ok(set),
    }
}

/// What a file of data is by its content, e.g. `NPY` or `IDX, gzip`; that a folder is one.
pub fn format_name(path: &Path) -> Result<String, DataError> {
    if path.is_dir() {
        return Ok("a folder".to_owned());
    }
    let mut file = open_regular(path)?;
    let mut input = Input::of_file(path, &mut file)?;
    let name = format::find(&mut input)?.name;
    Ok(match input.packing {
        Packing::Gzip => format!("{name}, gzip"),
        _ => name.to_owned(),
    })
}

/// Open a file of labels.
pub fn open_labels(path: &Path) -> Result<Labels, DataError> {
    read_labels(&path.to_string_lossy(), open_regular(path)?)
}

/// Read a data set from bytes that can be read twice; `name` is that of the file.
///
/// [`ReadOptions::label_file`] is left to [`open`], but given, labels in the bytes are not used.
pub fn read<R: Read + Seek>(
    name: &str,
    mut reader: R,
    options: &ReadOptions,
) -> Result<Dataset, DataError> {
    let mut input = Input::new(printable(name), &mut reader)?;
    let (_, rows) = format::open(&mut input, stem(name), options)?;
    rows.whole()
}

/// Read labels from bytes: an IDX or NPY array of one dimension, the labels of an NPZ file, or a
/// text table of one column or with a column named `label`.
pub fn read_labels<R: Read + Seek>(name: &str, mut reader: R) -> Result<Labels, DataError> {
    let mut input = Input::new(printable(name), &mut reader)?;
    let format = format::find(&mut input)?;
    match format.labels {
        Some(labels) => labels(&mut input),
        None => Err(DataError::NoLabels {
            file: input.file.clone(),
            format: format.name,
        }),
    }
}

/// Open one file, with the labels beside it if it has such.
fn open_file(path: &Path, options: &ReadOptions) -> Result<Dataset, DataError> {
    let mut file = open_regular(path)?;
    let mut input = Input::of_file(path, &mut file)?;
    let name = stem(&path.file_name().unwrap_or_default().to_string_lossy());
    let (format, rows) = format::open(&mut input, name, options)?;
    let set = rows.whole()?;
    match format.labels_of(path) {
        Some(file) if options.label_file.is_none() => {
            set.with_labels(open_labels(&file)?, &file.to_string_lossy())
        }
        _ => Ok(set),
    }
}

/// Open a file that has a length and can be read twice, which pipes and devices cannot.
fn open_regular(path: &Path) -> Result<File, DataError> {
    let name = || printable(&path.to_string_lossy());
    let io = |source| DataError::Io {
        file: name(),
        source,
    };
    // Asked before opening, because opening a pipe waits for its writer.
    if !fs::metadata(path).map_err(io)?.is_file() {
        return Err(DataError::NotAFile { file: name() });
    }
    File::open(path).map_err(io)
}

/// A file name without folder and ending, as the name of a set.
fn stem(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let stem = match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    };
    printable(stem)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn names_of_sets() {
        for (file, name) in [
            ("data/usps.npz", "usps"),
            ("a.b.csv.gz", "a.b"),
            ("train-images-idx3-ubyte.gz", "train-images-idx3-ubyte"),
            (".gz", ""),
            (".csv", ".csv"),
        ] {
            assert_eq!(stem(file), name);
        }
    }

    #[test]
    fn columns_from_text() {
        assert_eq!("-1".parse(), Ok(Column::Index(-1)));
        assert_eq!("class".parse(), Ok(Column::Name("class".to_owned())));
    }

    #[test]
    fn binary_files_have_no_label_column() {
        let options = ReadOptions {
            label_column: "y".parse().ok(),
            ..ReadOptions::default()
        };
        let idx = [0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 1, 7];
        let error = read("x.idx", Cursor::new(idx), &options).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("x.idx: found IDX, expected a text table"),
            "{error}"
        );
    }
}
