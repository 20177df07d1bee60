//! Reading what the user named: data, labels, models, TOML.

use std::path::{Path, PathBuf};

use clap::Args;
use dec_gpu::Result;
use dec_gpu::data::{Column, Dataset, ImageSize, ReadOptions, SampleAxis, open};
use dec_gpu::model::{Model, ModelError};
use dec_gpu::report::MODEL_SAFETENSORS;

use super::usage;

/// How data are read.
#[derive(Args, Clone)]
#[command(next_help_heading = "Data")]
pub(crate) struct ReadArgs {
    /// A file with one label per sample, for scoring only
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// The column of a CSV that holds labels: its name, or its place from 0 (-1 is the last)
    #[arg(long, value_name = "NAME|INDEX", allow_hyphen_values = true)]
    label_column: Option<String>,
    /// The column of a CSV that says what the samples are called, named as --label-column is [default: a first column
    /// that names its rows, see docs/formats.md]
    #[arg(long, value_name = "NAME|INDEX", allow_hyphen_values = true)]
    id_column: Option<String>,
    /// A column of a CSV to leave out, named as --label-column is; may be repeated
    #[arg(
        long = "ignore-column",
        value_name = "NAME|INDEX",
        allow_hyphen_values = true
    )]
    ignore_columns: Vec<String>,
    /// Whether the first line of a CSV names the columns; found out by itself if not given
    #[arg(long, value_name = "true|false")]
    header: Option<bool>,
    /// Whether samples are the rows or the columns of a Matrix Market file [default: columns of a file called
    /// matrix.mtx, as 10x Genomics writes it, else rows]
    #[arg(long, value_name = "rows|columns", value_parser = sample_axis)]
    samples: Option<SampleAxis>,
    /// The layer of an h5ad file to read instead of its matrix X
    #[arg(long, value_name = "NAME")]
    layer: Option<String>,
    /// The size that the images of a folder get: a side, or height and width [default: that of the model; without one,
    /// images of one size up to 64x64 stay as they are, others become 32x32]
    #[arg(long, value_name = "N|HxW")]
    image_size: Option<ImageSize>,
    /// Label the images of a folder with the name of the folder within that they lie in, for scoring only
    #[arg(long, conflicts_with = "labels")]
    folder_labels: bool,
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
        self.options(Some(model.raw_input_dim()))
    }

    pub(crate) fn options(&self, least_columns: Option<usize>) -> ReadOptions {
        ReadOptions {
            label_column: self.label_column.as_deref().map(column),
            id_column: self.id_column.as_deref().map(column),
            ignore_columns: self.ignore_columns.iter().map(|c| column(c)).collect(),
            header: self.header,
            label_file: self.labels.clone(),
            samples: self.samples,
            layer: self.layer.clone(),
            image_size: self.image_size,
            folder_labels: self.folder_labels,
            least_columns,
        }
    }

    /// Whether labels were asked for.
    pub(crate) fn names_labels(&self) -> bool {
        self.labels.is_some() || self.label_column.is_some() || self.folder_labels
    }
}

fn column(text: &str) -> Column {
    match text.parse() {
        Ok(column) => column,
        Err(never) => match never {},
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
