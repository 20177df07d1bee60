//! Rows that are put together from columns.

use std::fmt::Write;

use super::super::array::unusable;
use super::super::body::room;
use super::super::element::integral;
use super::super::labels::Builder;
use super::super::place::{Place, printable, shown};
use super::super::remedy::Remedy;
use super::super::table::{ColumnError, Role, first_twice};
use super::super::{ContainerError, DataError};
use super::Sheet;
use super::cells::Cell;

/// The longest id or label in bytes. A dictionary can name one text many times, so the file does not bound them.
const LONGEST_TEXT: usize = 4 << 10;

/// Bytes that an id takes beside its text.
const BESIDE: usize = size_of::<String>();

/// Rows of some row groups.
pub(super) struct Rows {
    /// The values (n, D), row by row.
    pub(super) values: Vec<f32>,
    pub(super) labels: Builder,
    ids: Vec<String>,
    /// Bytes of the ids.
    bytes: u64,
    /// The most bytes of memory that are taken before the rows have been seen to be there.
    most: Option<u64>,
    /// Whether the rows are collected, not only checked.
    kept: bool,
}

impl Rows {
    /// Room for `n` rows of `d` values, or none if it is more than `most` bytes.
    pub(super) fn new(
        n: usize,
        d: usize,
        most: Option<u64>,
        file: &str,
    ) -> Result<Self, DataError> {
        let count = n.saturating_mul(d);
        let bytes = (count as u64).saturating_mul(size_of::<f32>() as u64);
        let kept = most.is_none_or(|most| bytes <= most);
        let mut values = Vec::new();
        if kept {
            values = room(file, count)?;
            values.resize(count, 0.0);
        }
        Ok(Self {
            values,
            labels: Builder::default(),
            ids: Vec::new(),
            bytes: 0,
            most,
            kept,
        })
    }

    /// Whether the rows are here, not only checked.
    pub(super) fn kept(&self) -> bool {
        self.kept
    }

    /// Reads a row group; its first row is `at` of these rows.
    pub(super) fn read(&mut self, sheet: &Sheet, group: usize, at: usize) -> Result<(), DataError> {
        let d = sheet.input_dim();
        let mut place = 0;
        let mut text = String::new();
        for column in 0..sheet.columns.columns.len() {
            let chunk = sheet
                .columns
                .chunk(&sheet.file, &sheet.bytes, group, column);
            let role = sheet.roles.of(column);
            let at_row = |row| sheet.place(group, row, column);
            match role {
                Role::Ignored => continue,
                Role::Value => {
                    chunk.each(usize::MAX, |row, cell| {
                        let value = value(cell)
                            .map_err(|fault| fault.into_error(sheet, at_row(row), column))?;
                        if self.kept {
                            self.values[(at + row) * d + place] = value;
                        }
                        Ok(())
                    })?;
                    place += 1;
                }
                Role::Label => chunk.each(usize::MAX, |row, cell| {
                    let label = label(cell, &mut text)
                        .map_err(|fault| fault.into_error(sheet, at_row(row), column))?;
                    if self.kept {
                        self.labels.push(label);
                    }
                    Ok(())
                })?,
                Role::Id => chunk.each(usize::MAX, |row, cell| {
                    let id = id(cell, &mut text)
                        .map_err(|fault| fault.into_error(sheet, at_row(row), column))?;
                    self.push_id(id);
                    Ok(())
                })?,
            }
        }
        Ok(())
    }

    fn push_id(&mut self, id: &str) {
        if !self.kept {
            return;
        }
        let id = printable(id);
        self.bytes += (id.len() + BESIDE) as u64;
        if self.most.is_some_and(|most| self.bytes > most) {
            self.kept = false;
            self.values = Vec::new();
            self.ids = Vec::new();
            self.labels = Builder::default();
            return;
        }
        self.ids.push(id);
    }

