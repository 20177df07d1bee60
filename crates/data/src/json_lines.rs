//! JSON Lines, as programs that make embeddings write them: on each line an array of numbers, or an object with one such
//! array under any name, and perhaps with an `id` and a `label`.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::ops::{ControlFlow, Range};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::blocks::{Block, BlockRows, RowStream, Take};
use super::body::Body;
use super::error::DataError;
use super::format::{Columns, Format, Rows, Start};
use super::labels::Builder;
use super::lines::LONGEST_LINE;
use super::place::{Place, printable, shown};
use super::source::{Input, Packing, Source};
use super::table::first_twice;
use super::{Dataset, ReadOptions, Values};

pub(super) const FORMAT: Format = Format {
    name: "JSON Lines",
    start: Start::Text(is_json),
    not_in_gzip: None,
    columns: Columns::None,
    layers: false,
    rows,
    labels: None,
    labels_beside: false,
};

const BUFFER: usize = 64 << 10;

const EXPECTED: &str = "an array of numbers, or an object that holds one array of numbers";

/// An array of numbers or an object begins so, and no table that anyone has seen.
fn is_json(start: &[u8]) -> bool {
    let next = |text: &[u8]| text.trim_ascii_start().first().copied();
    match start.trim_ascii_start().split_first() {
        Some((b'[', rest)) => next(rest).is_some_and(|c| c == b'-' || c.is_ascii_digit()),
        Some((b'{', rest)) => next(rest) == Some(b'"'),
        _ => false,
    }
}

/// A file whose first line has been read.
struct JsonLines<'i, 'a> {
    input: &'i mut Input<'a>,
    name: String,
    /// What all lines must be like.
    first: Line,
}

/// What a line holds.
struct Line {
    values: Vec<f32>,
    id: Option<String>,
    label: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Field {
    Numbers(Vec<f64>),
    Text(String),
    Whole(i64),
    Other(IgnoredAny),
}

fn rows<'i>(
    input: &'i mut Input<'_>,
    name: String,
    _: &ReadOptions,
) -> Result<Rows<'i>, DataError> {
    let file = input.file.clone();
    let mut first = None;
    each_line(input, |body, line, text| {
        first = Some(Line::read(body.file, line, text)?);
        Ok(ControlFlow::Break(()))
    })?;
    match first {
        None => Err(DataError::NoRows { file }),
        Some(line) if line.values.is_empty() => Err(DataError::NoColumns { file }),
        Some(first) => Ok(Box::new(JsonLines { input, name, first })),
    }
}

impl RowStream for JsonLines<'_, '_> {
    /// Reads all lines, but not what they hold.
    fn count(&mut self) -> Result<usize, DataError> {
        let mut count = 0;
        each_line(self.input, |_, _, _| {
            count += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(count)
    }

    fn labelled(&self) -> bool {
        self.first.label.is_some()
    }

    /// Of the lines before the range only the ends are looked for.
    fn each(
        &mut self,
        range: Range<usize>,
        block: BlockRows,
        take: &mut Take<'_>,
    ) -> Result<ControlFlow<()>, DataError> {
        let most = block.of_columns(self.first.values.len());
        if most == usize::MAX && self.input.packing != Packing::Plain {
            // Nothing bounds the memory, so the file must first prove to be whole.
            self.count()?;
        }
        let mut found = Found::new(&self.name, &self.first);
        let (mut at, mut flow) = (0, ControlFlow::Continue(()));
        each_line(self.input, |body, line, text| {
            at += 1;
            if at > range.start && at <= range.end {
                found.push(body, line, Line::read(body.file, line, text)?)?;
            }
            if found.count == most {
                flow = take(found.take(body.file, at)?);
            }
            let done = flow.is_break() || at >= range.end;
            Ok(match done {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            })
        })?;
        if found.count > 0 {
            flow = take(found.take(&self.input.file, at)?);
        }
        Ok(flow)
    }
}

/// Lines that are to be a block.
struct Found<'f> {
    name: &'f str,
    first: &'f Line,
    count: usize,
    values: Vec<f32>,
    ids: Vec<String>,
    labels: Builder,
}

impl<'f> Found<'f> {
    fn new(name: &'f str, first: &'f Line) -> Self {
        Self {
            name,
            first,
            count: 0,
            values: Vec::new(),
            ids: Vec::new(),
            labels: Builder::default(),
        }
    }

