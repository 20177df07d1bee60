//! Matrix Market text.

use super::Case;
use super::make::gzip;

pub(crate) fn cases() -> Vec<Case> {
    let file =
        |kind: &str, rest: &str| format!("%%MatrixMarket matrix {kind}\n{rest}").into_bytes();
    let real = |rest: &str| file("coordinate real general", rest);
    let cut_gzip = |cut: usize| {
        let whole = gzip(&real("2 2 2\n1 1 1\n2 2 1\n"));
        whole[..whole.len() - cut].to_vec()
    };
    vec![
        ("an array", file("array real general", "1 1\n1\n"), "byte 0"),
        (
            "complex values",
            file("coordinate complex general", "1 1 1\n1 1 1 1\n"),
            "byte 0",
        ),
        (
            "symmetric",
            file("coordinate real symmetric", "1 1 1\n1 1 1\n"),
            "byte 0",
        ),
        ("no sizes", real(""), "0 rows"),
        ("two sizes", real("2 2\n"), "x.mtx:2: found 2 values"),
        (
            "a negative size",
            real("2 -2 1\n1 1 1\n"),
            "x.mtx:2: found \"-2\"",
        ),
        (
            "sizes that no memory holds",
            real("1099511627776 2 1\n1 1 1\n"),
            "x.mtx:2: found",
        ),
        (
            "too wide",
            real("2 1099511627776 1\n1 1 1\n"),
            "x.mtx:2: found",
        ),
        (
            "a lie about the entries",
            real("2 2 9\n1 1 1\n"),
            "found 1 entries",
        ),
        (
            "2^64 entries declared",
            real("2 2 18446744073709551615\n1 1 1\n"),
            "found 1 entries",
        ),
        (
            "more entries",
            real("2 2 1\n1 1 1\n2 2 1\n"),
            "found 2 entries",
        ),
        (
            "an entry twice",
            real("2 2 2\n1 1 1\n1 1 1\n"),
            "sample 1, column 1",
        ),
        ("row 0", real("2 2 1\n0 1 1\n"), "x.mtx:3: found \"0\""),
        (
            "a row beyond",
            real("2 2 1\n3 1 1\n"),
            "x.mtx:3: found \"3\"",
        ),
        ("no value", real("2 2 1\n1 1\n"), "x.mtx:3: found 2 values"),
        (
            "text",
            real("2 2 1\n1 1 x\n"),
            "x.mtx:3: column 3: found \"x\"",
        ),
        ("infinity", real("2 2 1\n1 1 inf\n"), "x.mtx:3: column 3"),
        ("a broken checksum", cut_gzip(5), "broken gzip stream"),
        ("a broken stream", cut_gzip(20), "broken gzip stream"),
    ]
}