    /// The ids, if the table has a column of them, no two alike; the first is that of row `first`.
    pub(super) fn take_ids(
        &mut self,
        sheet: &Sheet,
        first: usize,
    ) -> Result<Option<Vec<String>>, DataError> {
        let Some(column) = sheet.roles.id() else {
            return Ok(None);
        };
        let ids = std::mem::take(&mut self.ids);
        match first_twice(&ids) {
            None => Ok(Some(ids)),
            Some((before, again)) => Err(DataError::SameId {
                file: sheet.file.clone(),
                id: shown(ids[again].as_bytes()),
                first: first + before,
                again: first + again,
                advice: "correct one of them",
                remedy: Some(Remedy::IgnoreColumn(sheet.layout.option_name(column))),
            }),
        }
    }
}

/// What is wrong with a cell.
enum Fault {
    Null,
    Text(String),
    Number(f64),
    NoLabel(f64),
    Empty,
    Long(usize),
    NotUtf8(String),
}

impl Fault {
    fn into_error(self, sheet: &Sheet, place: Place, column: usize) -> DataError {
        let file = sheet.file.clone();
        match self {
            Self::Null => ContainerError::Null { file, place }.into(),
            Self::Text(found) => ColumnError::Text {
                file,
                place,
                found,
                column: sheet.layout.option_name(column),
            }
            .into(),
            Self::Number(number) => unusable(file, place, number),
            Self::NoLabel(number) => DataError::NotALabel {
                file,
                place,
                found: number.to_string(),
            },
            Self::Empty => DataError::EmptyCell { file, place },
            Self::Long(len) => ContainerError::TooLarge {
                file,
                part: place.to_string(),
                found: format!("a text of {len} bytes"),
                limit: LONGEST_TEXT as u64,
                advice: "take another column for ids or labels",
            }
            .into(),
            Self::NotUtf8(found) => ColumnError::IdNotUtf8 { file, place, found }.into(),
        }
    }
}

fn value(cell: Cell<'_>) -> Result<f32, Fault> {
    let number = match cell {
        Cell::Null => return Err(Fault::Null),
        Cell::Text(text) => return Err(Fault::Text(shown(text))),
        Cell::Bool(value) => f64::from(u8::from(value)),
        Cell::Signed(value) => value as f64,
        Cell::Unsigned(value) => value as f64,
        Cell::Float(value) => value,
    };
    let value = number as f32;
    if value.is_finite() {
        Ok(value)
    } else {
        Err(Fault::Number(number))
    }
}

/// The text of a label, in `text` if it is made.
fn label<'c>(cell: Cell<'c>, text: &'c mut String) -> Result<&'c [u8], Fault> {
    match cell {
        Cell::Float(value) => {
            let whole = integral(value).ok_or(Fault::NoLabel(value))?;
            Ok(written(text, whole).as_bytes())
        }
        Cell::Text(label) => in_bounds(label),
        other => id(other, text).map(str::as_bytes),
    }
}

fn id<'c>(cell: Cell<'c>, text: &'c mut String) -> Result<&'c str, Fault> {
    Ok(match cell {
        Cell::Null => return Err(Fault::Null),
        Cell::Text(id) => {
            std::str::from_utf8(in_bounds(id)?).map_err(|_| Fault::NotUtf8(shown(id)))?
        }
        Cell::Bool(value) => written(text, value),
        Cell::Signed(value) => written(text, value),
        Cell::Unsigned(value) => written(text, value),
        Cell::Float(value) => written(text, value),
    })
}

fn in_bounds(text: &[u8]) -> Result<&[u8], Fault> {
    match text.len() {
        0 => Err(Fault::Empty),
        len if len > LONGEST_TEXT => Err(Fault::Long(len)),
        _ => Ok(text),
    }
}

fn written(text: &mut String, value: impl std::fmt::Display) -> &str {
    text.clear();
    // Writing into a string does not fail.
    let _ = write!(text, "{value}");
    text
}
