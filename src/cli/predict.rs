//! `dec-gpu predict`: the clusters of new samples, by the model of a run.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use dec_gpu::Result;
use dec_gpu::data::Dataset;
use dec_gpu::device::DeviceInfo;
use dec_gpu::metrics::Scores;
use dec_gpu::model::Model;
use dec_gpu::predict::{BATCH_SIZE, Prediction, check_input_size, predict};
use dec_gpu::report;

use super::device::{AnyDevice, DeviceArgs};
use super::input::{ReadArgs, read_model};
use super::run_dir::RunDir;
use super::{Outcome, print, usage};

/// Arguments of `predict`.
#[derive(Args)]
pub(crate) struct PredictArgs {
    /// model.safetensors of a run folder
    model: PathBuf,
    /// A file or folder, as `train` takes it, with as many values per sample
    data: PathBuf,
    #[command(flatten)]
    read: ReadArgs,
    /// The folder for labels.csv, soft_assignment.npy and embedding.npy
    #[arg(long, value_name = "DIR", default_value = "predictions")]
    out: PathBuf,
    /// Write into a folder that is not empty
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    device: DeviceArgs,
    /// Samples encoded at a time; the results do not depend on it
    #[arg(long, value_name = "N", default_value_t = BATCH_SIZE)]
    batch_size: usize,
    /// Print a JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &PredictArgs, quiet: bool) -> Outcome {
    if args.batch_size == 0 {
        return Err(usage("--batch-size is 0, expected at least 1"));
    }
    let model = read_model(&args.model)?;
    let data = args.read.read_for(&args.data, &model)?;
    let (model_file, data_file) = (args.model.to_string_lossy(), args.data.to_string_lossy());
    check_input_size(&model, &model_file, &data, &data_file)?;
    let device = args.device.open()?;
    let folder = RunDir::create(&args.out, args.force)?;
    let (prediction, device) = predict_on(&device, &model, &data, args.batch_size)?;
    write_results(&folder, &model, &prediction)?;
    let scores = data
        .labels
        .as_ref()
        .map(|labels| Scores::of(&labels.ids, &prediction.assignment));
    if args.json {
        return print(&json(&prediction, &device, scores));
    }
    if quiet {
        return Ok(ExitCode::SUCCESS);
    }
    print(&summary(&prediction, scores, folder.path()))
}

fn predict_on(
    device: &AnyDevice,
    model: &Model,
    data: &Dataset,
    batch_size: usize,
) -> Result<(Prediction, DeviceInfo)> {
    use dec_gpu::device::Device;
    let (prediction, info) = match device {
        AnyDevice::Cpu(cpu) => (
            pollster::block_on(predict(cpu, model, data, batch_size)),
            cpu.info(),
        ),
        AnyDevice::Gpu(gpu) => (
            pollster::block_on(predict(&**gpu, model, data, batch_size)),
            gpu.info(),
        ),
    };
    Ok((prediction?, info))
}

fn write_results(folder: &RunDir, model: &Model, found: &Prediction) -> Result<()> {
    folder.write(report::LABELS_CSV, |out| {
        report::write_labels_csv(out, &found.assignment, &found.confidence, None)
    })?;
    folder.write(report::SOFT_ASSIGNMENT_NPY, |out| {
        report::write_npy(out, &found.soft_assignment, model.n_clusters)
    })?;
    folder.write(report::EMBEDDING_NPY, |out| {
        report::write_npy(out, &found.embedding, model.embedding_dim)
    })?;
    Ok(())
}

fn json(found: &Prediction, device: &DeviceInfo, scores: Option<Scores>) -> String {
    let object = serde_json::json!({
        "n_samples": found.assignment.len(),
        "n_clusters": found.n_clusters,
        "device": device,
        "mean_confidence": found.mean_confidence(),
        "cluster_sizes": found.cluster_sizes(),
        "scores": scores,
    });
    format!("{object:#}\n")
}

fn summary(found: &Prediction, scores: Option<Scores>, folder: &Path) -> String {
    let sizes: Vec<String> = found.cluster_sizes().iter().map(u64::to_string).collect();
    let mut text = String::new();
    if let Some(Scores { acc, nmi, ari }) = scores {
        text += &format!("ACC {acc:.4}, NMI {nmi:.4}, ARI {ari:.4}\n");
    }
    text += &format!("cluster sizes: {}\n", sizes.join(" "));
    text += &format!("mean confidence: {:.3}\n", found.mean_confidence());
    text + &format!("results in {}\n", folder.display())
}
