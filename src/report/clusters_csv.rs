//! `clusters.csv`: every number of clusters that was tried, ready to plot.

use std::io::{self, Write};

use crate::metrics::nmi;
use crate::run::trainer::{Candidate, Choice};

/// Writes a header and a row for each k: `k,silhouette,smoothed_silhouette,
/// score,neighbour_agreement,smallest_cluster,nmi,chosen`.
///
/// The columns are those of [`Candidate`]; `nmi` is that of the samples clustering saw with `labels` (n), empty if there
/// are none, and `chosen` is 1 in the row that was taken, else 0. Lines end in `\n`.
///
/// # Panics
/// If there are labels, but not for every sample.
pub fn write_clusters_csv(
    mut out: impl Write,
    choice: &Choice,
    labels: Option<&[u32]>,
) -> io::Result<()> {
    out.write_all(
        b"k,silhouette,smoothed_silhouette,score,neighbour_agreement,smallest_cluster,nmi,chosen\n",
    )?;
    let labels: Option<Vec<u32>> = labels.map(|labels| {
        let of_sample = |i: &u32| labels[*i as usize];
        choice.samples.iter().map(of_sample).collect()
    });
    for candidate in &choice.candidates {
        let chosen = candidate.n_clusters == choice.chosen;
        write_row(&mut out, candidate, labels.as_deref(), chosen)?;
    }
    Ok(())
}

fn write_row(
    mut out: impl Write,
    candidate: &Candidate,
    labels: Option<&[u32]>,
    chosen: bool,
) -> io::Result<()> {
    let Candidate {
        n_clusters,
        silhouette,
        smoothed_silhouette,
        score,
        agreement,
        smallest_cluster,
        assignment,
    } = candidate;
    let nmi = labels.map_or(String::new(), |labels| {
        format!("{:.6}", nmi(labels, assignment))
    });
    writeln!(
        out,
        "{n_clusters},{silhouette:.6},{smoothed_silhouette:.6},{score:.6},{agreement:.6},{smallest_cluster},{nmi},{}",
        u8::from(chosen)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice() -> Choice {
        let candidate = |k: usize, assignment: [u32; 3]| Candidate {
            n_clusters: k,
            silhouette: -0.125,
            smoothed_silhouette: 0.375,
            score: 0.0625,
            agreement: 0.75,
            smallest_cluster: 1,
            assignment: assignment.into(),
        };
        Choice {
            candidates: vec![candidate(2, [0, 0, 0]), candidate(3, [0, 1, 1])],
            chosen: 3,
            reason: String::new(),
            samples: vec![4, 0, 2],
        }
    }

    fn text(labels: Option<&[u32]>) -> String {
        let mut out = Vec::new();
        write_clusters_csv(&mut out, &choice(), labels).unwrap();
        String::from_utf8(out).unwrap()
    }

    const HEADER: &str =
        "k,silhouette,smoothed_silhouette,score,neighbour_agreement,smallest_cluster,nmi,chosen\n";

    #[test]
    fn each_k_has_a_row_and_one_is_chosen() {
        let rows = "2,-0.125000,0.375000,0.062500,0.750000,1,,0\n\
                    3,-0.125000,0.375000,0.062500,0.750000,1,,1\n";
        assert_eq!(text(None), format!("{HEADER}{rows}"));
    }

    #[test]
    fn labels_are_those_of_the_samples_that_were_seen() {
        // Samples 4, 0, 2 have the labels 9, 5, 5: just as the clusters of k = 3.
        let rows = "2,-0.125000,0.375000,0.062500,0.750000,1,0.000000,0\n\
                    3,-0.125000,0.375000,0.062500,0.750000,1,1.000000,1\n";
        assert_eq!(text(Some(&[5, 7, 5, 7, 9])), format!("{HEADER}{rows}"));
    }
}
