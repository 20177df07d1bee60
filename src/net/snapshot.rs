//! Copies of parameters on the device: all of them, to go back to the best, or some multiplied by a factor.

use super::state::Places;
use super::{Network, Parameters};
use crate::device::Result;
use crate::device::{Device, DeviceBuffer, Matrix};
use crate::kernels::gather_rows::{Block, Normalisation, Order, Source, gather_rows};

/// A copy of all weights and biases; the optimiser's state is not in it.
pub struct Snapshot<D: Device> {
    /// Of each side of each group of layers.
    pub(super) buffers: Vec<[D::Buffer; 2]>,
    /// Where each parameter lies in them.
    pub(super) places: Places,
    /// Values are copied as they are.
    identity: Normalisation<D>,
}

impl<D: Device> Network<D> {
    /// Room for a copy, filled with the present parameters.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn snapshot(&self, device: &D) -> Result<Snapshot<D>> {
        let room = |side: &Parameters<D>| device.zeros(side.arena.buffer.words());
        let buffers = (self.parameters.iter())
            .map(|[a, b]| Ok([room(a)?, room(b)?]))
            .collect::<Result<_>>()?;
        let mut snapshot = Snapshot {
            buffers,
            places: self.plan.places(&self.groups),
            identity: times(device, 1.0)?,
        };
        self.keep(device, &mut snapshot);
        Ok(snapshot)
    }

    /// Copies the present parameters over those of a snapshot of this network.
    pub fn keep(&self, device: &D, snapshot: &mut Snapshot<D>) {
        for (own, kept) in self.sides().zip(snapshot.buffers.iter().flatten()) {
            copy(device, &own.arena.buffer, kept, &snapshot.identity);
        }
    }

    /// Takes the parameters of a snapshot of this network again. The optimiser's state stays; it is of other
    /// parameters, so it should be reset.
    pub fn restore(&self, device: &D, snapshot: &Snapshot<D>) {
        for (own, kept) in self.sides().zip(snapshot.buffers.iter().flatten()) {
            copy(device, kept, &own.arena.buffer, &snapshot.identity);
        }
    }

    /// Multiplies the embedding by a factor: the last layer of the encoder by it, the first of the decoder by its inverse.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn scale_embedding(&self, device: &D, factor: f32) -> Result<()> {
        let [last, first] = [self.depth() - 1, self.depth()].map(|l| &self.layers[l]);
        let [last, first] = [last, first].map(|layer| layer.linear().expect("a product"));
        scale(device, last.0, factor)?;
        scale(device, last.1, factor)?;
        scale(device, first.0, 1.0 / factor)
    }

    fn sides(&self) -> impl Iterator<Item = &Parameters<D>> {
        self.parameters.iter().flatten()
    }
}

/// Multiplies every value of a matrix by a factor.
fn scale<D: Device>(device: &D, matrix: &Matrix<D>, factor: f32) -> Result<()> {
    let old = Matrix::zeros(device, matrix.rows, matrix.cols)?;
    copy(device, &matrix.buffer, &old.buffer, &times(device, 1.0)?);
    copy(device, &old.buffer, &matrix.buffer, &times(device, factor)?);
    Ok(())
}

/// What a copy multiplies every value by.
pub(super) fn times<D: Device>(device: &D, factor: f32) -> Result<Normalisation<D>> {
    Ok(Normalisation {
        shift: Matrix::zeros(device, 1, 1)?,
        scale: Matrix::upload(device, 1, 1, &[factor])?,
    })
}

/// `to` = `from`, word by word, each times the normalisation's scale.
pub(super) fn copy<D: Device>(
    device: &D,
    from: &D::Buffer,
    to: &D::Buffer,
    times: &Normalisation<D>,
) {
    let rows = from.words();
    let block = Block {
        x: from.clone(),
        source: Source::F32,
        first: 0,
        rows,
    };
    let in_order = Order {
        index: None,
        first: 0,
    };
    let to = Matrix {
        rows,
        cols: 1,
        buffer: to.clone(),
    };
    gather_rows(device, in_order, &block, times, &to);
}

#[cfg(test)]
mod tests {
    use super::super::{Groups, LayerValues, Plan};
    use super::*;
    use crate::config::Init;
    use crate::cpu::Cpu;

    fn weights(network: &Network<Cpu>, cpu: &Cpu) -> Vec<LayerValues> {
        let layers = network.plan().all();
        pollster::block_on(network.download(cpu, layers)).unwrap()
    }

    #[test]
    fn a_scaled_embedding_is_decoded_as_before() {
        let (cpu, plan) = (Cpu::new(), Plan::dense(&[7, 5, 3]));
        let groups = Groups::new(&cpu, 4, &plan);
        let network = Network::new(&cpu, &plan, &groups, Init::FanInUniform, 1).unwrap();
        let old = weights(&network, &cpu);
        network.scale_embedding(&cpu, 4.0).unwrap();
        let new = weights(&network, &cpu);
        let times = |weights: &[f32], factor: f32| -> Vec<f32> {
            weights.iter().map(|value| value * factor).collect()
        };
        assert_eq!((&new[0], &new[3]), (&old[0], &old[3]));
        let [old, new] = [&old, &new].map(|layers| [1, 2].map(|l| &layers[l].parameters));
        assert_eq!(new[0][0], times(&old[0][0], 4.0));
        assert_eq!(new[0][1], times(&old[0][1], 4.0));
        assert_eq!(new[1][0], times(&old[1][0], 0.25));
        assert_eq!(new[1][1], old[1][1]);
    }

    #[test]
    fn what_was_kept_comes_back_to_the_bit() {
        let (cpu, plan) = (Cpu::new(), Plan::dense(&[7, 5, 3, 2]));
        let groups = Groups::new(&cpu, 4, &plan);
        let new = |seed| Network::new(&cpu, &plan, &groups, Init::FanInUniform, seed).unwrap();
        let (first, second) = (new(1), new(2));
        let [one, two] = [&first, &second].map(|network| weights(network, &cpu));
        assert_ne!(one, two);

        let mut kept = first.snapshot(&cpu).unwrap();
        second.restore(&cpu, &kept);
        assert_eq!(weights(&second, &cpu), one);

        let third = new(2);
        third.keep(&cpu, &mut kept);
        first.restore(&cpu, &kept);
        assert_eq!(weights(&first, &cpu), two);
    }
}
