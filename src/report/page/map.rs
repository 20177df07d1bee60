//! Samples in two dimensions, in their clusters' colours and shapes.

use maud::{Markup, html};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::axis::Axis;
use super::numbers::numbers;
use super::palette::{SHAPES, colour, shape};
use super::svg::{Svg, at};
use super::text::Text;
use super::{Map, MapPoint, dots};

const SIDE: f64 = 460.0;
const MARGIN: f64 = 14.0;

/// More samples than this are one picture of dots instead of shapes.
const MOST_SHAPES: usize = 5000;

/// A map with the number of each cluster in its middle; `name` tells its parts from those of others on the same page.
pub(super) fn map(name: &str, map: &Map) -> Svg {
    let (points, places) = (&map.points, &map.places);
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
    let places: Vec<Vec<[f64; 2]>> = (0..clusters)
        .map(|cluster| of(cluster).map(|(_, place)| *place).collect())
        .collect();
    let numbers = numbers(&places, (SIDE, MARGIN));
    Svg {
        title: map.title.clone(),
        width: SIDE,
        height: SIDE,
        body: html! {
            @if placed.len() > MOST_SHAPES { (picture(&placed)) } @else {
                defs {
                    @for (number, path) in SHAPES.iter().enumerate() { path id={ (name) "-" (number) } d=(path) {} }
                }
                @for cluster in 0..clusters {
                    g fill=(colour(cluster)) fill-opacity="0.75" {
                        @for (point, place) in of(cluster) { (sample(name, point, *place)) }
                    }
                }
            }
            @for (cluster, [x, y]) in numbers {
                text class="halo" x=(at(x)) y=(at(y)) text-anchor="middle" { (cluster) }
            }
        },
    }
}

/// All samples as one PNG.
fn picture(placed: &[(&MapPoint, [f64; 2])]) -> Markup {
    let samples: Vec<_> = (placed.iter())
        .map(|(point, place)| (point.cluster, *place))
        .collect();
    let png = STANDARD.encode(dots::png(SIDE, &samples));
    html! { image width=(SIDE) height=(SIDE) href={ "data:image/png;base64," (png) } {} }
}

fn sample(name: &str, point: &MapPoint, [x, y]: [f64; 2]) -> Markup {
    html! {
        use href={ "#" (name) "-" (shape(point.cluster)) } x=(at(x)) y=(at(y)) {
            title { (Text(&point.id)) ": cluster " (point.cluster) ", confidence " (format!("{:.3}", point.confidence)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(id: &str, cluster: usize) -> MapPoint {
        MapPoint {
            id: id.into(),
            cluster,
            confidence: 0.5,
        }
    }

    fn of(points: Vec<MapPoint>, places: Vec<[f64; 2]>) -> Map {
        Map {
            name: "t",
            title: "map".into(),
            points,
            places,
        }
    }

    #[test]
    fn many_samples_are_one_picture_with_numbers() {
        let samples = (0..=MOST_SHAPES).map(|i| (point("a", i % 3), [i as f64, (i % 3) as f64]));
        let (points, places): (Vec<_>, Vec<_>) = samples.unzip();
        let svg = map("t", &of(points, places)).file();
        assert_eq!(svg.matches("data:image/png;base64,").count(), 1);
        assert_eq!(svg.matches("class=\"halo\"").count(), 3);
        assert!(!svg.contains("<use"), "{svg}");
    }

    #[test]
    fn samples_lie_in_their_clusters_group_and_are_named() {
        let points = [point("a", 0), point("<b>", 8), point("c", 8)];
        let svg = map(
            "t",
            &of(points.to_vec(), vec![[0.0, 0.0], [1.0, 1.0], [1.0, 0.0]]),
        )
        .file();
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
