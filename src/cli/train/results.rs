//! What a run leaves: its metrics, the files of the run folder, what the user sees at the end.

use std::process::ExitCode;

use dec_gpu::Result;
use dec_gpu::data::Labels;
use dec_gpu::report::{self, ClassTable, RunMetrics, Runs};
use dec_gpu::run::{ClusterMap, Fitted};

use super::TrainArgs;
use crate::cli::progress::Progress;
use crate::cli::run_dir::RunDir;
use crate::cli::staged::Staged;
use crate::cli::{Outcome, print_json, print_text, stdout_failed};

/// Every file of the run folder but what explains and shows the clusters, and `metrics.json`, which is removed if it is of
/// an earlier run; `ids` (n) are what the samples are called.
pub(super) fn write_results(
    folder: &RunDir,
    fitted: &Fitted,
    labels: Option<&Labels>,
    ids: Option<&[String]>,
) -> Result<()> {
    let Fitted {
        clustering,
        config,
        metrics,
        ..
    } = fitted;
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
        out.write_all(&fitted.model.to_safetensors())
    })?;
    staged.write(report::HISTORY_JSONL, |out| {
        (fitted.history.iter()).try_for_each(|record| record.write_line(&mut *out))
    })?;
    stage_map(&mut staged, folder, fitted.map.as_ref())?;
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

/// Several runs beside each other, written and told.
pub(super) fn write_runs(folder: &RunDir, runs: &Runs, progress: &Progress<'_>) -> Result<()> {
    folder.write(report::RUNS_JSON, |out| runs.write_json(out))?;
    progress.say(&format!(
        "stability {:.3} (mean ARI among the runs); seed {} agrees best with the others and is kept",
        runs.stability, runs.kept
    ));
    if let Some(dec) = &runs.dec {
        let line = [("ACC", dec.acc), ("NMI", dec.nmi), ("ARI", dec.ari)]
            .map(|(name, score)| format!("{name} {:.4} ± {:.4}", score.mean, score.sd));
        progress.say(&format!(
            "DEC over {} runs: {}",
            runs.runs.len(),
            line.join(", ")
        ));
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
        let stages = scores.stages();
        let width = stages.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        lines.push(format!(
            "{:<width$} {:>7} {:>7} {:>7}",
            "", "ACC", "NMI", "ARI"
        ));
        for (name, s) in stages {
            lines.push(format!(
                "{name:<width$} {:>7.4} {:>7.4} {:>7.4}",
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
