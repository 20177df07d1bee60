//! Gradients that are stored: laid out as the parameters are, so that they can be measured, added up or clipped before the
//! optimiser's step. Without that the step is in the epilogue of the weight gradient ([`Network::update`]): no gradient is
//! written or read back.

use super::{Network, Parameters, Update};
use crate::device::{Device, DeviceBuffer, Matrix, Result};
use crate::kernels::linear_gradient::linear_gradient;
use crate::kernels::optimiser_step::optimiser_step;
use crate::optimiser::Step;

/// Room for the gradients of all parameters.
pub struct Gradients<D: Device> {
    /// Of each side of each group of layers.
    buffers: Vec<[D::Buffer; 2]>,
}

impl<D: Device> Gradients<D> {
    /// Zeros for the parameters of a network.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn zeros(device: &D, network: &Network<D>) -> Result<Self> {
        let room = |own: &Parameters<D>| device.zeros(own.arena.buffer.words());
        let sides = network.parameters.iter();
        Ok(Self {
            buffers: sides
                .map(|[a, b]| Ok([room(a)?, room(b)?]))
                .collect::<Result<_>>()?,
        })
    }

    /// All of them.
    pub fn buffers(&self) -> impl Iterator<Item = &D::Buffer> {
        self.buffers.iter().flatten()
    }
}

impl<D: Device> Network<D> {
    /// The gradients of the layers of an update, from `rows` rows.
    pub fn gradients(&self, device: &D, updates: &[Update<D>], rows: usize, to: &Gradients<D>) {
        for Update {
            group,
            side,
            table,
            operands,
        } in updates
        {
            linear_gradient(device, table, rows, operands, &to.buffers[*group][*side]);
        }
    }

    /// One step of the optimiser on the layers of an update, from gradients that are stored, each times `factor` (1, 1).
    ///
    /// # Panics
    /// If [`Network::reset_optimiser`] was not called for this kind of step.
    pub fn step(
        &self,
        device: &D,
        updates: &[Update<D>],
        (gradients, factor): (&Gradients<D>, &Matrix<D>),
        (step, bias_rate): (Step, f32),
    ) {
        for update in updates {
            let Parameters { arena, state } = &self.parameters[update.group][update.side];
            let state = (state.as_ref()).expect("the optimiser was reset before its first step");
            let from = (&gradients.buffers[update.group][update.side], factor);
            for place in update.table.places() {
                let weight = place.weight..place.weight + place.d_in * place.d_out;
                let bias = place.bias..place.bias + place.d_out;
                for (at, rate) in [(weight, 1.0), (bias, bias_rate)] {
                    optimiser_step(device, from, at, (step, rate), &arena.buffer, state);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Init, OptimiserKind};
    use crate::cpu::Cpu;
    use crate::net::snapshot::{copy, times};
    use crate::net::{Groups, Plan, Tape};
    use crate::optim::Clipping;

    /// A network after one step from the same values, fused or from stored gradients of a largest norm.
    fn stepped(kind: OptimiserKind, bias_rate: f32, most: Option<f32>) -> [Vec<f32>; 2] {
        let (cpu, plan, rows) = (Cpu::new(), Plan::dense(&[7, 5, 3]), 4);
        let groups = Groups::new(&cpu, rows, &plan);
        let mut network = Network::new(&cpu, &plan, &groups, Init::FanInUniform, 1).unwrap();
        network.reset_optimiser(&cpu, kind).unwrap();
        let tape = Tape::new(&cpu, rows, &plan, &groups).unwrap();
        for l in plan.all() {
            for (at, to) in [tape.input(l), tape.grad(l)].into_iter().enumerate() {
                let values = crate::kernels::inputs::uniform((2 * l + at) as u32, to.len());
                let from = Matrix::upload(&cpu, to.rows, to.cols, &values).unwrap();
                copy(&cpu, &from.buffer, &to.buffer, &times(&cpu, 1.0).unwrap());
            }
        }
        let updates = network.updates(&cpu, plan.all(), &tape).unwrap();
        let all = |network: &Network<Cpu>| -> Vec<f32> {
            let layers = pollster::block_on(network.download(&cpu, plan.all())).unwrap();
            layers
                .into_iter()
                .flat_map(|own| own.parameters.concat())
                .collect()
        };
        let before = all(&network);
        let step = (Step::new(kind, 0.1, 0.9, 0), bias_rate);
        match most {
            None => network.update(&cpu, &updates, rows, step),
            Some(most) => {
                let stored = Gradients::zeros(&cpu, &network).unwrap();
                let clipping = Clipping::new(&cpu, most, stored.buffers().count()).unwrap();
                network.gradients(&cpu, &updates, rows, &stored);
                clipping.measure(&cpu, stored.buffers());
                network.step(&cpu, &updates, (&stored, &clipping.factor), step);
            }
        }
        [before, all(&network)]
    }

    fn norm(of: &[Vec<f32>; 2]) -> f64 {
        let squares = of[0]
            .iter()
            .zip(&of[1])
            .map(|(a, b)| f64::from(a - b).powi(2));
        squares.sum::<f64>().sqrt()
    }

    #[test]
    fn stored_gradients_that_are_not_clipped_give_the_fused_step() {
        for kind in [OptimiserKind::Sgd, OptimiserKind::Adam] {
            let [fused, stored] = [None, Some(1e6)].map(|most| stepped(kind, 2.0, most));
            assert!(norm(&fused) > 0.01, "the step is seen");
            for (a, b) in fused[1].iter().zip(&stored[1]) {
                assert!((a - b).abs() <= 1e-6, "{kind:?}: {a} {b}");
            }
        }
    }

    #[test]
    fn a_clipped_step_is_as_long_as_the_largest_norm_allows() {
        let free = stepped(OptimiserKind::Sgd, 1.0, None);
        let clipped = stepped(OptimiserKind::Sgd, 1.0, Some(0.5));
        assert!(norm(&free) > 0.1 * 0.5, "{}", norm(&free));
        assert!(
            (norm(&clipped) - 0.1 * 0.5).abs() < 1e-5,
            "{}",
            norm(&clipped)
        );
        // In the same direction.
        let share = norm(&clipped) / norm(&free);
        for i in 0..free[0].len() {
            let [a, b] = [&free, &clipped].map(|of| f64::from(of[1][i] - of[0][i]));
            assert!((share * a - b).abs() < 1e-5, "{i}: {a} {b}");
        }
    }
}
