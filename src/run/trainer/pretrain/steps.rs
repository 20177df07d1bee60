//! Pre-training one step at a time, for benchmarks: the same step, run by the caller.

use super::{EndToEnd, Trainer};
use crate::device::Device;
use crate::error::Result;

/// End-to-end pre-training that waits between steps.
pub struct PretrainSteps<'t, 'a, D: Device> {
    trainer: &'t mut Trainer<'a, D>,
    run: EndToEnd<D>,
    number: u32,
}

impl<'a, D: Device> Trainer<'a, D> {
    /// Begins end-to-end pre-training without taking a step. The configuration's number of steps decides
    /// how often the loss is read, as in [`Trainer::pretrain`].
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn pretrain_steps(&mut self) -> Result<PretrainSteps<'_, 'a, D>> {
        let steps = self.config.pretrain.steps;
        Ok(PretrainSteps {
            run: self.end_to_end(steps)?,
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
        let (device, number) = (self.trainer.device, self.number);
        self.trainer.end_to_end_step(&mut self.run, number)?;
        let phase = &mut self.run.phase;
        phase.after_step(device, number, &mut |_| {}).await?;
        self.number += 1;
        Ok(())
    }
}
