//! What each column of a text table is: a value, the label, the id, or nothing.

use super::super::layout::{LABEL, Layout};
use super::super::place::printable;
use super::super::{Column, ReadOptions};
use super::row_names::RowNames;
use super::{ColumnError, DataError};

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Value,
    Label,
    Id,
    Ignored,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Label => "label",
            Self::Id => "id",
            Self::Ignored => "ignored",
        }
    }
}

/// What the columns are.
#[derive(Debug)]
pub(crate) struct Roles {
    of: Vec<Role>,
    /// Why the first column is the id, if nobody asked for it.
    by_itself: Option<RowNames>,
}

impl Roles {
    /// What was asked for; a column named `label` is the label, and a first column that names its rows is the id,
    /// where nothing else was asked for.
    pub(crate) fn find(
        layout: &Layout,
        options: &ReadOptions,
        file: &str,
    ) -> Result<Self, DataError> {
        let mut found = Self {
            of: vec![Role::Value; layout.columns],
            by_itself: None,
        };
        let ignored = options.ignore_columns.iter().map(|c| (c, Role::Ignored));
        let id = options.id_column.iter().map(|c| (c, Role::Id));
        let label = options.label_column.iter().map(|c| (c, Role::Label));
        for (column, role) in ignored.chain(id).chain(label) {
            found.ask(layout, column, role, file)?;
        }
        if options.label_column.is_none()
            && let Some(at) = layout.named(LABEL)
            && found.of[at] == Role::Value
        {
            found.of[at] = Role::Label;
        }
        if options.id_column.is_none() {
            found.take_row_names(layout);
        }
        if found.n_values() == 0 {
            let file = file.to_owned();
            return Err(DataError::NoColumns { file });
        }
        Ok(found)
    }

    fn ask(
        &mut self,
        layout: &Layout,
        wanted: &Column,
        role: Role,
        file: &str,
    ) -> Result<(), ColumnError> {
        let found = match wanted {
            Column::Name(name) => layout.named(name),
            Column::Index(index) => layout.at(*index),
        };
        let at = found.ok_or_else(|| layout.no_column(wanted, role.name(), file))?;
        let before = std::mem::replace(&mut self.of[at], role);
        if before == Role::Value || before == role {
            return Ok(());
        }
        Err(ColumnError::TwoUses {
            file: file.to_owned(),
            column: layout.option_name(at),
            first: before.name(),
            second: role.name(),
        })
    }

    /// Takes a first column of names, if it is free and others are left.
    fn take_row_names(&mut self, layout: &Layout) {
        if layout.row_names.is_some() && self.of[0] == Role::Value && self.n_values() > 1 {
            self.of[0] = Role::Id;
            self.by_itself = layout.row_names;
        }
    }

    pub(crate) fn of(&self, column: usize) -> Role {
        self.of[column]
    }

    /// D.
    pub(crate) fn n_values(&self) -> usize {
        self.of.iter().filter(|role| **role == Role::Value).count()
    }

    pub(crate) fn labelled(&self) -> bool {
        self.of.contains(&Role::Label)
    }

    /// The column of ids.
    pub(crate) fn id(&self) -> Option<usize> {
        self.of.iter().position(|role| *role == Role::Id)
    }

    /// The names of the columns of values, fit to be shown.
    pub(crate) fn value_names(&self, layout: &Layout) -> Option<Vec<String>> {
        let names = layout.header.as_ref()?.iter().zip(&self.of);
        let values = names.filter(|(_, role)| **role == Role::Value);
        Some(values.map(|(name, _)| printable(name)).collect())
    }

