//! The rule that picks k from the table.
//!
//! The silhouette in the pre-trained embedding says how many groups stand apart, but several k often score alike. Among
//! these the agreement with the neighbours decides: it falls as soon as a group is divided. Where both are alike,
//! the larger k tears nothing apart and says more. The paper reads k off the fall of G, by eye; here G
//! moved less from one k to the next than from one seed to another, so it is shown and not used.

use super::Candidate;

/// Scores that differ by at most this are alike. From one seed to another they move by about as much (docs/design.md).
const ALIKE: f64 = 0.01;

/// k, and why in one line. Of candidates, at least one.
pub(super) fn choose(candidates: &[Candidate]) -> (usize, String) {
    let all: Vec<&Candidate> = candidates.iter().collect();
    let apart = alike(all, |candidate| candidate.silhouette);
    let together = alike(apart.clone(), |candidate| candidate.agreement);
    let chosen = together.last().map_or(&candidates[0], |last| *last);
    (chosen.n_clusters, reason(chosen, &apart, &together))
}

/// Those whose score is the highest or like it, in order; none if no score is a number.
fn alike(candidates: Vec<&Candidate>, score: fn(&Candidate) -> f64) -> Vec<&Candidate> {
    let scores = candidates.iter().map(|candidate| score(candidate));
    let highest = scores.fold(f64::NEG_INFINITY, f64::max);
    let is_alike = |candidate: &&Candidate| score(candidate) >= highest - ALIKE;
    candidates.into_iter().filter(is_alike).collect()
}

fn reason(chosen: &Candidate, apart: &[&Candidate], together: &[&Candidate]) -> String {
    let (k, silhouette) = (chosen.n_clusters, chosen.silhouette);
    if apart.len() < 2 {
        return format!("k = {k}: its silhouette, {silhouette:.3}, is the highest");
    }
    let names = |candidates: &[&Candidate]| {
        let names = candidates.iter().map(|c| c.n_clusters.to_string());
        names.collect::<Vec<_>>().join(", ")
    };
    let why = match together.len() {
        1 => "agrees best with the neighbours".to_owned(),
        _ => format!(
            "is the largest of those that agree best with the neighbours ({})",
            names(together)
        ),
    };
    format!(
        "k = {k}: of those with the highest silhouettes ({}) it {why}",
        names(apart)
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
        let (k, reason) = choose_from(&[[0.2, 0.9], [0.4, 0.8], [0.3, 0.9]]);
        let want = "k = 3: its silhouette, 0.400, is the highest";
        assert_eq!((k, &reason[..]), (3, want));
    }

    #[test]
    fn of_like_silhouettes_the_neighbours_decide() {
        let (k, reason) = choose_from(&[[0.250, 0.93], [0.254, 0.95], [0.258, 0.93], [0.2, 0.99]]);
        let want = "k = 3: of those with the highest silhouettes (2, 3, 4) it agrees best with the neighbours";
        assert_eq!((k, &reason[..]), (3, want));
    }

    #[test]
    fn of_those_alike_in_both_the_largest_is_taken() {
        let (k, reason) = choose_from(&[[0.332, 0.999], [0.331, 0.994], [0.239, 0.884]]);
        let want = "k = 3: of those with the highest silhouettes (2, 3) it is the largest of those that agree best with \
                    the neighbours (2, 3)";
        assert_eq!((k, &reason[..]), (3, want));
    }

    #[test]
    fn scores_that_are_no_numbers_are_passed_over() {
        let nan = [f64::NAN; 2];
        assert_eq!(choose_from(&[nan, nan]).0, 2);
        assert_eq!(choose_from(&[nan, [0.1, 0.2], nan]).0, 3);
        assert_eq!(choose_from(&[[0.1, f64::NAN], [0.1, 0.2]]).0, 3);
        assert_eq!(choose_from(&[[0.1, 0.2]]).0, 2);
    }
}
