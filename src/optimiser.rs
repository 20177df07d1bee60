//! Parameters with their gradients and the state of their optimiser.

use crate::config::{OptimiserKind, PretrainConfig, Schedule};
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::adam::{Adam, Moments, adam};
use crate::kernels::sgd::sgd;

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

    /// The same step at another rate.
    fn scaled(self, factor: f32) -> Self {
        match self {
            Self::Sgd {
                learning_rate,
                momentum,
            } => Self::Sgd {
                learning_rate: factor * learning_rate,
                momentum,
            },
            Self::Adam {
                learning_rate,
                step,
            } => Self::Adam {
                learning_rate: factor * learning_rate,
                step,
            },
        }
    }

    /// The step number `step` (from 0) of `steps` in pre-training.
    pub fn of_pretraining(config: &PretrainConfig, step: u32, steps: u32) -> Self {
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

/// A tensor that is trained.
pub struct Parameter<D: Device> {
    /// Its value.
    pub value: Matrix<D>,
    /// Its gradient in the current step.
    pub grad: Matrix<D>,
    state: Option<State<D>>,
}

/// What an optimiser remembers of one tensor.
enum State<D: Device> {
    /// SGD's velocity.
    Velocity(Matrix<D>),
    /// Adam's moments.
    Moments(Moments<D>),
}

impl<D: Device> Parameter<D> {
    /// A parameter with its initial values (rows, cols).
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn new(device: &D, rows: usize, cols: usize, values: &[f32]) -> Result<Self> {
        Ok(Self {
            value: Matrix::upload(device, rows, cols, values)?,
            grad: Matrix::zeros(device, rows, cols)?,
            state: None,
        })
    }

    /// Starts an optimiser's state at zero, dropping any other.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn reset(&mut self, device: &D, kind: OptimiserKind) -> Result<()> {
        self.state = None; // freed before the new one is made
        let zeros = || Matrix::zeros(device, self.value.rows, self.value.cols);
        self.state = Some(match kind {
            OptimiserKind::Sgd => State::Velocity(zeros()?),
            OptimiserKind::Adam => State::Moments(Moments {
                m: zeros()?,
                v: zeros()?,
            }),
        });
        Ok(())
    }

    /// One update from the current gradient, at `rate` times the step's learning rate.
    ///
    /// # Panics
    /// If [`Parameter::reset`] was not called for this kind of step.
    pub fn update(&self, device: &D, step: Step, rate: f32) {
        match (step.scaled(rate), &self.state) {
            (
                Step::Sgd {
                    learning_rate,
                    momentum,
                },
                Some(State::Velocity(v)),
            ) => {
                sgd(device, learning_rate, momentum, &self.grad, v, &self.value);
            }
            (
                Step::Adam {
                    learning_rate,
                    step,
                },
                Some(State::Moments(moments)),
            ) => {
                let hyper = Adam {
                    learning_rate,
                    ..Adam::default()
                };
                adam(device, &hyper, step, &self.grad, moments, &self.value);
            }
            _ => panic!("the optimiser was not reset before its first step"),
        }
    }
}