    /// Says what was taken without having been asked for.
    pub(crate) fn tell(&self, layout: &Layout, file: &str) {
        let name = layout.option_name(0);
        if let Some(why) = self.by_itself {
            log::warn!(
                "{file}: the first column ({name}) is taken as ids, not as values, because {why}; \
                 to leave it out, name it as a column to ignore"
            );
        } else if self.of[0] == Role::Value && layout.may_count() {
            log::warn!(
                "{file}: the first column ({name}) is taken as values, because it does not count 0, 1, 2 …; if it numbers the \
                 rows, name it as the column of ids or as one to ignore"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::super::{Dataset, read};
    use super::*;

    /// The set, its roles named by option and column: `label=a ignore=2`.
    fn table(text: &str, options: &str) -> Result<Dataset, String> {
        let mut read_options = ReadOptions::default();
        for option in options.split_whitespace() {
            let (role, column) = option.split_once('=').unwrap();
            let Ok(column) = column.parse();
            match role {
                "label" => read_options.label_column = Some(column),
                "id" => read_options.id_column = Some(column),
                _ => read_options.ignore_columns.push(column),
            }
        }
        read("t.csv", Cursor::new(text), &read_options).map_err(|error| error.to_string())
    }

    /// Ids, names of values, names of classes.
    fn found(text: &str, options: &str) -> [String; 3] {
        let set = table(text, options).unwrap();
        let joined = |names: Option<Vec<String>>| names.map_or("-".into(), |names| names.join(" "));
        let classes = set.labels.map(|labels| labels.names);
        [set.ids, set.column_names, classes].map(joined)
    }

    #[test]
    fn columns_are_what_was_asked_for() {
        let text = "a,label,c,c\n1,2,3,4\n5,6,7,8\n";
        assert_eq!(found(text, ""), ["-", "a c c", "2 6"]);
        assert_eq!(found(text, "label=a"), ["-", "label c c", "1 5"]);
        assert_eq!(found(text, "label=-1"), ["-", "a label c", "4 8"]);
        assert_eq!(found(text, "label=2 id=a"), ["1 5", "label c", "3 7"]);
        assert_eq!(found(text, "ignore=label"), ["-", "a c c", "-"]);
        assert_eq!(found(text, "id=label"), ["2 6", "a c c", "-"]);
        assert_eq!(found(text, "ignore=3 ignore=a ignore=0"), ["-", "c", "2 6"]);
        for wrong in ["c", "d", "4", "-5", "-9223372036854775808"] {
            for role in ["label", "id", "ignored"] {
                let error = table(text, &format!("{role}={wrong}")).unwrap_err();
                assert!(
                    error.starts_with(&format!("t.csv: {role} column ")),
                    "{error}"
                );
            }
        }
        assert_eq!(found("target,a\n1,2\n", "")[2], "-");
    }

    #[test]
    fn names_of_rows_are_taken_by_themselves() {
        let ids = |text: &str| found(text, "")[0].clone();
        for (text, expected) in [
            // Text, with and without a header.
            ("gene,x\nBRCA1,1\nTP53,2\n", "BRCA1 TP53"),
            ("s1,0.5,1.5\ns2,0.5,1\n", "s1 s2"),
            ("\"\",\"x\"\n\"a, b\",1\n\"c\",2\n", "a, b c"),
            // pandas and R count.
            (",x\n0,5\n1,6\n2,7\n", "0 1 2"),
            ("\"\",\"x\"\n\"1\",5\n\"2\",6\n", "1 2"),
            ("index,x\n0,5\n1,6\n", "0 1"),
            ("Unnamed: 0,x\n0,5\n1,6\n", "0 1"),
            // Values.
            (",x\n0,5\n2,6\n", "-"),
            ("number,x\n0,5\n1,6\n", "-"),
            ("0,5\n1,6\n", "-"),
            (",x\n00,5\n01,6\n", "-"),
        ] {
            assert_eq!(ids(text), expected, "{text:?}");
        }
        // Something else was asked for, or nothing else would be left.
        let text = "name,kind,x\na,1,2\nb,1,3\n";
        assert_eq!(found(text, "label=name"), ["-", "kind x", "a b"]);
        assert_eq!(found(text, "ignore=0"), ["-", "kind x", "-"]);
        assert!(
            table(text, "id=kind")
                .unwrap_err()
                .contains("column 1 (name): found \"a\"")
        );
        assert!(
            table("a,label\nx,1\ny,2\n", "")
                .unwrap_err()
                .contains("found \"x\"")
        );
    }
}
