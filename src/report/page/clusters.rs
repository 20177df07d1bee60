//! What each cluster looks like.

use maud::{Markup, html};

use super::axis::short;
use super::palette::colour;
use super::shell::picture;
use super::strips::strips;
use super::text::Text;
use super::{FeatureEffect, Page};

/// Features of a cluster that are shown.
const FEATURES: usize = 8;
/// Nearest samples of a cluster that are named.
const NEAREST: usize = 5;
/// Classes of a cluster that are named.
const CLASSES: usize = 3;

/// A card for each cluster: with images its exemplars, else the features by which it differs.
pub(super) fn cards(page: &Page) -> Markup {
    let k = page.metrics.cluster_sizes.len();
    let images = page.clusters.exemplars_png.as_deref();
    let lines = images.and_then(|png| strips(png, k));
    let nothing_to_show = lines.is_none() && page.clusters.features.is_empty();
    html! {
        @if !nothing_to_show {
            h2 { "Clusters" }
            p.soft {
                @if lines.is_some() {
                    "From left to right: the decoded centroid, the mean of the members, the members nearest to the centroid, those farthest from it."
                } @else {
                    "The columns in which the members' mean differs most from that of all samples, in standard deviations."
                }
            }
            div.cards.two[lines.is_none()] {
                @for cluster in 0..k { (card(page, cluster, lines.as_ref().map(|lines| &lines[cluster][..]))) }
            }
        }
    }
}

fn card(page: &Page, cluster: usize, line: Option<&[u8]>) -> Markup {
    let size = page.metrics.cluster_sizes[cluster];
    let share = 100.0 * size as f64 / page.metrics.n_samples.max(1) as f64;
    html! {
        div.card style={ "border-color:" (colour(cluster)) } {
            h3 { "Cluster " (cluster) ": " (size) " samples (" (format!("{share:.1}")) " %)" }
            @let classes = classes(page, cluster);
            @if !classes.is_empty() { p { "Labels: " (Text(&classes)) } }
            @match line {
                Some(png) => div.strip { (picture(png, &format!("exemplars of cluster {cluster}"))) },
                None => (effects(page, cluster)),
            }
            @let nearest = nearest(page, cluster);
            @if !nearest.is_empty() { p.soft { "Nearest to the centroid: " (Text(&nearest)) } }
        }
    }
}

/// The most frequent classes of a cluster with their share of it.
fn classes(page: &Page, cluster: usize) -> String {
    let Some(table) = &page.confusion else {
        return String::new();
    };
    let Some(column) = table.clusters.iter().position(|c| *c as usize == cluster) else {
        return String::new();
    };
    let mut counts: Vec<(u64, &String)> = table
        .rows()
        .map(|(name, row)| (row[column], name))
        .collect();
    counts.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let total = counts.iter().map(|(count, _)| count).sum::<u64>().max(1) as f64;
    let most = counts.iter().filter(|(count, _)| *count > 0).take(CLASSES);
    let texts: Vec<String> = most
        .map(|(count, name)| format!("{name} ({:.1} %)", 100.0 * *count as f64 / total))
        .collect();
    texts.join(", ")
}

fn nearest(page: &Page, cluster: usize) -> String {
    let of = page.clusters.nearest.iter().filter(|(c, _)| *c == cluster);
    let names: Vec<&str> = of.take(NEAREST).map(|(_, name)| name.as_str()).collect();
    names.join(", ")
}

fn effects(page: &Page, cluster: usize) -> Markup {
    let of = || {
        page.clusters
            .features
            .iter()
            .filter(|f| f.cluster == cluster)
            .take(FEATURES)
    };
    // All cards have one scale, or a weak cluster would look like a strong one.
    let sizes = page.clusters.features.iter().map(|f| f.difference.abs());
    let most = sizes
        .filter(|size| size.is_finite())
        .fold(f64::MIN_POSITIVE, f64::max);
    html! { @for feature in of() { (effect(feature, most)) } }
}

fn effect(feature: &FeatureEffect, most: f64) -> Markup {
    let width = 100.0 * (feature.difference / most).abs().min(1.0);
    let less = feature.difference < 0.0;
    html! {
        div.effect title={ "mean " (short(feature.member_mean)) ", of all samples " (short(feature.overall_mean)) } {
            span { (Text(&feature.name)) }
            span.bar { i.less[less] style={ "width:" (format!("{width:.0}")) "%" } {} }
            span.num { (format!("{:+.2}", feature.difference)) }
        }
    }
}

/// The inputs that move an assignment, of images.
pub(super) fn saliency(page: &Page) -> Markup {
    html! {
        @if let Some(png) = &page.clusters.saliency_png {
            details {
                summary { "Saliency: what moves the assignments" }
                p.soft { "A line for each cluster: its nearest members, and beside each how much every pixel moves its assignment. Plain gradients are noisy." }
                (picture(png, "saliency of each cluster's nearest members"))
            }
        }
    }
}
