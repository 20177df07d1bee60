//! The confusion matrix: classes against clusters.

use maud::html;

use super::super::ClassTable;
use super::svg::{Svg, at};
use super::text::Text;

/// Height of a row.
const ROW: f64 = 26.0;
/// Width of a column.
const COLUMN: f64 = 46.0;
const TOP: f64 = 40.0;
/// Characters of a class's name that are shown; hovering shows all.
const NAME: usize = 18;

/// A row for each class, a column for each cluster; the darker a cell, the more of the class is in the cluster.
pub(super) fn confusion(table: &ClassTable) -> Svg {
    let longest = table
        .classes
        .iter()
        .map(|name| name.chars().count().min(NAME))
        .max();
    let left = 16.0 + 7.5 * longest.unwrap_or(0) as f64;
    let x = |column: usize| left + COLUMN * column as f64;
    let y = |row: usize| TOP + ROW * row as f64;
    Svg {
        title: "classes against clusters".into(),
        width: (x(table.clusters.len()) + 8.0).max(220.0),
        height: y(table.classes.len()) + 8.0,
        body: html! {
            text x=(at(left)) y="14" { "cluster" }
            @for (column, cluster) in table.clusters.iter().enumerate() {
                text x=(at(x(column) + COLUMN / 2.0)) y=(TOP - 8.0) text-anchor="middle" { (cluster) }
            }
            @for (row, (class, counts)) in table.rows().enumerate() {
                @let total = counts.iter().sum::<u64>().max(1) as f64;
                text x=(at(left - 8.0)) y=(at(y(row) + 17.0)) text-anchor="end" {
                    (Text(&shortened(class))) title { (Text(class)) }
                }
                @for (column, count) in counts.iter().enumerate() {
                    @let share = *count as f64 / total;
                    rect class="heat" x=(at(x(column))) y=(at(y(row))) width=(COLUMN - 1.0) height=(ROW - 1.0) fill-opacity=(format!("{:.3}", 0.04 + 0.76 * share)) {
                        title { (Text(class)) ", cluster " (table.clusters[column]) ": " (count) " of " (total) }
                    }
                    @if *count > 0 {
                        text x=(at(x(column) + COLUMN / 2.0)) y=(at(y(row) + 17.0)) text-anchor="middle" pointer-events="none" { (count) }
                    }
                }
            }
        },
    }
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_as_dark_as_its_share_of_the_class() {
        let table = ClassTable {
            classes: vec![
                "<a>".into(),
                "a name of more than eighteen characters".into(),
            ],
            clusters: vec![3, 0],
            counts: vec![3, 1, 0, 0],
        };
        let svg = confusion(&table).file();
        for opacity in ["0.610", "0.230", "0.040"] {
            assert!(
                svg.contains(&format!("fill-opacity=\"{opacity}\"")),
                "{svg}"
            );
        }
        assert!(svg.contains("&lt;a&gt;, cluster 3: 3 of 4"), "{svg}");
        assert!(svg.contains("a name of more tha…"), "{svg}");
    }
}
