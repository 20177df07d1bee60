//! Samples that pre-training does not see. It ends when it no longer gets better on them: a network that goes on learns
//! its samples by heart, and its embedding gets worse (Prechelt 1998, early stopping).

use super::losses::LossWindow;
use super::{Event, Tell, Trainer};
use crate::checkpoint::State;
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::gather_rows::Order;
use crate::kernels::linear_forward_loss::LossForm;
use crate::loss::LossTerm;
use crate::net::Snapshot;
use crate::random::{self, stream};

/// At most so many samples are held out: more would not tell more, and cost time.
const MOST: usize = 2048;

/// The samples of pre-training: those it learns from, and those it is judged by.
pub(super) struct Split {
    pub(super) trained: Option<Vec<u32>>,
    held_out: Vec<u32>,
}

impl Split {
    /// Holds a share of the first `n` samples out, drawn from the seed; of fewer than one nothing is held out.
    pub(super) fn new(seed: u32, n: usize, share: f32) -> Self {
        let count = ((n as f64 * f64::from(share)) as usize).min(MOST);
        if count == 0 {
            return Self {
                trained: None,
                held_out: Vec::new(),
            };
        }
        let mut order = random::permutation(seed, stream::HELD_OUT, 0, n);
        let trained = order.split_off(count);
        Self {
            trained: Some(trained),
            held_out: order,
        }
    }
}

/// What pre-training has reached on the samples it does not see.
pub(super) struct HeldOut<D: Device> {
    /// (m, 1; u32).
    order: Matrix<D>,
    window: LossWindow<D>,
    loss_form: LossForm,
    every: u32,
    patience: u32,
    best: Best,
    /// The weights of the best.
    kept: Snapshot<D>,
}

/// The lowest loss so far.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Best {
    loss: f64,
    step: u32,
    /// Looks since then.
    since: u32,
}

impl Best {
    const NONE: Self = Self {
        loss: f64::INFINITY,
        step: 0,
        since: 0,
    };

    /// Takes notice of a loss; true if it is the lowest.
    fn see(&mut self, loss: f64, step: u32) -> bool {
        self.since += 1;
        let better = loss < self.loss;
        if better {
            *self = Self {
                loss,
                step,
                since: 0,
            };
        }
        better
    }
}

impl<D: Device> HeldOut<D> {
    /// Nothing if no sample is held out.
    pub(super) fn new(trainer: &Trainer<'_, D>, split: &Split) -> Result<Option<Self>> {
        let (device, config) = (trainer.device, &trainer.config.pretrain);
        let rows = split.held_out.len();
        if rows == 0 {
            return Ok(None);
        }
        let last = trainer.autoencoder.layers.len() - 1;
        let loss_form = trainer.autoencoder.loss_form(device, last, &trainer.tape);
        let capacity = trainer.tape.rows_capacity();
        let slots = loss_form.partials(capacity, trainer.source.input_dim());
        Ok(Some(Self {
            order: Matrix {
                rows,
                cols: 1,
                buffer: device.upload(&split.held_out)?,
            },
            window: LossWindow::new(device, rows.div_ceil(capacity), slots)?,
            loss_form,
            every: config.evaluate_every,
            patience: config.patience,
            best: Best::NONE,
            kept: trainer.autoencoder.snapshot(device)?,
        }))
    }

    /// Adds the best so far.
    pub(super) async fn put_into(&self, device: &D, state: &mut State) -> Result<()> {
        state.put_number("held_out.loss", self.best.loss);
        state.put_number("held_out.step", self.best.step.into());
        state.put_number("held_out.since", self.best.since.into());
        Ok(self.kept.put_into(device, state).await?)
    }

    /// Takes that of a state.
    pub(super) fn take_from(&mut self, device: &D, state: &State) -> Result<()> {
        self.best = Best {
            loss: state.number("held_out.loss")?,
            step: state.number("held_out.step")? as u32,
            since: state.number("held_out.since")? as u32,
        };
        Ok(self.kept.take_from(device, state)?)
    }

