//! `dec-gpu export`: a model's encoder and soft assignment as an ONNX file.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use dec_gpu::Error;
use dec_gpu::model::ModelError;
use dec_gpu::onnx::{Part, to_onnx};

use super::atomic::write_atomic;
use super::input::{model_file, read_model};
use super::{Outcome, print_text, usage};

/// Arguments of `export`.
#[derive(Args)]
pub(crate) struct ExportArgs {
    /// model.safetensors of a run folder, or the folder
    model: PathBuf,
    /// The ONNX file
    #[arg(long, value_name = "FILE", default_value = "encoder.onnx")]
    out: PathBuf,
    /// Leave out the soft assignment: `embedding` is the only output
    #[arg(long)]
    encoder_only: bool,
    /// Overwrite the file if it is there
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &ExportArgs, quiet: bool) -> Outcome {
    let out = args.out.display();
    if args.out.exists() && !args.force {
        return Err(usage(format!(
            "{out} is there already; choose another --out, or pass --force to overwrite"
        )));
    }
    let file = model_file(&args.model);
    let model = read_model(&file)?;
    let part = if args.encoder_only {
        Part::Encoder
    } else {
        Part::All
    };
    let bytes = to_onnx(&model, part, &file.to_string_lossy()).map_err(|error| match error {
        // The file is as it should be; it is the wish that cannot be met.
        ModelError::Prepares { .. } => usage(error.to_string()),
        error => error.into(),
    })?;
    write_atomic(&args.out, |file| file.write_all(&bytes)).map_err(|source| Error::Write {
        path: out.to_string(),
        source,
    })?;
    if quiet {
        return Ok(ExitCode::SUCCESS);
    }
    print_text(&format!("{} bytes in {out}", bytes.len()))
}
