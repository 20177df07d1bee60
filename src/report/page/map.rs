//! Samples in two dimensions, in their clusters' colours and shapes.

use maud::{Markup, html};

use super::MapPoint;
use super::axis::Axis;
use super::palette::{SHAPES, colour, shape};
use super::svg::{Svg, at};
use super::text::Text;

const SIDE: f64 = 460.0;
const MARGIN: f64 = 14.0;
/// A cluster across which there is less room than this is hidden by its number.
const SMALL: f64 = 24.0;

/// The map of `points` at `places`, with the number of each cluster in its middle.
///
/// `name` tells this map's parts from those of others on the same page.
pub(super) fn map(name: &str, title: &str, points: &[MapPoint], places: &[[f64; 2]]) -> Svg {
    let axis = |d: usize, from, to| Axis::over(places.iter().map(|place| place[d]), from, to);
    let (x, y) = (
        axis(0, MARGIN, SIDE - MARGIN),
        axis(1, SIDE - MARGIN, MARGIN),
    );
    let placed: Vec<_> = (points.iter().zip(places))
        .map(|(point, place)| (point, [x.place(place[0]), y.place(place[1])]))
        .collect();
    let clusters = points
        .iter()
        .map(|point| point.cluster + 1)
        .max()
        .unwrap_or(0);
    let of = |cluster| {
        placed
            .iter()
            .filter(move |(point, _)| point.cluster == cluster)
    };
    Svg {
        title: title.into(),
        width: SIDE,
        height: SIDE,
        body: html! {
            defs {
                @for (number, path) in SHAPES.iter().enumerate() { path id={ (name) "-" (number) } d=(path) {} }
            }
            @for cluster in 0..clusters {
                g fill=(colour(cluster)) fill-opacity="0.75" {
                    @for (point, place) in of(cluster) { (sample(name, point, *place)) }
                }
            }
            @for cluster in 0..clusters {
                @if let Some([x, y]) = label(of(cluster).map(|(_, place)| *place)) {
                    text class="halo" x=(at(x)) y=(at(y)) text-anchor="middle" { (cluster) }
                }
            }
        },
    }
}

fn sample(name: &str, point: &MapPoint, [x, y]: [f64; 2]) -> Markup {
    html! {
        use href={ "#" (name) "-" (shape(point.cluster)) } x=(at(x)) y=(at(y)) {
            title { (Text(&point.id)) ": cluster " (point.cluster) ", confidence " (format!("{:.3}", point.confidence)) }
        }
    }
}

/// Where the number of a cluster stands: in its middle, or beside it if it would hide the cluster.
fn label(places: impl Iterator<Item = [f64; 2]> + Clone) -> Option<[f64; 2]> {
    let sorted = |d: usize| {
        let mut values: Vec<f64> = places.clone().map(|place| place[d]).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let across = [sorted(0), sorted(1)];
    // The median is not moved by stray samples, nor is the distance from the first to the ninth tenth.
    let [x, y] = [0, 1].map(|d| across[d].get(across[d].len() / 2).copied());
    let spread = |values: &Vec<f64>| values[values.len() * 9 / 10] - values[values.len() / 10];
    let (x, y) = (x?, y?);
    Some(
        match across.iter().map(spread).fold(0.0, f64::max) < SMALL {
            true => [(x + 11.0).min(SIDE - MARGIN), (y - 5.0).max(MARGIN)],
            false => [x, y + 4.0],
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_lie_in_their_clusters_group_and_are_named() {
        let point = |id: &str, cluster| MapPoint {
            id: id.into(),
            cluster,
            confidence: 0.5,
        };
        let points = [point("a", 0), point("<b>", 8), point("c", 8)];
        let svg = map("t", "map", &points, &[[0.0, 0.0], [1.0, 1.0], [1.0, 0.0]]).file();
        let first = "<use href=\"#t-0\" x=\"14.0\" y=\"446.0\"><title>a: cluster 0, confidence 0.500</title></use>";
        assert!(svg.contains(first), "{svg}");
        assert!(
            svg.contains("<use href=\"#t-1\" x=\"446.0\" y=\"14.0\"><title>&lt;b&gt;: cluster 8"),
            "{svg}"
        );
        // Cluster 1 to 7 have no sample, and so no number.
        assert_eq!(svg.matches("class=\"halo\"").count(), 2);
    }
}
