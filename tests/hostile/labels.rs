//! Files of labels.

use super::Case;
use super::make::{idx, npy, npz};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        ("nothing", vec![], "empty file"),
        (
            "images",
            idx(8, &[1, 2, 2], &[0; 4]),
            "found shape (1, 2, 2)",
        ),
        ("no rows", idx(8, &[0], &[]), "found 0 rows"),
        ("cut off", idx(8, &[5], &[1]), "byte 9: found the end"),
        (
            "too long",
            idx(8, &[1], &[1, 2]),
            "byte 9: found more bytes",
        ),
        (
            "fractions",
            idx(0x0d, &[1], &1.5f32.to_be_bytes()),
            "row 0, column 0: found label 1.5",
        ),
        (
            "NaN",
            idx(0x0d, &[1], &f32::NAN.to_be_bytes()),
            "found label NaN",
        ),
        (
            "too large",
            npy("'<u8'", "(1,)", &[0xff; 8]),
            "found label 18446744073709551615",
        ),
        (
            "no y",
            npz(&[("x.npy", npy("'|u1'", "(1, 1)", &[0]))]),
            "found members x",
        ),
        (
            "no label column",
            b"a,b\n1,2\n".to_vec(),
            "label column \"label\" not found, expected one of: a, b",
        ),
        (
            "two label columns",
            b"label,label\n1,2\n".to_vec(),
            "each name once",
        ),
        (
            "no header",
            b"1,2\n3,4\n".to_vec(),
            "no header line was found",
        ),
        (
            "an empty label",
            b"index,label\n0,\n".to_vec(),
            ":2: column 2 (label): found an empty cell",
        ),
        (
            "a blank line within",
            b"a\n\nb\n".to_vec(),
            ":2: expected 1 values, found 0",
        ),
        ("a header only", b"label\n".to_vec(), "found 0 rows"),
    ]
}
