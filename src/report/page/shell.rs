//! What every page has around it.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::text::Text;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A whole document. Its policy forbids scripts, and whatever is not in the file.
pub(super) fn document(title: &str, body: &Markup) -> Markup {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // Without it a browser asks the server for an icon.
                link rel="icon" href="data:,";
                title { (Text(title)) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body { main { (body) } }
        }
    }
}

/// A PNG inside of the page.
pub(super) fn picture(png: &[u8], what: &str) -> Markup {
    html! { img alt=(Text(what)) src={ "data:image/png;base64," (STANDARD.encode(png)) }; }
}

/// A table that scrolls by itself where the screen is too narrow for it; the first cell of a row is its head.
pub(super) fn table(head: &[String], rows: &[Vec<String>]) -> Markup {
    html! {
        div.scroll {
            table {
                thead { tr { @for cell in head { th scope="col" { (Text(cell)) } } } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (column, cell) in row.iter().enumerate() {
                                @if column == 0 { th scope="row" { (Text(cell)) } } @else { td { (Text(cell)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
