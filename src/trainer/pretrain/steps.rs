//! Pre-training one step at a time, for benchmarks: the same step, run by the caller.

use super::{Corrupted, Phase, Trainer};
use crate::device::Device;
use crate::error::Result;
use crate::kernels::mse_loss::partials;

/// End-to-end pre-training that waits between steps.
pub struct PretrainSteps<'t, 'a, D: Device> {
    trainer: &'t mut Trainer<'a, D>,
    run: Phase<D>,
    noisy: Corrupted<D>,
    number: u32,
}

impl<'a, D: Device> Trainer<'a, D> {
    /// Begins end-to-end pre-training without taking a step. The configuration's number of steps decides
    /// how often the loss is read, as in [`Trainer::pretrain`].
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn pretrain_steps(&mut self) -> Result<PretrainSteps<'_, 'a, D>> {
        let steps = self.config.pretrain.steps.unwrap_or(0);
        let layers = 0..self.autoencoder.layers.len();
        let optimiser = self.config.pretrain.optimiser;
        self.autoencoder
            .reset_optimiser(self.device, layers, optimiser)?;
        Ok(PretrainSteps {
            noisy: Corrupted::end_to_end(self)?,
            run: self.phase("pretrain", 0, steps, self.source.input_dim())?,
            trainer: self,
            number: 0,
        })
    }
}

impl<D: Device> PretrainSteps<'_, '_, D> {
    /// The next step.
    ///
    /// # Errors
    /// [`crate::Error::Numeric`] if the loss is read and no longer finite; the device's.
    pub async fn step(&mut self) -> Result<()> {
        let (trainer, run, number) = (&mut *self.trainer, &mut self.run, self.number);
        let device = trainer.device;
        let batch = run
            .batches
            .gather(device, &trainer.source, number.into(), &trainer.batch)?;
        let batch = trainer.augment.pretraining(device, batch, 0, number);
        trainer.tape.rows = batch.rows;
        let slot = run.window.next(partials(batch.len()));
        let input = self.noisy.input(device, &batch, number);
        trainer.end_to_end_step(&batch, &input, run.step(number), &run.window.partials, slot);
        run.after_step(device, number, &mut |_| {}).await?;
        self.number += 1;
        Ok(())
    }
}
