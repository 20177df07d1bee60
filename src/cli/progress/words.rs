//! What is said of an event, line by line.

use dec_gpu::metrics::Scores;
use dec_gpu::report::LoweredRate;
use dec_gpu::run::{Candidate, Course, Event, FirstFound};

/// The lines; of most events there are none.
pub(super) fn of(event: &Event<'_>) -> Vec<String> {
    let line = match event {
        Event::Joined { asked, dispatched } => {
            format!("{asked} dispatches were done as {dispatched}")
        }
        Event::GoesOn(state) => format!("going on from {}", state.place()),
        Event::Best { step, of } => format!(
            "pretrain: lowest loss on samples held out at step {step} of {of}; its weights are kept"
        ),
        Event::Candidate(candidate) => of_candidate(candidate),
        Event::Choice(choice) => choice.reason.clone(),
        Event::First(found) => return of_first(found),
        Event::Worse { course, back } => worse(course, *back),
        Event::Baseline => "k-means on the inputs, for comparison".into(),
        Event::NotKept(error) => {
            format!("warning: {error}; training goes on, the checkpoint before stays")
        }
        Event::Lowered(at) => lowered(at),
        _ => return Vec::new(),
    };
    vec![line]
}

fn of_candidate(candidate: &Candidate) -> String {
    format!(
        "k = {}: silhouette {:.4}, smoothed {:.4}, score {:.4}, neighbours {:.4}, smallest cluster {}",
        candidate.n_clusters,
        candidate.silhouette,
        candidate.smoothed_silhouette,
        candidate.score,
        candidate.agreement,
        candidate.smallest_cluster
    )
}

fn of_first(found: &FirstFound<'_>) -> Vec<String> {
    let scores = &found.scores;
    let mut lines = vec![scored("autoencoder + k-means", scores.kmeans)];
    match found.mixture_earned {
        Some(true) => lines.push(scored("autoencoder + mixture", scores.mixture)),
        Some(false) => {
            lines.push(scored(
                "autoencoder + smoothed k-means",
                scores.smoothed_kmeans,
            ));
            lines.push("the mixture agreed no better with nearest neighbours than k-means on the smoothed embedding, so its components are the latter's clusters".into());
        }
        None => {}
    }
    lines.extend(found.verdict.map(ToString::to_string));
    if found.has_graph {
        lines.push(scored("graph of neighbours", scores.neighbours));
    }
    lines
}

fn scored(what: &str, scores: Option<Scores>) -> String {
    match scores {
        Some(s) => format!(
            "{what}: ACC {:.4}, NMI {:.4}, ARI {:.4}",
            s.acc, s.nmi, s.ari
        ),
        None => format!("{what}: done"),
    }
}

fn worse(course: &Course, back: bool) -> String {
    let then = match (back, course.best_step) {
        (false, _) => "it is kept as asked; cluster.roll-back=true would go back".into(),
        (true, 0) => "the first clusters, autoencoder + k-means, are taken again".into(),
        (true, step) => format!("the state after step {step} is taken again"),
    };
    format!(
        "clustering made it worse: agreement with the nearest neighbours fell from {:.3} to {:.3}; {then}",
        course.start, course.last
    )
}

fn lowered(at: &LoweredRate) -> String {
    let keys = match &at.phase[..] {
        "cluster" => "cluster.learning-rate, cluster.first-learning-rate and those of neighbours",
        _ => "pretrain.learning-rate and neighbours.pretrain-learning-rate",
    };
    format!(
        "{}: {} is not finite at step {}; it begins again, once, with a tenth of {keys}",
        at.phase, at.tensor, at.step
    )
}
