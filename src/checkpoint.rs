//! The state of a run between two steps, and its file: what is needed to go on to the same bits.
//!
//! Random numbers are functions of the seed and the step, so the state is buffers and a place. The file is in the
//! safetensors format; all tensors are of 32-bit words, as U32, under the names that the parts of the trainer give them:
//!
//! | name | words |
//! |---|---|
//! | `layer.L.P`, `layer.L.P.first_moment`, `layer.L.P.second_moment` | parameter P of layer L, what the optimiser remembers of it |
//! | `best.layer.L.P` | the parameters to go back to |
//! | `losses`, `losses.used` | partial sums of the losses since the last reading, and how many each step has |
//! | `centroids`, `centroids.first_moment`, `centroids.second_moment` | mu (k, d) |
//! | `target` | p (n, k) |
//! | `assignment` | the cluster of each sample (n) |
//! | `layout.z`, `layout.m`, `layout.v` | places of all layouts, and Adam's moments |
//! | `guard.…` | what clustering is judged by |
//!
//! Nothing in it depends on how a device groups layers or layouts in its buffers, so a state made on a CPU goes on on a GPU, and
//! the reverse; the last bits then differ from those of a run on one device.
//!
//! `__metadata__` holds `format` = [`FORMAT`], `schema` = [`SCHEMA`], `phase`, `step`, and facts: numbers and texts by name.
//! The last tensor, `checksum`, is XXH3-128 of all bytes before it, so that any changed bit is noticed.

mod error;
mod file;

use std::collections::BTreeMap;

use crate::config::Resolved;
use crate::device::{self, Device, Matrix};

pub use error::{CheckpointError, RestoreError};

/// `__metadata__.format` of every checkpoint.
pub const FORMAT: &str = "dec-gpu-checkpoint";
/// `__metadata__.schema`.
pub const SCHEMA: u32 = 2;

/// The text that is the configuration at that time, as TOML.
pub(crate) const CONFIG: &str = "config";

/// A part of a run, in the order in which they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Laying out the graph of nearest neighbours.
    Neighbours,
    /// Greedy training of a layer, from 0.
    Layer(u32),
    /// Training of all layers.
    EndToEnd,
    /// The autoencoder is trained.
    Pretrained,
    /// Clustering.
    Cluster,
    /// All is trained.
    Clustered,
}

impl Phase {
    fn name(self) -> String {
        match self {
            Self::Neighbours => "neighbours".into(),
            Self::Layer(level) => format!("layer {level}"),
            Self::EndToEnd => "end-to-end".into(),
            Self::Pretrained => "pretrained".into(),
            Self::Cluster => "cluster".into(),
            Self::Clustered => "clustered".into(),
        }
    }

    fn parse(name: &str) -> Option<Self> {
        let fixed = [
            Self::Neighbours,
            Self::EndToEnd,
            Self::Pretrained,
            Self::Cluster,
            Self::Clustered,
        ];
        let layer = || name.strip_prefix("layer ")?.parse().ok().map(Self::Layer);
        fixed
            .into_iter()
            .find(|phase| phase.name() == name)
            .or_else(layer)
    }
}

/// The state of a run between two steps.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Where the run is.
    pub phase: Phase,
    /// Steps done in this phase.
    pub step: u64,
    facts: BTreeMap<String, String>,
    words: BTreeMap<String, Vec<u32>>,
}

impl State {
    /// Nothing but a place.
    pub fn new(phase: Phase, step: u64) -> Self {
        Self {
            phase,
            step,
            facts: BTreeMap::new(),
            words: BTreeMap::new(),
        }
    }

    /// Where the run is, in words.
    pub fn place(&self) -> String {
        match self.phase {
            Phase::Neighbours => format!("step {} of the layouts", self.step),
            Phase::Pretrained => "the end of pre-training".into(),
            Phase::Clustered => "the end of clustering".into(),
            Phase::Cluster => format!("step {} of clustering", self.step),
            Phase::Layer(_) | Phase::EndToEnd => {
                format!("step {} of pre-training, {}", self.step, self.phase.name())
            }
        }
    }

    /// Adds words under a name.
    pub fn put(&mut self, name: impl Into<String>, words: Vec<u32>) {
        self.words.insert(name.into(), words);
    }

    /// Adds a text under a name.
    pub fn put_text(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.facts.insert(name.into(), text.into());
    }

    /// Makes the run go on with this configuration: of the same network, for the same data.
    pub fn set_config(&mut self, config: &Resolved) {
        self.put_text(CONFIG, config.to_toml());
    }

