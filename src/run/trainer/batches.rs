//! Which samples a step sees: one permutation per epoch, a function of (seed, stream, epoch).

use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::gather_rows::Order;
use crate::random;

/// The order of samples, epoch by epoch.
pub(super) struct Batches<D: Device> {
    n: usize,
    batch_size: usize,
    seed: u32,
    stream: u32,
    shuffle: bool,
    /// The samples, if they are not the first n.
    among: Option<Vec<u32>>,
    /// The epoch on the device and its order (n, 1; u32).
    loaded: Option<(u64, Matrix<D>)>,
}

impl<D: Device> Batches<D> {
    pub(super) fn new(n: usize, batch_size: usize, seed: u32, stream: u32, shuffle: bool) -> Self {
        Self {
            n,
            batch_size: batch_size.min(n),
            seed,
            stream,
            shuffle,
            among: None,
            loaded: None,
        }
    }

    /// Batches of these samples alone.
    pub(super) fn among(self, samples: Vec<u32>) -> Self {
        Self {
            n: samples.len(),
            batch_size: self.batch_size.min(samples.len()),
            among: Some(samples),
            ..self
        }
    }

    /// Steps in one epoch; the last batch holds what is left and is never empty.
    pub(super) fn per_epoch(&self) -> u64 {
        self.n.div_ceil(self.batch_size) as u64
    }

    /// Loads the order of the epoch that step `step` is in.
    pub(super) fn load(&mut self, device: &D, step: u64) -> Result<()> {
        match (self.shuffle, &self.among) {
            (true, _) => self.load_epoch(device, step / self.per_epoch()),
            (false, Some(_)) => self.load_epoch(device, 0),
            (false, None) => Ok(()), // the data's own order
        }
    }

    /// The samples of a step whose epoch is loaded: their place in its order, and how many.
    pub(super) fn of_step(&self, step: u64) -> (Order<'_, D>, usize) {
        let first = (step % self.per_epoch()) as usize * self.batch_size;
        let rows = self.batch_size.min(self.n - first);
        let index = self.loaded.as_ref().map(|(_, order)| order);
        (Order { index, first }, rows)
    }

    fn order_of(&self, epoch: u64) -> Vec<u32> {
        let order = match self.shuffle {
            true => random::permutation(self.seed, self.stream, epoch as u32, self.n),
            false => (0..self.n as u32).collect(),
        };
        match &self.among {
            Some(samples) => order.iter().map(|i| samples[*i as usize]).collect(),
            None => order,
        }
    }

    fn load_epoch(&mut self, device: &D, epoch: u64) -> Result<()> {
        if self
            .loaded
            .as_ref()
            .is_some_and(|(loaded, _)| *loaded == epoch)
        {
            return Ok(());
        }
        let order = self.order_of(epoch);
        let order = Matrix {
            rows: self.n,
            cols: 1,
            buffer: device.upload(&order)?,
        };
        self.loaded = Some((epoch, order));
        Ok(())
    }
}
