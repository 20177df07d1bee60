//! `labels.csv`: one row per sample, in the order of the data.

use std::io::{self, Write};

/// Writes `index,label,confidence` and a row for each sample.
///
/// `assignment` (n) holds argmax_j q_ij, `confidence` (n) the soft assignment there, 1/k to 1, to six
/// significant digits. Indices count from 0; lines end in `\n`.
///
/// # Panics
/// If the two differ in length.
pub fn write_labels_csv(
    mut out: impl Write,
    assignment: &[u32],
    confidence: &[f32],
) -> io::Result<()> {
    assert!(
        assignment.len() == confidence.len(),
        "the assignment has length {} but confidence has length {}",
        assignment.len(),
        confidence.len()
    );
    out.write_all(b"index,label,confidence\n")?;
    for (index, (label, &confidence)) in assignment.iter().zip(confidence).enumerate() {
        writeln!(out, "{index},{label},{}", share(confidence))?;
    }
    Ok(())
}

/// A share to six significant digits.
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
        write_labels_csv(&mut out, &[3, 0, 4_000_000_000, 1, 2], &confidence).unwrap();
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
    fn any_share_ends() {
        for share in [f32::MIN_POSITIVE, 1e-45, -1.0, f32::INFINITY] {
            assert!(decimals(share) < 60, "{share}");
        }
    }

    #[test]
    fn no_samples_leave_the_header() {
        let mut out = Vec::new();
        write_labels_csv(&mut out, &[], &[]).unwrap();
        assert_eq!(out, b"index,label,confidence\n");
    }

    #[test]
    #[should_panic(expected = "the assignment has length 2 but confidence has length 1")]
    fn lengths_must_agree() {
        let _ = write_labels_csv(io::sink(), &[0, 1], &[1.0]);
    }
}
