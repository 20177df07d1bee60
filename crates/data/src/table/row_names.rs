//! Whether the first column of a table names its rows, as pandas and R write them.

use std::collections::HashSet;
use std::fmt;

/// Names that programs give a column that counts the rows: pandas without and with a name, R's packages.
const COUNTERS: [&str; 5] = ["", "index", "Unnamed: 0", "rownames", "row.names"];

/// Why the first column is taken for names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowNames {
    /// Text with a letter in all rows, no two alike.
    Text,
    /// 0, 1, 2 … or 1, 2, 3 … in a column without a name, or with one of [`COUNTERS`].
    Counted,
}

impl fmt::Display for RowNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "its cells are text, no two alike",
            Self::Counted => "it counts the rows",
        })
    }
}

impl RowNames {
    /// Whether a column of this name may count the rows.
    pub(crate) fn is_of_counter(name: &str) -> bool {
        COUNTERS.contains(&name)
    }

    /// Looks at the first cells of the first column of a table; `name` is that of the column.
    pub(crate) fn find(
        name: Option<&str>,
        cells: &[&[u8]],
        is_text: impl Fn(&[u8]) -> bool,
    ) -> Option<Self> {
        let cells = || cells.iter().copied();
        let mut seen = HashSet::new();
        if cells().next().is_none() {
            None
        } else if cells().all(|cell| is_text(cell) && has_letter(cell) && seen.insert(cell)) {
            Some(Self::Text)
        } else if name.is_some_and(Self::is_of_counter)
            && [0, 1].iter().any(|from| counts(cells(), *from))
        {
            Some(Self::Counted)
        } else {
            None
        }
    }
}

/// Dates and numbers with decimal commas have none; bytes beyond ASCII may be part of one.
fn has_letter(cell: &[u8]) -> bool {
    (cell.iter()).any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii())
}

/// Whether the cells are `from`, `from + 1`, … as they are written without a sign or zeros in front.
fn counts<'a>(mut cells: impl Iterator<Item = &'a [u8]>, from: usize) -> bool {
    let mut expected = from..;
    cells.all(|cell| {
        expected
            .next()
            .is_some_and(|n| cell == n.to_string().as_bytes())
    })
}
