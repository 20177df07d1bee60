//! Text from users' data as a cell of a CSV file (RFC 4180).

use std::borrow::Cow;

/// `text` as one cell: in quotes, with its own quotes doubled, if it could be taken for more than a cell.
pub(super) fn csv_text(text: &str) -> Cow<'_, str> {
    if text.contains(['"', ',', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_as_they_were() {
        for text in [
            "",
            "a b",
            "a,b",
            "say \"x\"",
            "\"",
            "two\nlines",
            "cr\r",
            "Größe; 1",
        ] {
            let file = format!("0,{}\n", csv_text(text));
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(file.as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            assert_eq!(record.iter().collect::<Vec<_>>(), ["0", text]);
        }
        assert_eq!(csv_text("plain"), "plain");
    }
}
