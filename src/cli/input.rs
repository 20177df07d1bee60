//! Reading what the user named: data, labels, models, TOML.

use std::path::{Path, PathBuf};

use clap::Args;
use dec_gpu::Result;
use dec_gpu::data::{Dataset, ReadOptions, open};
use dec_gpu::model::{Model, ModelError};
use dec_gpu::report::MODEL_SAFETENSORS;

use super::usage;

/// How data are read.
#[derive(Args, Clone)]
pub(crate) struct ReadArgs {
    /// A file with one label per sample, for scoring only
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// The column of a CSV that holds labels: its name, or its place from 0 (-1 is the last)
    #[arg(long, value_name = "NAME|INDEX", allow_hyphen_values = true)]
    label_column: Option<String>,
    /// Whether the first line of a CSV names the columns; found out by itself if not given
    #[arg(long, value_name = "true|false")]
    header: Option<bool>,
}

impl ReadArgs {
    /// Reads a file or a folder.
    pub(crate) fn read(&self, path: &Path) -> Result<Dataset> {
        let label_column = self
            .label_column
            .as_ref()
            .map(|column| match column.parse() {
                Ok(column) => column,
                Err(never) => match never {},
            });
        let options = ReadOptions {
            label_column,
            header: self.header,
            label_file: self.labels.clone(),
        };
        Ok(open(path, &options)?)
    }

    /// Whether labels were asked for.
    pub(crate) fn names_labels(&self) -> bool {
        self.labels.is_some() || self.label_column.is_some()
    }
}

/// The text of a file that is part of the command line.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| usage(format!("cannot read {}: {error}", path.display())))
}

/// The model file that was named, itself or by its run folder.
pub(crate) fn model_file(path: &Path) -> PathBuf {
    if path.is_dir() {
        path.join(MODEL_SAFETENSORS)
    } else {
        path.to_owned()
    }
}

/// A model file.
pub(crate) fn read_model(path: &Path) -> Result<Model> {
    let name = path.to_string_lossy();
    let bytes = std::fs::read(path).map_err(|source| ModelError::Io {
        file: name.to_string(),
        source,
    })?;
    Ok(Model::from_safetensors(&bytes, &name)?)
}
