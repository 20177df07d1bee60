//! The rule that picks k from the table.
//!
//! The silhouette says how far groups stand apart. In the embedding as it is a coarse cut often scores best, for the rim
//! of one group reaches the next; smoothed, groups that hang together have drawn together, but there the finest cuts of
//! an even cloud look like groups. Neither deceives where their mean is highest. A few samples far from all others make any
//! silhouette of two clusters high and say little, hence the root of the evenness. The paper reads k off the fall of
//! G (§5.5), by eye; here G moved less from one k to the next than from one seed to another, so it is not computed.
//! What was compared: docs/decisions/.

use super::Candidate;

/// By what candidates are compared: the mean of both silhouettes, times √(H / log k) with the entropy H of the sizes of k
/// clusters.
pub(super) fn score(silhouettes: [f64; 2], assignment: &[u32], k: usize) -> f64 {
    let mean = (silhouettes[0] + silhouettes[1]) / 2.0;
    // Below 0 it would be a reward for uneven sizes.
    if mean > 0.0 {
        mean * evenness(assignment, k).sqrt()
    } else {
        mean
    }
}

/// Entropy of the clusters' shares over that of equal shares: 1 if all are alike, 0 if one holds everything.
fn evenness(assignment: &[u32], k: usize) -> f64 {
    let mut sizes = vec![0.0; k];
    assignment
        .iter()
        .for_each(|cluster| sizes[*cluster as usize] += 1.0);
    let shares = sizes.iter().map(|size| size / assignment.len() as f64);
    let entropy: f64 = shares.filter(|p| *p > 0.0).map(|p| -p * p.ln()).sum();
    entropy / (k as f64).ln()
}

/// k, and why in one line. Of candidates, at least one; of equals the smallest k.
pub(super) fn choose(candidates: &[Candidate]) -> (usize, String) {
    let mut order: Vec<&Candidate> = candidates.iter().collect();
    order.sort_by(|a, b| ranked(b.score).total_cmp(&ranked(a.score)));
    let chosen = order[0];
    let mut reason = format!("k = {}: ", chosen.n_clusters);
    match order.get(1) {
        Some(next) => {
            let (best, second, k) = (chosen.score, next.score, next.n_clusters);
            reason += &format!(
                "its clusters stand furthest apart (score {best:.3}; next is k = {k} with {second:.3})"
            );
        }
        None => reason += "the only one to choose from",
    }
    (chosen.n_clusters, reason)
}

/// What is not a number comes last.
fn ranked(score: f64) -> f64 {
    if score.is_nan() {
        f64::NEG_INFINITY
    } else {
        score
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Candidates from k = 2 on, by their scores.
    fn choose_from(scores: &[f64]) -> (usize, String) {
        let candidate = |(i, score): (usize, &f64)| Candidate {
            n_clusters: i + 2,
            silhouette: 0.2,
            smoothed_silhouette: 0.3,
            score: *score,
            agreement: 0.9,
            smallest_cluster: 9,
            assignment: Vec::new(),
        };
        let candidates: Vec<Candidate> = scores.iter().enumerate().map(candidate).collect();
        choose(&candidates)
    }

    #[test]
    fn the_highest_score_is_taken_and_the_next_is_named() {
        let (k, reason) = choose_from(&[0.30, 0.34, 0.31]);
        let want =
            "k = 3: its clusters stand furthest apart (score 0.340; next is k = 4 with 0.310)";
        assert_eq!((k, &reason[..]), (3, want));
    }

    #[test]
    fn of_equals_the_smallest_is_taken() {
        assert_eq!(choose_from(&[0.1, 0.2, 0.2]).0, 3);
    }

    #[test]
    fn scores_that_are_no_numbers_are_passed_over() {
        let nan = f64::NAN;
        assert_eq!(choose_from(&[nan, nan]).0, 2);
        assert_eq!(choose_from(&[nan, -0.1, nan]).0, 3);
        let (k, reason) = choose_from(&[0.1]);
        assert_eq!((k, &reason[..]), (2, "k = 2: the only one to choose from"));
    }

    #[test]
    fn neither_silhouette_decides_alone_and_a_small_group_apart_counts_for_little() {
        assert!((score([0.2, 0.4], &[0, 1, 0, 1], 2) - 0.3).abs() < 1e-12);
        let mut apart = vec![0; 99];
        apart.push(1);
        let found = score([0.6, 0.6], &apart, 2);
        let entropy = -(0.99f64 * 0.99f64.ln() + 0.01 * 0.01f64.ln());
        assert!((found - 0.6 * (entropy / 2f64.ln()).sqrt()).abs() < 1e-12);
        assert!(found < 0.2);
        // An empty cluster is uneven too, and nothing below 0 is raised.
        assert!(score([0.3, 0.3], &[0, 1, 0, 1], 3) < 0.27);
        assert_eq!(score([-0.3, -0.1], &apart, 2), -0.2);
    }
}
