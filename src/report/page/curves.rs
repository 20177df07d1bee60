//! Curves over the steps of training.

use maud::{Markup, html};

use super::axis::{Axis, short};
use super::palette::colour;
use super::svg::{Svg, at};
use super::text::Text;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = WIDTH - 12.0;
/// Below the title and the legend.
const TOP: f64 = 44.0;
const BOTTOM: f64 = HEIGHT - 26.0;

/// A line through points.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Curve {
    pub(super) name: String,
    /// Step and value; a value that is not finite is left out.
    pub(super) points: Vec<(f64, f64)>,
}

/// Several curves on the same axes, with a legend if there are several.
pub(super) fn chart(title: &str, curves: &[Curve]) -> Svg {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let x = Axis::over(points().map(|point| point.0), LEFT, RIGHT);
    let y = Axis::over(points().map(|point| point.1), BOTTOM, TOP);
    Svg {
        title: title.into(),
        width: WIDTH,
        height: HEIGHT,
        body: html! {
            (axes(x, y))
            @for (number, curve) in curves.iter().enumerate() { (line(number, curve, x, y)) }
            text x="8" y="14" { (Text(title)) }
            @if curves.len() > 1 { (legend(curves)) }
        },
    }
}

fn axes(x: Axis, y: Axis) -> Markup {
    html! {
        @for tick in y.ticks() {
            path class="grid" d={ "M" (LEFT) " " (at(y.place(tick))) "H" (RIGHT) } {}
            text x=(LEFT - 6.0) y=(at(y.place(tick) + 4.0)) text-anchor="end" { (short(tick)) }
        }
        @for tick in x.ticks() {
            text x=(at(x.place(tick))) y=(BOTTOM + 18.0) text-anchor="middle" { (short(tick)) }
        }
        path class="axis" d={ "M" (LEFT) " " (BOTTOM) "H" (RIGHT) } {}
    }
}

fn line(number: usize, curve: &Curve, x: Axis, y: Axis) -> Markup {
    let finite = || curve.points.iter().filter(|point| point.1.is_finite());
    let path: Vec<String> = finite()
        .map(|point| format!("{},{}", at(x.place(point.0)), at(y.place(point.1))))
        .collect();
    html! {
        polyline class="curve" stroke=(colour(number)) points=(path.join(" ")) {}
        @for point in finite() {
            circle cx=(at(x.place(point.0))) cy=(at(y.place(point.1))) r="2.5" fill=(colour(number)) {
                title { (Text(&curve.name)) ", step " (point.0) ": " (short(point.1)) }
            }
        }
    }
}

fn legend(curves: &[Curve]) -> Markup {
    let share = (RIGHT - LEFT) / curves.len() as f64;
    html! {
        @for (number, curve) in curves.iter().enumerate() {
            @let from = LEFT + share * number as f64;
            path d={ "M" (at(from)) " 30h16" } stroke=(colour(number)) stroke-width="3" {}
            text x=(at(from + 21.0)) y="34" { (Text(&curve.name)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_empty_and_broken_curves_have_numbers() {
        for points in [vec![], vec![(0.0, 1.0)], vec![(0.0, f64::NAN), (1.0, 2.0)]] {
            let curve = Curve {
                name: "loss".into(),
                points,
            };
            let svg = chart("loss", &[curve]).file();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }

    #[test]
    fn a_point_is_where_its_numbers_say() {
        let curve = Curve {
            name: "a".into(),
            points: vec![(0.0, 0.0), (10.0, 1.0)],
        };
        let svg = chart("t", &[curve]).file();
        assert!(svg.contains("points=\"56.0,214.0 448.0,44.0\""), "{svg}");
    }
}
