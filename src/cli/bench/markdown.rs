//! The results as Markdown: a table of what was measured where, one table per group.

use super::results::{Group, Results, Row};

/// A column: its title, and its cell if the row has one.
type Column = (&'static str, fn(&Row) -> Option<String>);

const COLUMNS: [Column; 11] = [
    ("id", |row| Some(format!("`{}`", row.id))),
    ("µs per call", |row| Some(number(row.median))),
    ("±", |row| Some(number(row.spread))),
    ("GFLOP/s", |row| row.gflops.map(number)),
    ("% of roofline", |row| row.roofline_percent.map(number)),
    ("GB/s", |row| row.gbytes_per_second.map(number)),
    ("samples/s", |row| row.samples_per_second.map(number)),
    ("dispatches", |row| Some(number(row.dispatches))),
    ("host µs", |row| row.host_us.map(number)),
    ("device µs", |row| row.device_us.map(number)),
    ("form", |row| row.form.clone()),
];

/// The whole page.
pub(super) fn page(results: &Results) -> String {
    let mut text = format!("# dec-gpu bench\n\n{}", header(results));
    for group in Group::ALL {
        let rows: Vec<&Row> = results
            .rows
            .iter()
            .filter(|row| row.group == group)
            .collect();
        if !rows.is_empty() {
            text += &format!("\n## {}\n\n{}", group.title(), table(&rows));
        }
    }
    if !results.skipped.is_empty() {
        let max = results.settings.max_seconds;
        text += &format!("\n## Skipped: above {max} s (`--max-time`)\n\n");
    }
    for skipped in &results.skipped {
        let seconds = number(skipped.predicted_seconds);
        text += &format!("- `{}`: about {seconds} s\n", skipped.id);
    }
    text
}

fn header(results: &Results) -> String {
    let (device, settings) = (&results.device, &results.settings);
    let mut lines = vec![
        ["adapter", &format!("{} ({})", device.name, device.kind)].map(escaped),
        ["driver", &device.driver].map(escaped),
        ["backend", &device.backend].map(escaped),
        [
            "version",
            &format!("{} ({})", results.version, results.commit),
        ]
        .map(escaped),
        ["precision", results.precision.as_str()].map(escaped),
        [
            "repetitions",
            &format!(
                "{}, each of at least {} s; median ± median absolute deviation",
                settings.repetitions, settings.min_seconds
            ),
        ]
        .map(escaped),
    ];
    if let Some(roofline) = &results.roofline {
        let best = format!("{} GFLOP/s, `{}`", number(roofline.gflops), roofline.id);
        lines.push(["roofline".into(), best]);
    }
    let lines: Vec<String> = lines
        .iter()
        .map(|[name, value]| format!("| {name} | {value} |\n"))
        .collect();
    format!("| | |\n|---|---|\n{}", lines.concat())
}

/// The columns of which some row has a cell.
fn table(rows: &[&Row]) -> String {
    let columns: Vec<&Column> = COLUMNS
        .iter()
        .filter(|(_, cell)| rows.iter().any(|row| cell(row).is_some()))
        .collect();
    let titles: Vec<&str> = columns.iter().map(|(title, _)| *title).collect();
    let rule = "---:|".repeat(columns.len() - 1);
    let mut text = format!("| {} |\n|---|{rule}\n", titles.join(" | "));
    for row in rows {
        let cells: Vec<String> = columns
            .iter()
            .map(|(_, cell)| cell(row).unwrap_or_default())
            .collect();
        text += &format!("| {} |\n", cells.join(" | "));
    }
    text
}

/// Three significant digits, and never an exponent.
pub(super) fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let digits = 2 - value.abs().log10().floor() as i32;
    let text = format!("{value:.*}", digits.clamp(0, 6) as usize);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A name that an adapter gives itself, as one cell.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::row;
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        let text = [0.0, 0.012_345, 1.0, 9.876, 123.456, 123_456.7, 0.000_000_1].map(number);
        assert_eq!(text, ["0", "0.0123", "1", "9.88", "123", "123457", "0"]);
    }

    #[test]
    fn columns_that_are_empty_are_left_out() {
        let (latency, product) = (
            row("latency", Group::Roofline, 2.5, None),
            row("product", Group::Roofline, 2e6, Some(1.0)),
        );
        let text = table(&[&latency]);
        assert!(text.starts_with(
            "| id | µs per call | ± | dispatches | form |\n|---|---:|---:|---:|---:|\n"
        ));
        assert!(
            text.contains("| `latency` | 2.5 | 0 | 2 | M, S |"),
            "{text}"
        );
        let text = table(&[&latency, &product]);
        assert!(
            text.contains("| `latency` | 2.5 | 0 |  | 2 | M, S |"),
            "{text}"
        );
        assert!(
            text.contains("| `product` | 2000000 | 0 | 0.5 | 2 | M, S |"),
            "{text}"
        );
    }

    #[test]
    fn a_name_stays_in_its_cell() {
        assert_eq!(escaped("a|b\nc"), "a\\|b c");
    }
}
