//! Samples in two dimensions: the embedding's principal components, and the layout that `train` has written.

use std::path::Path;

use dec_gpu::Result;
use dec_gpu::neighbours::Pca;
use dec_gpu::report::{self, Map, MapPoint};

use super::files::{RunError, optional};
use super::samples::matrix;

/// The layout in `map.npy`.
pub(super) struct Laid {
    /// The samples in it, rising (m).
    pub(super) rows: Vec<usize>,
    /// Where each lies (m, 2).
    places: Vec<f32>,
}

impl Laid {
    pub(super) fn places(self) -> Vec<f32> {
        self.places
    }
}

/// Reads the layout of n samples, or of some; runs of older versions have none.
pub(super) fn laid(run: &Path, n: usize) -> Result<Option<Laid>> {
    let path = run.join(report::MAP_NPY);
    if !path.exists() {
        return Ok(None);
    }
    let rows = match optional(&run.join(report::MAP_ROWS_NPY))? {
        None => (0..n).collect(),
        Some(bytes) => rising(&bytes, n).ok_or_else(|| RunError::Bad {
            path: run.join(report::MAP_ROWS_NPY),
            line: 1,
            found: format!("no rising indices below {n}"),
        })?,
    };
    let places = matrix(&path, (rows.len(), 2), None)?;
    Ok(Some(Laid { rows, places }))
}

/// Rising indices below n, as they were written.
fn rising(bytes: &[u8], n: usize) -> Option<Vec<usize>> {
    let rows = report::read_npy_vector(bytes)?;
    let rows: Vec<usize> = rows.into_iter().map(|row| row as usize).collect();
    let is_rising = rows.windows(2).all(|pair| pair[0] < pair[1]);
    (is_rising && rows.last().is_some_and(|last| *last < n)).then_some(rows)
}

/// The maps: of rows (m, d) of the embedding, and the layout if there is one, each with its samples.
pub(super) fn maps(
    (rows, d): (&[f32], usize),
    laid: Option<Vec<f32>>,
    [points, on_layout]: [Vec<MapPoint>; 2],
) -> Vec<Map> {
    let pca = Pca::of(rows, d, 2);
    let place = |row: &[f32]| {
        let place = pca.place(row);
        [place[0], place[1]]
    };
    let pca = Map {
        name: "pca",
        title: "The embedding along its two main directions (principal components).".into(),
        points,
        places: rows.chunks_exact(d).map(place).collect(),
    };
    let layout = laid.map(|places| Map {
        name: "neighbours",
        title: "The graph of nearest neighbours, laid out in two dimensions: near samples stay near, but distances and sizes between groups mean little."
            .into(),
        points: on_layout,
        places: places.chunks_exact(2).map(|place| [place[0], place[1]].map(f64::from)).collect(),
    });
    std::iter::once(pca).chain(layout).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(count: usize) -> Vec<MapPoint> {
        let point = |i: usize| MapPoint {
            id: i.to_string(),
            cluster: 0,
            confidence: 1.0,
        };
        (0..count).map(point).collect()
    }

    #[test]
    fn few_and_equal_samples_have_places() {
        for (rows, d) in [(vec![0.0; 3], 1), (vec![1.0; 40], 2), (vec![0.5; 2], 2)] {
            let count = rows.len() / d;
            let maps = maps((&rows, d), None, [points(count), Vec::new()]);
            assert_eq!((maps.len(), maps[0].places.len()), (1, count));
            let finite = maps[0].places.iter().flatten().all(|x| x.is_finite());
            assert!(finite, "{:?}", maps[0].places);
        }
    }

    #[test]
    fn the_layout_is_shown_as_it_was_written() {
        let all = maps(
            (&[1.0, 2.0], 1),
            Some(vec![0.5, -1.0]),
            [points(2), points(1)],
        );
        assert_eq!(
            (all[1].name, &all[1].places[..]),
            ("neighbours", &[[0.5, -1.0]][..])
        );
    }

    #[test]
    fn indices_rise_and_are_below_n() {
        let written = |rows: &[u32]| {
            let mut bytes = Vec::new();
            report::write_npy_vector(&mut bytes, rows).unwrap();
            bytes
        };
        assert_eq!(rising(&written(&[0, 4]), 5), Some(vec![0, 4]));
        for rows in [&[0, 5][..], &[1, 1], &[2, 1], &[]] {
            assert_eq!(rising(&written(rows), 5), None, "{rows:?}");
        }
    }
}
