//! Parquet files that are read: as pyarrow and pandas write them, and with the crate's own writer.

use std::path::Path;

use ::parquet::basic::Encoding;
use ::parquet::data_type::{DoubleType, Int64Type};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use dec_gpu::data::{Dataset, ReadOptions, Remedy, Values, format_name, open};

use crate::support::{MIB, by_blocks, read, read_with};

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/features/files");
    std::fs::read(folder.join(name)).expect("a file of this repository")
}

/// Row `i` of the table that `make.py` writes, without its texts.
fn expected(i: usize) -> Vec<f64> {
    let row = [
        (i as f64 * 0.25) as f32,
        (i as f64 / 3.0) as f32,
        (i % 7) as f32,
        (i % 5) as f32 - 2.0,
        (i as u64 + 4_294_967_000) as f32,
        (i as u64 + 18_446_744_073_709_500_000) as f32,
        f32::from(u8::from(i.is_multiple_of(3))),
    ];
    row.map(f64::from).to_vec()
}

fn check(what: &str, set: &Dataset) {
    assert_eq!((set.n_samples, set.input_dim), (100, 7), "{what}");
    for i in 0..100 {
        assert_eq!(set.row(i), expected(i), "{what}: row {i}");
    }
    let labels = set.labels.as_ref().expect("labels");
    assert_eq!(labels.names, ["a", "b", "c"], "{what}");
    assert_eq!(labels.ids[..4], [1, 0, 2, 1], "{what}");
    let ids = set.ids.as_ref().expect("ids");
    assert_eq!((&*ids[0], &*ids[99]), ("s0", "s99"), "{what}");
}

#[test]
fn every_packing_has_the_same_rows() {
    for name in ["none", "snappy", "gzip", "zstd", "lz4", "v2", "split"] {
        let name = format!("{name}.parquet");
        let set = read(&name, &fixture(&name)).expect(&name);
        check(&name, &set);
        let names = ["f32", "f64", "f16", "i8", "u32", "u64", "bool"];
        assert_eq!(set.column_names.as_deref().expect("names"), names);
    }
}

#[test]
fn files_are_told_by_content() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("table.csv");
    std::fs::write(&path, fixture("snappy.parquet")).expect("written");
    assert_eq!(format_name(&path).expect("a format"), "Parquet");
    check(
        "a file",
        &open(&path, &ReadOptions::default()).expect("readable"),
    );
    check(
        "a folder",
        &open(folder.path(), &ReadOptions::default()).expect("readable"),
    );
}

#[test]
fn columns_are_what_was_asked_for() {
    let bytes = fixture("none.parquet");
    let set = read_with("x", &bytes, "ignore=name ignore=f16 label=i8").expect_err("text");
    let text = set.to_string();
    assert!(
        text.starts_with("x: row 0, column \"label\": found \"b\""),
        "{text}"
    );
    let remedies = set.remedies();
    let ignore = Remedy::IgnoreColumn("label".to_owned());
    assert!(remedies.contains(&ignore), "{remedies:?}");
    let set = read_with("x", &bytes, "id=u32 label=bool ignore=name ignore=-1").expect("readable");
    assert_eq!(set.input_dim, 5);
    assert_eq!(set.labels.expect("labels").names, ["false", "true"]);
    assert_eq!(set.ids.expect("ids")[1], "4294967001");
    let set = read_with("x", &bytes, "label=f16 id=0 ignore=label").expect("readable");
    assert_eq!(set.labels.expect("labels").names[6], "6");
}

#[test]
fn the_index_of_pandas_is_the_id() {
    let bytes = fixture("pandas.parquet");
    let set = read("x", &bytes).expect("readable");
    assert_eq!(set.column_names.expect("names"), ["f32", "i8"]);
    assert_eq!(set.ids.expect("ids")[7], "row 7");
    let set = read_with("x", &bytes, "ignore=__index_level_0__").expect("readable");
    assert_eq!((set.input_dim, set.ids), (2, None));
}

/// A table of `n` rows in groups of `group`: x = i / 7, label = i mod 5.
fn written(n: usize, group: usize) -> Vec<u8> {
    let schema = "message t { required double x; required int64 label; optional double y; }";
    let schema = parse_message_type(schema).expect("a schema").into();
    let properties = WriterProperties::builder()
        .set_column_encoding("label".into(), Encoding::DELTA_BINARY_PACKED)
        .set_column_dictionary_enabled("label".into(), false);
    let mut writer =
        SerializedFileWriter::new(Vec::new(), schema, properties.build().into()).expect("a writer");
    for first in (0..n).step_by(group) {
        let rows = first..n.min(first + group);
        let mut columns = writer.next_row_group().expect("a group");
        let x: Vec<f64> = rows.clone().map(|i| i as f64 / 7.0).collect();
        let label: Vec<i64> = rows.clone().map(|i| i as i64 % 5).collect();
        let mut column = columns.next_column().expect("room").expect("x");
        column
            .typed::<DoubleType>()
            .write_batch(&x, None, None)
            .expect("x");
        column.close().expect("x");
        let mut column = columns.next_column().expect("room").expect("label");
        column
            .typed::<Int64Type>()
            .write_batch(&label, None, None)
            .expect("label");
        column.close().expect("label");
        let mut column = columns.next_column().expect("room").expect("y");
        let levels = vec![1; x.len()];
        column
            .typed::<DoubleType>()
            .write_batch(&x, Some(&levels), None)
            .expect("y");
        column.close().expect("y");
        columns.close().expect("a group");
    }
    writer.into_inner().expect("whole")
}

#[test]
fn blocks_have_the_rows_of_the_whole() {
    let bytes = written(1000, 300);
    let whole = read("x", &bytes).expect("readable");
    for (rows, expected) in [
        (1000, vec![300, 300, 300, 100]),
        (200, vec![200, 100, 200, 100, 200, 100, 100]),
    ] {
        let (blocks, sizes) = by_blocks("x", &bytes, rows);
        assert_eq!(sizes, expected);
        assert_eq!(
            (&blocks.values, &blocks.labels),
            (&whole.values, &whole.labels)
        );
    }
}

/// Few bytes that are many rows are read all the same, once they have been seen to be there.
#[test]
fn a_small_file_may_hold_much() {
    let n = 12 * MIB;
    let schema = parse_message_type("message t { required double x; }")
        .expect("a schema")
        .into();
    let properties = WriterProperties::builder().build().into();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).expect("a writer");
    let mut columns = writer.next_row_group().expect("a group");
    let mut column = columns.next_column().expect("room").expect("x");
    let same = vec![2.5; MIB];
    for _ in 0..n / MIB {
        column
            .typed::<DoubleType>()
            .write_batch(&same, None, None)
            .expect("x");
    }
    column.close().expect("x");
    columns.close().expect("a group");
    let bytes = writer.into_inner().expect("whole");
    assert!(bytes.len() < MIB);
    let set = read("x", &bytes).expect("readable");
    assert_eq!((set.n_samples, set.input_dim), (n, 1));
    assert!(matches!(set.values, Values::F32(values) if values.iter().all(|value| *value == 2.5)));
}
