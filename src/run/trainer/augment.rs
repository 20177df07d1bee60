//! Batches of images, each image warped by its own draw (Guo et al. 2018, DEC-DA).

use crate::config::{AugmentConfig, Decided};
use crate::data::{Dataset, ImageShape, images};
use crate::device::{Device, Matrix};
use crate::kernels::gather_rows::Order;
use crate::kernels::gather_warped_rows::{Extent, Warp};
use crate::random::stream;
use crate::source::Source;

/// How batches are warped. Data that are not images are left as they are.
pub(super) struct Augment {
    seed: u32,
    extent: Extent,
    in_pretraining: bool,
    in_clustering: bool,
    /// Of the images, if the data are images.
    shape: Option<ImageShape>,
}

impl Augment {
    pub(super) fn new(config: &AugmentConfig<Decided>, seed: u32, data: &Dataset) -> Self {
        Self {
            seed,
            extent: Extent {
                rotation: config.rotation.to_radians(),
                zoom: config.zoom,
                shift: config.shift,
            },
            in_pretraining: config.pretrain,
            in_clustering: config.cluster,
            shape: images(data),
        }
    }

    /// Whether pre-training sees warped images.
    pub(super) fn is_on(&self) -> bool {
        self.in_pretraining && self.shape.is_some()
    }

    /// Gathers the batch (b, D) of a step of pre-training's phase `phase`.
    pub(super) fn gather_for_pretraining<D: Device>(
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
    pub(super) fn gather_for_clustering<D: Device>(
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
    fn gather<D: Device>(
        &self,
        device: &D,
        source: &Source<D>,
        order: Order<'_, D>,
        (phase, step): (Option<u32>, u32),
        batch: &Matrix<D>,
    ) {
        let (Some(phase), Some(shape)) = (phase, self.shape) else {
            return source.gather(device, order, batch);
        };
        let warp = Warp {
            shape,
            extent: self.extent,
            seed: self.seed,
            step,
            stream: stream::AUGMENT + phase,
        };
        source.gather_warped(device, &warp, order, batch);
    }
}
