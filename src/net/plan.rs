//! The list of layers: an encoder, and the decoder that is made from it.

use std::ops::Range;

use super::kind::{Dense, Kind, RmsRows};
use super::values::LayerValues;
use crate::config::Resolved;

/// Layers in the order of computation, numbered from 0: first those of the encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    kinds: Vec<Kind>,
    depth: usize,
    head: usize,
}

impl Plan {
    /// An encoder and its mirror. A ReLU follows every layer but the last of the encoder (the embedding) and the last of all
    /// (the reconstruction).
    ///
    /// # Panics
    /// If a layer that the decoder does not undo comes after one that it does.
    pub fn mirrored(encoder: Vec<Kind>) -> Self {
        let decoder: Vec<Kind> = encoder.iter().rev().filter_map(Kind::mirror).collect();
        let (depth, head) = (encoder.len(), head(&encoder));
        assert_eq!(decoder.len(), depth - head, "layers that are undone");
        let last = depth + decoder.len() - 1;
        let with_relu = |(l, kind): (usize, Kind)| kind.with_relu(l != depth - 1 && l != last);
        let kinds = encoder.into_iter().chain(decoder).enumerate();
        Self {
            kinds: kinds.map(with_relu).collect(),
            depth,
            head,
        }
    }

    /// Fully connected layers of these sizes, from D to d, and their mirror.
    pub fn dense(sizes: &[usize]) -> Self {
        let layer = |pair: &[usize]| {
            Kind::Dense(Dense {
                d_in: pair[0],
                d_out: pair[1],
                relu: false,
            })
        };
        Self::mirrored(sizes.windows(2).map(layer).collect())
    }

    /// The layers of a configuration: rows to a mean square of 1 if they are to be, fully connected layers, their mirror.
    pub fn of(config: &Resolved, input_dim: usize) -> Self {
        let rows =
            (config.network.normalise_rows).then_some(Kind::RmsRows(RmsRows { width: input_dim }));
        let dense = Self::dense(&config.encoder_sizes(input_dim));
        Self::mirrored(rows.into_iter().chain(dense.encoder().to_vec()).collect())
    }

    /// Layers of a trained model; they need not be each other's mirror.
    pub fn of_halves(encoder: &[LayerValues], decoder: &[LayerValues]) -> Self {
        let layers = encoder.iter().chain(decoder);
        let kinds: Vec<Kind> = layers.map(|layer| layer.kind.clone()).collect();
        Self {
            depth: encoder.len(),
            head: head(&kinds[..encoder.len()]),
            kinds,
        }
    }

    /// Whether the decoder is the encoder's mirror.
    pub fn is_mirrored(&self) -> bool {
        *self == Self::mirrored(self.encoder().to_vec())
    }

    /// All layers.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// From the inputs to the embedding.
    pub fn encoder(&self) -> &[Kind] {
        &self.kinds[..self.depth]
    }

    /// Layers of the encoder.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Layers at the beginning that the decoder does not undo: what they give is what it reconstructs.
    pub fn head(&self) -> usize {
        self.head
    }

    /// The layer of the decoder that undoes layer `l` of the encoder.
    pub fn mirror_of(&self, l: usize) -> usize {
        self.last() + self.head - l
    }

    /// All layers' numbers.
    pub fn all(&self) -> Range<usize> {
        0..self.kinds.len()
    }

    /// The layer that computes the reconstruction.
    pub fn last(&self) -> usize {
        self.kinds.len() - 1
    }

    /// D.
    pub fn input_dim(&self) -> usize {
        self.kinds[0].d_in()
    }

    /// d.
    pub fn embedding_dim(&self) -> usize {
        self.kinds[self.depth - 1].d_out()
    }

    /// Sizes from D to d of the layers that the decoder undoes.
    pub fn sizes(&self) -> Vec<usize> {
        let undone = self.kinds[self.head..self.depth].iter();
        std::iter::once(self.input_dim())
            .chain(undone.map(Kind::d_out))
            .collect()
    }

    /// Whether layer `l` reads what has passed a ReLU.
    pub fn reads_relu(&self, l: usize) -> bool {
        l > 0 && self.kinds[l - 1].relu()
    }

    /// The name of layer `l`, in files too: `encoder.0`, `decoder.3`.
    pub fn name(&self, l: usize) -> String {
        match l.checked_sub(self.depth) {
            None => format!("encoder.{l}"),
            Some(l) => format!("decoder.{l}"),
        }
    }
}

fn head(encoder: &[Kind]) -> usize {
    let alone = |kind: &&Kind| kind.mirror().is_none();
    encoder.iter().take_while(alone).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_made_from_the_encoder() {
        let plan = Plan::dense(&[7, 5, 3]);
        let found: Vec<_> = (plan.kinds().iter())
            .map(|kind| (kind.d_in(), kind.d_out(), kind.relu()))
            .collect();
        let (relu, linear) = (true, false);
        let expected = [(7, 5, relu), (5, 3, linear), (3, 5, relu), (5, 7, linear)];
        assert_eq!(found, expected);
        assert_eq!((plan.depth(), plan.last()), (2, 3));
        assert_eq!((plan.input_dim(), plan.embedding_dim()), (7, 3));
        assert_eq!(plan.sizes(), [7, 5, 3]);
        let names: Vec<String> = plan.all().map(|l| plan.name(l)).collect();
        assert_eq!(names, ["encoder.0", "encoder.1", "decoder.0", "decoder.1"]);
        assert!(plan.is_mirrored());
        assert_eq!(
            (plan.head(), [0, 1].map(|l| plan.mirror_of(l))),
            (0, [3, 2])
        );
        assert_eq!(
            [0, 1, 2, 3].map(|l| plan.reads_relu(l)),
            [false, true, false, true]
        );
    }
}
