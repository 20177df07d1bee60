//! What can be wrong with a data file: one variant per rule.
//!
//! Every text names the file and the place, what was found, what was expected, and what to do.

use std::io;

use super::place::Place;
use super::remedy::Remedy;
use super::{ColumnError, ContainerError, PictureError, PrepareError};

/// A data or label file that cannot be used.
///
/// The names of files and the texts of cells held here are already safe to print: control
/// characters are escaped and long cells are cut.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The system could not open or read the file.
    #[error("{file}: cannot be read: {source}; check the path and its permissions")]
    Io {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A pipe or a device, which can be neither measured nor read twice.
    #[error(
        "{file}: found no regular file, expected a file or a folder; save the data to a file first"
    )]
    NotAFile {
        /// The path.
        file: String,
    },
    /// No bytes at all.
    #[error("{file}: found an empty file, expected data; write or download it again")]
    Empty {
        /// The file.
        file: String,
    },
    /// Content that no reader knows.
    #[error(
        "{file}: byte 0: found {found}, expected IDX, NPY, NPZ, Matrix Market, svmlight, JSON Lines or CSV/TSV text, Parquet, h5ad, or a folder of PNG or JPEG images; convert it, for example with numpy.save"
    )]
    UnknownFormat {
        /// The file.
        file: String,
        /// What the first bytes look like.
        found: String,
    },
    /// A packed file within a gzip file.
    #[error(
        "{file}: byte 0: found {found} inside gzip, expected IDX, NPY or text; unpack it once with gunzip"
    )]
    Nested {
        /// The file.
        file: String,
        /// What the gzip file holds.
        found: &'static str,
    },
    /// A gzip stream or zip member that is cut off or fails its checksum.
    #[error(
        "{file}: near byte {offset} of the unpacked data: found a broken {packing} stream ({reason}), expected a whole one; copy or download it again"
    )]
    BrokenPacking {
        /// The file.
        file: String,
        /// `gzip` or `zip`.
        packing: &'static str,
        /// Bytes unpacked so far.
        offset: u64,
        /// What the decoder said.
        reason: String,
    },
    /// A zip archive whose directory cannot be read.
    #[error(
        "{file}: found a zip archive that cannot be read ({reason}), expected an NPZ file; write it again with numpy.savez"
    )]
    BrokenArchive {
        /// The file.
        file: String,
        /// What the zip reader said.
        reason: String,
    },
    /// The file ends before what its header declares.
    #[error(
        "{file}: byte {found}: found the end of the file, expected at least {expected} bytes; copy or download it again"
    )]
    Truncated {
        /// The file.
        file: String,
        /// Bytes present.
        found: u64,
        /// Bytes declared so far.
        expected: u64,
    },
    /// The header of a packed file declares more than its packed bytes can unpack to.
    #[error(
        "{file}: found a header that declares {declared} bytes, expected at most the {possible} that the packed file can hold; write it again"
    )]
    Overclaim {
        /// The file.
        file: String,
        /// Bytes declared.
        declared: u64,
        /// The most that deflate can unpack from a file of this size.
        possible: u64,
    },
    /// Bytes after the declared end.
    #[error(
        "{file}: byte {offset}: found more bytes, expected the end of the file; the header and the data disagree, write it again"
    )]
    TrailingBytes {
        /// The file.
        file: String,
        /// Where the data should have ended.
        offset: u64,
    },
    /// A header that breaks its format's rules.
    #[error("{file}: byte {offset}: found {found}, expected {expected}; write the file again")]
    BadHeader {
        /// The file.
        file: String,
        /// Where in the file.
        offset: u64,
        /// What is there.
        found: String,
        /// What should be there.
        expected: &'static str,
    },
    /// An element type that cannot be used.
    #[error(
        "{file}: byte {offset}: found element type {found}, expected {expected}; convert the array, for example with .astype('float32') (labels: 'int64')"
    )]
    UnsupportedType {
        /// The file.
        file: String,
        /// Where in the file.
        offset: u64,
        /// The type found.
        found: String,
        /// The types that are read.
        expected: &'static str,
    },
    /// A shape whose product does not fit in memory's address range.
    #[error(
        "{file}: found shape {shape}, expected one of fewer elements; the header is damaged, write the file again"
    )]
    ShapeOverflow {
        /// The file.
        file: String,
        /// The shape.
        shape: String,
    },
    /// The memory for the values could not be had.
    #[error(
        "{file}: found {bytes} bytes of values, expected no more than this machine's free memory; use a smaller set or a machine with more memory"
    )]
    OutOfMemory {
        /// The file.
        file: String,
        /// Bytes asked for.
        bytes: u64,
    },
    /// An array of the wrong number of dimensions.
    #[error("{file}: found shape {shape}, expected {expected}; reshape the array")]
    WrongRank {
        /// The file.
        file: String,
        /// The shape found.
        shape: String,
        /// The shape that is read.
        expected: &'static str,
    },
    /// A set without samples.
    #[error("{file}: found 0 rows, expected at least 1; check how the file was written")]
    NoRows {
        /// The file.
        file: String,
    },
    /// Samples without values.
    #[error(
        "{file}: found 0 columns of values, expected at least 1; check how the file was written"
    )]
    NoColumns {
        /// The file.
        file: String,
    },
    /// NaN or infinity.
    #[error(
        "{file}{place}: found {value}, expected a finite number; remove or fill in such values"
    )]
    NotFinite {
        /// The file.
        file: String,
        /// Where in the file.
        place: Place,
        /// The value.
        value: String,
    },
    /// A finite number that f32 cannot hold.
    #[error("{file}{place}: found {value}, expected a number within ±3.4e38; scale the data")]
    OutOfRange {
        /// The file.
        file: String,
        /// Where in the file.
        place: Place,
        /// The value.
        value: String,
    },
    /// A row of another length than the first.
    #[error(
        "{file}:{line}: expected {expected} values, found {found}; every line needs the same columns"
    )]
    Ragged {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// Columns of the first line.
        expected: usize,
        /// Columns of this line.
        found: usize,
    },
    /// Text where a value should be, in a format without columns that could be left out.
    #[error("{file}{place}: found {found}, expected a number with a decimal point; correct it")]
    NotANumber {
        /// The file.
        file: String,
        /// Where in the file.
        place: Place,
        /// The cell.
        found: String,
    },
    /// A cell without content.
    #[error("{file}{place}: found an empty cell, expected a value; fill it in or remove the row")]
    EmptyCell {
        /// The file.
        file: String,
        /// Where in the file.
        place: Place,
    },
    /// A line, or a quoted cell over many lines, that does not end.
    #[error(
        "{file}:{line}: found a line of more than {limit} bytes, expected a line end; close the quote if one is open, or save a table this wide with numpy.save"
    )]
    LineTooLong {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// The longest line that is read.
        limit: usize,
    },
    /// A text table wider than any that is read.
    #[error(
        "{file}:{line}: found {found} columns, expected at most {limit}; save a table this wide with numpy.save"
    )]
    TooManyColumns {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// Its columns.
        found: usize,
        /// The most columns that are read.
        limit: usize,
    },
    /// A column of a text table.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// A file of Parquet or HDF5.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// An image, or a folder of them.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// Values that cannot be prepared.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// A numeric label that is no integer.
    #[error(
        "{file}{place}: found label {found}, expected an integer; round the labels or write them as text in a CSV file"
    )]
    NotALabel {
        /// The file.
        file: String,
        /// Where in the file.
        place: Place,
        /// The label.
        found: String,
    },
    /// As many labels as samples are needed.
    #[error(
        "{file}: labels of another length: found {found} labels for {expected} rows; give one label per row, in the same order"
    )]
    LabelCount {
        /// The file of the labels.
        file: String,
        /// Labels found.
        found: usize,
        /// Samples of the set.
        expected: usize,
    },
    /// A folder without anything to read.
    #[error(
        "{folder}: found {found}, expected train-*/t10k-* image files in IDX form, a single data file, or PNG and JPEG images; name the file itself"
    )]
    NoDataInFolder {
        /// The folder.
        folder: String,
        /// What there is.
        found: String,
    },
    /// A folder with several files, any of which could be meant.
    #[error("{folder}: found several data files ({found}), expected one; name the file itself")]
    AmbiguousFolder {
        /// The folder.
        folder: String,
        /// The files.
        found: String,
    },
    /// Two parts of a set that do not fit together.
    #[error(
        "{file}: found {found}, expected {expected} as in the first part; keep only files of one set in a folder"
    )]
    PartsDiffer {
        /// The later part.
        file: String,
        /// Its samples.
        found: String,
        /// The samples of the first part.
        expected: String,
    },
    /// A format that cannot be a file of labels.
    #[error(
        "{file}: found {format}, expected labels: IDX, NPY or NPZ, or a text table with one column or one named `label`"
    )]
    NoLabels {
        /// The file.
        file: String,
        /// The format of the file.
        format: &'static str,
    },
    /// A line that breaks a rule of its format.
    #[error(
        "{file}:{line}: found {found}, expected {expected}; correct the line or write the file again"
    )]
    BadLine {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is there.
        found: String,
        /// What should be there.
        expected: &'static str,
    },
    /// A Matrix Market file with fewer or more entries than it declares.
    #[error(
        "{file}: found {found} entries, expected {expected} as declared; copy or download it again"
    )]
    EntryCount {
        /// The file.
        file: String,
        /// Entries present.
        found: u64,
        /// Entries declared.
        expected: u64,
    },
    /// A Matrix Market file with two entries for one place.
    #[error(
        "{file}: sample {sample}, column {column}: found two entries, expected one; add them up first"
    )]
    EntryTwice {
        /// The file.
        file: String,
        /// The sample, from 1.
        sample: usize,
        /// The column, from 1.
        column: usize,
    },
    /// Two samples of one name, where names do not stand in a text table.
    #[error(
        "{file}: found id {id} for samples {first} and {again}, expected each id once; {advice}"
    )]
    SameId {
        /// The file.
        file: String,
        /// The id.
        id: String,
        /// The earlier sample, from 0.
        first: usize,
        /// The later sample, from 0.
        again: usize,
        /// What to do.
        advice: &'static str,
        /// What the caller can do.
        remedy: Option<Remedy>,
    },
    /// A file of names beside a matrix of another size.
    #[error(
        "{file}: found {found} names, expected {expected}, as many as {matrix} has; keep only files of one run in a folder"
    )]
    NameCount {
        /// The file of the names.
        file: String,
        /// Names found.
        found: usize,
        /// Names needed.
        expected: usize,
        /// The file of the matrix.
        matrix: String,
    },
    /// An NPZ file without a member to take as the data.
    #[error(
        "{file}: found {found}, expected a member `x` (data) and, for scoring, `y` (labels); write it with numpy.savez(file, x=x, y=y)"
    )]
    NoMember {
        /// The file.
        file: String,
        /// The members there are.
        found: String,
    },
}

impl DataError {
    /// What the caller can do about it, besides what the text advises.
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::Column(error) => error.remedies(),
            Self::Container(error) => error.remedies(),
            Self::Picture(error) => error.remedies(),
            Self::SameId { remedy, .. } => remedy.iter().cloned().collect(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
