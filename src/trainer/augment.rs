//! Batches of images, each image warped by its own draw (Guo et al. 2018, DEC-DA).

use crate::config::AugmentConfig;
use crate::data::{Dataset, images};
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::affine_warp::{Draw, Extent, affine_warp};
use crate::kernels::gather_rows::Order;
use crate::random::stream;
use crate::source::Source;

/// How batches are warped, and room for them. Data that are not images are left as they are.
pub(super) struct Augment<D: Device> {
    seed: u32,
    extent: Extent,
    in_pretraining: bool,
    in_clustering: bool,
    /// Height and width, and the batch before it is warped (b, H·W).
    images: Option<((usize, usize), Matrix<D>)>,
}

impl<D: Device> Augment<D> {
    /// Room for batches of up to `rows` rows.
    pub(super) fn new(
        device: &D,
        config: &AugmentConfig,
        seed: u32,
        data: &Dataset,
        rows: usize,
    ) -> Result<Self> {
        let [in_pretraining, in_clustering] =
            [config.pretrain, config.cluster].map(|on| on.unwrap_or(false));
        let images = images(data)
            .filter(|_| in_pretraining || in_clustering)
            .map(|shape| Matrix::zeros(device, rows, data.input_dim).map(|room| (shape, room)))
            .transpose()?;
        Ok(Self {
            seed,
            extent: Extent {
                rotation: config.rotation.to_radians(),
                zoom: config.zoom,
                shift: config.shift,
            },
            in_pretraining,
            in_clustering,
            images,
        })
    }

    /// Gathers the batch (b, D) of a step of pre-training's phase `phase`.
    pub(super) fn gather_for_pretraining(
        &self,
        device: &D,
        source: &Source<D>,
        order: Order<'_, D>,
        (phase, step): (u32, u32),
        batch: &Matrix<D>,
    ) {
        let phase = self.in_pretraining.then_some(phase);
        self.gather(device, source, order, (phase, step), batch);
    }

    /// Gathers the batch (b, D) of a step of clustering.
    pub(super) fn gather_for_clustering(
        &self,
        device: &D,
        source: &Source<D>,
        order: Order<'_, D>,
        step: u32,
        batch: &Matrix<D>,
    ) {
        let phase = self.in_clustering.then_some(stream::CLUSTER_PHASE);
        self.gather(device, source, order, (phase, step), batch);
    }

    /// Without a phase nothing is warped.
    fn gather(
        &self,
        device: &D,
        source: &Source<D>,
        order: Order<'_, D>,
        (phase, step): (Option<u32>, u32),
        batch: &Matrix<D>,
    ) {
        let (Some(phase), Some((shape, room))) = (phase, &self.images) else {
            return source.gather(device, order, batch);
        };
        let clean = room.first_rows(batch.rows);
        source.gather(device, order, &clean);
        let draw = Draw {
            seed: self.seed,
            step,
            stream: stream::AUGMENT + phase,
        };
        affine_warp(device, *shape, &self.extent, &draw, &clean, batch);
    }
}
