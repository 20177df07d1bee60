//! The samples of a run: their clusters, and the places of some in the embedding.

use std::ops::ControlFlow;
use std::path::Path;

use dec_gpu::data::{BlockOptions, ReadOptions, Values, open_blocks};
use dec_gpu::report::{self, MapPoint, RunMetrics};
use dec_gpu::{Error, Result};

use super::files::{Read, RunError};
use super::table::{Row, Table};

/// The most samples on the maps: more would be a blot, and t-SNE takes seconds.
const ON_MAPS: usize = 2000;

/// What `labels.csv` says.
pub(super) struct Samples {
    /// The places of the samples on the maps, ascending (m).
    pub(super) picked: Vec<usize>,
    /// Those samples.
    pub(super) points: Vec<MapPoint>,
    /// Mean confidence by cluster (k).
    pub(super) confidence: Vec<Option<f64>>,
}

/// Reads `labels.csv`, which must be that of these metrics.
pub(super) fn samples(run: &Path, metrics: &RunMetrics) -> Read<Samples> {
    let (n, k) = (metrics.n_samples as usize, metrics.n_clusters as usize);
    let picked = picked(n);
    let mut table = Table::open(run.join(report::LABELS_CSV))?;
    let (mut points, mut sums) = (Vec::new(), vec![(0.0, 0u64); k]);
    let mut rows = 0;
    table.each(|row| {
        let cluster = cluster(row, "label", k)?;
        let confidence: f32 = row.number("confidence")?;
        sums[cluster].0 += f64::from(confidence);
        sums[cluster].1 += 1;
        if picked.get(points.len()) == Some(&rows) {
            points.push(MapPoint {
                id: row.id(),
                cluster,
                confidence,
            });
        }
        rows += 1;
        Ok(())
    })?;
    if rows != n {
        return Err(RunError::Bad {
            path: run.join(report::LABELS_CSV),
            line: rows as u64 + 1,
            found: format!("{rows} samples, but {n} in {}", report::METRICS_JSON),
        });
    }
    let mean = |(sum, count): (f64, u64)| (count > 0).then(|| sum / count as f64);
    Ok(Samples {
        picked,
        points,
        confidence: sums.into_iter().map(mean).collect(),
    })
}

/// The cluster of each sample (n).
pub(in crate::cli) fn assignment(run: &Path) -> Result<Vec<u32>> {
    let mut found = Vec::new();
    Table::open(run.join(report::LABELS_CSV))?.each(|row| {
        found.push(row.number("label")?);
        Ok(())
    })?;
    Ok(found)
}

/// At most [`ON_MAPS`] samples, evenly over the data; all the same each time.
fn picked(n: usize) -> Vec<usize> {
    let m = n.min(ON_MAPS);
    // Somewhere in each of m stretches: a fixed distance could fall in step with an order of the data.
    let place = |i: usize| {
        let (from, to) = (i * n / m, (i + 1) * n / m);
        let draw = dec_gpu::random::uniform(0, 0, 0, i as u32);
        from + (f64::from(draw) * (to - from) as f64) as usize
    };
    (0..m).map(place).collect()
}

/// The rows of the embedding (m, d) of these samples, ascending.
pub(super) fn embedding(run: &Path, metrics: &RunMetrics, picked: &[usize]) -> Result<Vec<f32>> {
    let path = run.join(report::EMBEDDING_NPY);
    let d = metrics.embedding_dim as usize;
    let mut rows = Vec::new();
    let mut shape = None;
    open_blocks(
        &path,
        &ReadOptions::default(),
        &BlockOptions::default(),
        &mut |block| {
            let block_rows = block.first..block.first + block.rows.n_samples;
            shape = Some((block_rows.end, block.rows.input_dim));
            if let (Values::F32(values), true) = (&block.rows.values, block.rows.input_dim == d) {
                let from = picked.partition_point(|sample| *sample < block_rows.start);
                let here = picked[from..]
                    .iter()
                    .take_while(|sample| block_rows.contains(sample));
                for sample in here {
                    rows.extend_from_slice(&values[(sample - block_rows.start) * d..][..d]);
                }
            }
            ControlFlow::Continue(())
        },
    )?;
    if rows.len() == picked.len() * d && shape == Some((metrics.n_samples as usize, d)) {
        return Ok(rows);
    }
    let (n, found) = shape.unwrap_or_default();
    Err(Error::Run(format!(
        "{}: found {n} x {found} values, expected {} x {d} as {} says; write the run folder again with `dec-gpu train`",
        path.display(),
        metrics.n_samples,
        report::METRICS_JSON
    )))
}

fn cluster(row: &Row<'_>, column: &str, k: usize) -> Read<usize> {
    let cluster = row.number(column)?;
    match cluster < k {
        true => Ok(cluster),
        false => Err(row.wrong(format!(
            "cluster {cluster}, expected 0 to {}",
            k.saturating_sub(1)
        ))),
    }
}
