//! The points whose graph is built: the inputs on their principal directions, or their embedding, of all samples or of some.

use super::super::Trainer;
use crate::config::Space;
use crate::data::Dataset;
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::gather_rows::{Block, Normalisation, Order, Source as Storage, gather_rows};
use crate::kernels::unit_rows::unit_rows;
use crate::neighbours::{self, MOSTLY_ZEROS, Principal};
use crate::random::{self, stream};

/// The widest space that distances are taken in.
pub(in crate::run::trainer) const WIDEST_SPACE: usize = 50;
/// The same for rows of mostly zeros: texts have many subjects.
pub(in crate::run::trainer) const WIDEST_OF_ZEROS: usize = 300;
/// The fewest samples that are laid out, whatever the device.
const FEWEST: usize = 3;

impl<D: Device> Trainer<'_, D> {
    /// The points whose graph is built (rows, m), for each block of the data, and m; none without a graph.
    pub(in crate::run::trainer) fn space(&self) -> Result<Option<(Vec<Matrix<D>>, usize)>> {
        match (&self.principal, self.config.neighbours.space) {
            (Some(principal), _) => self.input_space(principal).map(Some),
            (None, Space::Embedding) => {
                self.encode_all();
                let blocks = self.embedding.blocks.to_vec();
                Ok(Some((blocks, self.config.network.embedding_dim)))
            }
            _ => Ok(None),
        }
    }

    /// The normalised rows on their principal directions (rows, m), for each block of the data; of length 1 where most raw
    /// values are zero.
    fn input_space(&self, principal: &Principal) -> Result<(Vec<Matrix<D>>, usize)> {
        let (device, columns) = (self.device, self.source.input_dim());
        let m = principal.count;
        let minus: Vec<f32> = principal.mean.iter().map(|x| -x).collect();
        let weight = Matrix::upload(device, columns, m, &principal.directions)?;
        let bias = Matrix::upload(device, 1, m, &minus)?;
        let wide = columns > WIDEST_SPACE;
        let by_direction = wide && principal.zeros > MOSTLY_ZEROS && !self.augment.is_on();
        let mut blocks = Vec::new();
        for (i, rows) in self.source.block_rows().into_iter().enumerate() {
            let points = Matrix::zeros(device, rows, m)?;
            self.source
                .forward_in_order(device, i, 0..rows, (&weight, &bias, false), (&points, 0));
            if by_direction {
                unit_rows(device, &points);
            }
            blocks.push(points);
        }
        Ok((blocks, m))
    }

    /// Columns of the points whose graph is built.
    pub(super) fn space_width(&self, data: &Dataset, space: Space) -> usize {
        match space {
            Space::Inputs if neighbours::is_mostly_zeros(data) => {
                data.input_dim.min(WIDEST_OF_ZEROS)
            }
            Space::Inputs => data.input_dim.min(WIDEST_SPACE),
            Space::Embedding | Space::Off => self.config.network.embedding_dim,
        }
    }

    /// The most samples that are laid out: none of the graph's buffers may be larger than one binding.
    pub(super) fn most_laid_out(&self, m: usize) -> usize {
        let k = self.config.neighbours.k.unwrap_or(15);
        let widest = m.max(2 * k).max(self.config.network.embedding_dim);
        let fit = self.device.room().binding_bytes / (4 * widest);
        self.config.neighbours.samples.min(fit).max(FEWEST)
    }

    /// The samples that are laid out, drawn from the seed, if they are not all.
    pub(super) fn sample_to_lay_out(&self, m: usize) -> Option<Vec<u32>> {
        let n = self.source.n_samples();
        let most = self.most_laid_out(m);
        if n <= most {
            return None;
        }
        let mut sample = random::permutation(self.config.seed, stream::LAID_OUT, 0, n);
        sample.truncate(most);
        sample.sort_unstable();
        Some(sample)
    }

    /// Some rows of a matrix in blocks.
    pub(in crate::run::trainer) fn rows_of(
        &self,
        points: &[Matrix<D>],
        sample: &[u32],
    ) -> Result<Matrix<D>> {
        let (device, m) = (self.device, points[0].cols);
        let index = Matrix {
            rows: sample.len(),
            cols: 1,
            buffer: device.upload(sample)?,
        };
        let as_they_are = Normalisation {
            shift: Matrix::zeros(device, 1, m)?,
            scale: Matrix::upload(device, 1, m, &vec![1.0; m])?,
        };
        let rows = Matrix::zeros(device, sample.len(), m)?;
        let mut first = 0;
        for points in points {
            let block = Block {
                x: points.buffer.clone(),
                source: Storage::F32,
                first,
                rows: points.rows,
            };
            let order = Order {
                index: Some(&index),
                first: 0,
            };
            gather_rows(device, order, &block, &as_they_are, &rows);
            first += points.rows;
        }
        Ok(rows)
    }
}