    fn push(&mut self, body: &Body<'_>, line: u64, read: Line) -> Result<(), DataError> {
        let file = || body.file.to_owned();
        if read.values.len() != self.first.values.len() {
            return Err(DataError::Ragged {
                file: file(),
                line,
                expected: self.first.values.len(),
                found: read.values.len(),
            });
        }
        let differs = |name, now: bool, first: bool| match now == first {
            true => Ok(()),
            false => Err(DataError::BadLine {
                file: file(),
                line,
                found: format!("{} field `{name}`", if now { "a" } else { "no" }),
                expected: "the same fields as on the first line",
            }),
        };
        differs("id", read.id.is_some(), self.first.id.is_some())?;
        differs("label", read.label.is_some(), self.first.label.is_some())?;
        if self.values.try_reserve(read.values.len()).is_err() {
            let bytes = self.values.len() as u64 * 4;
            return Err(DataError::OutOfMemory {
                file: file(),
                bytes,
            });
        }
        self.values.extend(read.values);
        self.ids.extend(read.id);
        if let Some(label) = read.label {
            self.labels.push(label.as_bytes());
        }
        self.count += 1;
        Ok(())
    }

    /// The lines so far as a block that ends before row `end`. Nothing is left.
    fn take(&mut self, file: &str, end: usize) -> Result<Block, DataError> {
        let ids = std::mem::take(&mut self.ids);
        let first = end - self.count;
        if let Some((before, again)) = first_twice(&ids) {
            return Err(DataError::SameId {
                file: file.to_owned(),
                id: shown(ids[again].as_bytes()),
                first: first + before,
                again: first + again,
                advice: "correct one of the lines",
                remedy: None,
            });
        }
        let (count, labels) = (std::mem::take(&mut self.count), self.labels.take_unsorted());
        let values = Values::F32(std::mem::take(&mut self.values));
        let rows = Dataset {
            ids: self.first.id.is_some().then_some(ids),
            labels: self.first.label.is_some().then_some(labels),
            ..Dataset::new(self.name, count, self.first.values.len(), values)
        };
        Ok(Block { first, rows })
    }
}

impl Line {
    fn read(file: &str, line: u64, text: &[u8]) -> Result<Self, DataError> {
        let bad = |found: String| DataError::BadLine {
            file: file.to_owned(),
            line,
            found,
            expected: EXPECTED,
        };
        let (mut id, mut label) = (None, None);
        let numbers: Vec<f64> = if text.trim_ascii_start().starts_with(b"[") {
            serde_json::from_slice(text).map_err(|_| bad(shown(text)))?
        } else {
            let mut fields: HashMap<String, Field> =
                serde_json::from_slice(text).map_err(|_| bad(shown(text)))?;
            id = fields.remove("id").and_then(Field::text);
            label = fields.remove("label").and_then(Field::text);
            let mut arrays: Vec<Vec<f64>> =
                fields.into_values().filter_map(Field::numbers).collect();
            match (arrays.pop(), arrays.len()) {
                (Some(numbers), 0) => numbers,
                (last, others) => {
                    let count = others + usize::from(last.is_some());
                    return Err(bad(format!("{count} arrays of numbers")));
                }
            }
        };
        let values: Vec<f32> = numbers.iter().map(|&number| number as f32).collect();
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(Self { values, id, label }),
            Some(at) => Err(DataError::OutOfRange {
                file: file.to_owned(),
                place: Place::Cell {
                    line,
                    column: at + 1,
                    name: None,
                },
                value: format!("{:e}", numbers[at]),
            }),
        }
    }
}

impl Field {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(printable(&text)),
            Self::Whole(number) => Some(number.to_string()),
            Self::Numbers(_) | Self::Other(IgnoredAny) => None,
        }
    }

    fn numbers(self) -> Option<Vec<f64>> {
        match self {
            Self::Numbers(numbers) => Some(numbers),
            _ => None,
        }
    }
}

