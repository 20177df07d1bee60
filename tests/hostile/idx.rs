//! IDX files.

use super::Case;
use super::make::{cut, idx};

pub(crate) fn cases() -> Vec<Case> {
    let whole = idx(8, &[2, 2], &[1, 2, 3, 4]);
    let nan = [1f32.to_be_bytes(), f32::NAN.to_be_bytes()].concat();
    vec![
        ("nothing", vec![], "empty file"),
        (
            "half a magic",
            cut(&whole, 2),
            "byte 2: found the end of the file",
        ),
        ("no shape", cut(&whole, 4), "byte 4: found the end"),
        ("half a shape", cut(&whole, 10), "byte 10: found the end"),
        (
            "no body",
            cut(&whole, 12),
            "byte 12: found the end of the file, expected at least 16",
        ),
        (
            "half a body",
            cut(&whole, 14),
            "byte 14: found the end of the file, expected at least 16",
        ),
        (
            "more than the body",
            [&whole[..], &[5]].concat(),
            "byte 16: found more bytes",
        ),
        ("zeros", vec![0; 64], "byte 2: found element type 0x00"),
        (
            "an unknown type",
            idx(0x0a, &[1, 1], &[1]),
            "byte 2: found element type 0x0a",
        ),
        ("no dimension", idx(8, &[], &[]), "found shape ()"),
        (
            "one dimension",
            idx(8, &[3], &[1, 2, 3]),
            "found shape (3,)",
        ),
        ("no rows", idx(8, &[0, 3], &[]), "found 0 rows"),
        ("no columns", idx(8, &[3, 0], &[]), "found 0 columns"),
        (
            "a product that wraps",
            idx(8, &[u32::MAX; 4], &[]),
            "found shape (4294967295,",
        ),
        (
            "more than memory",
            idx(8, &[u32::MAX, 256], &[0; 9]),
            "byte 21: found the end",
        ),
        (
            "255 dimensions",
            idx(8, &[1; 255], &[]),
            "byte 1024: found the end",
        ),
        (
            "NaN",
            idx(0x0d, &[2, 1], &nan),
            "row 1, column 0: found NaN",
        ),
        (
            "f64 out of range",
            idx(0x0e, &[1, 1], &(-1e39f64).to_be_bytes()),
            "row 0, column 0: found -1e39",
        ),
    ]
}
