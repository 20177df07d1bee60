//! A run folder, as `train` has written it.

use std::path::Path;

use dec_gpu::Result;
use dec_gpu::report::{
    self, ClassTable, ClusterFiles, ClusterTree, FeatureEffect, Page, RunMetrics, Uncertain,
};

use super::files::{Read, RunError, json, optional, text};
use super::map::{Laid, laid, maps};
use super::name_of;
use super::samples::{matrix, picked, samples};
use super::table::Table;

/// `metrics.json` of a run.
pub(in crate::cli) fn metrics(run: &Path) -> Result<RunMetrics> {
    Ok(json(&run.join(report::METRICS_JSON), &metrics_text(run)?)?)
}

/// The same as text, as it was written.
pub(in crate::cli) fn metrics_text(run: &Path) -> Result<String> {
    Ok(text(&run.join(report::METRICS_JSON))?)
}

/// All that the page shows.
pub(in crate::cli) fn page(run: &Path, metrics: RunMetrics) -> Result<Page> {
    let (n, d) = (metrics.n_samples as usize, metrics.embedding_dim as usize);
    let evenly = picked(n);
    let laid = laid(run, n)?;
    let on_map = laid.as_ref().map_or(&[][..], |laid| &laid.rows);
    let samples = samples(run, &metrics, [&evenly, on_map])?;
    let embedding = matrix(&run.join(report::EMBEDDING_NPY), (n, d), Some(&evenly))?;
    let history = run.join(report::HISTORY_JSONL);
    let runs = optional(&run.join(report::RUNS_JSON))?;
    let uncertain_png = run.join(report::EXPLAIN).join(report::UNCERTAIN_PNG);
    Ok(Page {
        name: metrics.data.clone().unwrap_or_else(|| name_of(run)),
        history: report::parse_history(&text(&history)?).map_err(|error| RunError::Bad {
            line: error.line as u64,
            found: error.to_string(),
            path: history,
        })?,
        config: text(&run.join(report::CONFIG_TOML))?,
        maps: maps((&embedding, d), laid.map(Laid::places), samples.points),
        tree: tree(run, &metrics)?,
        confidence: samples.confidence,
        confusion: confusion(run)?,
        clusters: clusters(&run.join(report::EXPLAIN))?,
        uncertain: uncertain(&run.join(report::EXPLAIN))?,
        uncertain_png: optional(&uncertain_png)?,
        runs: match runs {
            Some(bytes) => Some(json(
                &run.join(report::RUNS_JSON),
                &String::from_utf8_lossy(&bytes),
            )?),
            None => None,
        },
        choice: choice(run)?,
        metrics,
    })
}

fn tree(run: &Path, metrics: &RunMetrics) -> Read<Option<ClusterTree>> {
    let path = run.join(report::TREE_JSON);
    let Some(bytes) = optional(&path)? else {
        return Ok(None);
    };
    let tree: ClusterTree = json(&path, &String::from_utf8_lossy(&bytes))?;
    match tree.is_of(&metrics.cluster_sizes) {
        true => Ok(Some(tree)),
        false => Err(RunError::Bad {
            path,
            line: 1,
            found: format!(
                "a tree of other clusters than those of {}",
                report::METRICS_JSON
            ),
        }),
    }
}

fn confusion(run: &Path) -> Read<Option<ClassTable>> {
    let Some(mut table) = Table::open_optional(run.join(report::CONFUSION_CSV))? else {
        return Ok(None);
    };
    let columns = table.header();
    let mut found = ClassTable {
        classes: Vec::new(),
        clusters: columns[1..]
            .iter()
            .filter_map(|name| name.parse().ok())
            .collect(),
        counts: Vec::new(),
    };
    table.each(|row| {
        if found.clusters.len() + 1 != columns.len() {
            return Err(row.wrong(format!(
                "columns {columns:?}, expected class and numbers of clusters"
            )));
        }
        found
            .classes
            .push(row.text("class").unwrap_or_default().to_owned());
        for column in &columns[1..] {
            found.counts.push(row.number(column)?);
        }
        Ok(())
    })?;
    Ok(Some(found))
}

fn clusters(explain: &Path) -> Read<ClusterFiles> {
    let mut found = ClusterFiles {
        exemplars_png: optional(&explain.join(report::EXEMPLARS_PNG))?,
        saliency_png: optional(&explain.join(report::SALIENCY_PNG))?,
        ..ClusterFiles::default()
    };
    if let Some(mut table) = Table::open_optional(explain.join(report::EXEMPLARS_CSV))? {
        table.each(|row| {
            if row.text("kind") == Some("nearest") {
                found.nearest.push((row.number("cluster")?, row.id()));
            }
            Ok(())
        })?;
    }
    if let Some(mut table) = Table::open_optional(explain.join(report::FEATURES_CSV))? {
        table.each(|row| {
            found.features.push(FeatureEffect {
                cluster: row.number("cluster")?,
                name: row.text("name").unwrap_or_default().to_owned(),
                member_mean: row.number("member_mean")?,
                overall_mean: row.number("overall_mean")?,
                difference: row.number("difference_sd")?,
            });
            Ok(())
        })?;
    }
    Ok(found)
}

fn uncertain(explain: &Path) -> Read<Vec<Uncertain>> {
    let mut found = Vec::new();
    if let Some(mut table) = Table::open_optional(explain.join(report::UNCERTAIN_CSV))? {
        table.each(|row| {
            let confidence: f32 = row.number("confidence")?;
            let mut best = vec![(row.number("label")?, confidence)];
            if row.text("second").is_some_and(|second| !second.is_empty()) {
                best.push((
                    row.number("second")?,
                    confidence - row.number::<f32>("margin")?,
                ));
            }
            found.push(Uncertain { id: row.id(), best });
            Ok(())
        })?;
    }
    Ok(found)
}

fn choice(run: &Path) -> Read<Vec<Vec<String>>> {
    let Some(mut table) = Table::open_optional(run.join(report::CLUSTERS_CSV))? else {
        return Ok(Vec::new());
    };
    let mut rows = vec![table.header()];
    table.each(|row| {
        rows.push(row.cells());
        Ok(())
    })?;
    Ok(rows)
}
