//! Text of users' data on its way into HTML and SVG: escaped, and with nothing invisible left in it.

use maud::{Escaper, Render};
use std::fmt::Write;

/// Text that a user, or a file, has written.
///
/// Control characters and marks that turn the direction of text become `\u{…}`: they are shown, not obeyed.
#[derive(Clone, Copy)]
pub(super) struct Text<'a>(pub(super) &'a str);

impl Render for Text<'_> {
    fn render_to(&self, out: &mut String) {
        // Writing to a string cannot fail.
        let _ = Escaper::new(out).write_str(&visible(self.0));
    }
}

/// `text` with its invisible characters spelt out, but for line ends.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && (c.is_control() || turns_text(c)) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Marks that change the direction of the text around them, and two that XML forbids.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_shown_and_does_nothing() {
        let hostile = "<script>alert(\"1\")</script>]]>&'\u{0}\u{1b}\u{202e}";
        let markup = maud::html! { p title=(Text(hostile)) { (Text(hostile)) } };
        let safe =
            "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;]]&gt;&amp;'\\u{0}\\u{1b}\\u{202e}";
        assert_eq!(
            markup.into_string(),
            format!("<p title=\"{safe}\">{safe}</p>")
        );
    }
}
