//! `--pretrained MODEL`: the autoencoder of an earlier run in place of pre-training.

use std::path::Path;

use dec_gpu::Result;
use dec_gpu::config::Config;
use dec_gpu::data::Dataset;
use dec_gpu::model::{Model, ModelError};
use dec_gpu::predict::check_input_size;

use crate::cli::input::read_model;

/// The model that `pretrain.model` names, if it does; its network and normalisation are those of `config` from here on.
pub(super) fn model(config: &mut Config, data: &Dataset) -> Result<Option<Model>> {
    let Some(file) = config.pretrain.model.clone() else {
        return Ok(None);
    };
    let model = read_model(Path::new(&file))?;
    check_input_size(&model, &file, data, &data.name)?;
    if !model.is_mirrored() {
        return Err(ModelError::NotMirrored { file }.into());
    }
    let sizes = model.encoder_sizes();
    config.network.hidden = Some(sizes[1..sizes.len() - 1].to_vec());
    config.network.embedding_dim = model.embedding_dim;
    let trained_with = Config::layered(None, Some((&file, &model.config_toml)), &[])?;
    config.data.normalisation = trained_with.data.normalisation;
    Ok(Some(model))
}
