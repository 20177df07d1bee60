//! A picture: inside of a page, where it takes the page's colours, or as a file of its own.

use maud::{Markup, PreEscaped, html};

use super::text::Text;

/// How pictures look where there is no page around them; the page's own style names the same classes.
const STYLE: &str = "text{font:12px 'Noto Sans',sans-serif;fill:#222}.axis{stroke:#888;fill:none}\
.grid{stroke:#ddd;fill:none}.curve{fill:none;stroke-width:2;stroke-linejoin:round}\
.halo{stroke:#fff;stroke-width:3px;stroke-linejoin:round;paint-order:stroke;font-weight:bold}\
.heat{fill:#0072b2}.centroid{fill:none;stroke:#222;stroke-width:1.5}";

/// A picture of `width` x `height` units; its text is 12 units high.
pub(super) struct Svg {
    /// What the picture shows, for those who cannot see it.
    pub(super) title: String,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) body: Markup,
}

impl Svg {
    /// For a page, drawn at most a third larger than in its own units.
    pub(super) fn inline(&self) -> Markup {
        html! {
            svg viewBox=(self.view()) role="img" aria-label=(Text(&self.title)) style={ "max-width:" (self.width * 1.33) "px" } {
                (self.body)
            }
        }
    }

    /// For a page, in its own size: what is around it scrolls where it is too wide.
    pub(super) fn natural(&self) -> Markup {
        html! {
            svg viewBox=(self.view()) width=(self.width) height=(self.height) style="width:auto" role="img" aria-label=(Text(&self.title)) {
                (self.body)
            }
        }
    }

    /// A whole file, dark on white.
    pub(super) fn file(&self) -> String {
        let svg = html! {
            svg xmlns="http://www.w3.org/2000/svg" viewBox=(self.view()) width=(self.width) height=(self.height) {
                title { (Text(&self.title)) }
                style { (PreEscaped(STYLE)) }
                rect width="100%" height="100%" fill="#fff" {}
                (self.body)
            }
        };
        svg.into_string() + "\n"
    }

    fn view(&self) -> String {
        format!("0 0 {} {}", self.width, self.height)
    }
}

/// A length with one decimal: finer than can be seen.
pub(super) fn at(length: f64) -> String {
    format!("{length:.1}")
}
