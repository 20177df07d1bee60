//! Blocks against the whole, for every format, block size and part.

use std::io::{Cursor, Write};

use flate2::{Compression, write::GzEncoder};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::super::{Values, read};
use super::*;

const N: usize = 23;
const D: usize = 3;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn npy(descr: &str, fortran: &str, shape: &str, body: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
    let length = (text.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes(), body].concat()
}

fn npz(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn idx() -> Vec<u8> {
    let header = [0, 0, 8, 2, 0, 0, 0, N as u8, 0, 0, 0, D as u8];
    let body = (0..(N * D) as u8).map(|value| value.wrapping_mul(37));
    header.into_iter().chain(body).collect()
}

fn floats() -> Vec<u8> {
    (0..N * D)
        .flat_map(|i| (i as f32 * 0.25 - 3.0).to_le_bytes())
        .collect()
}

fn table() -> String {
    let row = |i: usize| {
        format!(
            "{i},{},{}.0,{}\n",
            i * i,
            ["1", "10", "x"][i % 3],
            i as f32 / 7.0
        )
    };
    "a,b,label,c\n".to_owned() + &(0..N).map(row).collect::<String>() + "\n\n"
}

/// Every format that is read: (name, bytes).
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let shape = format!("({N}, {D})");
    let of_floats = |fortran| npy("<f4", fortran, &shape, &floats());
    let images = npy(
        "|u1",
        "True",
        "(3, 2, 2)",
        &[0, 4, 8, 2, 6, 10, 1, 5, 9, 3, 7, 11],
    );
    let labels: Vec<u8> = (0..N as i64)
        .flat_map(|i| (i % 4 - 1).to_le_bytes())
        .collect();
    let labels = npy("<i8", "False", &format!("({N},)"), &labels);
    let archive = |x: &[u8]| npz(&[("y.npy", &labels), ("x.npy", x)]);
    vec![
        ("idx", idx()),
        ("idx.gz", gzip(&idx())),
        ("npy", of_floats("False")),
        ("npy.gz", gzip(&of_floats("False"))),
        ("fortran.npy", of_floats("True")),
        ("fortran.npy.gz", gzip(&of_floats("True"))),
        ("images.npy", images),
        ("npz", archive(&of_floats("False"))),
        ("fortran.npz", archive(&of_floats("True"))),
        ("csv", table().into_bytes()),
        ("csv.gz", gzip(table().as_bytes())),
        ("tsv", table().replace(',', "\t").into_bytes()),
    ]
}

/// All blocks, and the error that ended them, if one did.
fn blocks(name: &str, bytes: &[u8], options: &BlockOptions) -> (Vec<Block>, Option<String>) {
    let mut found = Vec::new();
    let result = read_blocks(
        name,
        Cursor::new(bytes),
        &ReadOptions::default(),
        options,
        &mut |block| {
            found.push(block);
            ControlFlow::Continue(())
        },
    );
    (found, result.err().map(|error| error.to_string()))
}

fn at_a_time(rows: usize) -> BlockOptions {
    BlockOptions {
        rows: NonZeroUsize::new(rows),
        shard: None,
    }
}

/// Blocks put together again, after a look at their sizes.
fn joined(blocks: &[Block], first: usize, most: usize) -> Dataset {
    let (mut whole, mut labels) = (blocks[0].rows.clone(), Vec::new());
    whole.n_samples = 0;
    whole.values = match whole.values {
        Values::U8(_) => Values::U8(Vec::new()),
        _ => Values::F32(Vec::new()),
    };
    for block in blocks {
        assert_eq!(block.first, first + whole.n_samples);
        assert!((1..=most).contains(&block.rows.n_samples));
        match (&mut whole.values, &block.rows.values) {
            (Values::U8(all), Values::U8(more)) => all.extend(more),
            (Values::F32(all), Values::F32(more)) => all.extend(more),
            other => panic!("{other:?}"),
        }
        whole.n_samples += block.rows.n_samples;
        labels.extend(block.rows.labels.clone());
    }
    whole.labels = (!labels.is_empty()).then(|| Labels::concat(&labels));
    whole
}

#[test]
fn blocks_make_the_whole() {
    for (name, bytes) in files() {
        let mut whole = read(name, Cursor::new(&bytes), &ReadOptions::default()).unwrap();
        whole.column_names = None;
        let n = whole.n_samples;
        for rows in [1, 7, n - 1, n, n + 1] {
            let (found, error) = blocks(name, &bytes, &at_a_time(rows));
            assert_eq!(error, None, "{name}");
            assert_eq!(found.len(), n.div_ceil(rows), "{name}");
            assert_eq!(joined(&found, 0, rows), whole, "{name}, {rows} rows");
        }
        let (found, _) = blocks(name, &bytes, &BlockOptions::default());
        assert_eq!(found.len(), 1, "{name}");
    }
}

