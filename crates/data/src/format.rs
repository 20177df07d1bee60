//! The format of a file, found from its first bytes and never from its name.

use super::error::DataError;
use super::remedy::{ReadOption, Remedy};
use super::source::{Input, Packing};
use super::{
    ColumnError, ContainerError, PictureError, ReadOptions, matrix_market, npy, npz, svmlight,
};

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Idx,
    Npy,
    Npz,
    MatrixMarket,
    Svmlight,
    Text,
    Parquet,
    Hdf5,
}

impl Format {
    /// Refuses options that mean nothing in this format.
    pub(super) fn check_options(self, file: &str, options: &ReadOptions) -> Result<(), DataError> {
        let option = if options.image_size.is_some() {
            Some(ReadOption::ImageSize)
        } else {
            options.folder_labels.then_some(ReadOption::FolderLabels)
        };
        if let Some(option) = option {
            return Err(DataError::Picture(PictureError::NoPictures {
                file: file.to_owned(),
                format: self.name(),
                option,
            }));
        }
        if options.layer.is_some() && self != Self::Hdf5 {
            return Err(ContainerError::Unfit {
                file: file.to_owned(),
                part: String::new(),
                found: self.name().to_owned(),
                expected: "an h5ad file, because a layer was asked for".into(),
                advice: "name such a file".to_owned(),
                remedy: Some(Box::new(Remedy::LeaveOut(ReadOption::Layer))),
            }
            .into());
        }
        match self {
            Self::Text | Self::Parquet => Ok(()),
            // A column of `obs` can be the label; the index is the id.
            Self::Hdf5 => {
                let others = ReadOptions {
                    label_column: None,
                    ..options.clone()
                };
                refuse_columns(self.name(), file, &others)
            }
            _ => refuse_columns(self.name(), file, options),
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

/// The first bytes of HDF5, of which AnnData's h5ad is one use.
const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// The first bytes of Parquet.
const PARQUET: &[u8] = b"PAR1";

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

impl Format {
    /// The name for messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Idx => "IDX",
            Self::Npy => "NPY",
            Self::Npz => "NPZ",
            Self::MatrixMarket => "Matrix Market",
            Self::Svmlight => "svmlight",
            Self::Text => "a text table",
            Self::Parquet => "Parquet",
            Self::Hdf5 => "HDF5",
        }
    }

    /// The error for a format whose reader is not in this build.
    #[cfg(not(all(feature = "h5ad", feature = "parquet")))]
    pub(super) fn not_built(self, input: &Input<'_>) -> DataError {
        let (format, feature) = match self {
            Self::Parquet => ("a Parquet file", "parquet"),
            _ => ("an HDF5 file", "h5ad"),
        };
        ContainerError::NotBuilt {
            file: input.file.clone(),
            format,
            feature,
        }
        .into()
    }
}

const LOOKED_AT: usize = 512;

/// Find the format of `input`.
pub(super) fn find(input: &mut Input<'_>) -> Result<Format, DataError> {
    let start = input.prefix(LOOKED_AT)?;
    if npz::MAGIC.iter().any(|magic| start.starts_with(magic)) {
        return match input.packing {
            Packing::Gzip => nested(input, "a zip archive"),
            _ => Ok(Format::Npz),
        };
    }
    if input.packing == Packing::Gzip && start.starts_with(&[0x1f, 0x8b]) {
        return nested(input, "gzip");
    }
    if start.starts_with(npy::MAGIC) {
        return Ok(Format::Npy);
    }
    let container = [(HDF5, Format::Hdf5), (PARQUET, Format::Parquet)];
    // Four letters could begin a text as well.
    let found = container.iter().find(|(magic, _)| start.starts_with(magic));
    if let Some((_, format)) = found.filter(|_| !is_text(&start)) {
        return match input.packing {
            Packing::Gzip => nested(input, format.name()),
            _ => Ok(*format),
        };
    }
    if start.starts_with(&[0, 0]) {
        return Ok(Format::Idx);
    }
    // Some of the marks are letters that a table could start with, so bytes that no text holds
    // must be there too; only the long and telling ones stand alone.
    let mark = KNOWN.iter().find(|(mark, _)| start.starts_with(mark));
    let telling = mark.is_some_and(|(mark, _)| mark.len() >= 4 || !mark.is_ascii());
    if telling || !is_text(&start) {
        let found = mark.map_or("bytes that are no text", |(_, name)| name);
        return Err(DataError::UnknownFormat {
            file: input.file.clone(),
            found: found.to_owned(),
        });
    }
    Ok(match &start {
        text if text.starts_with(matrix_market::MAGIC) => Format::MatrixMarket,
        text if svmlight::is_svmlight(text) => Format::Svmlight,
        _ => Format::Text,
    })
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

fn nested(input: &Input<'_>, found: &'static str) -> Result<Format, DataError> {
    Err(DataError::Nested {
        file: input.file.clone(),
        found,
    })
}

/// No control characters but blanks and line ends; any encoding that extends ASCII will do.
fn is_text(start: &[u8]) -> bool {
    start
        .iter()
        .all(|byte| !byte.is_ascii_control() || byte.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn found(bytes: &[u8]) -> Result<Format, DataError> {
        find(&mut Input::new("x".into(), &mut Cursor::new(bytes))?)
    }

    #[test]
    fn formats_are_told_by_content() {
        assert_eq!(found(b"\x93NUMPY\x01\x00").unwrap(), Format::Npy);
        assert_eq!(found(b"PK\x03\x04").unwrap(), Format::Npz);
        assert_eq!(found(&[0, 0, 8, 3]).unwrap(), Format::Idx);
        assert_eq!(found(b"1,2\n").unwrap(), Format::Text);
        assert_eq!(found("\u{feff}Größe\n".as_bytes()).unwrap(), Format::Text);
        assert_eq!(found(b"BMI,age\n1,2\n").unwrap(), Format::Text);
        assert_eq!(found(b"PAR1,PAR2\n1,2\n").unwrap(), Format::Text);
        assert_eq!(found(b"PAR1\x15\x04").unwrap(), Format::Parquet);
        assert_eq!(found(HDF5).unwrap(), Format::Hdf5);
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
