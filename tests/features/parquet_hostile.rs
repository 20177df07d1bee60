//! Parquet files that must not be read.

use std::io::Write;
use std::sync::Arc;

use ::parquet::basic::Encoding;
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int32Type, Int64Type};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use flate2::{Compression, write::GzEncoder};

use crate::parquet::fixture;
use crate::support::{Case, MIB, all_fail, read, survives};
use crate::thrift::{BYTE_ARRAY, DOUBLE, File, coded_page, dictionary, element, page};

/// A table of one column `x` of this type; levels say which values are there.
fn column<T: DataType>(kind: &str, values: &[T::T], levels: Option<&[i16]>) -> Vec<u8> {
    let optional = if levels.is_some() {
        "optional"
    } else {
        "required"
    };
    table::<T>(
        &format!("message t {{ {optional} {kind} }}"),
        values,
        levels,
        Encoding::PLAIN,
    )
}

fn table<T: DataType>(
    schema: &str,
    values: &[T::T],
    levels: Option<&[i16]>,
    encoding: Encoding,
) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_encoding(encoding);
    let mut writer =
        SerializedFileWriter::new(Vec::new(), schema, properties.build().into()).expect("a writer");
    let mut columns = writer.next_row_group().expect("a group");
    while let Some(mut column) = columns.next_column().expect("a column") {
        column
            .typed::<T>()
            .write_batch(values, levels, None)
            .expect("values");
        column.close().expect("a column");
    }
    columns.close().expect("a group");
    writer.into_inner().expect("whole")
}

fn texts(kind: &str, texts: &[&str]) -> Vec<u8> {
    let values: Vec<ByteArray> = texts.iter().map(|text| ByteArray::from(*text)).collect();
    table::<ByteArrayType>(
        &format!("message t {{ required binary {kind}; required binary b (UTF8); }}"),
        &values,
        None,
        Encoding::PLAIN,
    )
}

