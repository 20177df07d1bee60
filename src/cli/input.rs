//! Reading what the user named: data, labels, models, TOML.

use std::path::{Path, PathBuf};

use clap::Args;
use dec_gpu::Result;
use dec_gpu::data::{Dataset, ReadOptions, SampleAxis, open};
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
    /// Whether samples are the rows or the columns of a Matrix Market file [default: columns of a file called
    /// matrix.mtx, as 10x Genomics writes it, else rows]
    #[arg(long, value_name = "rows|columns", value_parser = sample_axis)]
    samples: Option<SampleAxis>,
}

impl ReadArgs {
    /// Reads a file or a folder.
    pub(crate) fn read(&self, path: &Path) -> Result<Dataset> {
        Ok(open(path, &self.options(None))?)
    }

    /// Reads data for a model.
    pub(crate) fn read_for(&self, path: &Path, model: &Model) -> Result<Dataset> {
        Ok(open(path, &self.options_for(model))?)
    }

    /// How data for a model are read.
    pub(crate) fn options_for(&self, model: &Model) -> ReadOptions {
        self.options(Some(model.input_dim))
    }

    fn options(&self, least_columns: Option<usize>) -> ReadOptions {
        let label_column = self
            .label_column
            .as_ref()
            .map(|column| match column.parse() {
                Ok(column) => column,
                Err(never) => match never {},
            });
        ReadOptions {
            label_column,
            header: self.header,
            label_file: self.labels.clone(),
            samples: self.samples,
            least_columns,
        }
    }

    /// Whether labels were asked for.
    pub(crate) fn names_labels(&self) -> bool {
        self.labels.is_some() || self.label_column.is_some()
    }
}

fn sample_axis(text: &str) -> std::result::Result<SampleAxis, String> {
    match text {
        "rows" => Ok(SampleAxis::Rows),
        "columns" => Ok(SampleAxis::Columns),
        _ => Err("expected rows or columns".to_owned()),
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
