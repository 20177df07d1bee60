//! Files packed with gzip.

use super::Case;
use super::make::{cut, flipped, gzip, idx, npy, npz};

pub(crate) fn cases() -> Vec<Case> {
    let set = idx(
        8,
        &[40, 100],
        &(0..4000).map(|i| (i * i % 251) as u8).collect::<Vec<_>>(),
    );
    let whole = gzip(&set);
    let table = gzip("1,2\n".repeat(5000).as_bytes());
    vec![
        ("magic only", cut(&whole, 2), "found a broken gzip stream"),
        (
            "half a header",
            cut(&whole, 7),
            "found a broken gzip stream",
        ),
        (
            "half a stream",
            cut(&whole, whole.len() / 2),
            "found a broken gzip stream",
        ),
        (
            "no checksum",
            cut(&whole, whole.len() - 8),
            "found a broken gzip stream",
        ),
        (
            "a wrong checksum",
            flipped(&whole, 8),
            "found a broken gzip stream",
        ),
        (
            "a wrong length",
            flipped(&whole, 4),
            "found a broken gzip stream",
        ),
        (
            "bytes after the end",
            [&whole[..], b"more"].concat(),
            "found a broken gzip stream",
        ),
        (
            "a table with a wrong checksum",
            flipped(&table, 8),
            "found a broken gzip stream",
        ),
        (
            "a table that is cut off",
            cut(&table, table.len() - 9),
            "found a broken gzip stream",
        ),
        ("nothing in it", gzip(&[]), "found an empty file"),
        ("gzip in gzip", gzip(&whole), "found gzip inside gzip"),
        (
            "zip in gzip",
            gzip(&npz(&[])),
            "found a zip archive inside gzip",
        ),
        (
            "a short body",
            gzip(&set[..3000]),
            "byte 3000: found the end",
        ),
        (
            "a long body",
            gzip(&[&set[..], &[0]].concat()),
            "byte 4012: found more bytes",
        ),
        (
            "a claim of 2^40",
            gzip(&npy("'<f4'", "(1099511627776, 1)", &[0; 64])),
            "found a header that declares",
        ),
        (
            "a short row",
            gzip(b"1,2\n3\n"),
            ":2: expected 2 values, found 1",
        ),
        ("a picture", gzip(b"\x89PNG\r\n\x1a\n"), "found a PNG image"),
    ]
}