#[test]
fn tables_that_are_none() {
    let whole = fixture("snappy.parquet");
    let list =
        "message t { required group x (LIST) { repeated group list { required int32 element; } } }";
    let list = {
        let schema = Arc::new(parse_message_type(list).expect("a schema"));
        let properties = WriterProperties::builder().build().into();
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).expect("one");
        let mut columns = writer.next_row_group().expect("a group");
        let mut column = columns.next_column().expect("room").expect("x");
        column
            .typed::<Int32Type>()
            .write_batch(&[1, 2], Some(&[1, 1]), Some(&[0, 1]))
            .expect("x");
        column.close().expect("x");
        columns.close().expect("a group");
        writer.into_inner().expect("whole")
    };
    let long = "a".repeat(5000);
    let cases: Vec<Case> = vec![
        (
            "hardly more than the magic",
            b"PAR1\x15".to_vec(),
            "",
            "broken Parquet file",
        ),
        (
            "half a file",
            whole[..whole.len() / 2].to_vec(),
            "",
            "broken Parquet file",
        ),
        (
            "all but the last byte",
            whole[..whole.len() - 1].to_vec(),
            "",
            "broken",
        ),
        (
            "a null",
            column::<Int32Type>("int32 x;", &[1, 3], Some(&[1, 0, 1])),
            "",
            "x: row 1, column \"x\": found null, expected a value",
        ),
        (
            "a null as label",
            column::<Int32Type>("int32 label; optional int32 y;", &[1, 3], Some(&[1, 0, 1])),
            "",
            "x: row 1, column \"label\": found null",
        ),
        (
            "a null as id",
            column::<Int32Type>("int32 i; optional int32 y;", &[1, 3], Some(&[1, 1, 0])),
            "id=i",
            "x: row 2, column \"i\": found null",
        ),
        (
            "NaN",
            column::<FloatType>("float x;", &[1.0, f32::NAN], None),
            "",
            "x: row 1, column \"x\": found NaN, expected a finite number",
        ),
        (
            "infinity",
            column::<FloatType>("float x;", &[f32::NEG_INFINITY], None),
            "",
            "x: row 0, column \"x\": found -inf",
        ),
        (
            "lists",
            list,
            "",
            "x: column \"x\": found columns within a column, expected integers",
        ),
        (
            "times",
            column::<Int64Type>("int64 x (TIMESTAMP(MILLIS,true));", &[1], None),
            "",
            "expected integers, floats, booleans or text; convert it",
        ),
        (
            "text",
            texts("a (UTF8)", &["2", "3"]),
            "",
            "x: row 0, column \"a\": found \"2\", expected a number",
        ),
        (
            "an id twice",
            texts("a (UTF8)", &["q", "p", "q"]),
            "id=a label=b",
            "found 0 columns",
        ),
        (
            "an id twice beside values",
            column::<Int32Type>("int32 i; required int32 y;", &[7, 8, 7], None),
            "id=i",
            "x: found id \"7\" for samples 0 and 2, expected each id once",
        ),
        (
            "an id of many bytes",
            texts("a (UTF8)", &[&long, "b"]),
            "id=a",
            "found a text of 5000 bytes",
        ),
        (
            "an empty id",
            texts("a (UTF8)", &["b", ""]),
            "id=a",
            "x: row 1, column \"a\": found an empty cell",
        ),
        (
            "no such column",
            column::<Int32Type>("int32 i;", &[7], None),
            "label=z",
            "label column \"z\" not found, expected one of: i",
        ),
        (
            "no rows",
            column::<Int32Type>("int32 i;", &[], None),
            "",
            "x: found 0 rows",
        ),
        (
            "no values",
            column::<Int32Type>("int32 label;", &[1], None),
            "",
            "x: found 0 columns",
        ),
        (
            "brotli",
            fixture("brotli.parquet"),
            "",
            "found values packed by BROTLI",
        ),
        (
            "lengths and text apart",
            table::<ByteArrayType>(
                "message t { required binary label (UTF8); required binary y; }",
                &[ByteArray::from("a")],
                None,
                Encoding::DELTA_LENGTH_BYTE_ARRAY,
            ),
            "id=y",
            "found text in the encoding DELTA_LENGTH_BYTE_ARRAY",
        ),
    ];
    all_fail("x", &cases);
}

fn gzip(bytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![0; MIB];
    for _ in 0..bytes / MIB {
        encoder.write_all(&zeros).expect("packed");
    }
    encoder.finish().expect("packed")
}

fn zstd(bytes: usize) -> Vec<u8> {
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    ruzstd::encoding::compress_to_vec(std::io::Read::take(std::io::repeat(0), bytes as u64), level)
}

/// Blocks of LZ4 by hand: a literal, then copies of it without end.
fn lz4(bytes: usize) -> Vec<u8> {
    [&[0x1f, 0, 1, 0][..], &vec![0xff; bytes / 255], &[0]].concat()
}

