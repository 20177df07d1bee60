//! Parameters, optimiser and kept parameters to and from a [`State`], layer by layer: how a device groups layers in its
//! buffers leaves no trace, so a state can go on on another one.

use std::ops::Range;

use super::parameters::on_side;
use super::{Groups, Network, Parameters, Plan, Snapshot};
use crate::arena::{self, Arena};
use crate::checkpoint::{CheckpointError, RestoreError, State};
use crate::config::OptimiserKind;
use crate::device::{self, Device, DeviceBuffer};
use crate::optimiser;

/// What the optimiser remembers, after the name of its parameter.
const MOMENTS: [&str; 2] = ["first_moment", "second_moment"];

/// A parameter's name in states, and the words of its side's buffer that are its own.
#[derive(Clone)]
pub(super) struct Place {
    name: String,
    range: Range<usize>,
}

/// What lies on each side of each group.
pub(super) type Places = Vec<[Vec<Place>; 2]>;

impl Plan {
    /// Every parameter, by group and side.
    pub(super) fn places(&self, groups: &Groups) -> Places {
        let of_side = |layers: &Range<usize>, side| {
            let names = on_side(layers, side).flat_map(|l| {
                let own = self.kinds()[l].parameters();
                own.into_iter()
                    .map(move |p| format!("layer.{l}.{}", p.name))
            });
            let ranges = arena::ranges(&self.parameter_shapes(layers, side));
            let places = names.zip(ranges);
            places.map(|(name, range)| Place { name, range }).collect()
        };
        let sides = |layers| [0, 1].map(|side| of_side(layers, side));
        groups.iter().map(sides).collect()
    }
}

/// Adds the words of a side's buffer under the parameters' names.
async fn put<D: Device>(
    device: &D,
    buffer: &D::Buffer,
    places: &[Place],
    called: impl Fn(&str) -> String,
    state: &mut State,
) -> device::Result<()> {
    let words = device.download(buffer).await?;
    for place in places {
        state.put(called(&place.name), words[place.range.clone()].to_vec());
    }
    Ok(())
}

/// The words of a side's buffer, put together again.
fn taken(
    places: &[Place],
    called: impl Fn(&str) -> String,
    state: &State,
) -> Result<Vec<u32>, CheckpointError> {
    let mut words = vec![0; places.last().map_or(0, |last| last.range.end)];
    for place in places {
        let own = state.words_of(&called(&place.name), place.range.len())?;
        words[place.range.clone()].copy_from_slice(own);
    }
    Ok(words)
}

fn moment(i: usize) -> impl Fn(&str) -> String {
    move |name| format!("{name}.{}", MOMENTS[i])
}

fn best(name: &str) -> String {
    format!("best.{name}")
}

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
    ) -> device::Result<()> {
        let places = self.plan.places(&self.groups);
        let sides = self.parameters.iter().flatten();
        for (side, places) in sides.zip(places.iter().flatten()) {
            put(device, &side.arena.buffer, places, str::to_owned, state).await?;
            let Some(memory) = side.state.as_ref().filter(|_| optimiser) else {
                continue;
            };
            put(device, &memory.m, places, moment(0), state).await?;
            if memory.has_second() {
                put(device, &memory.v, places, moment(1), state).await?;
            }
        }
        Ok(())
    }

    /// The way back from [`Network::put_into`]; `optimiser` if that is in the state.
    ///
    /// # Errors
    /// [`RestoreError`].
    pub(crate) fn of_state(
        device: &D,
        plan: &Plan,
        groups: &Groups,
        state: &State,
        optimiser: Option<OptimiserKind>,
    ) -> Result<Self, RestoreError> {
        let places = plan.places(groups);
        Self::of_sides(plan, groups, |group, side| {
            let (own, places) = (
                plan.parameter_shapes(groups.range(group), side),
                &places[group][side],
            );
            let words = taken(places, str::to_owned, state)?;
            let memory = optimiser.map(|kind| {
                let first = taken(places, moment(0), state)?;
                let second = match kind {
                    OptimiserKind::Adam => Some(taken(places, moment(1), state)?),
                    OptimiserKind::Sgd => None,
                };
                Ok::<_, RestoreError>(optimiser::State::upload(device, &first, second.as_deref())?)
            });
            Ok(Parameters {
                arena: Arena::of_buffer(device.upload(&words)?, &own),
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
    pub(crate) async fn put_into(&self, device: &D, state: &mut State) -> device::Result<()> {
        let sides = self.buffers.iter().flatten();
        for (buffer, places) in sides.zip(self.places.iter().flatten()) {
            put(device, buffer, places, best, state).await?;
        }
        Ok(())
    }

    /// Takes those of a state.
    ///
    /// # Errors
    /// [`RestoreError`].
    pub(crate) fn take_from(&mut self, device: &D, state: &State) -> Result<(), RestoreError> {
        let sides = self.buffers.iter_mut().flatten();
        for (buffer, places) in sides.zip(self.places.iter().flatten()) {
            let words = taken(places, best, state)?;
            assert_eq!(words.len(), buffer.words(), "the words of a side");
            *buffer = device.upload(&words)?;
        }
        Ok(())
    }
}
