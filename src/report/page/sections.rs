//! The parts of the page, from top to bottom.

use maud::{Markup, html};

use super::super::StopReason;
use super::shell::{picture, table};
use super::text::Text;
use super::{Page, heat, series};
use crate::metrics::Scores;
use crate::neighbours::Weighed;

/// What was run, and on what.
pub(super) fn head(page: &Page) -> Markup {
    let m = &page.metrics;
    html! {
        h1 { (Text(&page.name)) ": " (m.n_clusters) " clusters of " (m.n_samples) " samples" }
        p.soft {
            (m.n_samples) " × " (m.input_dim) " inputs, embedded in " (m.embedding_dim) " dimensions, seed " (m.seed)
            ", on " (Text(&device(page))) ", " (m.precision.to_string()) ", dec-gpu " (Text(&m.version)) "."
        }
        p {
            "Mean confidence " (format!("{:.3}", m.mean_confidence)) "; " (steps(page)) "; "
            (format!("{:.1} s in all.", m.seconds.total))
        }
        @if m.stop_reason == StopReason::RolledBack {
            p.warn { "Clustering made the clusters agree less with the nearest neighbours, so the best state before was taken again." }
        }
        @if let Some(lowered) = &m.lowered_rate {
            p.warn { (Text(&lowered.tensor)) " was not finite at step " (lowered.step) " of " (Text(&lowered.phase)) ", so the phase was begun again at a tenth of its learning rate." }
        }
        @if let Some(fault) = &m.device_fault {
            p.warn { "The device failed (" (Text(&fault.text)) "); it was opened again and the run went on from its last checkpoint." }
        }
        @let empty = m.cluster_sizes.iter().filter(|size| **size == 0).count();
        @if empty > 0 { p.warn { (empty) " of the clusters have no samples: a smaller number of clusters may fit better." } }
    }
}

/// The device, and if it is a GPU what it is driven by.
fn device(page: &Page) -> String {
    let device = &page.metrics.device;
    if device.backend == "cpu" {
        return device.name.clone();
    }
    let parts = [&device.backend, &device.kind, &device.driver];
    let parts: Vec<&str> = parts
        .into_iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    format!("{} ({})", device.name, parts.join(", "))
}

fn steps(page: &Page) -> String {
    let m = &page.metrics;
    let ended = match m.stop_reason {
        StopReason::Converged => "the labels no longer changed",
        StopReason::MaxSteps => "the most steps were done",
        StopReason::RolledBack => "it was rolled back",
        StopReason::Interrupted => "it was interrupted",
    };
    let pretrain = match m.steps.pretrain {
        0 => "an autoencoder trained earlier".to_owned(),
        steps => format!("{steps} steps of pre-training"),
    };
    let cluster = m.steps.cluster;
    format!("{pretrain}, {cluster} steps of clustering, which ended because {ended}")
}

/// Agreement with the labels beside that of the stages before.
pub(super) fn scores(page: &Page) -> Markup {
    let Some(scores) = &page.metrics.scores else {
        return html! {};
    };
    let row = |(name, s): (&str, Scores)| {
        let number = |score: f64| format!("{score:.4}");
        vec![name.to_owned(), number(s.acc), number(s.nmi), number(s.ari)]
    };
    let rows: Vec<_> = scores.stages().into_iter().map(row).collect();
    html! {
        h2 { "Scores" }
        p.soft { "Agreement with the labels, 1 at best. The labels were used for nothing else." }
        (table(&["", "ACC", "NMI", "ARI"].map(String::from), &rows))
    }
}

/// How many samples each cluster has, and where they lie.
pub(super) fn sizes_and_maps(page: &Page) -> Markup {
    html! {
        h2 { "Clusters and their samples" }
        figure { (page.sizes().inline()) figcaption { "Samples per cluster, and their mean confidence (the largest q)." } }
        div.pair {
            @for ((_, svg), map) in page.drawn_maps().iter().zip(&page.maps) {
                @let (shown, all) = (map.points.len(), page.metrics.n_samples as usize);
                figure {
                    (svg.inline())
                    figcaption { (Text(&map.title)) @if shown < all { " Shown: " (shown) " of " (all) " samples." } }
                }
            }
        }
        p.soft { "Hovering over a shape shows what it is." }
    }
}

/// Which clusters join first.
pub(super) fn tree(page: &Page) -> Markup {
    html! {
        @if let Some(svg) = page.drawn_tree() {
            h2 { "Which clusters join first" }
            p.soft {
                "The farther to the left two branches join, the more edges of the graph of nearest neighbours tie them. "
                "A vertical line crosses as many branches as its number says: these are the clusters of a coarser cut, and tree.json has them for every number."
            }
            figure { (svg.inline()) }
        }
    }
}

/// Classes against clusters.
pub(super) fn confusion(page: &Page) -> Markup {
    let Some(confusion) = &page.confusion else {
        return html! {};
    };
    html! {
        h2 { "Classes and clusters" }
        p.soft { "A row for each class of the labels, a column for each cluster; the clusters are in the order of the classes they fit best." }
        div.scroll { (heat::confusion(confusion).natural()) }
    }
}

