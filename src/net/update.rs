//! Weight gradients and the optimiser's step, many layers to a dispatch.

use std::ops::Range;

use super::parameters::{Parameters, on_side};
use super::{Network, Tape};
use crate::config::OptimiserKind;
use crate::device::Result;
use crate::device::{Device, DeviceBuffer, Matrix};
use crate::kernels::linear_update::{LayerPlace, LayerTable, Operands, linear_update};
use crate::optimiser::{State, Step};

/// The layers of one dispatch of an update, and where their operands lie.
pub struct Update<D: Device> {
    pub(super) group: usize,
    pub(super) side: usize,
    pub(super) table: LayerTable<D>,
    pub(super) operands: Operands<D>,
}

impl<D: Device> Network<D> {
    /// Zeroes the optimiser's state of all layers.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn reset_optimiser(&mut self, device: &D, kind: OptimiserKind) -> Result<()> {
        for Parameters { arena, state } in self.parameters.iter_mut().flatten() {
            *state = None; // freed before the new one is made
            *state = Some(State::zeros(device, arena.buffer.words(), kind)?);
        }
        Ok(())
    }

    /// What it takes to update some layers from the tape, group by group.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn updates(
        &self,
        device: &D,
        layers: Range<usize>,
        tape: &Tape<D>,
    ) -> Result<Vec<Update<D>>> {
        let mut updates = Vec::new();
        for (group, range) in self.groups.iter().enumerate() {
            for side in [0, 1] {
                let own = on_side(range, side).filter(|l| layers.contains(l));
                let places: Vec<_> = own.filter_map(|l| self.place(l, tape.operand(l))).collect();
                if places.is_empty() {
                    continue;
                }
                updates.push(Update {
                    group,
                    side,
                    table: LayerTable::new(device, tape.rows_capacity(), places)?,
                    operands: tape.operands(group, side),
                });
            }
        }
        Ok(updates)
    }

    /// What it takes to update one layer from an input and a gradient that lie elsewhere.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    ///
    /// # Panics
    /// If the layer has nothing to train.
    pub fn update_of(
        &self,
        device: &D,
        l: usize,
        x: &Matrix<D>,
        dy: &Matrix<D>,
    ) -> Result<Update<D>> {
        let place = self.place(l, [0, 0]).expect("a layer that is trained");
        Ok(Update {
            group: self.groups.of(l),
            side: l % 2,
            table: LayerTable::new(device, x.rows, vec![place])?,
            operands: Operands {
                x: x.buffer.clone(),
                dy: dy.buffer.clone(),
            },
        })
    }

    /// Where layer `l` lies, if its input and gradient begin at these elements of their buffers; none if it is no product.
    fn place(&self, l: usize, [x, dy]: [usize; 2]) -> Option<LayerPlace> {
        let group = self.groups.of(l);
        let arena = &self.parameters[group][l % 2].arena;
        let first = self.plan.first_parameter(self.groups.range(group), l);
        let (weight, _, _) = self.layers[l].linear()?;
        Some(LayerPlace {
            d_in: weight.rows,
            d_out: weight.cols,
            x,
            dy,
            weight: arena.offset(first),
            bias: arena.offset(first + 1),
        })
    }

    /// One step of the optimiser on the layers of an update, from `rows` rows; biases learn at `bias_rate` times the
    /// rate of weights.
    ///
    /// # Panics
    /// If [`Network::reset_optimiser`] was not called for this kind of step.
    pub fn update(
        &self,
        device: &D,
        updates: &[Update<D>],
        rows: usize,
        (step, bias_rate): (Step, f32),
    ) {
        for update in updates {
            let Parameters { arena, state } = &self.parameters[update.group][update.side];
            let state = (state.as_ref()).expect("the optimiser was reset before its first step");
            let (table, operands) = (&update.table, &update.operands);
            linear_update(
                device,
                table,
                rows,
                operands,
                (step, bias_rate),
                &arena.buffer,
                state,
            );
        }
    }
}
