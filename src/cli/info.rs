//! `dec-gpu info`: what a data set, a model file or a run folder is, on one screen or as JSON.

mod data;
mod model;
mod run;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use dec_gpu::Result;
use dec_gpu::report::{METRICS_JSON, MODEL_SAFETENSORS};
use serde::Serialize;

use super::input::ReadArgs;
use super::{Outcome, print_json, print_text};

/// Arguments of `info`.
#[derive(Args)]
pub(crate) struct InfoArgs {
    /// A data file or folder, a model.safetensors or a run folder
    path: PathBuf,
    /// Print a JSON object on stdout
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    read: ReadArgs,
}

/// What was found.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Info {
    Data(data::DataInfo),
    Model(model::ModelInfo),
    Run(Box<run::RunInfo>),
}

/// A line of the screen: what, and its value.
type Line = (&'static str, String);

pub(crate) fn run(args: &InfoArgs) -> Outcome {
    let info = look(args)?;
    if args.json {
        return print_json(&format!("{:#}", serde_json::json!(info)));
    }
    let lines = match &info {
        Info::Data(data) => data.lines(),
        Info::Model(model) => model.lines(),
        Info::Run(run) => run.lines(),
    };
    let line = |(what, value): &Line| format!("{what:<16} {value}\n");
    print_text(&lines.iter().map(line).collect::<String>())
}

fn look(args: &InfoArgs) -> Result<Info> {
    let path = &args.path;
    let of_a_run = |name: &&str| path.join(name).is_file();
    if [METRICS_JSON, MODEL_SAFETENSORS].iter().any(of_a_run) {
        return Ok(Info::Run(Box::new(run::look(path)?)));
    }
    if is_safetensors(path) {
        return Ok(Info::Model(model::look(path)?));
    }
    Ok(Info::Data(data::look(path, &args.read)?))
}

/// Whether a file begins as safetensors do: the header's length in eight bytes, then JSON. What cannot be read is
/// left to the reader of data, which says why.
fn is_safetensors(path: &Path) -> bool {
    let mut start = [0; 9];
    // Asked before opening, because opening a pipe waits for its writer.
    let opened = path.is_file().then(|| File::open(path).ok()).flatten();
    opened.is_some_and(|mut file| file.read_exact(&mut start).is_ok())
        && start[8] == b'{'
        && start[5..8] == [0; 3]
}
