//! NPY files.

use super::Case;
use super::make::{cut, npy, npy_text};

pub(crate) fn cases() -> Vec<Case> {
    let whole = npy("'<f4'", "(2, 2)", &[0; 16]);
    let infinite = [1f64, 2.0, f64::NEG_INFINITY]
        .map(f64::to_le_bytes)
        .concat();
    let mut long_header = npy_text(2, "{}", &[]);
    long_header[8..12].fill(0xff);
    let mut version = whole.clone();
    version[6] = 9;
    vec![
        ("magic only", cut(&whole, 6), "byte 6: found the end"),
        ("no header length", cut(&whole, 9), "byte 9: found the end"),
        ("half a header", cut(&whole, 30), "byte 10: found the end"),
        (
            "half a body",
            cut(&whole, whole.len() - 1),
            "found the end of the file",
        ),
        (
            "more than the body",
            [&whole[..], &[0]].concat(),
            "found more bytes",
        ),
        ("version 9", version, "byte 6: found NPY version 9.0"),
        (
            "a header of 4 GiB",
            long_header,
            "found the end of the file",
        ),
        (
            "no dictionary",
            npy_text(3, "[1, 2]", &[]),
            "byte 12: found \"[1, 2]\"",
        ),
        (
            "nested parentheses",
            npy_text(1, &format!("{{'shape': {}", "(".repeat(20_000)), &[]),
            "byte 21",
        ),
        (
            "a missing key",
            npy_text(1, "{'descr': '<f4', 'shape': (1, 1)}", &[0; 4]),
            "fortran_order",
        ),
        (
            "another key",
            npy_text(1, "{'color': 1}", &[]),
            "byte 19: found \" 1}\"",
        ),
        (
            "a negative size",
            npy("'<f4'", "(-1, 2)", &[]),
            "expected a size",
        ),
        (
            "objects",
            npy("'|O'", "(2, 2)", &[0; 16]),
            "element type \"|O\" (Python objects)",
        ),
        (
            "text",
            npy("'<U5'", "(2, 2)", &[0; 80]),
            "element type \"<U5\" (text)",
        ),
        (
            "complex numbers",
            npy("'<c8'", "(1, 1)", &[0; 8]),
            "(complex numbers)",
        ),
        (
            "records",
            npy("[('a', '<f4')]", "(2, 2)", &[0; 16]),
            "a record of several fields",
        ),
        (
            "long doubles",
            npy("'<f16'", "(1, 1)", &[0; 16]),
            "element type \"<f16\"",
        ),
        ("a scalar", npy("'<f4'", "()", &[0; 4]), "found shape ()"),
        (
            "one dimension",
            npy("'<f4'", "(4,)", &[0; 16]),
            "found shape (4,)",
        ),
        ("no rows", npy("'<f4'", "(0, 5)", &[]), "found 0 rows"),
        (
            "2^40 rows",
            npy("'<f4'", "(1099511627776, 1)", &[0; 16]),
            "expected at least",
        ),
        (
            "a product of 2^68",
            npy("'<f4'", "(4294967296, 4294967296, 16)", &[]),
            "found shape",
        ),
        (
            "a product of 2^64 with 0",
            npy("'<f4'", "(0, 4294967296, 4294967296)", &[]),
            "found shape",
        ),
        (
            "infinity",
            npy("'<f8'", "(3, 1)", &infinite),
            "row 2, column 0: found -inf",
        ),
    ]
}
