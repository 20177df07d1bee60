//! `uncertain.csv`: the samples that could as well be in another cluster.

use std::io::{self, Write};

use super::super::csv_text::csv_text;
use super::super::labels::share;
use crate::explain::Uncertain;

/// Writes `rank,index,label,second,confidence,margin` and a row for each sample, the least margin first.
///
/// `rank` counts from 1; `second` is the cluster with the second largest q, empty if there is only one. With `ids` (n)
/// there is a last column `id`.
///
/// # Panics
/// If a sample has no id among ids.
pub fn write_uncertain_csv(
    mut out: impl Write,
    uncertain: &[Uncertain],
    ids: Option<&[String]>,
) -> io::Result<()> {
    out.write_all(b"rank,index,label,second,confidence,margin")?;
    out.write_all(if ids.is_some() { b",id\n" } else { b"\n" })?;
    for (sample, rank) in uncertain.iter().zip(1..) {
        let [confidence, margin] =
            [sample.certainty.confidence, sample.certainty.margin].map(share);
        let (index, label) = (sample.index, sample.cluster);
        let second = sample
            .second
            .map_or(String::new(), |second| second.to_string());
        write!(out, "{rank},{index},{label},{second},{confidence},{margin}")?;
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
    use crate::explain::Certainty;

    #[test]
    fn a_row_each() {
        let sample = |second| Uncertain {
            index: 9,
            cluster: 4,
            second,
            certainty: Certainty {
                confidence: 0.5,
                margin: 0.25,
            },
        };
        let mut out = Vec::new();
        write_uncertain_csv(&mut out, &[sample(Some(2)), sample(None)], None).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "rank,index,label,second,confidence,margin\n1,9,4,2,0.500000,0.250000\n2,9,4,,0.500000,0.250000\n"
        );
        let mut out = Vec::new();
        let ids: Vec<String> = (0..10).map(|i| format!("s,{i}")).collect();
        write_uncertain_csv(&mut out, &[sample(Some(2))], Some(&ids)).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "rank,index,label,second,confidence,margin,id\n1,9,4,2,0.500000,0.250000,\"s,9\"\n"
        );
    }
}