/// The samples to look at first.
pub(super) fn uncertain(page: &Page) -> Markup {
    let best = |best: &[(usize, f32)], place: usize| match best.get(place) {
        Some((cluster, q)) => [cluster.to_string(), format!("{q:.3}")],
        None => Default::default(),
    };
    let rows: Vec<Vec<String>> = (page.uncertain.iter())
        .map(|sample| {
            let places = [0, 1].map(|place| best(&sample.best, place));
            [vec![sample.id.clone()], places.concat()].concat()
        })
        .collect();
    html! {
        @if !rows.is_empty() {
            h2 { "Least sure" }
            p.soft { "The samples with the least margin: the two clusters that come nearest, and their q." }
            @if let Some(png) = &page.uncertain_png { (picture(png, "the samples of the table, line by line")) }
            (table(&["sample", "cluster", "q", "or cluster", "q"].map(String::from), &rows))
        }
    }
}

/// How the losses went down.
pub(super) fn training(page: &Page) -> Markup {
    html! {
        h2 { "Training" }
        div.pair {
            @for (_, chart) in series::charts(&page.history) {
                figure { (chart.inline()) }
            }
        }
    }
}

/// Where clustering began, and what it was chosen from.
pub(super) fn first_clusters(page: &Page) -> Markup {
    let Some(verdict) = &page.metrics.choice else {
        return html! {};
    };
    let row = |candidate: &Weighed| {
        let agreement = |value: f64| format!("{value:.3}");
        vec![
            candidate.name.clone(),
            format!("{:.3}", candidate.modularity),
            format!("{:.3}", candidate.conductance),
            candidate.agreement.map_or(String::new(), agreement),
        ]
    };
    let rows: Vec<_> = verdict.candidates.iter().map(row).collect();
    let head = ["", "modularity", "conductance", "agreement"].map(String::from);
    html! {
        h2 { "First clusters" }
        p { "Clustering began with " b { (Text(&verdict.chosen)) } ", chosen without labels by a graph of the " (verdict.neighbours) " nearest neighbours." }
        details {
            summary { "What it was chosen from" }
            p.soft { "Modularity is how much more neighbours share a cluster than by chance. Conductance is the share of a cluster's edges that leave it. Agreement is the mean adjusted Rand index with the other clusters of the layouts." }
            (table(&head, &rows))
        }
    }
}

/// The numbers of clusters that were tried.
pub(super) fn choice(page: &Page) -> Markup {
    html! {
        @if let Some((head, rows)) = page.choice.split_first() {
            h2 { "Numbers of clusters" }
            p.soft { "Each was clustered from the same autoencoder; the row with 1 in the last column was taken." }
            (table(head, rows))
        }
    }
}

/// The runs from several seeds.
pub(super) fn seeds(page: &Page) -> Markup {
    let Some(runs) = &page.runs else {
        return html! {};
    };
    let row = |run: &super::super::OneRun| {
        let scores = run.scores.map(|scores| scores.dec);
        let score =
            |of: fn(Scores) -> f64| scores.map_or(String::new(), |s| format!("{:.4}", of(s)));
        let seed = match run.seed == runs.kept {
            true => format!("{} (this one)", run.seed),
            false => run.seed.to_string(),
        };
        vec![
            seed,
            format!("{:.3}", run.agreement),
            score(|s| s.acc),
            score(|s| s.nmi),
            score(|s| s.ari),
        ]
    };
    let rows: Vec<_> = runs.runs.iter().map(row).collect();
    html! {
        h2 { "Seeds" }
        p.soft {
            "This run agrees best with the others. Stability " (format!("{:.3}", runs.stability))
            ": the mean adjusted Rand index between runs, 1 if all found the same clusters."
        }
        (table(&["seed", "agreement", "ACC", "NMI", "ARI"].map(String::from), &rows))
    }
}

/// Seconds, and all that decides the run.
pub(super) fn details(page: &Page) -> Markup {
    let s = &page.metrics.seconds;
    let seconds = [
        ("load", s.load),
        ("pretrain", s.pretrain),
        ("init", s.init),
        ("cluster", s.cluster),
        ("map", s.map),
        ("all", s.total),
    ];
    let rows: Vec<_> = seconds
        .map(|(phase, seconds)| vec![phase.to_owned(), format!("{seconds:.2}")])
        .into();
    html! {
        h2 { "Details" }
        (table(&["phase", "seconds"].map(String::from), &rows))
        details { summary { "Configuration: config.toml, which runs it again" } pre { (Text(&page.config)) } }
        @if let Some(forms) = &page.metrics.forms {
            details {
                summary { "Forms of the matrix products on this device" }
                pre { @for (class, form) in forms { (Text(class)) ": " (Text(form)) "\n" } }
            }
        }
    }
}
