//! Pre-training towards a layout: the encoder learns where the layout has put each sample, the decoder to reconstruct it.
//! L = mean_i |f(x_i) − Z_i|² + 0.1·|g(f(x_i)) − x_i|².

use super::Trainer;
use super::neighbours::Neighbourhood;
use crate::config::{ClusterConfig, Decided, OptimiserKind, PretrainConfig, Schedule};
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::gather_rows::Order;
use crate::kernels::pull::{ABSENT, pull};
use crate::loss::LossTerm;

/// Weight of the reconstruction's squares, summed over a sample's values.
const RECONSTRUCTION: f32 = 0.1;
/// A layout that the encoder is trained towards.
pub(super) struct Towards<D: Device> {
    /// Z (n, d).
    layout: Matrix<D>,
    /// |z − Z|² of each sample of a batch (b, 1), which is not reported.
    losses: Matrix<D>,
}

/// The layout as (n, d): absent where a sample is not laid out.
fn of_all(found: &Neighbourhood, n: usize, d: usize) -> Vec<f32> {
    let mut all = vec![ABSENT; n * d];
    for (point, place) in found.layout.chunks_exact(d).enumerate() {
        all[found.row(point) * d..][..d].copy_from_slice(place);
    }
    all
}

impl<D: Device> Trainer<'_, D> {
    /// The layout to train towards, if there is one.
    pub(super) fn towards(&self) -> Result<Option<Towards<D>>> {
        let found = self
            .neighbourhood
            .as_ref()
            .filter(|_| self.follows_layout());
        let Some(found) = found else {
            return Ok(None);
        };
        let (n, d) = (self.source.n_samples(), self.config.network.embedding_dim);
        Ok(Some(Towards {
            layout: Matrix::upload(self.device, n, d, &of_all(found, n, d))?,
            losses: Matrix::zeros(self.device, self.tape.rows_capacity(), 1)?,
        }))
    }

    /// How all layers are trained: towards a layout for fewer steps, and on every sample.
    pub(super) fn end_to_end_config(&self) -> PretrainConfig<Decided> {
        let own = self.config.pretrain.clone();
        match self.follows_layout() {
            false => own,
            true => PretrainConfig {
                steps: self.config.neighbours.pretrain_steps,
                optimiser: OptimiserKind::Adam,
                learning_rate: self.config.neighbours.pretrain_learning_rate,
                schedule: Schedule::Cosine,
                bias_rate: 1.0,
                loss_scale: RECONSTRUCTION * self.source.input_dim() as f32,
                held_out: 0.0,
                samples: self.source.n_samples(),
                ..own
            },
        }
    }

    /// How clustering is trained: after training towards a layout by Adam, whose steps fit the layout's scale.
    pub(super) fn cluster_config(&self) -> ClusterConfig<Decided> {
        let (own, neighbours) = (self.config.cluster.clone(), &self.config.neighbours);
        match self.follows_layout() {
            false => own,
            true => ClusterConfig {
                optimiser: OptimiserKind::Adam,
                first_learning_rate: neighbours.first_learning_rate,
                learning_rate: neighbours.learning_rate,
                ..own
            },
        }
    }

    /// Backward from the reconstruction's gradient, with the pull towards the layout added at the embedding.
    pub(super) fn backward_towards(
        &self,
        towards: &Towards<D>,
        (order, rows): (Order<'_, D>, usize),
    ) {
        let (device, tape) = (self.device, &self.tape);
        let (depth, layers) = (self.autoencoder.depth(), self.autoencoder.layers.len());
        self.autoencoder.backward(device, depth..layers, tape);
        let (z, dz) = (tape.output(depth - 1), tape.grad(depth - 1));
        let term = LossTerm::mean_squared_error(rows);
        pull(
            device,
            &z,
            &towards.layout,
            order,
            term,
            &dz,
            true,
            &towards.losses,
        );
        self.autoencoder.backward(device, 0..depth, tape);
    }
}
