//! Malformed files: each must end in an error that names the file and the place.

use std::fs;
use std::io::{Cursor, Write};

use dec_gpu::data::{self, DataError, Dataset, ReadOptions};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use zip::{ZipWriter, write::SimpleFileOptions};

fn read(name: &str, bytes: &[u8]) -> Result<Dataset, DataError> {
    data::read(name, Cursor::new(bytes), &ReadOptions::default())
}

/// Every body must fail with a text that starts with `file` and holds the given words.
fn all_fail(file: &str, cases: &[(&str, Vec<u8>, &str)]) {
    assert!(cases.len() >= 10, "{file}: a table of at least ten");
    for (what, bytes, words) in cases {
        let text = match read(file, bytes) {
            Ok(set) => panic!(
                "{file}, {what}: read as {} × {}",
                set.n_samples, set.input_dim
            ),
            Err(error) => error.to_string(),
        };
        assert!(text.starts_with(file), "{what}: {text}");
        assert!(text.contains(words), "{what}: {text}");
        let says_what = text.contains("expected") || text.contains("labels of another length");
        assert!(says_what, "{what}: {text}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn idx(kind: u8, shape: &[u32], body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, shape.len() as u8];
    shape.iter().for_each(|dim| bytes.extend(dim.to_be_bytes()));
    bytes.extend(body);
    bytes
}

fn npy_text(version: u8, text: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x93, b'N', b'U', b'M', b'P', b'Y', version, 0];
    match version {
        1 => bytes.extend((text.len() as u16).to_le_bytes()),
        _ => bytes.extend((text.len() as u32).to_le_bytes()),
    }
    bytes.extend(text.as_bytes());
    bytes.extend(body);
    bytes
}

fn npy(descr: &str, shape: &str, body: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n");
    npy_text(1, &text, body)
}

fn npz(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn cut(bytes: &[u8], end: usize) -> Vec<u8> {
    bytes[..end].to_vec()
}

fn flipped(bytes: &[u8], from_end: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = bytes.len() - from_end;
    bytes[at] ^= 0x40;
    bytes
}

#[test]
fn idx_bodies() {
    let whole = idx(8, &[2, 2], &[1, 2, 3, 4]);
    let nan = [1f32.to_be_bytes(), f32::NAN.to_be_bytes()].concat();
    all_fail(
        "a.idx",
        &[
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
        ],
    );
}

#[test]
fn npy_bodies() {
    let whole = npy("'<f4'", "(2, 2)", &[0; 16]);
    let infinite = [1f64, 2.0, f64::NEG_INFINITY]
        .map(f64::to_le_bytes)
        .concat();
    let mut long_header = npy_text(2, "{}", &[]);
    long_header[8..12].fill(0xff);
    let mut version = whole.clone();
    version[6] = 9;
    all_fail(
        "a.npy",
        &[
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
        ],
    );
}

#[test]
fn npz_bodies() {
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
    all_fail(
        "a.npz",
        &[
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
        ],
    );
}

#[test]
fn table_bodies() {
    let text = |text: &str| text.as_bytes().to_vec();
    all_fail(
        "a.csv",
        &[
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
        ],
    );
}

#[test]
fn gzip_bodies() {
    let set = idx(
        8,
        &[40, 100],
        &(0..4000).map(|i| (i * i % 251) as u8).collect::<Vec<_>>(),
    );
    let whole = gzip(&set);
    let table = gzip("1,2\n".repeat(5000).as_bytes());
    all_fail(
        "a.gz",
        &[
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
        ],
    );
}

#[test]
fn label_bodies() {
    let cases: &[(&str, Vec<u8>, &str)] = &[
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
    ];
    for (what, bytes, words) in cases {
        let text = data::read_labels("y", Cursor::new(bytes))
            .unwrap_err()
            .to_string();
        assert!(
            text.starts_with('y') && text.contains(words),
            "{what}: {text}"
        );
    }
}

#[test]
fn folders_and_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let open = |name: &str| data::open(&path(name), &ReadOptions::default());
    let fails = |name: &str, words: &str| {
        let text = open(name).unwrap_err().to_string();
        assert!(
            text.starts_with(path(name).to_str().unwrap()) && text.contains(words),
            "{text}"
        );
    };
    fails("missing.csv", "cannot be read");
    fs::create_dir(path("set")).unwrap();
    fails("set", "found no files");
    fs::write(path("set/README.md"), "x").unwrap();
    fs::write(path("set/notes.md"), "x").unwrap();
    fails("set", "found README.md, notes.md");
    fs::write(path("set/a.csv"), "1,2\n").unwrap();
    assert_eq!(open("set").unwrap().name, "set");
    fs::write(path("set/b.csv"), "1,2\n").unwrap();
    fails("set", "found several data files (a.csv, b.csv)");

    fs::write(
        path("set/train-images-idx3-ubyte"),
        idx(8, &[2, 1, 2], &[1, 2, 3, 4]),
    )
    .unwrap();
    fs::write(
        path("set/t10k-images-idx3-ubyte.gz"),
        gzip(&idx(8, &[1, 1, 2], &[5, 6])),
    )
    .unwrap();
    fs::write(
        path("set/train-labels-idx1-ubyte.gz"),
        gzip(&idx(8, &[2], &[9, 4])),
    )
    .unwrap();
    let set = open("set").unwrap();
    assert_eq!(
        (set.n_samples, set.values),
        (3, data::Values::U8(vec![1, 2, 3, 4, 5, 6]))
    );
    assert_eq!(set.labels, None, "labels of one part only");
    fs::write(path("set/t10k-labels-idx1-ubyte"), idx(8, &[1], &[7])).unwrap();
    let labels = open("set").unwrap().labels.unwrap();
    assert_eq!(
        (labels.ids, labels.names.concat()),
        (vec![2, 0, 1], "479".to_owned())
    );
    fs::write(
        path("set/t10k-images-idx3-ubyte"),
        idx(8, &[1, 2, 1], &[5, 6]),
    )
    .unwrap();
    let text = open("set").unwrap_err().to_string();
    assert!(
        text.contains("t10k-images-idx3-ubyte: found 2 × 1 bytes a sample, expected 1 × 2"),
        "{text}"
    );

    fs::write(path("y.csv"), "label\n1\n2\n3\n").unwrap();
    let options = ReadOptions {
        label_file: Some(path("y.csv")),
        ..ReadOptions::default()
    };
    let text = data::open(&path("set/a.csv"), &options)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("y.csv: labels of another length: found 3 labels for 1 rows"),
        "{text}"
    );
}

