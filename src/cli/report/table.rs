//! Tables of a run folder: cells by the names of their columns.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use csv::{Reader, StringRecord};

use super::files::{Read, RunError};

/// A CSV file that `train` has written.
pub(super) struct Table {
    path: PathBuf,
    reader: Reader<File>,
    header: StringRecord,
}

/// One of its rows.
pub(super) struct Row<'a> {
    table: &'a Path,
    header: &'a StringRecord,
    cells: StringRecord,
}

impl Table {
    /// Opens a file that must be there.
    pub(super) fn open(path: PathBuf) -> Read<Self> {
        let file = File::open(&path).map_err(|source| RunError::Unread {
            path: path.clone(),
            source,
        })?;
        let mut reader = Reader::from_reader(file);
        let header = reader.headers().map_err(|error| bad(&path, error))?.clone();
        Ok(Self {
            path,
            reader,
            header,
        })
    }

    /// Opens a file that may be there.
    pub(super) fn open_optional(path: PathBuf) -> Read<Option<Self>> {
        path.exists().then(|| Self::open(path)).transpose()
    }

    /// Its columns' names.
    pub(super) fn header(&self) -> Vec<String> {
        self.header.iter().map(String::from).collect()
    }

    /// Hands over each row.
    pub(super) fn each(&mut self, mut take: impl FnMut(&Row<'_>) -> Read<()>) -> Read<()> {
        let mut row = Row {
            table: &self.path,
            header: &self.header,
            cells: StringRecord::new(),
        };
        while (self.reader.read_record(&mut row.cells)).map_err(|error| bad(&self.path, error))? {
            take(&row)?;
        }
        Ok(())
    }
}

impl Row<'_> {
    /// All cells.
    pub(super) fn cells(&self) -> Vec<String> {
        self.cells.iter().map(String::from).collect()
    }

    /// The text in a column, if there is such a column.
    pub(super) fn text(&self, column: &str) -> Option<&str> {
        let place = self.header.iter().position(|name| name == column)?;
        self.cells.get(place)
    }

    /// What the row's sample is called, else its place in the data.
    pub(super) fn id(&self) -> String {
        let id = self.text("id").filter(|id| !id.is_empty());
        id.or_else(|| self.text("index"))
            .unwrap_or_default()
            .to_owned()
    }

    /// The number in a column.
    pub(super) fn number<T: FromStr>(&self, column: &str) -> Read<T> {
        let text = self.text(column).unwrap_or_default();
        text.parse().map_err(|_| {
            let found = format!("{text:?} in column {column}, expected a number");
            self.wrong(found)
        })
    }

    /// What is wrong in this row.
    pub(super) fn wrong(&self, found: String) -> RunError {
        RunError::Bad {
            path: self.table.to_owned(),
            line: self.cells.position().map_or(0, csv::Position::line),
            found,
        }
    }
}

fn bad(path: &Path, error: csv::Error) -> RunError {
    RunError::Bad {
        path: path.to_owned(),
        line: error.position().map_or(1, csv::Position::line),
        found: error.to_string(),
    }
}
