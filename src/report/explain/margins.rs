//! `margins.csv`: how sure each sample's assignment is.

use std::io::{self, Write};

use super::super::csv_text::csv_text;
use super::super::labels::share;
use crate::explain::Certainty;

/// Writes `index,label,confidence,margin` and a row for each sample, in the order of the data.
///
/// `assignment` (n) and `certainty` (n); indices count from 0, shares have six significant digits. With `ids` (n)
/// there is a last column `id`.
///
/// # Panics
/// If they differ in length.
pub fn write_margins_csv(
    mut out: impl Write,
    assignment: &[u32],
    certainty: &[Certainty],
    ids: Option<&[String]>,
) -> io::Result<()> {
    assert!(
        assignment.len() == certainty.len(),
        "the assignment has length {} but the certainty has length {}",
        assignment.len(),
        certainty.len()
    );
    out.write_all(b"index,label,confidence,margin")?;
    out.write_all(if ids.is_some() { b",id\n" } else { b"\n" })?;
    for (index, (label, certainty)) in assignment.iter().zip(certainty).enumerate() {
        let [confidence, margin] = [certainty.confidence, certainty.margin].map(share);
        write!(out, "{index},{label},{confidence},{margin}")?;
        if let Some(ids) = ids {
            write!(out, ",{}", csv_text(&ids[index]))?;
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certainty(confidence: f32, margin: f32) -> Certainty {
        Certainty { confidence, margin }
    }

    #[test]
    fn one_row_each() {
        let mut out = Vec::new();
        let certainty = [certainty(0.75, 0.5), certainty(0.25, 0.0)];
        write_margins_csv(&mut out, &[4, 0], &certainty, None).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "index,label,confidence,margin\n0,4,0.750000,0.500000\n1,0,0.250000,0.000000\n"
        );
    }

    #[test]
    fn ids_come_last() {
        let mut out = Vec::new();
        let ids = ["say \"x\"".to_owned()];
        write_margins_csv(&mut out, &[4], &[certainty(0.75, 0.5)], Some(&ids)).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "index,label,confidence,margin,id\n0,4,0.750000,0.500000,\"say \"\"x\"\"\"\n"
        );
    }

    #[test]
    #[should_panic(expected = "the assignment has length 2 but the certainty has length 1")]
    fn lengths_must_agree() {
        let _ = write_margins_csv(io::sink(), &[0, 1], &[certainty(1.0, 1.0)], None);
    }
}
