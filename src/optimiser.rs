//! One step of an optimiser: its schedule, its state, and its arithmetic on the host
//! (on a device: `shaders/optimiser.wgsl`).

mod rule;

use crate::checkpoint::{self, RestoreError};
use crate::config::{Decided, OptimiserKind, PretrainConfig, Schedule};
use crate::device::{self, Device};
pub(crate) use rule::{Rule, rule_of};

/// How parameters are updated in one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// v ← m·v + lr·g, w ← w − v.
    Sgd {
        /// lr.
        learning_rate: f32,
        /// m.
        momentum: f32,
    },
    /// Kingma and Ba 2015, algorithm 1.
    Adam {
        /// lr.
        learning_rate: f32,
        /// t, from 1.
        step: u32,
    },
}

impl Step {
    /// lr.
    pub fn learning_rate(self) -> f32 {
        match self {
            Self::Sgd { learning_rate, .. } | Self::Adam { learning_rate, .. } => learning_rate,
        }
    }

    /// The step number `step` (from 0) of `steps` in pre-training.
    pub fn of_pretraining(config: &PretrainConfig<Decided>, step: u32, steps: u32) -> Self {
        let decay = match config.schedule {
            Schedule::Constant => 1.0,
            Schedule::Step => 0.1f64.powi((step / config.decay_every) as i32),
            Schedule::Cosine => {
                0.5 * (1.0
                    + (std::f64::consts::PI * f64::from(step) / f64::from(steps.max(1))).cos())
            }
        };
        let learning_rate = (f64::from(config.learning_rate) * decay) as f32;
        let ramp = match config.momentum_burn_in {
            0 => 1.0,
            burn_in => (step as f32 / burn_in as f32).min(1.0),
        };
        Self::new(
            config.optimiser,
            learning_rate,
            ramp * config.momentum,
            step,
        )
    }

    /// A step of either optimiser; `step` counts from 0.
    pub fn new(kind: OptimiserKind, learning_rate: f32, momentum: f32, step: u32) -> Self {
        match kind {
            OptimiserKind::Sgd => Self::Sgd {
                learning_rate,
                momentum,
            },
            OptimiserKind::Adam => Self::Adam {
                learning_rate,
                step: step + 1,
            },
        }
    }
}

/// What an optimiser remembers of each trained element, in the order of the elements.
pub struct State<D: Device> {
    /// Adam's first moment, or SGD's velocity.
    pub m: D::Buffer,
    /// Adam's second moment; SGD has none, one word stands in its place.
    pub v: D::Buffer,
    kind: OptimiserKind,
}

impl<D: Device> State<D> {
    /// Zeros for `words` elements.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn zeros(device: &D, words: usize, kind: OptimiserKind) -> device::Result<Self> {
        let second = match kind {
            OptimiserKind::Adam => words,
            OptimiserKind::Sgd => 1,
        };
        Ok(Self {
            m: device.zeros(words)?,
            v: device.zeros(second)?,
            kind,
        })
    }

    /// That of a checkpoint, for `words` elements; `names` of the two moments.
    ///
    /// # Errors
    /// [`RestoreError`].
    pub(crate) fn of_words(
        device: &D,
        state: &checkpoint::State,
        names: [&str; 2],
        words: usize,
        kind: OptimiserKind,
    ) -> Result<Self, RestoreError> {
        let first = state.words_of(names[0], words)?;
        let second = match kind {
            OptimiserKind::Adam => Some(state.words_of(names[1], words)?),
            OptimiserKind::Sgd => None,
        };
        Ok(Self::upload(device, first, second)?)
    }

    /// What was remembered: Adam's two moments, or SGD's velocity alone.
    ///
    /// # Errors
    /// The device's.
    pub(crate) fn upload(
        device: &D,
        first: &[u32],
        second: Option<&[u32]>,
    ) -> device::Result<Self> {
        Ok(Self {
            m: device.upload(first)?,
            v: match second {
                Some(second) => device.upload(second)?,
                None => device.zeros(1)?,
            },
            kind: match second {
                Some(_) => OptimiserKind::Adam,
                None => OptimiserKind::Sgd,
            },
        })
    }

    /// Whether there is a second moment.
    pub(crate) fn has_second(&self) -> bool {
        self.kind == OptimiserKind::Adam
    }

    /// Panics unless the state is of the optimiser that a step is of: another one was reset before it.
    pub(crate) fn expect_kind(&self, step: Step) {
        let kind = match step {
            Step::Sgd { .. } => OptimiserKind::Sgd,
            Step::Adam { .. } => OptimiserKind::Adam,
        };
        assert_eq!(self.kind, kind, "the state of another optimiser");
    }
}
