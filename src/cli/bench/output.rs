//! The results in the format that was asked for.

use std::path::Path;
use std::process::ExitCode;

use clap::ValueEnum;
use dec_gpu::Error;

use super::super::atomic::write_atomic;
use super::super::{Outcome, print, stdout_failed};
use super::markdown;
use super::results::Results;

/// `-o`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Tables to read
    Md,
    /// One object; what `compare` reads
    Json,
    /// One line per row
    Csv,
}

/// Prints the results, or writes them into a file, whole or not at all.
pub(super) fn write(results: &Results, format: Format, out: Option<&Path>) -> Outcome {
    let text = match format {
        Format::Md => markdown::page(results),
        Format::Json => json(results)?,
        Format::Csv => csv(results)?,
    };
    let Some(path) = out else {
        return print(&text);
    };
    write_atomic(path, |file| file.write_all(text.as_bytes())).map_err(|source| Error::Write {
        path: path.display().to_string(),
        source,
    })?;
    Ok(ExitCode::SUCCESS)
}

fn json(results: &Results) -> Result<String, Error> {
    let text =
        serde_json::to_string_pretty(results).map_err(|error| stdout_failed(error.into()))?;
    Ok(text + "\n")
}

fn csv(results: &Results) -> Result<String, Error> {
    let failed = |error: csv::Error| stdout_failed(error.into());
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in &results.rows {
        writer.serialize(row).map_err(failed)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| stdout_failed(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
