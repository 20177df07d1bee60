//! Parameters, optimiser and kept parameters to and from a [`State`].

use super::{Groups, Network, Parameters, Plan, Snapshot};
use crate::arena::{self, Arena};
use crate::checkpoint::State;
use crate::config::OptimiserKind;
use crate::device::Device;
use crate::error::Result;
use crate::optimiser;

impl<D: Device> Network<D> {
    /// Adds the parameters, and what the optimiser remembers of them if it has begun.
    ///
    /// # Errors
    /// The device's.
    pub(crate) async fn put_into(
        &self,
        device: &D,
        state: &mut State,
        optimiser: bool,
    ) -> Result<()> {
        for (group, sides) in self.parameters.iter().enumerate() {
            for (side, parameters) in sides.iter().enumerate() {
                let name = |what: &str| format!("{what}.{group}.{side}");
                let buffer = &parameters.arena.buffer;
                state.put_buffer(device, name("parameters"), buffer).await?;
                if let Some(memory) = parameters.state.as_ref().filter(|_| optimiser) {
                    state
                        .put_buffer(device, name("first_moment"), &memory.m)
                        .await?;
                    state
                        .put_buffer(device, name("second_moment"), &memory.v)
                        .await?;
                }
            }
        }
        Ok(())
    }

    /// The way back from [`Network::put_into`]; `optimiser` if that is in the state.
    ///
    /// # Errors
    /// [`crate::checkpoint::CheckpointError`]; the device's.
    pub(crate) fn of_state(
        device: &D,
        plan: &Plan,
        groups: &Groups,
        state: &State,
        optimiser: Option<OptimiserKind>,
    ) -> Result<Self> {
        Self::of_sides(plan, groups, |group, side| {
            let own = plan.parameter_shapes(groups.range(group), side);
            let name = |what: &str| format!("{what}.{group}.{side}");
            let words = state.words_of(&name("parameters"), arena::words(&own))?;
            let names = [name("first_moment"), name("second_moment")];
            let memory = optimiser.map(|kind| {
                optimiser::State::of_words(device, state, [&names[0], &names[1]], words.len(), kind)
            });
            Ok(Parameters {
                arena: Arena::of_buffer(device.upload(words)?, &own),
                state: memory.transpose()?,
            })
        })
    }
}

impl<D: Device> Snapshot<D> {
    /// Adds the parameters that are kept.
    ///
    /// # Errors
    /// The device's.
    pub(crate) async fn put_into(&self, device: &D, state: &mut State) -> Result<()> {
        for (group, sides) in self.buffers.iter().enumerate() {
            for (side, buffer) in sides.iter().enumerate() {
                state
                    .put_buffer(device, format!("best.{group}.{side}"), buffer)
                    .await?;
            }
        }
        Ok(())
    }

    /// Takes those of a state.
    ///
    /// # Errors
    /// [`crate::checkpoint::CheckpointError`]; the device's.
    pub(crate) fn take_from(&mut self, device: &D, state: &State) -> Result<()> {
        use crate::device::DeviceBuffer;
        for (group, sides) in self.buffers.iter_mut().enumerate() {
            for (side, buffer) in sides.iter_mut().enumerate() {
                let words = state.words_of(&format!("best.{group}.{side}"), buffer.words())?;
                *buffer = device.upload(words)?;
            }
        }
        Ok(())
    }
}
