//! A folder as 10x Genomics' programs write it: `matrix.mtx`, genes × cells; `barcodes.tsv`, a line for each cell;
//! `features.tsv` (`genes.tsv` before 2018), a line for each gene. Each may be packed with gzip.
//!
//! Cells are the samples, with the first column of their file as ids; genes are the columns, with the second column of
//! theirs (the symbol; the first, if there is one only) as names. `ReadOptions::samples` exchanges the two.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::body::Body;
use super::error::DataError;
use super::lines::{Delimiter, LONGEST_LINE, LineFault, Lines, Row};
use super::place::{Place, printable, shown};
use super::source::{Input, Source};
use super::table::{ColumnError, first_twice};
use super::{Dataset, ReadOptions, SampleAxis, folder, matrix_market, open_regular};

const BUFFER: usize = 64 << 10;

/// Bytes that a name takes beside its text.
const BESIDE: u64 = size_of::<String>() as u64;

/// The files of a folder.
pub(super) struct TenX {
    folder: PathBuf,
    matrix: PathBuf,
    barcodes: Option<PathBuf>,
    features: Option<PathBuf>,
}

impl TenX {
    /// The files, if there is a matrix and at least one that names its cells or genes.
    pub(super) fn find(folder: &Path) -> Option<Self> {
        let file = |name: &str| {
            let names = [name.to_owned(), format!("{name}.gz")];
            let mut paths = names.iter().map(|name| folder.join(name));
            paths.find(|path| path.is_file())
        };
        let found = Self {
            folder: folder.to_owned(),
            matrix: file("matrix.mtx")?,
            barcodes: file("barcodes.tsv"),
            features: file("features.tsv").or_else(|| file("genes.tsv")),
        };
        (found.barcodes.is_some() || found.features.is_some()).then_some(found)
    }

    /// Reads all of them.
    pub(super) fn data(&self, options: &ReadOptions) -> Result<Dataset, DataError> {
        matrix_market::FORMAT.check_options(&path_text(&self.folder), options)?;
        let axis = options.samples.unwrap_or(SampleAxis::Columns);
        let (samples, columns) = match axis {
            SampleAxis::Columns => (&self.barcodes, &self.features),
            SampleAxis::Rows => (&self.features, &self.barcodes),
        };
        let mut set = self.matrix(axis, options)?;
        if let Some(path) = samples {
            set.ids = Some(self.ids(path, set.n_samples)?);
        }
        if let Some(path) = columns {
            set.column_names = Some(self.names(path, Cell::Second, set.input_dim)?);
        }
        for (path, what) in [(samples, "samples"), (columns, "columns")] {
            if path.is_none() {
                let folder = path_text(&self.folder);
                log::warn!("{folder}: there is no file that names the {what} of the matrix");
            }
        }
        Ok(set)
    }

    fn matrix(&self, axis: SampleAxis, options: &ReadOptions) -> Result<Dataset, DataError> {
        let name = folder::own_name(&self.folder).unwrap_or_default();
        let options = ReadOptions {
            samples: Some(axis),
            ..options.clone()
        };
        with_input(&self.matrix, |input| {
            matrix_market::data(input, name, &options)
        })
    }

    /// What the samples are called, no two alike.
    fn ids(&self, path: &Path, expected: usize) -> Result<Vec<String>, DataError> {
        let ids = self.names(path, Cell::First, expected)?;
        match first_twice(&ids) {
            None => Ok(ids),
            Some((first, again)) => Err(DataError::SameId {
                file: path_text(path),
                id: shown(ids[again].as_bytes()),
                first,
                again,
                advice: "correct one of the lines",
                remedy: None,
            }),
        }
    }

    /// A name from each line of a file.
    fn names(&self, path: &Path, cell: Cell, expected: usize) -> Result<Vec<String>, DataError> {
        let names = with_input(path, |input| match lines(input, cell, false)? {
            Some(names) => Ok(names),
            None => Ok(lines(input, cell, true)?.unwrap_or_default()),
        })?;
        if names.len() == expected {
            return Ok(names);
        }
        Err(DataError::NameCount {
            file: path_text(path),
            found: names.len(),
            expected,
            matrix: path_text(&self.matrix),
        })
    }
}

/// Which cell of a line is the name.
#[derive(Clone, Copy)]
enum Cell {
    First,
    /// The second, if there are two.
    Second,
}

/// The names in a file, or nothing if they are too many to be kept before its end has been seen; `sure` says that it
/// has.
fn lines(input: &mut Input<'_>, cell: Cell, sure: bool) -> Result<Option<Vec<String>>, DataError> {
    let file = input.file.clone();
    let reader = BufReader::with_capacity(BUFFER, input.body()?);
    let mut lines = Lines::new(reader, Delimiter::Byte(b'\t'));
    let (mut row, mut names, mut bytes) = (Row::default(), Some(Vec::new()), 0);
    loop {
        match lines.next(&mut row) {
            Ok(true) => {}
            Ok(false) => return Ok(names),
            Err(LineFault::Io(source)) => return Err(lines.reader().get_ref().broken(source)),
            Err(LineFault::TooLong { line }) => {
                return Err(DataError::LineTooLong {
                    file,
                    line,
                    limit: LONGEST_LINE,
                });
            }
        }
        let name = name(lines.reader().get_ref(), &row, cell)?;
        bytes += name.len() as u64 + BESIDE;
        if !sure && lines.reader().get_ref().needs_rehearsal(bytes) {
            names = None;
        }
        if let Some(names) = &mut names {
            names.push(name);
        }
    }
}

