//! NPZ files: a zip archive, and the arrays in it.

use super::Case;
use super::make::{cut, npy, npz};

pub(crate) fn cases() -> Vec<Case> {
    let x = npy("'|u1'", "(2, 2)", &[1, 2, 3, 4]);
    let whole = npz(&[("x.npy", x.clone())]);
    let with_y = |y: Vec<u8>| npz(&[("x.npy", x.clone()), ("y.npy", y)]);
    let long = npy(
        "'|u1'",
        "(40, 100)",
        &(0..4000).map(|i| (i * i % 251) as u8).collect::<Vec<_>>(),
    );
    let packed = npz(&[("x.npy", long)]);
    let mut damaged = packed.clone();
    damaged[200] ^= 0xff;
    let mut claims = whole.clone();
    let entries = claims.len() - 14;
    claims[entries..entries + 4].fill(0xfe);
    vec![
        (
            "magic only",
            b"PK\x03\x04".to_vec(),
            "found a zip archive that cannot be read",
        ),
        (
            "no directory",
            cut(&whole, whole.len() - 22),
            "cannot be read",
        ),
        (
            "half a directory",
            cut(&packed, packed.len() - 30),
            "cannot be read",
        ),
        ("a wrong number of members", claims, "found"),
        ("no members", npz(&[]), "found no members"),
        (
            "other members",
            npz(&[("a.txt", vec![1]), ("b.npy", x[..9].to_vec())]),
            "found members a.txt, b",
        ),
        (
            "two matrices",
            npz(&[("a.npy", x.clone()), ("b.npy", x.clone())]),
            "found members a, b",
        ),
        (
            "x is no array",
            npz(&[("x.npy", b"hello, world".to_vec())]),
            "member x: byte 0: found",
        ),
        (
            "x is empty",
            npz(&[("x.npy", vec![])]),
            "member x: byte 0: found the end",
        ),
        (
            "x is short",
            npz(&[("x.npy", cut(&x, x.len() - 1))]),
            "member x: found a header that declares",
        ),
        (
            "x is long",
            npz(&[("x.npy", [&x[..], &[5]].concat())]),
            "member x: byte",
        ),
        (
            "x claims 2^40",
            npz(&[("x.npy", npy("'<f4'", "(1099511627776, 1)", &[0; 64]))]),
            "member x: found a header that declares",
        ),
        ("x is damaged", damaged, "member x"),
        (
            "too many labels",
            with_y(npy("'|u1'", "(3,)", &[1, 2, 3])),
            "member y: labels of another length: found 3 labels for 2 rows",
        ),
        (
            "fractional labels",
            with_y(npy("'<f4'", "(2,)", &[0, 0, 0, 0, 0, 0, 0, 0x3f])),
            "member y: row 1, column 0: found label 0.5",
        ),
        (
            "labels of text",
            with_y(npy("'<U1'", "(2,)", &[0; 8])),
            "member y: byte 20: found element type \"<U1\" (text)",
        ),
        (
            "labels of two columns",
            with_y(npy("'|u1'", "(2, 2)", &[0; 4])),
            "member y: found shape (2, 2)",
        ),
    ]
}
