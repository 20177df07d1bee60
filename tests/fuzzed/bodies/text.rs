//! What an error may look like.

use std::fmt::Display;

/// The name of every file, as a user may have it from elsewhere.
pub(crate) const NAME: &str = "a\u{1b}[2J\u{202e}.x";
/// How it is shown.
pub(crate) const SHOWN: &str = "a\\u{1b}[2J\\u{202e}.x";

/// Characters of the longest error; the place in a file and twelve names take most of them.
const LONGEST: usize = 1500;

/// Insists that an error begins with `start`, is short, and is harmless on a terminal.
pub(crate) fn check(error: impl Display, start: &str) {
    let text = error.to_string();
    assert!(text.starts_with(start), "{text:?} does not name {start}");
    harmless(&text);
    let length = text.chars().count();
    assert!(length <= LONGEST, "{length} characters: {text:?}");
}

/// Insists that a text has no control characters and none that turn its direction, but for the ends of lines.
pub(crate) fn harmless(text: &str) {
    let harm = |c: char| c.is_control() && c != '\n';
    let turns = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let found = text.chars().find(|c| harm(*c) || turns(*c));
    assert!(found.is_none(), "{found:?} in {text:?}");
}
