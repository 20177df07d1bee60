//! The columns of a table and its row groups, from the footer.

use parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::schema::types::Type;

use super::super::layout::{Layout, is_text};
use super::super::lines::Delimiter;
use super::super::owned::Owned;
use super::super::place::{printable, shown};
use super::super::remedy::Remedy;
use super::super::table::{Role, Roles, RowNames};
use super::super::{Column as Wanted, ContainerError, ReadOptions};
use super::cells::{Cell, Chunk};
use super::{DataError, broken, depth};

/// The name that pandas gives an index without one.
const INDEX: &str = "__index_level_0__";

/// Rows that are looked at to see whether the first column names them.
const LOOKED_AT: usize = 50;

/// What the cells of a column are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Signed,
    Unsigned,
    Float,
    Half,
    Text,
    /// Something that is not read.
    Other(String),
}

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Its place among the columns without columns in them.
    leaf: usize,
}

/// All columns and all row groups.
pub(super) struct Columns {
    footer: ParquetMetaData,
    pub(super) columns: Vec<Column>,
    /// Where each row group begins, and where the last one ends.
    starts: Vec<usize>,
}

impl Columns {
    pub(super) fn read(bytes: &Owned, file: &str) -> Result<Self, DataError> {
        depth::check(bytes).map_err(|reason| broken(file, "", reason))?;
        let footer = ParquetMetaDataReader::new()
            .parse_and_finish(bytes)
            .map_err(|error| broken(file, "", error))?;
        let schema = footer.file_metadata().schema();
        let (mut columns, mut leaf) = (Vec::new(), 0);
        for field in schema.get_fields() {
            columns.push(Column {
                name: field.name().to_owned(),
                kind: kind(field),
                leaf,
            });
            leaf += leaves(field);
        }
        let starts = starts(&footer, leaf).map_err(|reason| broken(file, "", reason))?;
        if starts.last() == Some(&0) {
            let file = file.to_owned();
            return Err(DataError::NoRows { file });
        }
        Ok(Self {
            footer,
            columns,
            starts,
        })
    }

    /// n.
    pub(super) fn n_rows(&self) -> usize {
        self.starts[self.n_groups()]
    }

    pub(super) fn n_groups(&self) -> usize {
        self.starts.len() - 1
    }

    /// Where a row group begins; that after the last is the end of the last.
    pub(super) fn start(&self, group: usize) -> usize {
        self.starts[group]
    }

    /// The cells of a column in a row group.
    pub(super) fn chunk<'a>(
        &'a self,
        file: &'a str,
        bytes: &'a Owned,
        group: usize,
        column: usize,
    ) -> Chunk<'a> {
        let column = &self.columns[column];
        Chunk {
            file,
            bytes,
            group: self.footer.row_group(group),
            leaf: column.leaf,
            column,
            rows: self.starts[group + 1] - self.starts[group],
        }
    }

    /// The options, with pandas' index as the ids if nobody asked for anything else.
    pub(super) fn with_index(&self, options: &ReadOptions) -> ReadOptions {
        let mut options = options.clone();
        let index = Wanted::Name(INDEX.to_owned());
        let taken = options.label_column.as_ref() == Some(&index)
            || options.ignore_columns.contains(&index);
        if options.id_column.is_none()
            && !taken
            && self.columns.iter().any(|column| column.name == INDEX)
        {
            options.id_column = Some(index);
        }
        options
    }

    /// The columns as those of a text table, of which all have names.
    pub(super) fn layout(&self, bytes: &Owned, file: &str) -> Result<Layout, DataError> {
        let names: Vec<String> = self.columns.iter().map(|c| c.name.clone()).collect();
        let first = self.first_cells(bytes, file)?;
        let first: Vec<&[u8]> = first.iter().map(|cell| cell.as_bytes()).collect();
        let name = names.first().map(String::as_str);
        Ok(Layout {
            line: 1,
            delimiter: Delimiter::Byte(b','),
            columns: names.len(),
            row_names: RowNames::find(name, &first, is_text),
            header: Some(names),
        })
    }

    /// The first cells of the first column, if it may name the rows.
    fn first_cells(&self, bytes: &Owned, file: &str) -> Result<Vec<String>, DataError> {
        let mut cells = Vec::new();
        let may_name = |column: &Column| {
            column.kind == Kind::Text
                || column.kind == Kind::Signed && RowNames::is_of_counter(&column.name)
        };
        if !self.columns.first().is_some_and(may_name) {
            return Ok(cells);
        }
        for group in 0..self.n_groups() {
            let chunk = self.chunk(file, bytes, group, 0);
            chunk.each(LOOKED_AT - cells.len(), |_, cell| {
                cells.push(match cell {
                    Cell::Text(text) => String::from_utf8_lossy(text).into_owned(),
                    Cell::Signed(value) => value.to_string(),
                    // No name of a row.
                    _ => String::new(),
                });
                Ok(())
            })?;
        }
        Ok(cells)
    }

    /// Refuses columns that are not read, if they are not left out.
    pub(super) fn check(
        &self,
        roles: &Roles,
        layout: &Layout,
        file: &str,
    ) -> Result<(), DataError> {
        for (at, column) in self.columns.iter().enumerate() {
            if let (Kind::Other(found), true) = (&column.kind, roles.of(at) != Role::Ignored) {
                return Err(ContainerError::Unfit {
                    file: file.to_owned(),
                    part: format!(": column {}", shown(column.name.as_bytes())),
                    found: found.clone(),
                    expected: "integers, floats, booleans or text".into(),
                    advice: "convert it".to_owned(),
                    remedy: Some(Box::new(Remedy::IgnoreColumn(layout.option_name(at)))),
                }
                .into());
            }
        }
        Ok(())
    }
}

