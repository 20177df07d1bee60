//! Where in a file something was found, and how files, cells and names are shown in errors.

use std::fmt;

/// Where in a file something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A cell of a text table.
    Cell {
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: usize,
        /// The name of the column, if the table has a header.
        name: Option<String>,
    },
    /// An element of an array.
    Element {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
    },
    /// A cell of a table whose columns have names.
    Named {
        /// The row, from 0.
        row: usize,
        /// The name of the column, as it is shown.
        column: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cell {
                line,
                column,
                name: None,
            } => write!(f, ":{line}: column {column}"),
            Self::Cell {
                line,
                column,
                name: Some(name),
            } => {
                write!(f, ":{line}: column {column} ({name})")
            }
            Self::Named { row, column } => write!(f, ": row {row}, column {column}"),
            Self::Element { row, column } => write!(f, ": row {row}, column {column}"),
        }
    }
}

/// `text` without control characters, so that a file name cannot steer a terminal.
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_printable(c) {
            safe.push(c);
        } else {
            safe.extend(c.escape_default());
        }
    }
    safe
}

/// Neither a control character nor a mark that turns the direction of text.
pub fn is_printable(c: char) -> bool {
    !c.is_control() && !is_bidi_control(c)
}

/// `text` as [`printable`] has it, over several lines if it has several.
pub fn printable_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(printable).collect();
    lines.join("\n")
}

/// The first `most` characters, and whether there are more.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A name that comes from a file: printable, and cut after 40 characters.
pub fn short(name: &str) -> String {
    cut(&printable(&cut(name, 40)), 40)
}

/// What another library said of a file: printable, and cut after 300 characters.
pub fn said(reason: impl fmt::Display) -> String {
    cut(&printable(&reason.to_string()), 300)
}

/// Marks that turn the direction of the text around them.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A cell as it is shown in an error: quoted, printable, and cut after 40 characters.
pub(super) fn shown(cell: &[u8]) -> String {
    // No character takes more than four bytes, so this much is enough to fill the 40.
    let head = String::from_utf8_lossy(&cell[..cell.len().min(164)]);
    let mut chars = head.chars();
    let start: String = chars.by_ref().take(40).collect();
    let more = if chars.next().is_some() { "…" } else { "" };
    format!("\"{}{more}\"", printable(&start))
}

/// The first names of a list, for messages.
pub(super) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    const SHOWN: usize = 12;
    let mut text: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| short(name.as_ref()))
        .collect();
    if names.len() > SHOWN {
        text.push(format!("and {} more", names.len() - SHOWN));
    }
    text.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(printable("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\\nc");
        assert_eq!(printable("\u{202e}gpj"), "\\u{202e}gpj");
        assert_eq!(printable("Größe 漢.csv"), "Größe 漢.csv");
    }

    #[test]
    fn long_cells_are_cut() {
        assert_eq!(shown(b"abc"), "\"abc\"");
        let long = shown("é".repeat(500).as_bytes());
        assert_eq!(long.chars().count(), 43);
        assert!(long.ends_with("…\""));
        assert_eq!(shown(&[0xff, 0x07]), "\"\u{fffd}\\u{7}\"");
    }

    #[test]
    fn names_are_short_and_texts_of_lines_stay_so() {
        assert_eq!(short(&"é".repeat(41)), "é".repeat(40) + "…");
        assert_eq!(short(&"é".repeat(40)), "é".repeat(40));
        assert_eq!(short(&"\u{1b}".repeat(50)).chars().count(), 41);
        assert_eq!(printable_lines("a\r\n\u{1b}b\rc\n"), "a\n\\u{1b}b\\rc");
        assert_eq!(said("x".repeat(400)).chars().count(), 301);
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<String> = (0..15).map(|i| format!("c{i}")).collect();
        assert!(listed(&names).ends_with("c11, and 3 more"));
    }
}
