//! What a run folder is: its model and what the run found.

use std::fs;
use std::io;
use std::path::Path;

use dec_gpu::Result;
use dec_gpu::data::{DataError, printable};
use dec_gpu::metrics::Scores;
use dec_gpu::report::{METRICS_JSON, MODEL_SAFETENSORS, RunMetrics};
use serde::Serialize;

use super::{Line, model};

/// A run in one object.
#[derive(Serialize)]
pub(super) struct RunInfo {
    /// Whether `metrics.json`, which is written last, is there.
    complete: bool,
    model: Option<model::ModelInfo>,
    metrics: Option<RunMetrics>,
    /// The names in the folder.
    files: Vec<String>,
}

pub(super) fn look(folder: &Path) -> Result<RunInfo> {
    let model_file = folder.join(MODEL_SAFETENSORS);
    let metrics = metrics(&folder.join(METRICS_JSON))?;
    Ok(RunInfo {
        complete: metrics.is_some(),
        model: (model_file.is_file())
            .then(|| model::look(&model_file))
            .transpose()?,
        metrics,
        files: files(folder).map_err(|source| unreadable(folder, source))?,
    })
}

fn metrics(file: &Path) -> Result<Option<RunMetrics>> {
    let text = match fs::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|source| unreadable(file, source))?,
    };
    let metrics = serde_json::from_slice(&text);
    Ok(metrics.map_err(|error| unreadable(file, error.into()))?)
}

fn files(folder: &Path) -> io::Result<Vec<String>> {
    let name =
        |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = fs::read_dir(folder)?.map(name).collect::<io::Result<_>>()?;
    names.sort();
    Ok(names)
}

fn unreadable(file: &Path, source: io::Error) -> DataError {
    DataError::Io {
        file: printable(&file.to_string_lossy()),
        source,
    }
}

impl RunInfo {
    pub(super) fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        match &self.metrics {
            Some(metrics) => lines.extend(of_metrics(metrics)),
            None => lines.push(("run", format!("not finished: no {METRICS_JSON}"))),
        }
        lines.extend(self.model.iter().flat_map(model::ModelInfo::lines));
        let files: Vec<String> = self.files.iter().map(|name| printable(name)).collect();
        lines.push(("files", files.join(" ")));
        lines
    }
}

fn of_metrics(metrics: &RunMetrics) -> Vec<Line> {
    let sizes: Vec<String> = metrics.cluster_sizes.iter().map(u64::to_string).collect();
    let device = &metrics.device;
    let mut lines = vec![
        (
            "run",
            format!(
                "{} samples x {} inputs, seed {}",
                metrics.n_samples, metrics.input_dim, metrics.seed
            ),
        ),
        (
            "device",
            printable(&format!("{} ({})", device.backend, device.name)),
        ),
        ("cluster sizes", sizes.join(" ")),
        (
            "confidence",
            format!("{:.3} on average", metrics.mean_confidence),
        ),
    ];
    if let Some(scores) = &metrics.scores {
        let Scores { acc, nmi, ari } = scores.dec;
        lines.push((
            "scores",
            format!("ACC {acc:.4}, NMI {nmi:.4}, ARI {ari:.4}"),
        ));
    }
    lines.push((
        "took",
        format!(
            "{:.1} s, {} + {} steps",
            metrics.seconds.total, metrics.steps.pretrain, metrics.steps.cluster
        ),
    ));
    lines
}