/// Hands over every line that is not blank, with its number from 1, until `take` wants no more.
fn each_line(
    input: &mut Input<'_>,
    mut take: impl FnMut(&Body<'_>, u64, &[u8]) -> Result<ControlFlow<()>, DataError>,
) -> Result<(), DataError> {
    let file = input.file.clone();
    let mut reader = BufReader::with_capacity(BUFFER, input.body()?);
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let mut limited = reader.by_ref().take(LONGEST_LINE as u64 + 1);
        match limited.read_until(b'\n', &mut text) {
            Err(source) => return Err(reader.get_ref().broken(source)),
            Ok(0) => break,
            Ok(found) if found > LONGEST_LINE => {
                return Err(DataError::LineTooLong {
                    file,
                    line,
                    limit: LONGEST_LINE,
                });
            }
            Ok(_) => {}
        }
        let is_blank = text.trim_ascii().is_empty();
        if !is_blank && take(reader.get_ref(), line, &text)?.is_break() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Dataset, String> {
        crate::read("x.jsonl", Cursor::new(bytes), &ReadOptions::default())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn arrays_and_objects() {
        let plain = read(b"[1, -2.5]\n\n[3e2,4]\n").unwrap();
        assert_eq!((plain.n_samples, plain.input_dim), (2, 2));
        assert_eq!(plain.values, Values::F32(vec![1.0, -2.5, 300.0, 4.0]));
        assert_eq!((plain.ids, plain.labels), (None, None));
        let text = b"{\"id\": \"a\", \"embedding\": [1, 2], \"text\": \"x\", \"label\": 10}\r\n\
            {\"label\": 9, \"text\": null, \"embedding\": [3, 4], \"id\": \"b\"}";
        let set = read(text).unwrap();
        assert_eq!(set.values, Values::F32(vec![1.0, 2.0, 3.0, 4.0]));
        assert_eq!(set.ids.clone().unwrap(), ["a", "b"]);
        assert_eq!(set.labels.clone().unwrap().names, ["9", "10"]);
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(text).unwrap();
        assert_eq!(read(&packed.finish().unwrap()).unwrap(), set);
    }

    #[test]
    fn blocks_are_the_whole() {
        let text: String = (0..9)
            .map(|i| format!("{{\"x\": [{i}, 1], \"id\": {i}}}\n"))
            .collect();
        let whole = read(text.as_bytes()).unwrap();
        let Values::F32(all) = &whole.values else {
            panic!("{whole:?}");
        };
        let (mut values, mut ids) = (Vec::new(), Vec::new());
        let blocks = crate::BlockOptions {
            rows: std::num::NonZeroUsize::new(4),
            shard: crate::Shard::new(1, 2),
        };
        let mut take = |block: Block| {
            assert_eq!(block.first, 4 + ids.len());
            if let Values::F32(some) = block.rows.values {
                values.extend(some);
            }
            ids.extend(block.rows.ids.unwrap());
            ControlFlow::Continue(())
        };
        crate::read_blocks(
            "x.jsonl",
            Cursor::new(text),
            &ReadOptions::default(),
            &blocks,
            &mut take,
        )
        .unwrap();
        assert_eq!(values, all[8..]);
        assert_eq!(ids, whole.ids.unwrap()[4..]);
    }

    #[test]
    fn faults_name_the_line() {
        for (text, start) in [
            ("[1,2]\n[1]\n", "x.jsonl:2: expected 2 values, found 1"),
            ("[1,2]\n[1,null]\n", "x.jsonl:2: found \"[1,null]"),
            (
                "[1,2]\n[1,1e39]\n",
                "x.jsonl:2: column 2: found 1e39, expected a number within",
            ),
            ("[1,2]\n[1,2\n", "x.jsonl:2: found \"[1,2"),
            (
                "{\"a\":[1],\"b\":[2]}\n",
                "x.jsonl:1: found 2 arrays of numbers, expected",
            ),
            (
                "{\"a\":\"b\"}\n",
                "x.jsonl:1: found 0 arrays of numbers, expected",
            ),
            (
                "{\"x\":[1],\"id\":1}\n{\"x\":[1]}\n",
                "x.jsonl:2: found no field `id`",
            ),
            (
                "{\"x\":[1],\"id\":1}\n{\"x\":[2],\"id\":1}\n",
                "x.jsonl: found id \"1\" for samples 0 and 1",
            ),
            ("{\"x\":[]}\n", "x.jsonl: found 0 columns"),
        ] {
            let found = read(text.as_bytes()).unwrap_err();
            assert!(found.starts_with(start), "{text:?}: {found}");
        }
    }
}
