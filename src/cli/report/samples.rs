//! The samples of a run: their clusters, and the places of some in the embedding.

use std::ops::{ControlFlow, Range};
use std::path::Path;

use dec_gpu::data::{BlockOptions, ReadOptions, Values, open_blocks};
use dec_gpu::report::{self, MapPoint, RunMetrics};
use dec_gpu::{Error, Result};

use super::files::{Read, RunError};
use super::table::{Row, Table};

/// The most samples on the map of principal components: more would be a blot.
const EVENLY: usize = 2000;

/// What `labels.csv` says.
pub(super) struct Samples {
    /// The samples of each map.
    pub(super) points: [Vec<MapPoint>; 2],
    /// Mean confidence by cluster (k).
    pub(super) confidence: Vec<Option<f64>>,
}

/// Reads `labels.csv`, which must be that of these metrics; the rows of each map rise.
pub(super) fn samples(run: &Path, metrics: &RunMetrics, maps: [&[usize]; 2]) -> Read<Samples> {
    let (n, k) = (metrics.n_samples as usize, metrics.n_clusters as usize);
    let mut table = Table::open(run.join(report::LABELS_CSV))?;
    let mut points = [Vec::new(), Vec::new()];
    let mut sums = vec![(0.0, 0u64); k];
    let mut rows = 0;
    table.each(|row| {
        let cluster = cluster(row, "label", k)?;
        let confidence: f32 = row.number("confidence")?;
        sums[cluster].0 += f64::from(confidence);
        sums[cluster].1 += 1;
        for (points, map) in points.iter_mut().zip(maps) {
            if map.get(points.len()) == Some(&rows) {
                points.push(MapPoint {
                    id: row.id(),
                    cluster,
                    confidence,
                });
            }
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

/// At most [`EVENLY`] samples, evenly over the data; all the same each time.
pub(super) fn picked(n: usize) -> Vec<usize> {
    let m = n.min(EVENLY);
    // Somewhere in each of m stretches: a fixed distance could fall in step with an order of the data.
    let place = |i: usize| {
        let (from, to) = (i * n / m, (i + 1) * n / m);
        let draw = dec_gpu::random::uniform(0, 0, 0, i as u32);
        from + (f64::from(draw) * (to - from) as f64) as usize
    };
    (0..m).map(place).collect()
}

/// The matrix (n, d) in a file, or some of its rows, rising.
pub(super) fn matrix(
    path: &Path,
    (n, d): (usize, usize),
    picked: Option<&[usize]>,
) -> Result<Vec<f32>> {
    let mut rows = Vec::new();
    let mut shape = None;
    open_blocks(
        path,
        &ReadOptions::default(),
        &BlockOptions::default(),
        &mut |block| {
            let block_rows = block.first..block.first + block.rows.n_samples;
            shape = Some((block_rows.end, block.rows.input_dim));
            if let (Values::F32(values), true) = (&block.rows.values, block.rows.input_dim == d) {
                match picked {
                    Some(picked) => pick(&mut rows, (values, d), block_rows, picked),
                    None => rows.extend_from_slice(values),
                }
            }
            ControlFlow::Continue(())
        },
    )?;
    if rows.len() == picked.map_or(n, <[usize]>::len) * d && shape == Some((n, d)) {
        return Ok(rows);
    }
    let (found_n, found_d) = shape.unwrap_or_default();
    Err(Error::Run(format!(
        "{}: found {found_n} x {found_d} values, expected {n} x {d} as {} says; write the run folder again with `dec-gpu train`",
        path.display(),
        report::METRICS_JSON
    )))
}

/// Adds the picked rows of a block of values (rows, d).
fn pick(to: &mut Vec<f32>, (values, d): (&[f32], usize), block: Range<usize>, picked: &[usize]) {
    let from = picked.partition_point(|sample| *sample < block.start);
    let here = picked[from..]
        .iter()
        .take_while(|sample| block.contains(sample));
    for sample in here {
        to.extend_from_slice(&values[(sample - block.start) * d..][..d]);
    }
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