#[test]
fn footers_and_pages_that_lie() {
    let much = 256 * MIB;
    let values = |n: usize| vec![0; 8 * n];
    let good = File::of(DOUBLE, 0, 4, page(&values(4), 32, 4));
    assert_eq!(read("x", &good.bytes()).expect("readable").n_samples, 4);
    let with = |change: &dyn Fn(&mut File)| {
        let mut file = good.clone();
        change(&mut file);
        file.bytes()
    };
    let bomb = |codec: i32, packed: &[u8]| File::of(DOUBLE, codec, 4, page(packed, 32, 4)).bytes();
    let snappy = [&[0x80, 0x80, 0x80, 0x80, 0x08][..], &[0; 20]].concat();
    let chain = |depth: i32| {
        let mut schema = vec![element("t", None, Some(1))];
        schema.extend((0..depth).map(|_| element("g", None, Some(1))));
        schema.push(element("x", Some(DOUBLE), None));
        schema
    };
    let placed = |bytes: &[u8], said: i32, places: &[u8]| {
        let pages = [dictionary(bytes, said), coded_page(places, 4)].concat();
        File::of(DOUBLE, 0, 4, pages).bytes()
    };
    let coded = |bytes: &[u8], said: i32| placed(bytes, said, &[1, 8, 0]);
    let cases: Vec<Case> = vec![
        (
            "more rows than values",
            with(&|f| f.rows = 5),
            "",
            "4 values, expected 5",
        ),
        (
            "fewer rows than values",
            with(&|f| f.rows = 3),
            "",
            "more than 3 values",
        ),
        (
            "rows without end",
            with(&|f| f.rows = i64::MAX),
            "",
            "4 values, expected",
        ),
        (
            "a negative number of rows",
            with(&|f| f.rows = -4),
            "",
            "a row group of -4 rows",
        ),
        (
            "groups of other rows",
            with(&|f| f.group_rows = Some(2)),
            "",
            "row groups of 2 rows, expected 4",
        ),
        (
            "a column before the file",
            with(&|f| f.place = Some((-4, 30))),
            "",
            "broken Parquet file",
        ),
        (
            "a column of negative length",
            with(&|f| f.place = Some((4, -30))),
            "",
            "broken Parquet file",
        ),
        (
            "a column behind the file",
            with(&|f| f.place = Some((4, 1 << 40))),
            "",
            "broken Parquet file",
        ),
        (
            "a deep schema",
            with(&|f| f.schema = Some(chain(200_000))),
            "",
            "more than 64 deep",
        ),
        (
            "a page longer than the file",
            File::of(DOUBLE, 0, 4, page(&[], 32, 4)).bytes(),
            "",
            "broken",
        ),
        (
            "a page of fewer bytes than values",
            File::of(DOUBLE, 0, 4, page(&values(3), 24, 4)).bytes(),
            "",
            "broken",
        ),
        (
            "a page of very many values",
            File::of(
                DOUBLE,
                0,
                i64::from(i32::MAX),
                page(&values(3), 24, i32::MAX),
            )
            .bytes(),
            "",
            "broken",
        ),
        (
            "a codec that is not",
            bomb(3, &values(4)),
            "",
            "found values packed by LZO",
        ),
        ("bytes that are no gzip", bomb(2, &values(4)), "", "broken"),
        (
            "a page of gzip that grows",
            bomb(2, &gzip(much)),
            "",
            "unpacks to more than",
        ),
        (
            "a page of zstd that grows",
            bomb(6, &zstd(much)),
            "",
            "unpacks to more than",
        ),
        (
            "a page of LZ4 that grows",
            bomb(7, &lz4(much)),
            "",
            "unpacks to more than",
        ),
        (
            "a page of snappy that grows",
            bomb(1, &snappy),
            "",
            "unpacks to more than",
        ),
        (
            "a dictionary of very many values",
            coded(&[0; 16], i32::MAX),
            "",
            "a page that unpacks to more than",
        ),
        (
            "a place outside of the dictionary",
            coded(&[0; 0], 0),
            "",
            "broken",
        ),
        (
            "a run whose length takes twelve bytes",
            placed(&[0; 16], 2, &[&[1][..], &[0x80; 11], &[1, 0]].concat()),
            "",
            "broken",
        ),
        (
            "text longer than its page",
            File::of(BYTE_ARRAY, 0, 1, page(&[255, 255, 255, 127, b'a'], 5, 1)).bytes(),
            "",
            "broken",
        ),
        (
            "more columns than the groups have",
            with(&|f| {
                f.schema = Some(vec![
                    element("t", None, Some(2)),
                    element("x", Some(DOUBLE), None),
                    element("y", Some(DOUBLE), None),
                ]);
            }),
            "",
            "broken",
        ),
    ];
    all_fail("x", &cases);
}

#[test]
fn no_byte_can_do_harm() {
    for name in ["none", "v2", "split", "pandas"] {
        survives("x", &fixture(&format!("{name}.parquet")), 1);
    }
    for name in ["snappy", "gzip", "zstd", "lz4"] {
        survives("x", &fixture(&format!("{name}.parquet")), 7);
    }
}
