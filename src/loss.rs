//! How a loss is scaled and where its terms go.

use crate::device::{Device, Matrix};

/// How a loss and its gradient are scaled, and where the loss's terms go.
///
/// The terms of many steps lie one after the other and are read late: no extra dispatch and no read-back
/// in a step.
#[derive(Clone, Copy, Debug)]
pub struct LossTerm {
    /// Factor on the gradient, with the loss's weight in the total.
    pub gradient_scale: f32,
    /// Factor on the loss that is reported, without that weight.
    pub loss_scale: f32,
    /// The element of the terms' buffer that the first term is written to.
    pub first: usize,
}

impl LossTerm {
    /// The mean over `count` terms, written from element 0.
    pub fn mean(count: usize) -> Self {
        let scale = (1.0 / count as f64) as f32;
        Self {
            gradient_scale: scale,
            loss_scale: scale,
            first: 0,
        }
    }

    /// The mean over `elements` squares, whose gradient brings a factor 2.
    pub fn mean_squared_error(elements: usize) -> Self {
        Self::mean(elements).weighted(2.0)
    }

    /// The same loss with its gradient weighted; what is reported stays.
    pub fn weighted(self, weight: f32) -> Self {
        Self {
            gradient_scale: weight * self.gradient_scale,
            ..self
        }
    }

    /// The same loss written from element `first`.
    pub fn at(self, first: usize) -> Self {
        Self { first, ..self }
    }

    /// Panics unless `terms` (any, 1) has room for `count` terms.
    pub(crate) fn expect_room<D: Device>(&self, name: &str, terms: &Matrix<D>, count: usize) {
        terms.expect_shape(name, terms.rows, 1);
        let last = self.first + count;
        assert!(
            last <= terms.rows,
            "{name} has {} rows of {last}",
            terms.rows
        );
    }
}