/// The name in a line.
fn name(body: &Body<'_>, row: &Row, cell: Cell) -> Result<String, DataError> {
    let column = match cell {
        Cell::Second if row.len() > 1 => 1,
        Cell::First | Cell::Second => 0,
    };
    let place = Place::Cell {
        line: row.line,
        column: column + 1,
        name: None,
    };
    let file = || body.file.to_owned();
    let text = row.cell(column).unwrap_or_default();
    if text.is_empty() {
        return Err(DataError::EmptyCell {
            file: file(),
            place,
        });
    }
    let text = std::str::from_utf8(text).map_err(|_| ColumnError::IdNotUtf8 {
        file: file(),
        place,
        found: shown(text),
    })?;
    Ok(printable(text))
}

fn with_input<T>(
    path: &Path,
    then: impl FnOnce(&mut Input<'_>) -> Result<T, DataError>,
) -> Result<T, DataError> {
    let mut file: File = open_regular(path)?;
    then(&mut Input::of_file(path, &mut file)?)
}

fn path_text(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{open, open_blocks};
    use super::*;
    use crate::{BlockOptions, Values};

    const MATRIX: &str =
        "%%MatrixMarket matrix coordinate integer general\n3 2 3\n1 1 5\n3 1 2\n2 2 7\n";
    const BARCODES: &str = "AAAC-1\nAAAG-1\n";
    const FEATURES: &str =
        "E1\tXkr4\tGene Expression\nE2\tRp1\tGene Expression\nE3\tRp1\tGene Expression\n";

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn error(files: &[(&str, &str)]) -> String {
        let folder = folder(files);
        let error = open(folder.path(), &ReadOptions::default()).unwrap_err();
        error
            .to_string()
            .replace(&*folder.path().to_string_lossy(), "F")
    }

    #[test]
    fn cells_are_samples_and_genes_are_columns() {
        let files = [
            ("matrix.mtx", MATRIX),
            ("barcodes.tsv", BARCODES),
            ("features.tsv", FEATURES),
            ("web_summary.csv", "1,2\n"),
        ];
        let folder = folder(&files);
        let set = open(folder.path(), &ReadOptions::default()).unwrap();
        assert_eq!((set.n_samples, set.input_dim), (2, 3));
        assert_eq!([set.row(0), set.row(1)], [[5.0, 0.0, 2.0], [0.0, 7.0, 0.0]]);
        assert!(matches!(set.values, Values::Sparse(_)));
        assert_eq!(set.ids.as_ref().unwrap(), &["AAAC-1", "AAAG-1"]);
        assert_eq!(set.column_names.as_ref().unwrap(), &["Xkr4", "Rp1", "Rp1"]);
        let mut ids = Vec::new();
        let one = BlockOptions {
            rows: std::num::NonZeroUsize::new(1),
            ..BlockOptions::default()
        };
        open_blocks(folder.path(), &ReadOptions::default(), &one, &mut |block| {
            ids.extend(block.rows.ids.unwrap());
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(Some(ids), set.ids);
    }

    #[test]
    fn genes_can_be_the_samples() {
        let folder = folder(&[("matrix.mtx", MATRIX), ("genes.tsv", "E1\nE2\nE3\n")]);
        let rows = ReadOptions {
            samples: Some(SampleAxis::Rows),
            ..ReadOptions::default()
        };
        let set = open(folder.path(), &rows).unwrap();
        assert_eq!((set.n_samples, set.input_dim), (3, 2));
        assert_eq!(set.ids.unwrap(), ["E1", "E2", "E3"]);
        let set = open(folder.path(), &ReadOptions::default()).unwrap();
        assert_eq!(
            (set.ids, set.column_names.unwrap().concat()),
            (None, "E1E2E3".into())
        );
    }

    #[test]
    fn a_matrix_alone_is_read_as_a_file() {
        let folder = folder(&[("matrix.mtx", MATRIX)]);
        let set = open(folder.path(), &ReadOptions::default()).unwrap();
        assert_eq!((set.n_samples, set.ids), (2, None));
    }

    #[test]
    fn faults_name_the_file() {
        let cases = [
            (
                "one barcode too few",
                ["AAAC-1\n", FEATURES],
                "F/barcodes.tsv: found 1 names, expected 2, as many as F/matrix.mtx has",
            ),
            (
                "one gene too many",
                [BARCODES, "a\nb\nc\nd\n"],
                "F/features.tsv: found 4 names, expected 3",
            ),
            (
                "the same barcode twice",
                ["A\nA\n", FEATURES],
                "F/barcodes.tsv: found id \"A\" for samples 0 and 1",
            ),
            (
                "no name",
                ["A\n\t\n", FEATURES],
                "F/barcodes.tsv:2: column 1: found an empty cell",
            ),
            (
                "no symbol",
                [BARCODES, "a\tb\nc\t\nd\te\n"],
                "F/features.tsv:2: column 2: found an empty cell",
            ),
            ("nothing", ["", FEATURES], "F/barcodes.tsv: found an empty"),
        ];
        for (what, [barcodes, features], start) in cases {
            let found = error(&[
                ("matrix.mtx", MATRIX),
                ("barcodes.tsv", barcodes),
                ("features.tsv", features),
            ]);
            assert!(found.starts_with(start), "{what}: {found}");
        }
    }

    #[test]
    fn options_that_mean_nothing_are_refused() {
        let folder = folder(&[("matrix.mtx", MATRIX), ("barcodes.tsv", BARCODES)]);
        for options in [
            ReadOptions {
                label_column: "x".parse().ok(),
                ..ReadOptions::default()
            },
            ReadOptions {
                folder_labels: true,
                ..ReadOptions::default()
            },
        ] {
            let found = open(folder.path(), &options).unwrap_err().to_string();
            assert!(found.contains("found Matrix Market"), "{found}");
        }
    }
}