#[cfg(unix)]
#[test]
fn devices_are_not_read() {
    let error = data::open("/dev/zero".as_ref(), &ReadOptions::default()).unwrap_err();
    assert!(
        error.to_string().contains("found no regular file"),
        "{error}"
    );
}

#[test]
fn names_cannot_steer_a_terminal() {
    let text = read("\u{1b}[2Jx\n.csv", b"1\nx\n").unwrap_err().to_string();
    assert!(
        text.starts_with("\\u{1b}[2Jx\\n.csv:2: column 1") && !text.contains('\u{1b}'),
        "{text}"
    );
}

/// Starts that lead into every reader.
fn starts() -> Vec<Vec<u8>> {
    let table = b"a,label\n1,2\n\"3\",4\n".to_vec();
    let array = npy("'<f4'", "(2, 2)", &[0; 16]);
    vec![
        vec![],
        vec![0, 0, 8, 2, 0, 0],
        idx(0x0d, &[2, 2], &[0; 16]),
        array.clone(),
        npz(&[
            ("x.npy", array.clone()),
            ("y.npy", npy("'<i8'", "(2,)", &[0; 16])),
        ]),
        gzip(&table),
        gzip(&array),
        table,
        b"-1 1:0.5 3:2\n1 2:1 # x\n".to_vec(),
        b"%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 1\n2 2 -3\n".to_vec(),
    ]
}

proptest! {
    #[test]
    fn no_bytes_panic(start in 0..starts().len(), tail: Vec<u8>) {
        let bytes = [starts().swap_remove(start), tail].concat();
        let _ = read("x", &bytes);
        let _ = data::read_labels("x", Cursor::new(&bytes));
    }

    #[test]
    fn no_change_panics(
        start in 1..starts().len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        end: prop::sample::Index,
    ) {
        let mut bytes = starts().swap_remove(start);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read("x", &bytes);
        let _ = data::read_labels("x", Cursor::new(&bytes));
        bytes.truncate(end.index(bytes.len()));
        let _ = read("x", &bytes);
    }
}

#[test]
fn svmlight() {
    let good = "1 1:0.5 3:2\n2 2:1\n";
    let with = |line: &str| format!("{good}{line}").into_bytes();
    let cut_gzip = |cut: usize| {
        let whole = gzip(good.as_bytes());
        whole[..whole.len() - cut].to_vec()
    };
    all_fail(
        "x.svm",
        &[
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
        ],
    );
}

#[test]
fn matrix_market() {
    let file =
        |kind: &str, rest: &str| format!("%%MatrixMarket matrix {kind}\n{rest}").into_bytes();
    let real = |rest: &str| file("coordinate real general", rest);
    let cut_gzip = |cut: usize| {
        let whole = gzip(&real("2 2 2\n1 1 1\n2 2 1\n"));
        whole[..whole.len() - cut].to_vec()
    };
    all_fail(
        "x.mtx",
        &[
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
        ],
    );
}
