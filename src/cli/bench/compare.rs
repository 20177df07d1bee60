//! `dec-gpu bench compare`: two results side by side, row by row.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use dec_gpu::Error;
use dec_gpu::data::DataError;

use super::super::{Outcome, print_text};
use super::markdown::number;
use super::results::{Results, Row, SCHEMA};

/// Arguments of `bench compare`.
#[derive(Args)]
pub(crate) struct CompareArgs {
    /// Results written with `-o json`
    a: PathBuf,
    /// Others; a ratio above 1 says that they are faster
    b: PathBuf,
}

pub(super) fn run(args: &CompareArgs) -> Outcome {
    let (a, b) = (read(&args.a)?, read(&args.b)?);
    let names = [&args.a, &args.b].map(|path| path.display().to_string());
    print_text(&text([&names[0], &names[1]], &a, &b))
}

/// Reads a file that `bench -o json` wrote.
fn read(path: &Path) -> Result<Results, Error> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|source| DataError::Io {
        file: file.clone(),
        source,
    })?;
    parse(&text).map_err(|found| {
        Error::Run(format!(
            "{file}: found {found}, expected results of this version's `dec-gpu bench -o json`"
        ))
    })
}

/// The results, or what was found in their place.
fn parse(text: &str) -> Result<Results, String> {
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| format!("text that is no JSON ({error})"))?;
    match value["schema"].as_u64() {
        Some(schema) if schema == u64::from(SCHEMA) => {}
        Some(schema) => return Err(format!("schema {schema}")),
        None => return Err("JSON without a schema".into()),
    }
    serde_json::from_value(value).map_err(|error| format!("other fields ({error})"))
}

/// Rows of the same id, in the order of the first results, and the ids that only one of them has.
struct Matched<'r> {
    pairs: Vec<(&'r Row, &'r Row)>,
    only_a: Vec<&'r str>,
    only_b: Vec<&'r str>,
}

impl<'r> Matched<'r> {
    fn new(a: &'r [Row], b: &'r [Row]) -> Self {
        let by_id: BTreeMap<&str, &Row> = b.iter().map(|row| (row.id.as_str(), row)).collect();
        let (both, alone): (Vec<&Row>, Vec<&Row>) = a
            .iter()
            .partition(|row| by_id.contains_key(row.id.as_str()));
        let pair = |row: &'r Row| (row, by_id[row.id.as_str()]);
        Self {
            pairs: both.into_iter().map(pair).collect(),
            only_a: alone.into_iter().map(|row| row.id.as_str()).collect(),
            only_b: b
                .iter()
                .map(|row| row.id.as_str())
                .filter(|id| !a.iter().any(|row| row.id == *id))
                .collect(),
        }
    }
}

fn text(names: [&str; 2], a: &Results, b: &Results) -> String {
    let mut text = String::new();
    for ((letter, name), results) in ["A", "B"].iter().zip(names).zip([a, b]) {
        text += &format!(
            "{letter}: {name}: {} via {}, dec-gpu {} ({})\n",
            results.device.name, results.device.backend, results.version, results.commit
        );
    }
    let matched = Matched::new(&a.rows, &b.rows);
    if !matched.pairs.is_empty() {
        text += "\n| id | A µs | B µs | A / B |\n|---|---:|---:|---:|\n";
    }
    for (a, b) in &matched.pairs {
        text += &format!(
            "| `{}` | {} ± {} | {} ± {} | {:.3}{} |\n",
            a.id,
            number(a.median),
            number(a.spread),
            number(b.median),
            number(b.spread),
            a.median / b.median,
            if overlap(a, b) { " ~" } else { "" }
        );
    }
    text += "\nA / B above 1: B is faster. ~: the ranges of the samples overlap.\n";
    for (name, ids) in names.iter().zip([&matched.only_a, &matched.only_b]) {
        if !ids.is_empty() {
            text += &format!("only in {name}: {}\n", ids.join(", "));
        }
    }
    text
}

/// Whether the samples of two rows overlap, so that the ratio may be noise.
fn overlap(a: &Row, b: &Row) -> bool {
    a.min <= b.max && b.min <= a.max
}

#[cfg(test)]
mod tests {
    use super::super::results::Group;
    use super::super::results::tests::row;
    use super::*;

    fn rows(ids: &[(&str, f64)]) -> Vec<Row> {
        ids.iter()
            .map(|(id, us)| row(id, Group::Step, *us, None))
            .collect()
    }

    #[test]
    fn rows_are_matched_by_id_whatever_their_order() {
        let a = rows(&[("x", 4.0), ("y", 9.0), ("z", 1.0)]);
        let b = rows(&[("w", 1.0), ("y", 3.0), ("x", 8.0)]);
        let matched = Matched::new(&a, &b);
        let ratios: Vec<_> = matched
            .pairs
            .iter()
            .map(|(a, b)| (a.id.as_str(), b.id.as_str(), a.median / b.median))
            .collect();
        assert_eq!(ratios, [("x", "x", 0.5), ("y", "y", 3.0)]);
        assert_eq!((matched.only_a, matched.only_b), (vec!["z"], vec!["w"]));
    }

    #[test]
    fn samples_overlap_when_neither_lies_below_the_other() {
        let ranged = |min, max| Row {
            min,
            max,
            ..row("x", Group::Step, min, None)
        };
        assert!(overlap(&ranged(1.0, 3.0), &ranged(2.0, 4.0)));
        assert!(overlap(&ranged(2.0, 4.0), &ranged(1.0, 3.0)));
        assert!(!overlap(&ranged(1.0, 2.0), &ranged(3.0, 4.0)));
        assert!(!overlap(&ranged(3.0, 4.0), &ranged(1.0, 2.0)));
    }

    #[test]
    fn what_is_no_result_is_described() {
        for (text, words) in [
            ("{", "no JSON"),
            ("[]", "without a schema"),
            ("{\"schema\": 7}", "schema 7"),
            ("{\"schema\": 1}", "other fields (missing field"),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.contains(words), "{text}: {found}");
        }
    }
}