#[test]
fn parts_make_the_whole() {
    for (name, bytes) in files() {
        let mut whole = read(name, Cursor::new(&bytes), &ReadOptions::default()).unwrap();
        whole.column_names = None;
        for (count, rows) in [(1, 5), (3, 2), (4, 100)] {
            let mut all = Vec::new();
            for index in 0..count {
                let options = BlockOptions {
                    shard: Shard::new(index, count),
                    ..at_a_time(rows)
                };
                let (found, error) = blocks(name, &bytes, &options);
                assert_eq!(error, None, "{name}");
                all.extend(found);
            }
            // Labels are compared by what they are called.
            assert_eq!(joined(&all, 0, rows), whole, "{name}, {count} parts");
        }
    }
}

#[test]
fn more_parts_than_rows_leave_some_without() {
    for (name, bytes) in files() {
        let rows = |index| {
            let options = BlockOptions {
                shard: Shard::new(index, 100),
                rows: None,
            };
            let (found, error) = blocks(name, &bytes, &options);
            assert_eq!(error, None, "{name}");
            found
                .iter()
                .map(|block| block.rows.n_samples)
                .sum::<usize>()
        };
        assert_eq!(rows(0), 0, "{name}");
        assert_eq!(rows(99), 1, "{name}");
    }
}

#[test]
fn faults_are_those_of_the_whole() {
    let table = table();
    let mut cut_in_gzip = gzip(table.as_bytes());
    cut_in_gzip.truncate(cut_in_gzip.len() / 2);
    let mut wrong_sum = gzip(&idx());
    let sum = wrong_sum.len() - 6;
    wrong_sum[sum] ^= 1;
    let nan = |fortran| {
        let mut bytes = npy("<f4", fortran, &format!("({N}, {D})"), &floats());
        let at = bytes.len() - 4 * 5;
        bytes[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
        bytes
    };
    let whole = npy("<f4", "False", &format!("({N}, {D})"), &floats());
    let cases = [
        ("cell.csv", table.replace("17,289,", "17,x,").into_bytes()),
        ("ragged.csv", table.replace("20,400,", "20,").into_bytes()),
        ("empty.csv", table.replace("17,289,", "17,,").into_bytes()),
        ("blank.csv", table.replace("\n20,", "\n\n20,").into_bytes()),
        ("header.csv", b"a,b\n".to_vec()),
        ("cut.csv.gz", cut_in_gzip),
        ("sum.idx.gz", wrong_sum),
        ("nan.npy", nan("False")),
        ("nan.npy.gz", gzip(&nan("False"))),
        ("fortran.npy", nan("True")),
        ("fortran.npz", npz(&[("x.npy", &nan("True"))])),
        ("cut.npy", whole[..whole.len() - 9].to_vec()),
        ("cut.npy.gz", gzip(&whole[..whole.len() - 9])),
        ("cut.idx.gz", gzip(&idx()[..40])),
        ("longer.npy", [&whole[..], &[0]].concat()),
        ("longer.npy.gz", gzip(&[&whole[..], &[0]].concat())),
        ("vector.npy", npy("<f4", "False", "(2,)", &[0; 8])),
        (
            "y.npz",
            npz(&[
                ("x.npy", &whole),
                ("y.npy", &npy("|u1", "False", "(2,)", &[0; 2])),
            ]),
        ),
        (
            "more.npz",
            npz(&[
                ("x.npy", &whole),
                ("y.npy", &npy("|u1", "False", "(99,)", &[0; 99])),
            ]),
        ),
        ("nothing", Vec::new()),
        ("noise", vec![1, 2, 3]),
    ];
    for (name, bytes) in cases {
        let expected = read(name, Cursor::new(&bytes), &ReadOptions::default());
        let expected = expected.map(|set| set.n_samples).unwrap_err().to_string();
        for rows in [1, 4, 1000] {
            let (_, error) = blocks(name, &bytes, &at_a_time(rows));
            assert_eq!(error.as_ref(), Some(&expected), "{name}, {rows} rows");
        }
    }
}

#[test]
fn enough_is_enough() {
    for (name, bytes) in files() {
        let mut count = 0;
        let take: &mut Take<'_> = &mut |_| {
            count += 1;
            ControlFlow::Break(())
        };
        let options = ReadOptions::default();
        read_blocks(name, Cursor::new(&bytes), &options, &at_a_time(1), take).unwrap();
        assert_eq!(count, 1, "{name}");
    }
}

#[test]
fn a_block_has_so_many_bytes() {
    let rows = |columns| BlockRows(None).of_columns(columns);
    assert_eq!(rows(64), 65_536);
    assert_eq!(rows(1 << 20), 4);
    assert_eq!(rows(usize::MAX), 1);
}
