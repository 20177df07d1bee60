//! What can be wrong with the columns of a text table.

use super::super::place::Place;
use super::super::remedy::Remedy;

/// A column that cannot be used as it was asked for, or that holds what it must not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnError {
    /// A column that was asked for is not in the table.
    #[error("{file}: {role} column {wanted} not found, expected one of: {known}")]
    NotFound {
        /// The file.
        file: String,
        /// What it was asked for as.
        role: &'static str,
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: String,
    },
    /// One column for two uses.
    #[error(
        "{file}: found column {column} asked for as the {first} column and as the {second} column, expected one use; leave out one of the options"
    )]
    TwoUses {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// One use.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// A column was asked for, but the format has none to choose from.
    #[error(
        "{file}: found {format}, expected a text table, because a column was asked for ({role}); {advice}"
    )]
    NoTable {
        /// The file.
        file: String,
        /// The format of the file.
        format: &'static str,
        /// What the column was asked for as.
        role: &'static str,
        /// What to do.
        advice: &'static str,
        /// What the caller can do.
        remedy: Option<Remedy>,
    },
    /// Text in a column of values.
    #[error("{file}{place}: found {found}, expected a number with a decimal point; correct it")]
    Text {
        /// The file.
        file: String,
        /// Where in the file.
        place: Place,
        /// The cell.
        found: String,
        /// The column as an option names it.
        column: String,
    },
    /// Two samples of one name.
    #[error(
        "{file}:{line}: found id {id} as in line {first}, expected each id once; correct one of the lines"
    )]
    IdTwice {
        /// The file.
        file: String,
        /// The later line, from 1.
        line: u64,
        /// The earlier line, from 1.
        first: u64,
        /// The id.
        id: String,
        /// The column as an option names it.
        column: String,
    },
    /// An id whose characters are unknown.
    #[error(
        "{file}{place}: found {found}, expected an id in UTF-8; convert the file, for example with `iconv -f latin1 -t utf-8`"
    )]
    IdNotUtf8 {
        /// The file.
        file: String,
        /// Where in the file.
        place: Place,
        /// The cell.
        found: String,
    },
}

impl ColumnError {
    /// What the caller can do about it.
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::NoTable { remedy, .. } => remedy.iter().cloned().collect(),
            Self::Text { column, .. } => vec![
                Remedy::IgnoreColumn(column.clone()),
                Remedy::TakeAsIds(column.clone()),
                Remedy::TakeAsLabels(column.clone()),
            ],
            Self::IdTwice { column, .. } => vec![Remedy::IgnoreColumn(column.clone())],
            _ => Vec::new(),
        }
    }
}
