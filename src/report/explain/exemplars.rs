//! `exemplars.csv`: the members nearest to their centroid and farthest from it.

use std::io::{self, Write};

use super::super::csv_text::csv_text;
use super::super::labels::share;
use crate::explain::Exemplar;

/// Writes `cluster,kind,rank,index,distance,confidence,margin` and a row for each exemplar, in their order.
///
/// `kind` is `nearest` or `farthest`, `rank` counts from 1, `index` is the sample's place in the data from
/// 0, `distance` is ‖z_i − mu_j‖. With `ids` (n) there is a last column `id`.
///
/// # Panics
/// If an exemplar has no id among ids.
pub fn write_exemplars_csv(
    mut out: impl Write,
    exemplars: &[Exemplar],
    ids: Option<&[String]>,
) -> io::Result<()> {
    out.write_all(b"cluster,kind,rank,index,distance,confidence,margin")?;
    out.write_all(if ids.is_some() { b",id\n" } else { b"\n" })?;
    for exemplar in exemplars {
        let [confidence, margin] =
            [exemplar.certainty.confidence, exemplar.certainty.margin].map(share);
        let (cluster, kind, rank) = (exemplar.cluster, exemplar.kind.as_str(), exemplar.rank);
        let (index, distance) = (exemplar.index, exemplar.distance as f32);
        write!(
            out,
            "{cluster},{kind},{rank},{index},{distance},{confidence},{margin}"
        )?;
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
    use crate::explain::{Certainty, Kind};

    #[test]
    fn one_row_each() {
        let exemplar = |kind, rank, distance| Exemplar {
            cluster: 3,
            kind,
            rank,
            index: 17,
            distance,
            certainty: Certainty {
                confidence: 0.5,
                margin: 0.012_345_678,
            },
        };
        let mut out = Vec::new();
        let two = [
            exemplar(Kind::Nearest, 1, 0.0),
            exemplar(Kind::Farthest, 2, 2.5),
        ];
        write_exemplars_csv(&mut out, &two, None).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "cluster,kind,rank,index,distance,confidence,margin\n\
             3,nearest,1,17,0,0.500000,0.0123457\n\
             3,farthest,2,17,2.5,0.500000,0.0123457\n"
        );
    }

    #[test]
    fn ids_come_last() {
        let exemplar = Exemplar {
            cluster: 0,
            kind: Kind::Nearest,
            rank: 1,
            index: 1,
            distance: 0.5,
            certainty: Certainty {
                confidence: 1.0,
                margin: 1.0,
            },
        };
        let mut out = Vec::new();
        let ids = ["a".to_owned(), "b,c".to_owned()];
        write_exemplars_csv(&mut out, &[exemplar], Some(&ids)).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.ends_with("margin,id\n0,nearest,1,1,0.5,1.000000,1.000000,\"b,c\"\n"),
            "{text}"
        );
    }
}
