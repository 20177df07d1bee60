//! What a batch leaves in the layers, kept from forward to backward and update.

use std::ops::Range;

use super::parameters::{on_side, place_on_side};
use super::{Groups, Plan};
use crate::arena::Arena;
use crate::device::Result;
use crate::device::{Device, Matrix};
use crate::kernels::linear_update::Operands;

/// Each layer's input and the gradient of its output for one batch.
///
/// A layer reads its input where the layer before wrote its output. A buffer may not be read and written in one
/// dispatch, so layers lie in two buffers by turns: layer l in that of side l mod 2.
pub struct Tape<D: Device> {
    /// Rows of the current batch; the memory holds the largest.
    pub rows: usize,
    capacity: usize,
    groups: Groups,
    arenas: Vec<[Side<D>; 2]>,
}

/// Every other layer of a group.
struct Side<D: Device> {
    inputs: Arena<D>,
    grads: Arena<D>,
}

impl<D: Device> Tape<D> {
    /// Room for batches of up to `rows` through the layers of a plan, in groups made for it.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn new(device: &D, rows: usize, plan: &Plan, groups: &Groups) -> Result<Self> {
        let side = |layers: &Range<usize>, side: usize| -> Result<Side<D>> {
            let [inputs, grads] = plan.operand_shapes(layers, rows, side);
            Ok(Side {
                inputs: Arena::zeros(device, &inputs)?,
                grads: Arena::zeros(device, &grads)?,
            })
        };
        let both = |layers: &Range<usize>| Ok([side(layers, 0)?, side(layers, 1)?]);
        Ok(Self {
            rows,
            capacity: rows,
            groups: groups.clone(),
            arenas: groups.iter().map(both).collect::<Result<_>>()?,
        })
    }

    /// Rows of the largest batch.
    pub fn rows_capacity(&self) -> usize {
        self.capacity
    }

    /// Input (b, in) of layer `l`.
    pub fn input(&self, l: usize) -> Matrix<D> {
        let (side, i) = self.side(l);
        side.inputs.matrix(i).first_rows(self.rows)
    }

    /// Output (b, out) of layer `l`, which is the input of the next; that of the last layer is not kept.
    pub fn output(&self, l: usize) -> Matrix<D> {
        self.input(l + 1)
    }

    /// Gradient (b, out) with respect to layer `l`'s output, before its activation.
    pub fn grad(&self, l: usize) -> Matrix<D> {
        let (side, i) = self.side(l);
        side.grads.matrix(i).first_rows(self.rows)
    }

    /// Where layer `l`'s input and gradient begin among the operands of its side.
    pub(super) fn operand(&self, l: usize) -> [usize; 2] {
        let (side, i) = self.side(l);
        [side.inputs.offset(i), side.grads.offset(i)]
    }

    /// What the inputs and gradients of a side of a group lie in.
    pub(super) fn operands(&self, group: usize, side: usize) -> Operands<D> {
        let side = &self.arenas[group][side];
        Operands {
            x: side.inputs.buffer.clone(),
            dy: side.grads.buffer.clone(),
        }
    }

    /// Layer `l`'s side and its place there.
    fn side(&self, l: usize) -> (&Side<D>, usize) {
        let group = self.groups.of(l);
        let place = place_on_side(self.groups.range(group), l);
        (&self.arenas[group][l % 2], place)
    }
}

impl Plan {
    /// The shapes of the inputs, and of the gradients, of those layers that lie on a side.
    pub(super) fn operand_shapes(
        &self,
        layers: &Range<usize>,
        rows: usize,
        side: usize,
    ) -> [Vec<(usize, usize)>; 2] {
        let own = || on_side(layers, side).map(|l| &self.kinds()[l]);
        [
            own().map(|kind| (rows, kind.d_in())).collect(),
            own().map(|kind| (rows, kind.d_out())).collect(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    #[test]
    fn every_layer_has_a_place_of_its_own() {
        let cpu = Cpu::new();
        let plan = Plan::dense(&[7, 5, 3, 2]);
        let mut tape = Tape::new(&cpu, 4, &plan, &Groups::new(&cpu, 4, &plan)).unwrap();
        tape.rows = 2;
        for (l, kind) in plan.kinds().iter().enumerate() {
            assert_eq!((tape.input(l).rows, tape.input(l).cols), (2, kind.d_in()));
            assert_eq!((tape.grad(l).rows, tape.grad(l).cols), (2, kind.d_out()));
            let [x, dy] = tape.operand(l);
            assert_eq!(
                [x, dy],
                [64 * (l / 2); 2],
                "28 values at most: one boundary each"
            );
        }
        assert_eq!(tape.output(1).cols, 3);
    }
}
