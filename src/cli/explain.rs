//! `dec-gpu explain`: what the clusters of a run look like, and what decides; at the end of `train` too.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use dec_gpu::data::{Dataset, ImageShape, image_shape};
use dec_gpu::device::Device;
use dec_gpu::explain::{EXEMPLARS, Explanation, Outputs, explain};
use dec_gpu::model::Model;
use dec_gpu::predict::{BATCH_SIZE, check_input_size, predict};
use dec_gpu::report;
use dec_gpu::run::trainer::Clustering;
use dec_gpu::{Result, on_device};

use super::device::DeviceArgs;
use super::input::{ReadArgs, read_model};
use super::run_dir::RunDir;
use super::{Outcome, print_text, usage};

/// The most exemplars that may be asked for: more is no choice of examples.
const MOST: usize = 1000;

/// Arguments of `explain`.
#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// A run folder
    run: PathBuf,
    /// The data of the run, or others with as many values per sample
    data: PathBuf,
    /// The folder for the files [default: explain in the run folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write into a folder that is not empty
    #[arg(long)]
    force: bool,
    /// Members of each cluster nearest to its centroid, and as many farthest from it
    #[arg(long, value_name = "M", default_value_t = EXEMPLARS)]
    exemplars: usize,
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    device: DeviceArgs,
}

pub(crate) fn run(args: &ExplainArgs, quiet: bool) -> Outcome {
    if !(1..=MOST).contains(&args.exemplars) {
        let found = args.exemplars;
        return Err(usage(format!(
            "--exemplars is {found}, expected 1 to {MOST}"
        )));
    }
    let path = args.run.join(report::MODEL_SAFETENSORS);
    let model = read_model(&path)?;
    let data = args.read.read_for(&args.data, &model)?;
    let (model_file, data_file) = (path.to_string_lossy(), args.data.to_string_lossy());
    check_input_size(&model, &model_file, &data, &data_file)?;
    let data = model.prepare(data, 0)?;
    let device = args.device.open()?;
    let beside_the_run = || args.run.join(report::EXPLAIN);
    let folder = RunDir::create(args.out.clone().unwrap_or_else(beside_the_run), args.force)?;
    on_device!(&device, device => predict_and_explain(device, &model, &data, args.exemplars, &folder))?;
    if quiet {
        return Ok(ExitCode::SUCCESS);
    }
    print_text(&format!("results in {}", folder.path().display()))
}

/// Explains what a run found, in a folder of its run folder.
pub(crate) fn explain_run<D: Device>(
    device: &D,
    data: &Dataset,
    (model, found): (&Model, &Clustering),
    run: &RunDir,
) -> Result<()> {
    let outputs = Outputs {
        assignment: &found.assignment,
        soft_assignment: &found.soft_assignment,
        embedding: &found.embedding,
    };
    // Whether files may be overwritten was decided for the run folder.
    let folder = RunDir::create(run.path().join(report::EXPLAIN), true)?;
    folder.sweep();
    explain_into(device, model, data, &outputs, EXEMPLARS, &folder)
}

fn predict_and_explain<D: Device>(
    device: &D,
    model: &Model,
    data: &Dataset,
    exemplars: usize,
    folder: &RunDir,
) -> Result<()> {
    let found = pollster::block_on(predict(device, model, data, BATCH_SIZE))?;
    let outputs = Outputs {
        assignment: &found.assignment,
        soft_assignment: &found.soft_assignment,
        embedding: &found.embedding,
    };
    explain_into(device, model, data, &outputs, exemplars, folder)
}

fn explain_into<D: Device>(
    device: &D,
    model: &Model,
    data: &Dataset,
    outputs: &Outputs<'_>,
    exemplars: usize,
    folder: &RunDir,
) -> Result<()> {
    let found = pollster::block_on(explain(device, model, data, outputs, exemplars))?;
    write_tables(folder, &found, data, outputs.assignment)?;
    write_arrays(folder, &found, data.input_dim)?;
    match image_shape(data) {
        Some(shape) => write_pictures(folder, &found, data, shape),
        None => Ok(()),
    }
}

fn write_tables(
    folder: &RunDir,
    found: &Explanation,
    data: &Dataset,
    assignment: &[u32],
) -> Result<()> {
    let ids = data.ids.as_deref();
    folder.write(report::EXEMPLARS_CSV, |out| {
        report::write_exemplars_csv(out, &found.exemplars, ids)
    })?;
    folder.write(report::MARGINS_CSV, |out| {
        report::write_margins_csv(out, assignment, &found.certainty, ids)
    })?;
    folder.write(report::FEATURES_CSV, |out| {
        report::write_features_csv(out, &found.features, data.column_names.as_deref())
    })?;
    folder.write(report::UNCERTAIN_CSV, |out| {
        report::write_uncertain_csv(out, &found.uncertain, ids)
    })?;
    folder.write(report::SALIENCY_CSV, |out| {
        report::write_saliency_csv(out, found.salient())
    })?;
    Ok(())
}

fn write_arrays(folder: &RunDir, found: &Explanation, columns: usize) -> Result<()> {
    for (name, values) in [
        (report::CENTROIDS_DECODED_NPY, &found.decoded),
        (report::CLUSTER_MEANS_NPY, &found.columns.member_means),
        (report::SALIENCY_NPY, &found.saliency),
    ] {
        folder.write(name, |out| report::write_npy(out, values, columns))?;
    }
    Ok(())
}

fn write_pictures(
    folder: &RunDir,
    found: &Explanation,
    data: &Dataset,
    shape: ImageShape,
) -> Result<()> {
    folder.write(report::EXEMPLARS_PNG, |out| {
        report::write_exemplars_png(out, found, data, shape)
    })?;
    folder.write(report::SALIENCY_PNG, |out| {
        report::write_saliency_png(out, found, data, shape)
    })?;
    folder.write(report::UNCERTAIN_PNG, |out| {
        report::write_uncertain_png(out, found, data, shape)
    })?;
    Ok(())
}
