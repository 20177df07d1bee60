//! Losses of the last steps, kept on the device and read once a window.

use crate::checkpoint::{State, check_index};
use crate::device::{Device, DeviceBuffer, Matrix};
use crate::error::{Error, Result};

/// Partial losses of a window of steps: each step has its own run of slots.
pub(super) struct LossWindow<D: Device> {
    /// (steps·slots, 1): the kernels write their partial sums here.
    pub(super) partials: Matrix<D>,
    slots: usize,
    steps: usize,
    /// Slots in use of each recorded step.
    used: Vec<usize>,
}

impl<D: Device> LossWindow<D> {
    /// Room for `steps` steps of up to `slots` partial sums.
    pub(super) fn new(device: &D, steps: usize, slots: usize) -> Result<Self> {
        Ok(Self {
            partials: Matrix::zeros(device, steps * slots, 1)?,
            slots,
            steps,
            used: Vec::new(),
        })
    }

    /// Where the next step writes its `used` partial sums.
    pub(super) fn next(&mut self, used: usize) -> usize {
        assert!(
            used <= self.slots && !self.is_full(),
            "{used} of {} slots",
            self.slots
        );
        self.used.push(used);
        (self.used.len() - 1) * self.slots
    }

    /// Adds the losses since the last reading.
    pub(super) async fn put_into(&self, device: &D, state: &mut State) -> Result<()> {
        let all = device.download(&self.partials.buffer).await?;
        let steps = self.used.iter().zip(all.chunks(self.slots.max(1)));
        let partials = steps.flat_map(|(used, step)| &step[..*used]).copied();
        state.put("losses", partials.collect());
        let used = self.used.iter().map(|slots| *slots as u32);
        state.put("losses.used", used.collect());
        Ok(())
    }

    /// Takes those of a state.
    pub(super) fn take_from(&mut self, device: &D, state: &State) -> Result<()> {
        let used = state.words("losses.used")?;
        check_index("losses.used", used.len() as u64, self.steps as u64 + 1)?;
        let sum = used.iter().map(|slots| u64::from(*slots)).sum::<u64>();
        let mut left = state.words_of("losses", usize::try_from(sum).unwrap_or(usize::MAX))?;
        let mut all = vec![0; self.partials.buffer.words()];
        self.used.clear();
        for slots in used {
            let (step, rest) = left.split_at(*slots as usize);
            let to = &mut all[self.used.len() * self.slots..][..self.slots];
            self.used.push(placed(step, to));
            left = rest;
        }
        self.partials.buffer = device.upload(&all)?;
        Ok(())
    }

    pub(super) fn is_full(&self) -> bool {
        self.used.len() == self.steps
    }

    /// The mean loss of the recorded steps, which are then forgotten; nothing recorded is no loss.
    ///
    /// # Errors
    /// [`Error::Numeric`] naming the first step whose loss is not finite.
    pub(super) async fn read(
        &mut self,
        device: &D,
        phase: &'static str,
        done: u64,
    ) -> Result<Option<f64>> {
        if self.used.is_empty() {
            return Ok(None);
        }
        let partials = self.partials.download(device).await?;
        let steps = self.used.len();
        let of_step = |i: usize| {
            partials[i * self.slots..][..self.used[i]]
                .iter()
                .map(|v| f64::from(*v))
                .sum()
        };
        let losses: Vec<f64> = (0..steps).map(of_step).collect();
        if let Some(bad) = losses.iter().position(|loss| !loss.is_finite()) {
            return Err(Error::Numeric {
                phase,
                step: done - (steps - bad) as u64,
                tensor: "loss",
            });
        }
        self.used.clear();
        Ok(Some(losses.iter().sum::<f64>() / steps as f64))
    }
}

/// Puts the partial sums of a step into its slots, as one sum where another device made more of them; how many are in use.
fn placed(step: &[u32], slots: &mut [u32]) -> usize {
    if step.len() <= slots.len() {
        slots[..step.len()].copy_from_slice(step);
        return step.len();
    }
    let sum: f64 = step
        .iter()
        .map(|word| f64::from(f32::from_bits(*word)))
        .sum();
    slots[0] = (sum as f32).to_bits();
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_a_device_with_more_slots_become_one() {
        let words = [1.5f32, 2.0, -0.5].map(f32::to_bits);
        let mut slots = [0; 3];
        assert_eq!(placed(&words, &mut slots), 3);
        assert_eq!(slots, words);
        let mut slots = [7; 2];
        assert_eq!(placed(&words, &mut slots), 1);
        assert_eq!(f32::from_bits(slots[0]), 3.0);
    }
}
