//! `labels.csv`: one row per sample, in the order of the data.

use std::fmt::Display;
use std::io::{self, Write};

use super::csv_text::csv_text;

/// Writes `index,label,confidence` and a row for each sample in as many pieces as the caller likes; with ids a fourth
/// column `id`.
///
/// Indices count from the one given; confidence is 1/k to 1, to six significant digits; lines end in `\n`.
#[derive(Debug)]
pub struct LabelsWriter<W: Write> {
    out: W,
    index: u64,
    with_ids: bool,
}

impl<W: Write> LabelsWriter<W> {
    /// Writes the header; the next row will be that of sample `first`.
    pub fn new(mut out: W, first: u64, with_ids: bool) -> io::Result<Self> {
        out.write_all(b"index,label,confidence")?;
        out.write_all(if with_ids { b",id\n" } else { b"\n" })?;
        Ok(Self {
            out,
            index: first,
            with_ids,
        })
    }

    /// Writes the next rows: labels (any), their confidence, and their ids if the header has such a column.
    ///
    /// # Panics
    /// If the lengths differ, or there are ids but no column for them, or the other way round.
    pub fn write_rows<T: Copy + Display>(
        &mut self,
        labels: &[T],
        confidence: &[f32],
        ids: Option<&[String]>,
    ) -> io::Result<()> {
        assert!(
            labels.len() == confidence.len(),
            "the assignment has length {} but confidence has length {}",
            labels.len(),
            confidence.len()
        );
        assert!(
            ids.is_some() == self.with_ids && ids.is_none_or(|ids| ids.len() == labels.len()),
            "ids for every row of a table with them, and only for such"
        );
        for (i, (label, confidence)) in labels.iter().zip(confidence).enumerate() {
            let decimals = decimals(*confidence);
            write!(self.out, "{},{label},{confidence:.decimals$}", self.index)?;
            if let Some(ids) = ids {
                write!(self.out, ",{}", csv_text(&ids[i]))?;
            }
            self.out.write_all(b"\n")?;
            self.index += 1;
        }
        Ok(())
    }

    /// Flushes, and gives the `Write` back.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Writes the table of a whole set: `assignment` (n) holds argmax_j q_ij, `confidence` (n) the soft assignment there,
/// `ids` (n) what the samples are called, if they are called anything.
///
/// # Panics
/// If the lengths differ.
pub fn write_labels_csv(
    out: impl Write,
    assignment: &[u32],
    confidence: &[f32],
    ids: Option<&[String]>,
) -> io::Result<()> {
    let mut writer = LabelsWriter::new(out, 0, ids.is_some())?;
    writer.write_rows(assignment, confidence, ids)?;
    writer.finish()?;
    Ok(())
}

/// A share to six significant digits.
#[cfg(feature = "cli")]
pub(super) fn share(share: f32) -> String {
    let decimals = decimals(share);
    format!("{share:.decimals$}")
}

/// Decimals that show six significant digits of a share: 6 from 0.1 on, more below.
fn decimals(share: f32) -> usize {
    let mut decimals = 6;
    let mut least = 0.1;
    // With f32's smallest positive number this ends after 45 rounds; 0 and NaN stop at once.
    while share < least && share > 0.0 {
        least /= 10.0;
        decimals += 1;
    }
    decimals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_order_with_six_significant_digits() {
        let mut out = Vec::new();
        let confidence = [0.1, 0.123_456_78, 0.000_976_562_5, 0.0, f32::NAN];
        write_labels_csv(&mut out, &[3, 0, 4_000_000_000, 1, 2], &confidence, None).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "index,label,confidence\n\
             0,3,0.100000\n\
             1,0,0.123457\n\
             2,4000000000,0.000976562\n\
             3,1,0.000000\n\
             4,2,NaN\n"
        );
    }

    #[test]
    fn ids_are_a_fourth_column_and_pieces_go_on_counting() {
        let ids = ["a".to_owned(), "b, \"c\"".to_owned(), String::new()];
        let mut writer = LabelsWriter::new(Vec::new(), 7, true).unwrap();
        writer
            .write_rows(&[1, -1], &[0.5, 0.25], Some(&ids[..2]))
            .unwrap();
        writer.write_rows(&[0], &[1.0], Some(&ids[2..])).unwrap();
        assert_eq!(
            String::from_utf8(writer.finish().unwrap()).unwrap(),
            "index,label,confidence,id\n\
             7,1,0.500000,a\n\
             8,-1,0.250000,\"b, \"\"c\"\"\"\n\
             9,0,1.000000,\n"
        );
    }

    #[test]
    #[should_panic(expected = "ids for every row")]
    fn ids_must_be_as_many() {
        let ids = ["a".to_owned()];
        let _ = write_labels_csv(io::sink(), &[0, 1], &[1.0, 1.0], Some(&ids));
    }

    #[test]
    fn any_share_ends() {
        for share in [f32::MIN_POSITIVE, 1e-45, -1.0, f32::INFINITY] {
            assert!(decimals(share) < 60, "{share}");
        }
    }

    #[test]
    fn no_samples_leave_the_header() {
        let mut out = Vec::new();
        write_labels_csv(&mut out, &[], &[], None).unwrap();
        assert_eq!(out, b"index,label,confidence\n");
    }

    #[test]
    #[should_panic(expected = "the assignment has length 2 but confidence has length 1")]
    fn lengths_must_agree() {
        let _ = write_labels_csv(io::sink(), &[0, 1], &[1.0], None);
    }
}
