//! How sure an assignment is.

/// How sure one sample's assignment is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certainty {
    /// The largest q_ij of the sample, 1/k to 1.
    pub confidence: f32,
    /// How far it is above the second largest, 0 to 1; with one cluster the confidence itself.
    pub margin: f32,
}

/// The certainty of each sample (n), from q (n, k).
pub fn certainty(soft_assignment: &[f32], k: usize) -> Vec<Certainty> {
    soft_assignment.chunks_exact(k).map(of_row).collect()
}

fn of_row(q: &[f32]) -> Certainty {
    let (mut first, mut second) = (0.0f32, 0.0f32);
    for &q in q {
        second = second.max(q.min(first));
        first = first.max(q);
    }
    Certainty {
        confidence: first,
        margin: first - second,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_and_distance_to_the_second() {
        let q = [0.25, 0.5, 0.25, 0.75, 0.125, 0.125, 0.5, 0.0, 0.5];
        let found = certainty(&q, 3);
        let pairs: Vec<_> = found.iter().map(|c| (c.confidence, c.margin)).collect();
        assert_eq!(pairs, [(0.5, 0.25), (0.75, 0.625), (0.5, 0.0)]);
    }

    #[test]
    fn one_cluster_is_certain() {
        let found = certainty(&[1.0], 1)[0];
        assert_eq!((found.confidence, found.margin), (1.0, 1.0));
    }
}
