//! Embedding every sample with the trainer's weights, for benchmarks.

use super::Trainer;
use super::encode::Embedding;
use crate::device::Device;
use crate::error::Result;

/// Room to embed every sample, some rows at a time.
pub struct Encoding<'t, 'a, D: Device> {
    trainer: &'t Trainer<'a, D>,
    embedding: Embedding<D>,
}

impl<'a, D: Device> Trainer<'a, D> {
    /// Room to embed every sample, `rows` at a time.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn encoding(&self, rows: usize) -> Result<Encoding<'_, 'a, D>> {
        Ok(Encoding {
            embedding: Embedding::new(
                self.device,
                &self.source,
                self.autoencoder.plan().encoder(),
                rows,
            )?,
            trainer: self,
        })
    }
}

impl<D: Device> Encoding<'_, '_, D> {
    /// Embeds every sample: z = f(x), (n, d).
    pub fn run(&self) {
        let trainer = self.trainer;
        let encoder = trainer.autoencoder.encoder();
        self.embedding
            .encode(trainer.device, &trainer.source, encoder);
    }
}
