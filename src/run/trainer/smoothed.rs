//! A sample of the embedding beside the same drawn together over its nearest neighbours, where groups are easier to tell.

use super::Trainer;
use crate::device::{Device, DeviceBuffer, Matrix, download_f32};
use crate::error::Result;
use crate::kmeans::{KMeansOptions, kmeans};
use crate::metrics::Neighbours;
use crate::mixture::{self, Mixture, Points};

/// Some rows of an embedding.
pub(super) struct Smoothed<D: Device> {
    /// z (m, d).
    pub(super) z: Vec<f32>,
    /// d.
    pub(super) d: usize,
    /// Who is near whom in z.
    pub(super) neighbours: Neighbours,
    /// The same points, smoothed (m, d): [`mixture::smoothed`].
    pub(super) values: Vec<f64>,
    /// These in f32 (m, d), and on the device, as k-means takes them.
    pub(super) narrow: Vec<f32>,
    pub(super) rows: [Matrix<D>; 1],
}

impl<D: Device> Smoothed<D> {
    /// Smooths z (m, d). All pairs are compared: m should be some thousand.
    pub(super) fn new(device: &D, z: Vec<f32>, d: usize) -> Result<Self> {
        let neighbours = Neighbours::of(&z, d);
        let values = mixture::smoothed(&z, d, &neighbours);
        let narrow: Vec<f32> = values.iter().map(|value| *value as f32).collect();
        Ok(Self {
            rows: [Matrix::upload(device, narrow.len() / d, d, &narrow)?],
            z,
            d,
            neighbours,
            values,
            narrow,
        })
    }

    /// The smoothed points.
    pub(super) fn points(&self) -> Points<'_> {
        Points {
            values: &self.values,
            d: self.d,
        }
    }

    /// Labels (m) below k, by k-means on the smoothed points.
    pub(super) async fn kmeans(&self, device: &D, options: &KMeansOptions) -> Result<Vec<u32>> {
        Ok(kmeans(device, &self.rows[..], options).await?.assignment)
    }
}

/// Clusters of some points as the components of a mixture, of the points z (m, d) as they are.
pub(super) fn components(z: &[f32], d: usize, labels: &[u32], k: usize) -> Mixture {
    let values: Vec<f64> = z.iter().map(|value| f64::from(*value)).collect();
    let points = Points { values: &values, d };
    Mixture::of_labels(points, labels, k)
}

impl<D: Device> Trainer<'_, D> {
    /// The first rows (m, d) of the present embedding.
    pub(super) async fn first_rows(&self, m: usize) -> Result<Vec<f32>> {
        let mut z = Vec::new();
        let mut left = m;
        for block in &self.embedding.blocks {
            let rows = left.min(block.rows);
            let first = block.buffer.part(0, rows * block.cols);
            z.extend(download_f32(self.device, &first).await?);
            left -= rows;
            if left == 0 {
                break;
            }
        }
        Ok(z)
    }
}
