//! `dec-gpu report`: a run's page and pictures, from the files of its folder; at the end of `train` too.

mod files;
mod map;
mod raster;
pub(super) mod read;
mod samples;
mod table;

pub(super) use read::{metrics, page};
pub(super) use samples::assignment;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use dec_gpu::Result;
use dec_gpu::report::{self, Page};

use super::run_dir::RunDir;
use super::{Outcome, print_text};

/// Arguments of `report`.
#[derive(Args)]
pub(crate) struct ReportArgs {
    /// A run folder; its report.html and its folder pictures are written anew
    run: PathBuf,
}

pub(crate) fn run(args: &ReportArgs, quiet: bool) -> Outcome {
    let page = page(&args.run, metrics(&args.run)?)?;
    // What is there was made by the program, and is what the user asks to be made again.
    let folder = RunDir::create(&args.run, true)?;
    write(&folder, &page)?;
    if quiet {
        return Ok(ExitCode::SUCCESS);
    }
    let path = args.run.join(report::REPORT_HTML);
    print_text(&path.display().to_string())
}

/// The page of a run whose other files are all there, but for its metrics.
pub(crate) fn report_run(folder: &RunDir, metrics: &report::RunMetrics) -> Result<()> {
    write(folder, &page(folder.path(), metrics.clone())?)
}

fn write(folder: &RunDir, page: &Page) -> Result<()> {
    let pictures = RunDir::create(folder.path().join(report::PICTURES), true)?;
    folder.sweep();
    pictures.sweep();
    for (name, svg) in page.pictures() {
        pictures.write(&format!("{name}.svg"), |out| out.write_all(svg.as_bytes()))?;
        let png = raster::png(&svg);
        pictures.write(&format!("{name}.png"), |out| out.write_all(&png))?;
    }
    folder.write(report::REPORT_HTML, |out| page.write_html(out))?;
    Ok(())
}

/// What the user calls a run: the last part of its folder's path.
pub(super) fn name_of(run: &Path) -> String {
    let path = run.canonicalize().unwrap_or_else(|_| run.to_owned());
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
