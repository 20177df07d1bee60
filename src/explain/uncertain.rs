//! The samples that could as well be in another cluster.

use super::Certainty;
use super::smallest::smallest;

/// A sample whose two largest q are near to each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uncertain {
    /// The sample, i.
    pub index: usize,
    /// Its cluster, c_i.
    pub cluster: u32,
    /// The cluster with the second largest q; none if there is only one.
    pub second: Option<u32>,
    /// How sure the assignment is; q of the second cluster is confidence − margin.
    pub certainty: Certainty,
}

/// The `most` samples with the least margin, the least first; the first sample of equals comes first.
///
/// `assignment` (n), `soft_assignment` (n, k), `certainty` (n).
pub fn uncertain(
    assignment: &[u32],
    soft_assignment: &[f32],
    certainty: &[Certainty],
    most: usize,
) -> Vec<Uncertain> {
    let k = soft_assignment.len() / assignment.len().max(1);
    let samples = (0..assignment.len()).collect();
    let margin = |i: &usize| certainty[*i].margin;
    let chosen = smallest(samples, most, |a, b| {
        margin(a).total_cmp(&margin(b)).then(a.cmp(b))
    });
    let of_sample = |index: usize| Uncertain {
        index,
        cluster: assignment[index],
        second: second(&soft_assignment[index * k..][..k], assignment[index]),
        certainty: certainty[index],
    };
    chosen.into_iter().map(of_sample).collect()
}

/// The cluster with the largest q but `first`.
fn second(q: &[f32], first: u32) -> Option<u32> {
    let others = (0..q.len() as u32).filter(|cluster| *cluster != first);
    others.reduce(
        |best, cluster| match q[cluster as usize] > q[best as usize] {
            true => cluster,
            false => best,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::certainty;
    use super::*;

    #[test]
    fn the_smallest_margins_and_the_cluster_that_comes_second() {
        let q = [
            0.25, 0.5, 0.25, // margin .25, second 0
            0.75, 0.125, 0.125, // margin .625
            0.5, 0.0, 0.5, // margin 0, second 2
            0.25, 0.25, 0.5, // margin .25
        ];
        let found = uncertain(&[1, 0, 0, 2], &q, &certainty(&q, 3), 3);
        let told: Vec<_> = found
            .iter()
            .map(|u| (u.index, u.cluster, u.second))
            .collect();
        assert_eq!(told, [(2, 0, Some(2)), (0, 1, Some(0)), (3, 2, Some(0))]);
    }

    #[test]
    fn one_cluster_has_no_second() {
        let found = uncertain(&[0, 0], &[1.0, 1.0], &certainty(&[1.0, 1.0], 1), 9);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].second, None);
    }
}
