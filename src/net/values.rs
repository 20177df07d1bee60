//! A layer with its parameters on the host, as a model holds it.

use super::file::{Operators, Tensors, Width};
use super::kind::{Dense, Kind, Names};

/// A layer and the values of its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerValues {
    /// What it computes.
    pub kind: Kind,
    /// Row-major, in the order of [`Kind::parameters`].
    pub parameters: Vec<Vec<f32>>,
}

impl LayerValues {
    /// A fully connected layer without a ReLU: weight (in, out), row-major, and bias (out).
    pub fn dense((d_in, d_out): (usize, usize), weight: Vec<f32>, bias: Vec<f32>) -> Self {
        Self {
            kind: Kind::Dense(Dense {
                d_in,
                d_out,
                relu: false,
            }),
            parameters: vec![weight, bias],
        }
    }

    /// Values that it takes.
    pub fn d_in(&self) -> usize {
        self.kind.d_in()
    }

    /// Values that it gives.
    pub fn d_out(&self) -> usize {
        self.kind.d_out()
    }

    /// Values of its parameters.
    pub fn n_parameters(&self) -> usize {
        self.parameters.iter().map(Vec::len).sum()
    }

    /// Panics unless there are as many values as the kind says.
    pub(crate) fn assert_consistent(&self, name: &str) {
        let expected: Vec<usize> = (self.kind.parameters().iter())
            .map(|own| own.len())
            .collect();
        let found: Vec<usize> = self.parameters.iter().map(Vec::len).collect();
        assert!(
            found == expected && self.d_out() > 0,
            "{name} is {:?} with {found:?} values, expected {expected:?}",
            self.kind
        );
    }

    /// Adds the layer to a graph.
    pub(crate) fn write(&self, graph: &mut dyn Operators, names: Names<'_>) {
        self.kind.write(&self.parameters, graph, names);
    }

    /// Reads a layer of the kind that a file calls `kind`, without a ReLU; none if there is no such kind.
    pub(crate) fn read<T: Tensors>(
        kind: &str,
        file: &T,
        name: &str,
        width: Option<Width>,
    ) -> Option<Result<(Self, Width), T::Error>> {
        Kind::read(kind, file, name, width)
    }
}

/// One half of a network, in the order of computation: a ReLU follows every layer but the last, where a kind has one.
pub fn half(layers: Vec<LayerValues>) -> Vec<LayerValues> {
    let last = layers.len().saturating_sub(1);
    let with_relu = |(l, layer): (usize, LayerValues)| LayerValues {
        kind: layer.kind.with_relu(l != last),
        ..layer
    };
    layers.into_iter().enumerate().map(with_relu).collect()
}