/// Where row groups begin; `leaves` is how many columns each should have.
fn starts(footer: &ParquetMetaData, leaves: usize) -> Result<Vec<usize>, String> {
    let mut starts = vec![0];
    let mut end: usize = 0;
    for group in footer.row_groups() {
        let rows = usize::try_from(group.num_rows()).ok();
        end = rows
            .and_then(|rows| end.checked_add(rows))
            .ok_or_else(|| format!("a row group of {} rows", group.num_rows()))?;
        if group.num_columns() != leaves {
            let found = group.num_columns();
            return Err(format!("a row group of {found} columns, expected {leaves}"));
        }
        starts.push(end);
    }
    let declared = footer.file_metadata().num_rows();
    if i64::try_from(end) != Ok(declared) {
        return Err(format!("row groups of {end} rows, expected {declared}"));
    }
    Ok(starts)
}

fn leaves(field: &Type) -> usize {
    match field {
        Type::PrimitiveType { .. } => 1,
        Type::GroupType { fields, .. } => fields.iter().map(|field| leaves(field)).sum(),
    }
}

fn kind(field: &Type) -> Kind {
    use parquet::basic::Repetition;
    let Type::PrimitiveType {
        basic_info,
        physical_type,
        type_length,
        ..
    } = field
    else {
        return Kind::Other("columns within a column".to_owned());
    };
    if basic_info.has_repetition() && basic_info.repetition() == Repetition::REPEATED {
        return Kind::Other("lists".to_owned());
    }
    let logical = basic_info.logical_type_ref();
    match (logical, basic_info.converted_type(), physical_type) {
        (Some(LogicalType::Float16), _, Physical::FIXED_LEN_BYTE_ARRAY) if *type_length == 2 => {
            Kind::Half
        }
        (Some(LogicalType::Integer(integer)), _, Physical::INT32 | Physical::INT64) => {
            match integer.is_signed {
                true => Kind::Signed,
                false => Kind::Unsigned,
            }
        }
        (Some(LogicalType::String | LogicalType::Enum | LogicalType::Json), ..)
        | (_, ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON, _)
            if *physical_type == Physical::BYTE_ARRAY =>
        {
            Kind::Text
        }
        (Some(other), ..) => Kind::Other(printable(&format!("the type {other:?}"))),
        (None, ConvertedType::NONE, physical) => plain(*physical),
        (None, converted, Physical::INT32 | Physical::INT64) => match converted {
            ConvertedType::INT_8
            | ConvertedType::INT_16
            | ConvertedType::INT_32
            | ConvertedType::INT_64 => Kind::Signed,
            ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64 => Kind::Unsigned,
            other => Kind::Other(format!("the type {other}")),
        },
        (None, other, _) => Kind::Other(format!("the type {other}")),
    }
}

/// The kind of cells of which only their bytes are known.
fn plain(physical: Physical) -> Kind {
    match physical {
        Physical::BOOLEAN => Kind::Bool,
        Physical::INT32 | Physical::INT64 => Kind::Signed,
        Physical::FLOAT | Physical::DOUBLE => Kind::Float,
        // As DuckDB and older programs write text.
        Physical::BYTE_ARRAY => Kind::Text,
        other => Kind::Other(format!("the type {other}")),
    }
}
