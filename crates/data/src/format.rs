//! The formats that are read, and which of them a file is: by its first bytes and never by its name.

use std::path::{Path, PathBuf};

use super::blocks::RowStream;
use super::error::DataError;
use super::remedy::{ReadOption, Remedy};
use super::source::{Input, Packing};
use super::{ColumnError, ContainerError, Labels, PictureError, ReadOptions};
use super::{folder, idx, json_lines, matrix_market, npy, npz, optional, svmlight, table};

/// Every format that is read. The first that knows the start of a file is its format: binary ones are asked first, then
/// texts, of which the last is any.
const ALL: [&Format; 9] = [
    &npz::FORMAT,
    &npy::FORMAT,
    &optional::H5AD,
    &optional::PARQUET,
    &idx::FORMAT,
    &matrix_market::FORMAT,
    &svmlight::FORMAT,
    &json_lines::FORMAT,
    &table::FORMAT,
];

/// A format that is read: one row of [`ALL`], which stands in the file of its reader.
pub(super) struct Format {
    /// The name for messages.
    pub(super) name: &'static str,
    /// Whether it is known by the first bytes of a file.
    pub(super) start: Start,
    /// What messages call it where it is packed with gzip, which only streams may be.
    pub(super) not_in_gzip: Option<&'static str>,
    /// Which columns an option can name.
    pub(super) columns: Columns,
    /// Whether there are layers to choose from.
    pub(super) layers: bool,
    /// Opens the rows.
    pub(super) rows: Open,
    /// Reads a file of labels, if the format can be one.
    pub(super) labels: Option<ReadLabels>,
    /// Whether labels lie in a file beside, found by its name.
    pub(super) labels_beside: bool,
}

/// Tells a format by the first bytes of a file.
pub(super) enum Start {
    Binary(fn(&[u8]) -> bool),
    Text(fn(&[u8]) -> bool),
}

/// The columns that an option can name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Columns {
    None,
    /// One of labels.
    Labels,
    All,
}

/// Opens the rows of a file; the string is the name of the set.
pub(super) type Open =
    for<'i> fn(&'i mut Input<'_>, String, &ReadOptions) -> Result<Rows<'i>, DataError>;

/// Reads a file of labels.
pub(super) type ReadLabels = fn(&mut Input<'_>) -> Result<Labels, DataError>;

/// The rows of a file.
pub(super) type Rows<'i> = Box<dyn RowStream + 'i>;

/// Finds the format of a file and opens its rows.
pub(super) fn open<'i>(
    input: &'i mut Input<'_>,
    name: String,
    options: &ReadOptions,
) -> Result<(&'static Format, Rows<'i>), DataError> {
    let format = find(input)?;
    format.check_options(&input.file, options)?;
    Ok((format, (format.rows)(input, name, options)?))
}

impl Format {
    /// The file beside one of data that holds its labels, if there is one.
    pub(super) fn labels_of(&self, path: &Path) -> Option<PathBuf> {
        self.labels_beside
            .then(|| folder::labels_beside(path))
            .flatten()
    }

    /// Refuses options that mean nothing in this format.
    pub(super) fn check_options(&self, file: &str, options: &ReadOptions) -> Result<(), DataError> {
        let option = if options.image_size.is_some() {
            Some(ReadOption::ImageSize)
        } else {
            options.folder_labels.then_some(ReadOption::FolderLabels)
        };
        if let Some(option) = option {
            return Err(DataError::Picture(PictureError::NoPictures {
                file: file.to_owned(),
                format: self.name,
                option,
            }));
        }
        if options.layer.is_some() && !self.layers {
            return Err(ContainerError::Unfit {
                file: file.to_owned(),
                part: String::new(),
                found: self.name.to_owned(),
                expected: "an h5ad file, because a layer was asked for".into(),
                advice: "name such a file".to_owned(),
                remedy: Some(Box::new(Remedy::LeaveOut(ReadOption::Layer))),
            }
            .into());
        }
        match self.columns {
            Columns::All => Ok(()),
            Columns::Labels => {
                let others = ReadOptions {
                    label_column: None,
                    ..options.clone()
                };
                refuse_columns(self.name, file, &others)
            }
            Columns::None => refuse_columns(self.name, file, options),
        }
    }
}