    /// Adds a number under a name, to the bit.
    pub fn put_number(&mut self, name: impl Into<String>, number: f64) {
        self.put_text(name, format!("{:016x}", number.to_bits()));
    }

    /// Adds what a buffer holds.
    ///
    /// # Errors
    /// The device's.
    pub(crate) async fn put_buffer<D: Device>(
        &mut self,
        device: &D,
        name: impl Into<String>,
        buffer: &D::Buffer,
    ) -> device::Result<()> {
        let words = device.download(buffer).await?;
        self.put(name, words);
        Ok(())
    }

    /// Adds the values of blocks as one tensor.
    ///
    /// # Errors
    /// The device's.
    pub(crate) async fn put_blocks<'a, D: Device + 'a>(
        &mut self,
        device: &D,
        name: impl Into<String>,
        blocks: impl Iterator<Item = &'a Matrix<D>>,
    ) -> device::Result<()> {
        let mut words = Vec::new();
        for block in blocks {
            let all = device.download(&block.buffer).await?;
            words.extend_from_slice(&all[..block.len()]);
        }
        self.put(name, words);
        Ok(())
    }

    /// Whether there are words under a name.
    pub fn has(&self, name: &str) -> bool {
        self.words.contains_key(name)
    }

    /// The words under a name.
    ///
    /// # Errors
    /// [`CheckpointError::Missing`].
    pub fn words(&self, name: &str) -> Result<&[u32], CheckpointError> {
        let missing = || CheckpointError::Missing { name: name.into() };
        Ok(self.words.get(name).ok_or_else(missing)?)
    }

    /// So many words under a name.
    ///
    /// # Errors
    /// [`CheckpointError::Missing`], [`CheckpointError::Length`].
    pub fn words_of(&self, name: &str, expected: usize) -> Result<&[u32], CheckpointError> {
        let words = self.words(name)?;
        match words.len() == expected {
            true => Ok(words),
            false => Err(CheckpointError::Length {
                name: name.into(),
                found: words.len(),
                expected,
            }),
        }
    }

    /// So many finite f32 under a name.
    ///
    /// # Errors
    /// As [`State::words_of`]; [`CheckpointError::NotFinite`].
    pub fn floats_of(&self, name: &str, expected: usize) -> Result<Vec<f32>, CheckpointError> {
        let words = self.words_of(name, expected)?;
        let floats: Vec<f32> = words.iter().map(|word| f32::from_bits(*word)).collect();
        match floats.iter().find(|value| !value.is_finite()) {
            None => Ok(floats),
            Some(found) => Err(CheckpointError::NotFinite {
                name: name.into(),
                found: *found,
            }),
        }
    }

    /// The words under a name, each below a bound: numbers of samples, clusters, places.
    ///
    /// # Errors
    /// [`CheckpointError::Missing`], [`CheckpointError::Index`].
    pub fn indices(&self, name: &str, below: usize) -> Result<&[u32], CheckpointError> {
        let words = self.words(name)?;
        for word in words {
            check_index(name, (*word).into(), below as u64)?;
        }
        Ok(words)
    }

    /// The text under a name.
    ///
    /// # Errors
    /// [`CheckpointError::Missing`].
    pub fn text(&self, name: &str) -> Result<&str, CheckpointError> {
        let missing = || CheckpointError::Missing { name: name.into() };
        Ok(self.facts.get(name).ok_or_else(missing)?)
    }

    /// The number under a name.
    ///
    /// # Errors
    /// [`CheckpointError::Missing`]; it is no number.
    pub fn number(&self, name: &str) -> Result<f64, CheckpointError> {
        let text = self.text(name)?;
        let bits = u64::from_str_radix(text, 16).map_err(|_| CheckpointError::Fact {
            name: name.into(),
            found: text.into(),
        })?;
        Ok(f64::from_bits(bits))
    }
}

/// Refuses a number that is not below a bound.
pub(crate) fn check_index(name: &str, found: u64, below: u64) -> Result<(), CheckpointError> {
    match found < below {
        true => Ok(()),
        false => Err(CheckpointError::Index {
            name: name.into(),
            found,
            below,
        }),
    }
}

/// What the caller of a training wishes between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing.
    GoOn,
    /// To be told the state ([`crate::run::Event::State`]).
    State,
    /// To be told the state; then training ends as interrupted.
    Stop,
}

#[cfg(test)]
mod tests;
