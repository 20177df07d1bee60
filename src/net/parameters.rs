//! Where parameters lie: those of every other layer of a group in one buffer.

use std::ops::Range;

use super::Plan;
use crate::arena::Arena;
use crate::device::Device;
use crate::optimiser::State;

/// The parameters of the layers of one side, and what the optimiser remembers of them.
pub(super) struct Parameters<D: Device> {
    pub(super) arena: Arena<D>,
    pub(super) state: Option<State<D>>,
}

impl Plan {
    /// Shapes of the parameters of those layers that lie on a side.
    pub(super) fn parameter_shapes(
        &self,
        layers: &Range<usize>,
        side: usize,
    ) -> Vec<(usize, usize)> {
        let own = |l: usize| self.kinds()[l].parameters();
        let parameters = on_side(layers, side).flat_map(own);
        parameters.map(|own| own.rows_cols()).collect()
    }

    /// Which one of its side's parameters is the first of a layer of a group.
    pub(super) fn first_parameter(&self, layers: &Range<usize>, l: usize) -> usize {
        let parameters = |l: usize| self.kinds()[l].parameters().len();
        on_side(&(layers.start..l), l % 2).map(parameters).sum()
    }
}

/// The layers of a side of a group, in order.
pub(super) fn on_side(layers: &Range<usize>, side: usize) -> impl Iterator<Item = usize> {
    layers.clone().filter(move |l| l % 2 == side)
}

/// Which one of its side's layers a layer of a group is.
pub(super) fn place_on_side(layers: &Range<usize>, l: usize) -> usize {
    on_side(&(layers.start..l), l % 2).count()
}
