//! The files of TensorBoard's projector: a table of points, a table of what they are, and where both lie.

use std::io::{self, Write};

use crate::random::{permutation, stream};
use crate::report::labels::share;

/// The file that the projector looks for; entries are appended to it.
pub const PROJECTOR_CONFIG: &str = "projector_config.pbtxt";
/// Points that the projector gets, at most: a browser moves them all.
pub const PROJECTOR_ROWS: usize = 10_000;

/// The samples to show of n, in order: all, or [`PROJECTOR_ROWS`] of them, the same for every seed of training.
pub fn projector_rows(n: usize) -> Vec<u32> {
    let mut rows = permutation(0, stream::PROJECTOR, 0, n);
    rows.truncate(PROJECTOR_ROWS);
    rows.sort_unstable();
    rows
}

/// Writes rows of an embedding (n, d), one a line, values separated by tabs.
pub fn write_tensors(
    mut out: impl Write,
    embedding: &[f32],
    d: usize,
    rows: &[u32],
) -> io::Result<()> {
    for row in rows {
        for (column, value) in embedding[*row as usize * d..][..d].iter().enumerate() {
            let tab = if column == 0 { "" } else { "\t" };
            write!(out, "{tab}{value}")?;
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Writes sample, cluster, confidence and, if `labels` (class of each sample, names of the classes) are known, label of
/// each of the rows, below a line of names.
pub fn write_metadata(
    mut out: impl Write,
    (assignment, confidence): (&[u32], &[f32]),
    labels: Option<(&[u32], &[String])>,
    rows: &[u32],
) -> io::Result<()> {
    let last = if labels.is_some() { "\tlabel" } else { "" };
    writeln!(out, "sample\tcluster\tconfidence{last}")?;
    for row in rows {
        let i = *row as usize;
        write!(out, "{row}\t{}\t{}", assignment[i], share(confidence[i]))?;
        if let Some((ids, names)) = labels {
            write!(out, "\t{}", in_one_cell(&names[ids[i] as usize]))?;
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// The format has no quotes: what would end a cell or a line becomes a space.
fn in_one_cell(name: &str) -> String {
    let breaks = |c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}';
    name.replace(breaks, " ")
}

/// An entry of [`PROJECTOR_CONFIG`]: text of the message `ProjectorConfig`, whose entries may follow each other.
///
/// The names are ours: letters, digits, `.`, `_` and `-`.
pub fn projector_entry(name: &str, tensors: &str, metadata: &str) -> String {
    format!(
        "embeddings {{\n  tensor_name: \"{name}\"\n  tensor_path: \"{tensors}\"\n  metadata_path: \"{metadata}\"\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_samples_are_all_shown_and_many_are_drawn_once() {
        assert!(projector_rows(5).into_iter().eq(0..5));
        let n = 3 * PROJECTOR_ROWS;
        let rows = projector_rows(n);
        assert_eq!(rows.len(), PROJECTOR_ROWS);
        assert!(rows.windows(2).all(|pair| pair[0] < pair[1]) && rows[rows.len() - 1] < n as u32);
        assert_eq!(rows, projector_rows(n));
        // Spread over the set: each third holds about a third.
        let first = rows.iter().filter(|row| (**row as usize) < n / 3).count();
        assert!(first.abs_diff(PROJECTOR_ROWS / 3) < 300, "{first}");
    }

    #[test]
    fn the_tables_have_a_line_for_each_row_shown() {
        let mut out = Vec::new();
        write_tensors(&mut out, &[1.0, 2.5, -3.0, 1e-9, 5.0, 6.0], 2, &[0, 2]).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "1\t2.5\n5\t6\n");

        let names = ["a\tb\nc\r\u{2028}d".to_owned(), "é".to_owned()];
        let labels: (&[u32], &[String]) = (&[0, 0, 1], &names);
        let found: (&[u32], &[f32]) = (&[1, 0, 2], &[0.5, 0.75, 1.0]);
        let mut out = Vec::new();
        write_metadata(&mut out, found, Some(labels), &[0, 2]).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "sample\tcluster\tconfidence\tlabel\n0\t1\t0.500000\ta b c  d\n2\t2\t1.000000\té\n"
        );
        let mut out = Vec::new();
        write_metadata(&mut out, found, None, &[1]).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "sample\tcluster\tconfidence\n1\t0\t0.750000\n"
        );
    }
}
