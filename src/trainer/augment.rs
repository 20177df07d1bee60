//! Batches of images, each image warped by its own draw (Guo et al. 2018, DEC-DA).

use crate::config::AugmentConfig;
use crate::data::{Dataset, images};
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::affine_warp::{Draw, Extent, affine_warp};
use crate::random::stream;

/// How batches are warped, and room for them. Data that are not images are left as they are.
pub(super) struct Augment<D: Device> {
    seed: u32,
    extent: Extent,
    in_pretraining: bool,
    in_clustering: bool,
    /// Height and width, and the warped batch (b, H·W).
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

    /// The batch of a step of pre-training's phase `phase`.
    pub(super) fn pretraining(&self, device: &D, x: Matrix<D>, phase: u32, step: u32) -> Matrix<D> {
        if self.in_pretraining {
            self.warp(device, x, phase, step)
        } else {
            x
        }
    }

    /// The batch of a step of clustering.
    pub(super) fn clustering(&self, device: &D, x: Matrix<D>, step: u32) -> Matrix<D> {
        if self.in_clustering {
            self.warp(device, x, stream::CLUSTER_PHASE, step)
        } else {
            x
        }
    }

    fn warp(&self, device: &D, x: Matrix<D>, phase: u32, step: u32) -> Matrix<D> {
        let Some((shape, room)) = &self.images else {
            return x;
        };
        let y = room.first_rows(x.rows);
        let draw = Draw {
            seed: self.seed,
            step,
            stream: stream::AUGMENT + phase,
        };
        affine_warp(device, *shape, &self.extent, &draw, &x, &y);
        y
    }
}
