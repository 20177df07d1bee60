//! `Event` and `Summary`: the messages of an event file, each in its own frame.
//!
//! Field numbers are those of `event.proto` and `summary.proto`. The older `simple_value` and `histo` are
//! written, as PyTorch does: every TensorBoard reads them.

use std::io::{self, Write};

use prost::Message;

use super::frame::framed;
use super::values::Value;

/// What the first record of a file says.
const VERSION: &str = "brain.Event:2";

/// `Event`: one record of the file.
#[derive(Clone, PartialEq, Message)]
struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

/// `Summary`.
#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Value>,
}

/// Writes the first record of a file.
pub fn write_version(out: impl Write, wall_time: f64) -> io::Result<()> {
    let event = Event {
        wall_time,
        file_version: Some(VERSION.to_owned()),
        ..Event::default()
    };
    write_event(out, &event)
}

/// Writes one record with the values of a step; none for no values.
///
/// `wall_time` is in seconds since 1970.
pub fn write_values(
    out: impl Write,
    wall_time: f64,
    step: u64,
    values: Vec<Value>,
) -> io::Result<()> {
    if values.is_empty() {
        return Ok(());
    }
    let event = Event {
        wall_time,
        step: step as i64,
        file_version: None,
        summary: Some(Summary { value: values }),
    };
    write_event(out, &event)
}

/// In one write, so that a reader of the growing file meets whole records or a cut last one.
fn write_event(mut out: impl Write, event: &Event) -> io::Result<()> {
    out.write_all(&framed(&event.encode_to_vec()))
}

#[cfg(test)]
mod tests {
    use super::super::{cluster_sizes, scalars};
    use super::*;
    use crate::report::HistoryRecord;

    /// The bytes of a record without its frame, whose length must fit.
    fn unframed(file: &[u8]) -> &[u8] {
        assert_eq!(
            file[..8],
            (file.len() as u64 - 16).to_le_bytes(),
            "one record"
        );
        &file[12..file.len() - 4]
    }

    #[test]
    fn the_first_record_is_these_bytes() {
        let mut file = Vec::new();
        write_version(&mut file, 1.5).unwrap();
        let mut expected = vec![0x09]; // field 1, 64 bits
        expected.extend(1.5_f64.to_le_bytes());
        expected.extend([0x1a, 13]); // field 3, 13 bytes
        expected.extend(b"brain.Event:2");
        assert_eq!(unframed(&file), expected);
    }

    #[test]
    fn a_scalar_is_these_bytes() {
        let record = HistoryRecord::HeldOut {
            step: 300,
            loss: 0.25,
            best_step: 300,
            seconds: 1.0,
        };
        let (step, values) = scalars(&record);
        let mut file = Vec::new();
        write_values(&mut file, 2.5, step, values).unwrap();

        let tag = b"pretrain/held_out_loss";
        let mut value = vec![0x0a, tag.len() as u8]; // Value.tag = 1
        value.extend(tag);
        value.push(0x15); // Value.simple_value = 2, 32 bits
        value.extend(0.25_f32.to_le_bytes());
        let mut expected = vec![0x09];
        expected.extend(2.5_f64.to_le_bytes());
        expected.extend([0x10, 0xac, 0x02]); // Event.step = 2, 300 as a varint
        expected.extend([0x2a, value.len() as u8 + 2]); // Event.summary = 5
        expected.extend([0x0a, value.len() as u8]); // Summary.value = 1
        expected.extend(value);
        assert_eq!(unframed(&file), expected);
    }

    #[test]
    fn a_histogram_is_these_bytes() {
        let mut file = Vec::new();
        write_values(&mut file, 0.0, 0, vec![cluster_sizes(&[3, 1])]).unwrap();

        let mut histogram = Vec::new();
        // min, max, num, sum, sum of squares of the ids 0, 0, 0, 1: fields 1 to 5, 64 bits.
        for (key, number) in [
            (0x09, -0.5_f64),
            (0x11, 1.5),
            (0x19, 4.0),
            (0x21, 1.0),
            (0x29, 1.0),
        ] {
            histogram.push(key);
            histogram.extend(number.to_le_bytes());
        }
        // Upper edges and counts: fields 6 and 7, packed.
        for (key, numbers) in [(0x32, [0.5_f64, 1.5]), (0x3a, [3.0, 1.0])] {
            histogram.extend([key, 16]);
            histogram.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        let tag = b"cluster/sizes";
        let mut value = vec![0x0a, tag.len() as u8];
        value.extend(tag);
        value.extend([0x2a, histogram.len() as u8]); // Value.histo = 5
        value.extend(histogram);
        let mut expected = vec![0x2a, value.len() as u8 + 2];
        expected.extend([0x0a, value.len() as u8]);
        expected.extend(value);
        assert_eq!(unframed(&file), expected);
    }

    #[test]
    fn no_values_are_no_record() {
        let mut file = Vec::new();
        write_values(&mut file, 1.0, 2, Vec::new()).unwrap();
        assert!(file.is_empty());
    }
}
