//! Small files that claim or unpack to much: the error comes without the memory.
//!
//! A file of its own, because the peak is that of the whole process.

use std::io::{Cursor, Write};

use dec_gpu::data::{self, ReadOptions, Values};
use flate2::{Compression, write::GzEncoder};
use zip::{ZipWriter, write::SimpleFileOptions};

const MIB: usize = 1 << 20;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn idx_header(rows: usize, columns: usize) -> Vec<u8> {
    let sizes = [rows as u32, columns as u32];
    [
        vec![0, 0, 8, 2],
        sizes.iter().flat_map(|size| size.to_be_bytes()).collect(),
    ]
    .concat()
}

/// `start`, then `count` times `middle`, then `end`, as members of one gzip file.
fn bomb(start: &[u8], middle: &[u8], count: usize, end: &[u8]) -> Vec<u8> {
    [gzip(start), gzip(middle).repeat(count), gzip(end)].concat()
}

fn zip_bomb(bytes: usize) -> Vec<u8> {
    let text = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({bytes}, 1)}}");
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("x.npy", SimpleFileOptions::default())
        .unwrap();
    zip.write_all(b"\x93NUMPY\x01\x00").unwrap();
    zip.write_all(&(text.len() as u16).to_le_bytes()).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    let chunk = vec![0; MIB];
    for _ in 0..bytes / MIB {
        zip.write_all(&chunk).unwrap();
    }
    zip.write_all(b"one too many").unwrap();
    zip.finish().unwrap().into_inner()
}

/// The most memory that was ever in use, in bytes.
fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<usize>().ok()? * 1024)
}

/// One test, because the second part takes memory that the first may not.
#[test]
fn packed_files_take_memory_only_when_whole() {
    bombs_are_errors_and_take_no_memory();
    large_packed_files_are_read_all_the_same();
}

fn bombs_are_errors_and_take_no_memory() {
    let zeros = vec![0; 8 * MIB];
    let cases = [
        (
            "a body longer than declared",
            bomb(&idx_header(200, MIB), &zeros, 26, b""),
            "found more",
        ),
        (
            "a body shorter than declared",
            bomb(&idx_header(200, MIB), &zeros, 24, b""),
            "the end",
        ),
        (
            "a small body, then much",
            bomb(&idx_header(4, 4), &zeros, 40, b""),
            "found more",
        ),
        (
            "a line without end",
            bomb(b"1,2\n", &vec![b'7'; 8 * MIB], 40, b""),
            ":2: found a line",
        ),
        (
            "a quote without end",
            bomb(b"1,2\n\"", &vec![b'\n'; 8 * MIB], 40, b""),
            ":2: found a line",
        ),
        (
            "rows, then no number",
            bomb(
                b"",
                &b"0,1,2,3,4,5,6,7\n".repeat(MIB / 2),
                8,
                b"0,1,2,3,4,5,6,x\n",
            ),
            ":4194305: column 8",
        ),
        (
            "ids, then no number",
            bomb(
                (0..50)
                    .map(|i| format!("a{i},1\n"))
                    .collect::<String>()
                    .as_bytes(),
                &b"0123456789,1\n".repeat(MIB / 2),
                8,
                b"0,x\n",
            ),
            ":4194355: column 2",
        ),
        (
            "blank lines",
            bomb(b"1\n", &vec![b'\n'; MIB], 10, b"2\n"),
            ":2: expected 1 values",
        ),
        (
            "a row of commas",
            gzip(&[&vec![b','; 4 * MIB - 2][..], b"\n1\n"].concat()),
            ":1: found 4194303 columns, expected at most",
        ),
        (
            "a member longer than declared",
            zip_bomb(160 * MIB),
            "member x: byte",
        ),
    ];
    for (what, bytes, words) in cases {
        let before = peak();
        let result = data::read("x", Cursor::new(&bytes), &ReadOptions::default());
        let text = result.map(|set| set.n_samples).unwrap_err().to_string();
        assert!(
            text.starts_with('x') && text.contains(words),
            "{what}: {text}"
        );
        let allowed = 2 * bytes.len() + 72 * MIB;
        match (before, peak()) {
            (Some(before), Some(after)) => {
                assert!(
                    after - before <= allowed,
                    "{what}: {} MiB",
                    (after - before) / MIB
                );
            }
            _ => eprintln!("the peak of memory is NOT checked: no /proc/self/status here"),
        }
    }
}

fn large_packed_files_are_read_all_the_same() {
    let read = |bytes: &[u8]| data::read("x", Cursor::new(bytes), &ReadOptions::default()).unwrap();
    let set = read(&bomb(&idx_header(80, MIB), &vec![3; 8 * MIB], 10, b""));
    assert_eq!((set.n_samples, set.input_dim), (80, MIB));
    assert!(matches!(set.values, Values::U8(values) if values.iter().all(|&value| value == 3)));

    let rows = b"1,2,3,4,5,6,7,x\n2,2,3,4,5,6,7,y\n".repeat(MIB / 8);
    let set = read(&bomb(
        b"a,b,c,d,e,f,g,label\n",
        &rows,
        12,
        b"5,2,3,4,5,6,8,z\n",
    ));
    let n_samples = 3 * MIB + 1;
    assert_eq!((set.n_samples, set.input_dim), (n_samples, 7));
    let Values::F32(values) = set.values else {
        panic!("not f32")
    };
    assert!(values.len() * 4 > 64 * MIB, "too small to be read twice");
    assert_eq!(
        (values[0], values[7], values[n_samples * 7 - 1]),
        (1.0, 2.0, 8.0)
    );
    let labels = set.labels.unwrap();
    assert_eq!(
        (labels.names.concat(), labels.len()),
        ("xyz".to_owned(), n_samples)
    );
}
