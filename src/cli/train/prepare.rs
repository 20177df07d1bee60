//! `--prepare` and `--columns`: what is done to raw counts before training.

use clap::Args;
use dec_gpu::Result;
use dec_gpu::config::Config;
use dec_gpu::data::{Dataset, Step};
use dec_gpu::model::Model;

/// How raw values are prepared; over the configuration.
#[derive(Args)]
#[command(next_help_heading = "Data")]
pub(crate) struct PrepareArgs {
    /// Prepare raw counts first, in this order: library-size, log1p, tf-idf; the model then does the same to new data
    #[arg(long, value_name = "STEP,…", value_delimiter = ',')]
    prepare: Vec<Step>,
    /// Keep so many columns, those of largest variance after --prepare
    #[arg(long, value_name = "N")]
    columns: Option<usize>,
}

impl PrepareArgs {
    /// Lays what was given over the configuration.
    pub(super) fn over(&self, config: &mut Config) {
        if !self.prepare.is_empty() {
            config.data.prepare.clone_from(&self.prepare);
        }
        config.data.columns = self.columns.or(config.data.columns);
    }
}

/// The data as the network takes them: prepared by the model that is gone on with, else by the configuration.
pub(super) fn prepared(
    data: Dataset,
    config: &Config,
    pretrained: Option<&Model>,
) -> Result<Dataset> {
    match pretrained {
        Some(model) => Ok(model.prepare(data, 0)?),
        None => Ok(config.prepare(data)?),
    }
}

/// That the data were prepared, if they were.
pub(super) fn told(data: &Dataset) -> String {
    let own = data.prepared.as_ref();
    own.map_or_else(String::new, |own| format!(" (prepared: {own})"))
}
