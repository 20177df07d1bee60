//! `dec-gpu compare`: runs side by side, on the terminal and as a page.

use std::path::PathBuf;

use clap::Args;
use dec_gpu::data::printable;
use dec_gpu::report::Comparison;
use dec_gpu::{Error, Result};

use super::atomic::write_atomic;
use super::report::{assignment, metrics, name_of, page};
use super::{Outcome, print_text, usage};

/// Arguments of `compare`.
#[derive(Args)]
pub(crate) struct CompareArgs {
    /// Run folders
    #[arg(required = true, num_args = 2.., value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Write a page with curves and maps, e.g. compare.html
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Overwrite the page
    #[arg(long, requires = "out")]
    force: bool,
}

pub(crate) fn run(args: &CompareArgs) -> Outcome {
    if let Some(out) = args.out.as_ref().filter(|out| out.exists() && !args.force) {
        let out = out.display();
        return Err(usage(format!(
            "{out} exists; choose another --out, or pass --force to overwrite"
        )));
    }
    let comparison = read(&args.runs)?;
    if let Some(path) = &args.out {
        write_atomic(path, |out| comparison.write_html(out)).map_err(|source| Error::Write {
            path: path.display().to_string(),
            source,
        })?;
    }
    let differences = comparison.differences();
    let mut text = aligned(&comparison.rows());
    if differences.len() > 1 {
        text += "\n";
        text += &aligned(&differences);
    }
    print_text(&text)
}

fn read(runs: &[PathBuf]) -> Result<Comparison> {
    let assignments = runs
        .iter()
        .map(|run| assignment(run))
        .collect::<Result<Vec<_>>>()?;
    let pages = runs
        .iter()
        .map(|run| page(run, metrics(run)?))
        .collect::<Result<_>>()?;
    let mut names: Vec<String> = runs.iter().map(|run| name_of(run)).collect();
    let mut distinct = names.clone();
    distinct.sort();
    distinct.dedup();
    // Runs of one name are told apart by their whole path.
    if distinct.len() < names.len() {
        names = runs.iter().map(|run| run.display().to_string()).collect();
    }
    Ok(Comparison::of(names, pages, &assignments))
}

/// Rows of cells in columns: the first to the left, the others to the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let safe = |cell: &String| printable(cell);
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(safe).collect())
        .collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..columns)
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in &rows {
        let cells =
            row.iter()
                .zip(&widths)
                .enumerate()
                .map(|(column, (cell, width))| match column {
                    0 => format!("{cell:<width$}"),
                    _ => format!("{cell:>width$}"),
                });
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text += "\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_hold_no_escapes() {
        let rows =
            [["run", "ACC"], ["a\u{1b}[31m", "0.5"]].map(|row| row.map(String::from).to_vec());
        assert_eq!(aligned(&rows), "run          ACC\na\\u{1b}[31m  0.5\n");
    }
}
