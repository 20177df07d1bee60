//! svmlight text.

use super::Case;
use super::make::gzip;

pub(crate) fn cases() -> Vec<Case> {
    let good = "1 1:0.5 3:2\n2 2:1\n";
    let with = |line: &str| format!("{good}{line}").into_bytes();
    let cut_gzip = |cut: usize| {
        let whole = gzip(good.as_bytes());
        whole[..whole.len() - cut].to_vec()
    };
    vec![
        ("no colon", with("1 4\n"), "x.svm:3: found \"4\""),
        ("no column", with("1 :4\n"), "x.svm:3: found"),
        ("no value", with("1 4:\n"), "x.svm:3: column 2"),
        (
            "a negative column",
            with("1 -1:4\n"),
            "x.svm:3: found \"-1\"",
        ),
        (
            "a column of 2^40",
            with("1 1099511627776:1\n"),
            "x.svm:3: found",
        ),
        (
            "a column of 2^64 - 1",
            with("1 18446744073709551615:1\n"),
            "x.svm:3: found",
        ),
        (
            "a column of 2^64",
            with("1 18446744073709551616:1\n"),
            "x.svm:3: found",
        ),
        ("columns that fall", with("1 3:1 2:1\n"), "column 2 after 3"),
        ("a column twice", with("1 3:1 3:1\n"), "column 3 after 3"),
        (
            "text for a value",
            with("1 3:x\n"),
            "x.svm:3: column 2: found \"x\"",
        ),
        (
            "not a number",
            with("1 3:nan\n"),
            "x.svm:3: column 2: found \"nan\"",
        ),
        ("infinity", with("1 3:-inf\n"), "x.svm:3: column 2"),
        ("too large", with("1 3:1e400\n"), "x.svm:3: column 2"),
        (
            "bytes that are no text",
            [&with("1 3:")[..], b"\xff\xfe\n"].concat(),
            "x.svm:3: column 2",
        ),
        ("a broken checksum", cut_gzip(5), "broken gzip stream"),
        ("a broken stream", cut_gzip(12), "broken gzip stream"),
    ]
}
