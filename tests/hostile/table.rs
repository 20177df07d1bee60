//! Text tables.

use super::Case;

pub(crate) fn cases() -> Vec<Case> {
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        (
            "a short row",
            text("1,2\n3,4\n5\n"),
            ":3: expected 2 values, found 1",
        ),
        (
            "a long row",
            text("a,b\n1,2\n3,4,5\n"),
            ":3: expected 2 values, found 3",
        ),
        (
            "a short row after CRLF",
            text("1,2\r\n3,4\r\n5\r\n"),
            ":3: expected 2 values, found 1",
        ),
        (
            "a short row after quotes",
            text("\"1\n\",2\n3\n"),
            ":3: expected 2 values, found 1",
        ),
        (
            "a blank line within",
            text("1,2\n\n3,4\n"),
            ":2: expected 2 values, found 0",
        ),
        (
            "text",
            text("1,2\n3,four\n"),
            ":2: column 2: found \"four\"",
        ),
        (
            "text in a named column",
            text("a,b\n1,2\n3,four\n"),
            ":3: column 2 (b): found \"four\"",
        ),
        (
            "text with control characters",
            text(&format!("1,2{}\n3,\u{1b}[31m\n", " ".repeat(600))),
            ":2: column 2: found \"\\u{1b}[31m\"",
        ),
        ("NaN", text("1,2\n3,NaN\n"), ":2: column 2: found \"NaN\""),
        (
            "infinity",
            text("1,2\n3,inf\n"),
            ":2: column 2: found \"inf\"",
        ),
        (
            "out of range",
            text("1,2\n3,1e400\n"),
            ":2: column 2: found \"1e400\"",
        ),
        (
            "an empty cell",
            text("1,2\n,4\n"),
            ":2: column 1: found an empty cell",
        ),
        (
            "a missing value",
            text("a,b\n1,NA\n"),
            ":2: column 2 (b): found \"NA\"",
        ),
        ("a header only", text("a,b\n"), "found 0 rows"),
        ("a mark of order only", text("\u{feff}"), "found 0 rows"),
        ("labels only", text("label\n3\n"), "found 0 columns"),
        (
            "an open quote",
            text("1,2\n\"3,4\n5,6\n"),
            ":2: expected 2 values, found 1",
        ),
        (
            "zeros within",
            text("1,2\n3,\u{0}4\n"),
            "found bytes that are no text",
        ),
        (
            "bytes of no encoding",
            b"1,2\n3,\xff\xfe\n".to_vec(),
            ":2: column 2: found",
        ),
        (
            "decimal commas",
            text("1,5;2\n3,5;4\n"),
            ":1: column 1: found \"1,5\"",
        ),
        (
            "a row of tabs",
            text("1\t2\n\t\n"),
            ":2: column 1: found an empty cell",
        ),
        (
            "a line of 5 MiB",
            [&b"1,2\n"[..], &vec![b'7'; 5 << 20]].concat(),
            ":2: found a line of more than",
        ),
    ]
}
