//! What a run leaves: its metrics, the files of the run folder, what the user sees at the end.

use std::process::ExitCode;

use dec_gpu::Result;
use dec_gpu::config::Config;
use dec_gpu::data::{Dataset, Labels};
use dec_gpu::device::DeviceInfo;
use dec_gpu::precision::Precision;
use dec_gpu::report::{self, ClassTable, METRICS_SCHEMA, RunMetrics};
use dec_gpu::trainer::ClusterMap;

use super::{Found, Run, TrainArgs};
use crate::cli::run_dir::RunDir;
use crate::cli::staged::Staged;
use crate::cli::{Outcome, print_json, print_text, stdout_failed};

pub(super) fn metrics_of(
    (device, precision): (DeviceInfo, Precision),
    data: &Dataset,
    config: &Config,
    found: &Found,
) -> RunMetrics {
    let clustering = &found.clustering;
    let (n, d) = (data.n_samples, data.input_dim);
    let k = config.n_clusters.unwrap_or(1);
    let mut cluster_sizes = vec![0u64; k];
    for label in &clustering.assignment {
        cluster_sizes[*label as usize] += 1;
    }
    let confidence: f64 = clustering.confidence.iter().map(|c| f64::from(*c)).sum();
    RunMetrics {
        schema: METRICS_SCHEMA,
        version: env!("CARGO_PKG_VERSION").into(),
        seed: config.seed.into(),
        n_samples: n as u64,
        input_dim: d as u64,
        n_clusters: k as u64,
        embedding_dim: config.network.embedding_dim as u64,
        device,
        forms: None,
        lowered_rate: None,
        device_fault: None,
        identity: None,
        data: Some(data.name.clone()),
        precision,
        scores: found.scores,
        seconds: found.seconds,
        steps: found.steps,
        stop_reason: clustering.stop_reason,
        label_change: clustering.label_change,
        neighbours: Some(clustering.neighbours),
        choice: found.choice.clone(),
        mean_confidence: confidence / n as f64,
        cluster_sizes,
    }
}

/// Every file of the run folder but what explains and shows the clusters, and `metrics.json`, which is removed if it is of
/// an earlier run; `ids` (n) are what the samples are called.
pub(super) fn write_results(
    folder: &RunDir,
    run: &Run,
    labels: Option<&Labels>,
    ids: Option<&[String]>,
) -> Result<()> {
    let Run {
        config,
        found,
        metrics,
        history,
        ..
    } = run;
    let clustering = &found.clustering;
    let (k, d) = (metrics.n_clusters as usize, metrics.embedding_dim as usize);
    let mut staged = Staged::begin(folder);
    staged.write(report::CONFIG_TOML, |out| {
        out.write_all(config.to_toml().as_bytes())
    })?;
    staged.write(report::LABELS_CSV, |out| {
        report::write_labels_csv(out, &clustering.assignment, &clustering.confidence, ids)
    })?;
    if let Some(labels) = labels {
        let table = ClassTable::of(labels, &clustering.assignment);
        staged.write(report::CONFUSION_CSV, |out| table.write_csv(out))?;
    }
    staged.write(report::SOFT_ASSIGNMENT_NPY, |out| {
        report::write_npy(out, &clustering.soft_assignment, k)
    })?;
    staged.write(report::EMBEDDING_NPY, |out| {
        report::write_npy(out, &clustering.embedding, d)
    })?;
    staged.write(report::CENTROIDS_NPY, |out| {
        report::write_npy(out, &clustering.centroids, d)
    })?;
    staged.write(report::MODEL_SAFETENSORS, |out| {
        out.write_all(&found.model.to_safetensors())
    })?;
    staged.write(report::HISTORY_JSONL, |out| {
        history
            .iter()
            .try_for_each(|record| record.write_line(&mut *out))
    })?;
    stage_map(&mut staged, folder, found.map.as_ref())?;
    // With another's files it would say of a mixture that it is whole.
    folder.remove(report::METRICS_JSON)?;
    staged.publish()?;
    Ok(())
}

/// The map and the tree; files of an earlier run that this one does not have are removed.
fn stage_map(staged: &mut Staged<'_>, folder: &RunDir, map: Option<&ClusterMap>) -> Result<()> {
    match map {
        Some(map) => staged.write(report::MAP_NPY, |out| {
            report::write_npy(out, &map.places, 2)
        })?,
        None => folder.remove(report::MAP_NPY)?,
    }
    match map.and_then(|map| map.rows.as_ref()) {
        Some(rows) => staged.write(report::MAP_ROWS_NPY, |out| {
            report::write_npy_vector(out, rows)
        })?,
        None => folder.remove(report::MAP_ROWS_NPY)?,
    }
    match map.and_then(|map| map.tree.as_ref()) {
        Some(tree) => staged.write(report::TREE_JSON, |out| tree.write_json(out))?,
        None => folder.remove(report::TREE_JSON)?,
    }
    Ok(())
}

/// What the user sees at the end.
pub(super) fn finish(args: &TrainArgs, quiet: bool, metrics: &RunMetrics) -> Outcome {
    if args.json {
        let mut text = Vec::new();
        metrics.write_json(&mut text).map_err(stdout_failed)?;
        return print_json(&String::from_utf8_lossy(&text));
    }
    if quiet {
        return Ok(ExitCode::SUCCESS);
    }
    print_text(&summary(args, metrics))
}

fn summary(args: &TrainArgs, metrics: &RunMetrics) -> String {
    let mut lines = Vec::new();
    if let Some(scores) = &metrics.scores {
        lines.push(format!("{:<22} {:>7} {:>7} {:>7}", "", "ACC", "NMI", "ARI"));
        for (name, s) in scores.stages() {
            lines.push(format!(
                "{name:<22} {:>7.4} {:>7.4} {:>7.4}",
                s.acc, s.nmi, s.ari
            ));
        }
    }
    let sizes: Vec<String> = metrics.cluster_sizes.iter().map(u64::to_string).collect();
    lines.push(format!("cluster sizes: {}", sizes.join(" ")));
    lines.push(format!("mean confidence: {:.3}", metrics.mean_confidence));
    let s = &metrics.seconds;
    lines.push(format!(
        "{:.1} s (load {:.1}, neighbours {:.1}, pretrain {:.1}, init {:.1}, cluster {:.1}, map {:.1}); {} + {} steps, stopped by {}",
        s.total,
        s.load,
        s.neighbours,
        s.pretrain,
        s.init,
        s.cluster,
        s.map,
        metrics.steps.pretrain,
        metrics.steps.cluster,
        match metrics.stop_reason {
            report::StopReason::Converged => "the tolerance",
            report::StopReason::RolledBack => "going back to the best state",
            _ => "the most steps",
        }
    ));
    lines.push(format!("results in {}", args.out.display()));
    lines.join("\n") + "\n"
}
