//! `saliency.csv`: which sample each row of `saliency.npy` is.

use std::io::{self, Write};

use crate::explain::Exemplar;

/// Writes `row,index,cluster` and a row for each of `salient`, the exemplars in the order of the rows; all
/// count from 0.
pub fn write_saliency_csv<'a>(
    mut out: impl Write,
    salient: impl Iterator<Item = &'a Exemplar>,
) -> io::Result<()> {
    out.write_all(b"row,index,cluster\n")?;
    for (row, exemplar) in salient.enumerate() {
        writeln!(out, "{row},{},{}", exemplar.index, exemplar.cluster)?;
    }
    Ok(())
}
