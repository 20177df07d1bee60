//! Samples per cluster as bars.

use maud::html;

use super::palette::colour;
use super::svg::{Svg, at};

const WIDTH: f64 = 460.0;
const LEFT: f64 = 34.0;
/// From one bar to the next.
const LINE: f64 = 20.0;

/// A bar for each cluster: how many samples it has, and their mean confidence if it has any.
pub(super) fn sizes(sizes: &[u64], confidence: &[Option<f64>]) -> Svg {
    let most = sizes.iter().copied().max().unwrap_or(0).max(1) as f64;
    let scale = (WIDTH - LEFT - 150.0) / most;
    Svg {
        title: "samples per cluster".into(),
        width: WIDTH,
        height: LINE * sizes.len() as f64 + 6.0,
        body: html! {
            @for (cluster, (size, confidence)) in sizes.iter().zip(confidence).enumerate() {
                @let (top, width) = (3.0 + LINE * cluster as f64, *size as f64 * scale);
                text x=(LEFT - 6.0) y=(at(top + 13.0)) text-anchor="end" { (cluster) }
                rect x=(LEFT) y=(at(top)) width=(at(width)) height="16" fill=(colour(cluster)) {}
                text x=(at(LEFT + width + 6.0)) y=(at(top + 13.0)) {
                    (size) @if let Some(confidence) = confidence { (format!(", confidence {confidence:.2}")) }
                }
            }
        },
    }
}
