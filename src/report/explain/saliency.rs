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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::{Certainty, Kind};

    #[test]
    fn rows_are_numbered() {
        let exemplar = |cluster, index| Exemplar {
            cluster,
            kind: Kind::Nearest,
            rank: 1,
            index,
            distance: 0.5,
            certainty: Certainty {
                confidence: 1.0,
                margin: 1.0,
            },
        };
        let mut out = Vec::new();
        write_saliency_csv(&mut out, [exemplar(0, 7), exemplar(2, 4)].iter()).unwrap();
        assert_eq!(out, b"row,index,cluster\n0,7,0\n1,4,2\n");
    }
}
