//! `--pretrained MODEL`: the autoencoder of an earlier run in place of pre-training.

use std::path::Path;

use dec_gpu::Result;
use dec_gpu::config::Config;
use dec_gpu::data::{Dataset, Normalisation, Step};
use dec_gpu::model::{Model, ModelError};
use dec_gpu::net::Kind;
use dec_gpu::predict::check_input_size;

use crate::cli::input::read_model;
use crate::cli::usage;

/// The model that `pretrain.model` names, if it does; its network, preparation and normalisation are those of `config` from here on.
pub(super) fn model(config: &mut Config, data: &Dataset) -> Result<Option<Model>> {
    let Some(file) = config.pretrain.model.clone() else {
        return Ok(None);
    };
    let model = read_model(Path::new(&file))?;
    check_input_size(&model, &file, data, &data.name)?;
    if !model.plan().is_mirrored() {
        return Err(ModelError::NotMirrored { file }.into());
    }
    let sizes = model.encoder_sizes();
    let hidden = Some(sizes[1..sizes.len() - 1].to_vec());
    let trained_with = Config::layered(None, Some((&file, &model.config_toml)), &[])?;
    let normalisation = trained_with.data.normalisation;
    let (steps, columns) = preparation(&model);
    let names = |steps: &[Step]| Some(steps.iter().map(|step| step.as_str()).collect::<Vec<_>>());
    let given = names(&config.data.prepare).filter(|steps| !steps.is_empty());
    agree("data.prepare", &file, &given, &names(&steps))?;
    agree(
        "data.columns",
        &file,
        &config.data.columns,
        &Some(columns.unwrap_or(model.raw_input_dim())),
    )?;
    agree("network.hidden", &file, &config.network.hidden, &hidden)?;
    let [given, own] =
        [config.data.normalisation, normalisation].map(|it| it.map(Normalisation::as_str));
    agree("data.normalisation", &file, &given, &own)?;
    let rows = matches!(model.encoder[0].kind, Kind::RmsRows(_));
    let given = config.network.normalise_rows.then_some(true);
    agree("network.normalise-rows", &file, &given, &Some(rows))?;
    config.network.hidden = hidden;
    config.network.normalise_rows = rows;
    config.network.embedding_dim = model.embedding_dim;
    config.data.prepare = steps;
    config.data.columns = columns;
    config.data.normalisation = normalisation;
    Ok(Some(model))
}

/// The steps of a model, and how many columns it chose if it did.
fn preparation(model: &Model) -> (Vec<Step>, Option<usize>) {
    let Some(own) = &model.preparation else {
        return (Vec::new(), None);
    };
    (own.steps.clone(), own.columns.as_ref().map(Vec::len))
}

/// Refuses a value that was given and is not the model's.
fn agree<T: PartialEq + std::fmt::Debug>(
    key: &str,
    file: &str,
    given: &Option<T>,
    own: &Option<T>,
) -> Result<()> {
    match (given, own) {
        (Some(given), Some(own)) if given != own => Err(usage(format!(
            "{key} is {given:?}, but {file} was trained with {own:?}; leave {key} out, or pre-train anew"
        ))),
        _ => Ok(()),
    }
}