    /// Looks at the loss when it is time, after `done` steps; true if training should end.
    pub(super) async fn after_step(
        &mut self,
        trainer: &mut Trainer<'_, D>,
        done: u32,
        observe: Tell<'_>,
    ) -> Result<bool> {
        if !done.is_multiple_of(self.every) {
            return Ok(false);
        }
        let loss = self.loss(trainer, done).await?;
        if self.best.see(loss, done) {
            trainer.autoencoder.keep(trainer.device, &mut self.kept);
        }
        observe(&Event::HeldOut {
            step: done.into(),
            loss,
            best_step: self.best.step.into(),
        });
        Ok(self.best.since >= self.patience)
    }

    /// Takes the weights of the lowest loss, if there was a look.
    pub(super) fn take_best(&self, trainer: &Trainer<'_, D>) {
        if self.best != Best::NONE {
            trainer.autoencoder.restore(trainer.device, &self.kept);
        }
    }

    /// The mean of squares per element over the samples held out, none of them warped or corrupted.
    async fn loss(&mut self, trainer: &mut Trainer<'_, D>, done: u32) -> Result<f64> {
        let (device, last) = (trainer.device, trainer.autoencoder.layers.len() - 1);
        let (all, capacity) = (self.order.rows, trainer.tape.rows_capacity());
        for first in (0..all).step_by(capacity) {
            let rows = capacity.min(all - first);
            trainer.tape.rows = rows;
            let head = trainer.autoencoder.plan().head();
            let batch = trainer.tape.input(head);
            let order = Order {
                index: Some(&self.order),
                first,
            };
            trainer.fill(&batch, |rows| trainer.source.gather(device, order, rows));
            (trainer.autoencoder).forward(device, head..last, &trainer.tape);
            self.add(trainer, last, &batch);
        }
        // The window gives the mean of its parts, each of which is divided by all rows.
        let parts = all.div_ceil(capacity) as f64;
        let mean = self
            .window
            .read(device, "pretrain", done.into())
            .await?
            .unwrap_or(f64::NAN);
        Ok(mean * parts)
    }

    /// Adds a batch's squares, divided by the number of all elements.
    fn add(&mut self, trainer: &Trainer<'_, D>, last: usize, batch: &Matrix<D>) {
        let (x, dy) = (trainer.tape.input(last), trainer.tape.grad(last));
        let slot = self.window.next(self.loss_form.partials(dy.rows, dy.cols));
        let term = LossTerm::mean_squared_error(self.order.rows * dy.cols).at(slot);
        trainer.autoencoder.layers[last].forward_loss(
            trainer.device,
            self.loss_form,
            [&x, batch],
            term,
            &dy,
            &self.window.partials,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_on_one_side() {
        let split = Split::new(3, 1000, 0.1);
        let trained = split.trained.unwrap();
        assert_eq!((trained.len(), split.held_out.len()), (900, 100));
        let mut all = [trained, split.held_out].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..1000));
    }

    #[test]
    fn of_few_samples_or_no_share_nothing_is_held_out() {
        for (n, share) in [(9, 0.1), (1000, 0.0)] {
            assert!(Split::new(3, n, share).trained.is_none());
        }
        let many = Split::new(3, 100_000, 0.1);
        assert_eq!(many.held_out.len(), MOST);
    }

    #[test]
    fn the_best_is_the_lowest_and_the_looks_since_are_counted() {
        let mut best = Best::NONE;
        let seen = [3.0, 2.0, 2.0, 2.5, 1.0, 1.5].map(|loss| best.see(loss, loss as u32));
        assert_eq!(seen, [true, true, false, false, true, false]);
        assert_eq!(
            best,
            Best {
                loss: 1.0,
                step: 1,
                since: 1
            }
        );
        assert!(!best.see(f64::NAN, 9));
    }
}