/// Refuses columns that were asked for where there are none to choose from.
pub(super) fn refuse_columns(
    format: &'static str,
    file: &str,
    options: &ReadOptions,
) -> Result<(), DataError> {
    let (role, option) = if options.label_column.is_some() {
        ("label", None)
    } else if options.id_column.is_some() {
        ("id", Some(ReadOption::IdColumn))
    } else if !options.ignore_columns.is_empty() {
        ("ignored", Some(ReadOption::IgnoreColumns))
    } else {
        return Ok(());
    };
    Err(DataError::Column(ColumnError::NoTable {
        file: file.to_owned(),
        format,
        role,
        advice: match option {
            None => "give the labels as a file",
            Some(_) => "name a text table",
        },
        remedy: option.map(Remedy::LeaveOut),
    }))
}

/// Formats that are not read, to be named in the error.
const KNOWN: [(&[u8], &str); 15] = [
    (b"\x89HDF", "an HDF5 file"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"ARROW1", "an Arrow file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"BZh", "a bzip2 file"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"MATLAB", "a MATLAB file"),
    (b"%PDF", "a PDF document"),
    (b"\x80", "a Python pickle"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
];

const LOOKED_AT: usize = 512;

/// Find the format of `input`.
pub(super) fn find(input: &mut Input<'_>) -> Result<&'static Format, DataError> {
    let start = input.prefix(LOOKED_AT)?;
    if input.packing == Packing::Gzip && start.starts_with(&[0x1f, 0x8b]) {
        return Err(nested(input, "gzip"));
    }
    if let Some(format) = ALL.into_iter().find(|format| format.is_binary(&start)) {
        return match format.not_in_gzip {
            Some(found) if input.packing == Packing::Gzip => Err(nested(input, found)),
            _ => Ok(format),
        };
    }
    // Some of the marks are letters that a table could start with, so bytes that no text holds
    // must be there too; only the long and telling ones stand alone.
    let mark = KNOWN.iter().find(|(mark, _)| start.starts_with(mark));
    let telling = mark.is_some_and(|(mark, _)| mark.len() >= 4 || !mark.is_ascii());
    let text = ALL.into_iter().find(|format| format.is_text(&start));
    match text.filter(|_| !telling && is_text(&start)) {
        Some(format) => Ok(format),
        None => Err(DataError::UnknownFormat {
            file: input.file.clone(),
            found: mark
                .map_or("bytes that are no text", |(_, name)| name)
                .to_owned(),
        }),
    }
}

impl Format {
    fn is_binary(&self, start: &[u8]) -> bool {
        matches!(self.start, Start::Binary(is) if is(start))
    }

    fn is_text(&self, start: &[u8]) -> bool {
        matches!(self.start, Start::Text(is) if is(start))
    }
}

/// What bytes that should be an image are instead.
pub(super) fn known(start: &[u8]) -> &'static str {
    let mark = KNOWN.iter().find(|(mark, _)| start.starts_with(mark));
    match mark {
        Some((_, name)) => name,
        None if is_text(start) => "text",
        None => "bytes of neither",
    }
}

fn nested(input: &Input<'_>, found: &'static str) -> DataError {
    DataError::Nested {
        file: input.file.clone(),
        found,
    }
}

/// No control characters but blanks and line ends; any encoding that extends ASCII will do.
pub(super) fn is_text(start: &[u8]) -> bool {
    start
        .iter()
        .all(|byte| !byte.is_ascii_control() || byte.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn found(bytes: &[u8]) -> Result<&'static str, DataError> {
        find(&mut Input::new("x".into(), &mut Cursor::new(bytes))?).map(|format| format.name)
    }

    #[test]
    fn formats_are_told_by_content() {
        assert_eq!(found(b"\x93NUMPY\x01\x00").unwrap(), "NPY");
        assert_eq!(found(b"PK\x03\x04").unwrap(), "NPZ");
        assert_eq!(found(&[0, 0, 8, 3]).unwrap(), "IDX");
        assert_eq!(found(b"1,2\n").unwrap(), "a text table");
        assert_eq!(found("\u{feff}Größe\n".as_bytes()).unwrap(), "a text table");
        assert_eq!(found(b"BMI,age\n1,2\n").unwrap(), "a text table");
        assert_eq!(found(b"PAR1,PAR2\n1,2\n").unwrap(), "a text table");
        assert_eq!(found(b"PAR1\x15\x04").unwrap(), "Parquet");
        assert_eq!(found(b"\x89HDF\r\n\x1a\n").unwrap(), "HDF5");
        assert!(matches!(found(b""), Err(DataError::Empty { .. })));
    }

    #[test]
    fn others_are_named() {
        for (mark, name) in KNOWN {
            let error = found(&[mark, &[0, 1]].concat()).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
        assert!(
            found(&[1, 2, 3])
                .unwrap_err()
                .to_string()
                .contains("no text")
        );
    }
}
