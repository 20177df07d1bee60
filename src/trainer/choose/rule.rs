//! The rule that picks k from the table.
//!
//! The silhouette in the pre-trained embedding says how many groups stand apart, but it favours few: groups that lie
//! together two by two score as well as each by itself. A larger k whose clusters are as good by both scores
//! tears nothing apart and says more, so it is preferred. The paper reads k off the fall of G; here G moved less
//! from one k to the next than from one draw of the samples to another, so it is shown and not used.

use super::Candidate;

/// Scores that differ by at most this are equal. Of 2,000 samples the mean silhouette has a standard error of about
/// half as much.
const EQUAL: f64 = 0.01;

/// k, and why in one line. Of candidates, at least one.
pub(super) fn choose(candidates: &[Candidate]) -> (usize, String) {
    let highest = (candidates.iter()).fold(&candidates[0], |best, candidate| {
        if candidate.silhouette > best.silhouette {
            candidate
        } else {
            best
        }
    });
    let chosen = (candidates.iter()).rfind(|candidate| is_as_good(candidate, highest));
    let chosen = chosen.unwrap_or(highest);
    (chosen.n_clusters, reason(chosen, highest))
}

/// Whether a candidate is as good as that of the highest silhouette, by both scores.
fn is_as_good(candidate: &Candidate, highest: &Candidate) -> bool {
    candidate.silhouette >= highest.silhouette - EQUAL
        && candidate.agreement >= highest.agreement - EQUAL
}

fn reason(chosen: &Candidate, highest: &Candidate) -> String {
    let k = chosen.n_clusters;
    if k == highest.n_clusters {
        return format!(
            "k = {k}: the highest silhouette, {:.4}, and no larger k is as good",
            chosen.silhouette
        );
    }
    format!(
        "k = {k}: the largest k as good as k = {}, whose silhouette is the highest (silhouette {:.4} and {:.4}, neighbours {:.4} and {:.4})",
        highest.n_clusters,
        chosen.silhouette,
        highest.silhouette,
        chosen.agreement,
        highest.agreement
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Candidates from k = 2 on, by silhouette and agreement.
    fn choose_from(scores: &[[f64; 2]]) -> (usize, String) {
        let candidate = |(i, [silhouette, agreement]): (usize, &[f64; 2])| Candidate {
            n_clusters: i + 2,
            loss_train: 0.2,
            loss_held_out: 0.1,
            generalisability: 2.0,
            silhouette: *silhouette,
            agreement: *agreement,
            smallest_cluster: 9,
            assignment: Vec::new(),
        };
        let candidates: Vec<Candidate> = scores.iter().enumerate().map(candidate).collect();
        choose(&candidates)
    }

    #[test]
    fn the_highest_silhouette_is_taken() {
        let (k, reason) = choose_from(&[[0.2, 0.9], [0.4, 0.9], [0.3, 0.9]]);
        assert_eq!(k, 3);
        assert!(reason.starts_with("k = 3: the highest silhouette, 0.4000"));
    }

    #[test]
    fn a_larger_k_that_is_as_good_is_preferred() {
        let (k, reason) = choose_from(&[[0.332, 0.999], [0.331, 0.994], [0.239, 0.884]]);
        assert_eq!(k, 3);
        assert!(reason.starts_with("k = 3: the largest k as good as k = 2"));
    }

    #[test]
    fn both_scores_must_hold_and_a_smaller_k_does_not_win() {
        let compact_only = [[0.40, 0.95], [0.395, 0.93]];
        assert_eq!(choose_from(&compact_only).0, 2);
        let together_only = [[0.40, 0.95], [0.38, 0.96]];
        assert_eq!(choose_from(&together_only).0, 2);
        assert_eq!(choose_from(&[[0.399, 0.99], [0.40, 0.95]]).0, 3);
    }

    #[test]
    fn scores_that_are_no_numbers_choose_the_smallest() {
        assert_eq!(choose_from(&[[f64::NAN; 2], [f64::NAN; 2]]).0, 2);
        assert_eq!(choose_from(&[[0.1, 0.2]]).0, 2);
    }
}
