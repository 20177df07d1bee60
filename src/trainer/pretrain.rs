//! Pre-training of the autoencoder, end to end or layer by layer (Xie et al. 2016, §3.2).

mod steps;

use super::batches::Batches;
use super::corrupted::Corrupted;
use super::losses::LossWindow;
use super::{Event, Observer, Trainer};
use crate::config::{Method, PretrainConfig};
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::mse_loss::{LossTerm, mse_loss, partials};
use crate::optimiser::Step;
use crate::random::stream;
pub use steps::PretrainSteps;

/// Most steps between two readings of the loss.
const MAX_WINDOW: u32 = 100;
/// A phase reads its loss at least this many times, if it has as many steps.
const READINGS: u32 = 20;

impl<D: Device> Trainer<'_, D> {
    /// Trains the autoencoder to reconstruct the inputs. Returns the steps taken.
    ///
    /// # Errors
    /// [`crate::Error::Numeric`] if the loss is no longer finite; the device's.
    pub async fn pretrain(&mut self, observe: Observer<'_>) -> Result<u64> {
        let mut steps = 0;
        if self.config.pretrain.method == Method::Layerwise {
            for level in 0..self.autoencoder.depth() {
                steps += self.pretrain_level(level, observe).await?;
            }
        }
        steps += self.pretrain_end_to_end(observe).await?;
        Ok(steps)
    }

    async fn pretrain_end_to_end(&mut self, observe: Observer<'_>) -> Result<u64> {
        let steps = self.config.pretrain.steps.unwrap_or(0);
        let layers = 0..self.autoencoder.layers.len();
        let optimiser = self.config.pretrain.optimiser;
        self.autoencoder
            .reset_optimiser(self.device, layers, optimiser)?;
        let noisy = Corrupted::end_to_end(self)?;
        let mut run = self.phase("pretrain", 0, steps, self.source.input_dim())?;
        run.begin(observe);
        for number in 0..steps {
            let batch =
                run.batches
                    .gather(self.device, &self.source, number.into(), &self.batch)?;
            let batch = self.augment.pretraining(self.device, batch, 0, number);
            self.tape.rows = batch.rows;
            let slot = run.window.next(partials(batch.len()));
            let input = noisy.input(self.device, &batch, number);
            self.end_to_end_step(&batch, &input, run.step(number), &run.window.partials, slot);
            run.after_step(self.device, number, observe).await?;
        }
        Ok(steps.into())
    }

    /// One step on every layer: forward from `input`, loss against `batch`, backward, update. The loss's
    /// terms go to `losses`.
    fn end_to_end_step(
        &self,
        batch: &Matrix<D>,
        input: &Matrix<D>,
        step: Step,
        losses: &Matrix<D>,
        slot: usize,
    ) {
        let config = &self.config.pretrain;
        let layers = 0..self.autoencoder.layers.len();
        let (y, dy) = (
            self.tape.output(layers.end - 1),
            self.tape.grad(layers.end - 1),
        );
        self.autoencoder
            .forward(self.device, layers.clone(), input, &self.tape);
        let term = loss_term(batch, config.loss_scale, slot);
        mse_loss(self.device, &y, batch, term, false, &dy, losses);
        let rate = config.bias_rate;
        self.autoencoder
            .backward_and_update(self.device, layers, input, &self.tape, step, rate);
    }

    /// Greedy training of layer `level` and its mirror as a denoising autoencoder of that layer's input.
    async fn pretrain_level(&mut self, level: usize, observe: Observer<'_>) -> Result<u64> {
        let steps = self.config.pretrain.layer_steps;
        let mirror = self.autoencoder.layers.len() - 1 - level;
        for layer in [level, mirror] {
            let optimiser = self.config.pretrain.optimiser;
            self.autoencoder
                .reset_optimiser(self.device, layer..layer + 1, optimiser)?;
        }
        let noisy = Corrupted::greedy(self, level)?;
        let name = ["layer 1", "layer 2", "layer 3", "layer 4"]
            .get(level)
            .copied()
            .unwrap_or("layer 5+");
        let mut run = self.phase(name, level as u32 + 1, steps, self.sizes[level])?;
        run.begin(observe);
        for number in 0..steps {
            let batch =
                run.batches
                    .gather(self.device, &self.source, number.into(), &self.batch)?;
            let phase = level as u32 + 1;
            let batch = (self.augment).pretraining(self.device, batch, phase, number);
            self.tape.rows = batch.rows;
            let slot = run.window.next(partials(batch.rows * self.sizes[level]));
            self.autoencoder
                .forward(self.device, 0..level, &batch, &self.tape);
            let x = if level == 0 {
                batch
            } else {
                self.tape.output(level - 1)
            };
            self.level_step(
                level,
                &x,
                &noisy,
                number,
                run.step(number),
                &run.window.partials,
                slot,
            );
            run.after_step(self.device, number, observe).await?;
        }
        Ok(steps.into())
    }

    /// x̃ = drop(x), h = g₁(x̃), h̃ = drop(h), y = g₂(h̃), loss |y − x|² against the clean x (b, in).
    #[allow(
        clippy::too_many_arguments,
        reason = "one training step: what, on what, where the loss goes"
    )]
    fn level_step(
        &self,
        level: usize,
        x: &Matrix<D>,
        noisy: &Corrupted<D>,
        number: u32,
        step: Step,
        losses: &Matrix<D>,
        slot: usize,
    ) {
        let (device, config) = (self.device, &self.config.pretrain);
        let mirror = self.autoencoder.layers.len() - 1 - level;
        let (encoder, decoder) = (
            &self.autoencoder.layers[level],
            &self.autoencoder.layers[mirror],
        );
        let (h, y) = (self.tape.output(level), self.tape.output(mirror));
        let (dh, dy) = (self.tape.grad(level), self.tape.grad(mirror));

        let x_noisy = noisy.input(device, x, number);
        encoder.forward(device, &x_noisy, &h);
        let h_noisy = noisy.hidden(device, &h, number);
        decoder.forward(device, &h_noisy, &y);

        mse_loss(
            device,
            &y,
            x,
            loss_term(x, config.loss_scale, slot),
            decoder.relu,
            &dy,
            losses,
        );
        decoder.backward_parameters(device, &h_noisy, &dy);
        decoder.backward_input(device, &dy, &h_noisy, encoder.relu, &dh);
        let dh = noisy.hidden_gradient(device, &dh, number);
        encoder.backward_parameters(device, &x_noisy, &dh);

        decoder.update(device, step, config.bias_rate);
        encoder.update(device, step, config.bias_rate);
    }

    /// What every phase of pre-training keeps: order, schedule, losses. Phases do not share an order.
    fn phase(&self, name: &'static str, number: u32, steps: u32, width: usize) -> Result<Phase<D>> {
        let config = self.config.pretrain.clone();
        let n = config.samples.unwrap_or(self.source.n_samples());
        let stream = stream::PRETRAIN_ORDER + number;
        let slots = partials(self.tape.rows_capacity() * width);
        let window = (steps / READINGS).clamp(1, MAX_WINDOW);
        Ok(Phase {
            name,
            steps,
            batches: Batches::new(
                n,
                config.batch_size,
                self.config.seed,
                stream,
                config.shuffle,
            ),
            window: LossWindow::new(self.device, window as usize, slots)?,
            config,
        })
    }
}

fn loss_term<D: Device>(x: &Matrix<D>, scale: f32, slot: usize) -> LossTerm {
    LossTerm::mean_squared_error(x.len())
        .weighted(scale)
        .at(slot)
}

/// One phase of pre-training while it runs.
struct Phase<D: Device> {
    name: &'static str,
    steps: u32,
    batches: Batches<D>,
    window: LossWindow<D>,
    config: PretrainConfig,
}

impl<D: Device> Phase<D> {
    fn begin(&self, observe: Observer<'_>) {
        observe(&Event::Begin {
            phase: self.name,
            steps: self.steps.into(),
        });
    }

    fn step(&self, number: u32) -> Step {
        Step::of_pretraining(&self.config, number, self.steps)
    }

    /// Reads the loss when the window is full or the phase ends.
    async fn after_step(&mut self, device: &D, number: u32, observe: Observer<'_>) -> Result<()> {
        let done = u64::from(number) + 1;
        if !self.window.is_full() && number + 1 < self.steps {
            return Ok(());
        }
        if let Some(loss) = self.window.read(device, self.name, done).await? {
            observe(&Event::Loss {
                phase: self.name,
                step: done,
                loss,
                learning_rate: self.step(number).learning_rate(),
            });
        }
        Ok(())
    }
}
