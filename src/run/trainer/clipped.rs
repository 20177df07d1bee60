//! Steps whose gradients are clipped: they are stored, measured together, and scaled on the way into the optimiser.

use super::Trainer;
use super::cluster::Stepped;
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::centroid_gradient::centroid_gradient;
use crate::kernels::centroid_step::centroid_step;
use crate::kernels::optimiser_step::optimiser_step;
use crate::net::{Gradients, Update};
use crate::optim::Clipping;
use crate::optimiser::Step;

/// Room for the gradients of a phase whose steps are clipped.
pub(super) struct Clipped<D: Device> {
    gradients: Gradients<D>,
    /// Of mu (k, d), in clustering.
    centroids: Option<Matrix<D>>,
    clipping: Clipping<D>,
}

impl<D: Device> Clipped<D> {
    /// For a largest norm, if there is one; with the gradient of centroids (k, d), if they are trained too.
    pub(super) fn new(
        trainer: &Trainer<'_, D>,
        most: Option<f32>,
        centroids: Option<[usize; 2]>,
    ) -> Result<Option<Self>> {
        let (Some(most), device) = (most, trainer.device) else {
            return Ok(None);
        };
        let gradients = Gradients::zeros(device, &trainer.autoencoder)?;
        let room = |[k, d]: [usize; 2]| Matrix::zeros(device, k, d);
        let buffers = gradients.buffers().count() + usize::from(centroids.is_some());
        Ok(Some(Self {
            gradients,
            centroids: centroids.map(room).transpose()?,
            clipping: Clipping::new(device, most, buffers)?,
        }))
    }

    fn measure(&self, device: &D) {
        let centroids = self.centroids.iter().map(|own| &own.buffer);
        let all = self.gradients.buffers().chain(centroids);
        self.clipping.measure(device, all);
    }
}

impl<D: Device> Trainer<'_, D> {
    /// One step on the layers of an update, from `rows` rows.
    pub(super) fn step_layers(
        &self,
        updates: &[Update<D>],
        rows: usize,
        step: (Step, f32),
        clipped: Option<&Clipped<D>>,
    ) {
        let (device, network) = (self.device, &self.autoencoder);
        let Some(clipped) = clipped else {
            return network.update(device, updates, rows, step);
        };
        network.gradients(device, updates, rows, &clipped.gradients);
        clipped.measure(device);
        let from = (&clipped.gradients, &clipped.clipping.factor);
        network.step(device, updates, from, step);
    }

    /// One step on the layers of an update and on the centroids, whose gradients are measured together.
    pub(super) fn step_all(
        &self,
        updates: &[Update<D>],
        centroids: &Stepped<'_, D>,
        step: Step,
        clipped: Option<&Clipped<D>>,
    ) {
        let (device, network) = (self.device, &self.autoencoder);
        let Stepped {
            coefficient,
            z,
            mu,
            state,
        } = *centroids;
        let stored = clipped.and_then(|own| Some((own, own.centroids.as_ref()?)));
        let Some((clipped, g)) = stored else {
            network.update(device, updates, z.rows, (step, 1.0));
            return centroid_step(device, coefficient, z, step, mu, state);
        };
        network.gradients(device, updates, z.rows, &clipped.gradients);
        centroid_gradient(device, coefficient, z, mu, g);
        clipped.measure(device);
        let factor = &clipped.clipping.factor;
        network.step(device, updates, (&clipped.gradients, factor), (step, 1.0));
        let from = (&g.buffer, factor);
        optimiser_step(device, from, 0..mu.len(), (step, 1.0), &mu.buffer, state);
    }
}
