//! Pre-training of the autoencoder, end to end or layer by layer (Xie et al. 2016, §3.2).

mod steps;

use super::batches::Batches;
use super::clipped::Clipped;
use super::corrupted::{Corrupted, NoisyData};
use super::held_out::{HeldOut, Split};
use super::losses::LossWindow;
use super::towards::Towards;
use super::{Event, Tell, Trainer};
use crate::checkpoint::{Phase, Wish};
use crate::config::{Decided, Method, PretrainConfig};
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::linear_forward_loss::LossForm;
use crate::loss::LossTerm;
use crate::net::{Layer, Update};
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
    pub async fn pretrain(&mut self, observe: Tell<'_>) -> Result<u64> {
        self.neighbours_before_training(observe).await?;
        if self.config.pretrain.method == Method::Layerwise {
            let plan = self.autoencoder.plan();
            for level in 0..plan.depth() - plan.head() {
                if self.is_before(Phase::Layer(level as u32 + 1)) {
                    self.pretrained += self.pretrain_level(level, observe).await?;
                }
            }
        }
        if self.is_before(Phase::Pretrained) {
            self.pretrained += self.pretrain_end_to_end(observe).await?;
            self.end_of_pretraining(observe).await?;
        }
        Ok(self.pretrained)
    }

    /// The state of pre-training between two steps, if it is wished for.
    async fn between_steps(
        &self,
        (phase, done): (Phase, u32),
        run: &PhaseRun<D>,
        held_out: Option<&HeldOut<D>>,
        observe: Tell<'_>,
    ) -> Result<()> {
        let wish = self.wish();
        if wish == Wish::GoOn {
            return Ok(());
        }
        let mut state = self.state(phase, done.into());
        self.autoencoder
            .put_into(self.device, &mut state, true)
            .await?;
        run.window.put_into(self.device, &mut state).await?;
        if let Some(held_out) = held_out {
            held_out.put_into(self.device, &mut state).await?;
        }
        self.tell(state, wish, observe)
    }

    /// Steps done in a phase of pre-training that was interrupted, whose state is taken; none in another.
    fn resume_pretraining(
        &mut self,
        phase: Phase,
        run: &mut PhaseRun<D>,
        held_out: Option<&mut HeldOut<D>>,
    ) -> Result<u32> {
        let Some(state) = self.resumed.take_if(|state| state.phase == phase) else {
            return Ok(0);
        };
        let optimiser = match phase {
            Phase::EndToEnd => self.end_to_end_config().optimiser,
            _ => self.config.pretrain.optimiser,
        };
        self.take_parameters(&state, Some(optimiser))?;
        run.window.take_from(self.device, &state)?;
        if let Some(held_out) = held_out {
            held_out.take_from(self.device, &state)?;
        }
        Ok(state.step as u32)
    }

    async fn pretrain_end_to_end(&mut self, observe: Tell<'_>) -> Result<u64> {
        let steps = self.end_to_end_config().steps;
        let mut run = self.end_to_end(steps)?;
        run.phase.begin(observe);
        let mut held_out = HeldOut::new(self, &self.split())?;
        let mut done =
            self.resume_pretraining(Phase::EndToEnd, &mut run.phase, held_out.as_mut())?;
        while done < steps {
            self.end_to_end_step(&mut run, done)?;
            (run.phase.after_step(self.device, done, observe)).await?;
            done += 1;
            if let Some(held_out) = &mut held_out
                && held_out.after_step(self, done, observe).await?
            {
                break;
            }
            let at = (Phase::EndToEnd, done);
            self.between_steps(at, &run.phase, held_out.as_ref(), observe)
                .await?;
        }
        if let Some(held_out) = held_out {
            held_out.take_best(self);
        }
        Ok(done.into())
    }

    /// The samples that end-to-end training sees, and those that it does not.
    fn split(&self) -> Split {
        let config = self.end_to_end_config();
        Split::new(self.config.seed, config.samples, config.held_out)
    }

    /// The samples that all layers are trained on; all if none.
    fn trained_samples(&self) -> Option<Vec<u32>> {
        let found = self
            .neighbourhood
            .as_ref()
            .filter(|_| self.follows_layout());
        match found {
            Some(found) => found.sample.clone(),
            None => self.split().trained,
        }
    }

    /// Begins training on every layer.
    fn end_to_end(&mut self, steps: u32) -> Result<EndToEnd<D>> {
        let (device, config) = (self.device, self.end_to_end_config());
        self.autoencoder.reset_optimiser(device, config.optimiser)?;
        let layers = self.autoencoder.plan().all();
        let loss_form = (self.autoencoder).loss_form(device, layers.end - 1, &self.tape);
        Ok(EndToEnd {
            noisy: NoisyData::new(self)?,
            updates: self.autoencoder.updates(device, layers, &self.tape)?,
            phase: self
                .phase("pretrain", 0, steps, loss_form, self.source.input_dim())?
                .configured(config)
                .among(self.trained_samples()),
            towards: self.towards()?,
        })
    }

    /// One step on every layer: forward, loss against the clean batch, backward, update.
    fn end_to_end_step(&mut self, run: &mut EndToEnd<D>, number: u32) -> Result<()> {
        let device = self.device;
        run.phase.batches.load(device, number.into())?;
        let (order, rows) = run.phase.batches.of_step(number.into());
        self.tape.rows = rows;
        let (head, last) = {
            let plan = self.autoencoder.plan();
            (plan.head(), plan.last())
        };
        let input = self.tape.input(head);
        let batch = run.noisy.clean(&input);
        self.fill(&batch, |rows| {
            (self.augment).gather_for_pretraining(device, &self.source, order, (0, number), rows);
        });
        run.noisy.drop(device, &input, number);

        self.autoencoder.forward(device, head..last, &self.tape);
        let (x, dy) = (self.tape.input(last), self.tape.grad(last));
        run.phase
            .loss(device, &self.autoencoder.layers[last], [&x, &batch], &dy);
        match &run.towards {
            Some(towards) => {
                self.backward_towards(towards, run.phase.batches.of_step(number.into()));
            }
            None => self.autoencoder.backward(device, 0..last + 1, &self.tape),
        }
        let step = run.phase.step(number);
        self.step_layers(&run.updates, rows, step, run.phase.clipped.as_ref());
        Ok(())
    }

    /// Greedy training of layer `level` and its mirror as a denoising autoencoder of that layer's input.
    async fn pretrain_level(&mut self, level: usize, observe: Tell<'_>) -> Result<u64> {
        let steps = self.config.pretrain.layer_steps;
        let mut run = self.greedy(level, steps)?;
        run.phase.begin(observe);
        let phase = Phase::Layer(level as u32);
        let first = self.resume_pretraining(phase, &mut run.phase, None)?;
        for number in first..steps {
            run.phase.batches.load(self.device, number.into())?;
            let (order, rows) = run.phase.batches.of_step(number.into());
            self.tape.rows = rows;
            let head = self.autoencoder.plan().head();
            let (batch, of_step) = (self.tape.input(head), (level as u32 + 1, number));
            self.fill(&batch, |rows| {
                (self.augment).gather_for_pretraining(
                    self.device,
                    &self.source,
                    order,
                    of_step,
                    rows,
                );
            });
            (self.autoencoder).forward(self.device, head..head + level, &self.tape);
            self.level_step(level, &mut run, number);
            (run.phase.after_step(self.device, number, observe)).await?;
            self.between_steps((phase, number + 1), &run.phase, None, observe)
                .await?;
        }
        Ok(steps.into())
    }

    /// Begins greedy training of one level.
    fn greedy(&mut self, level: usize, steps: u32) -> Result<Greedy<D>> {
        let (device, optimiser) = (self.device, self.config.pretrain.optimiser);
        self.autoencoder.reset_optimiser(device, optimiser)?;
        let noisy = Corrupted::new(self, level)?;
        let [own, mirror] = self.pair(level);
        let loss_form = self.autoencoder.loss_form(device, mirror, &self.tape);
        let name = ["layer 1", "layer 2", "layer 3", "layer 4"]
            .get(level)
            .copied()
            .unwrap_or("layer 5+");
        self.tape.rows = self.tape.rows_capacity();
        let x = noisy.input(&self.tape.input(own));
        let h = noisy.hidden(&self.tape.output(own));
        let dh = noisy.hidden_gradient(&self.tape.grad(own));
        let dy = self.tape.grad(mirror);
        Ok(Greedy {
            updates: vec![
                self.autoencoder.update_of(device, own, &x, &dh)?,
                self.autoencoder.update_of(device, mirror, &h, &dy)?,
            ],
            phase: self.phase(name, level as u32 + 1, steps, loss_form, dy.cols)?,
            noisy,
        })
    }

    /// The layer of a level, counted from the first that is trained, and the layer that undoes it.
    fn pair(&self, level: usize) -> [usize; 2] {
        let plan = self.autoencoder.plan();
        let own = plan.head() + level;
        [own, plan.mirror_of(own)]
    }

    /// x̃ = drop(x), h = g₁(x̃), h̃ = drop(h), y = g₂(h̃), loss |y − x|² against the clean x (b, in).
    fn level_step(&self, level: usize, run: &mut Greedy<D>, number: u32) {
        let (device, tape, noisy) = (self.device, &self.tape, &run.noisy);
        let [own, mirror] = self.pair(level);
        let [encoder, decoder] = [own, mirror].map(|l| &self.autoencoder.layers[l]);
        let (x, h) = (tape.input(own), tape.output(own));
        let (dh, dy) = (tape.grad(own), tape.grad(mirror));

        noisy.drop_input(device, &x, number);
        encoder.forward(device, &noisy.input(&x), &h);
        noisy.drop_hidden(device, &h, number);
        let h = noisy.hidden(&h);
        run.phase.loss(device, decoder, [&h, &x], &dy);

        decoder.backward_input(device, &dy, &h, encoder.kind.relu(), &dh);
        noisy.drop_hidden_gradient(device, &dh, number);
        let step = run.phase.step(number);
        self.step_layers(&run.updates, x.rows, step, run.phase.clipped.as_ref());
    }

    /// What every phase of pre-training keeps: order, schedule, losses. Phases do not share an order.
    fn phase(
        &self,
        name: &'static str,
        number: u32,
        steps: u32,
        loss_form: LossForm,
        width: usize,
    ) -> Result<PhaseRun<D>> {
        let config = self.config.pretrain.clone();
        let stream = stream::PRETRAIN_ORDER + number;
        let slots = loss_form.partials(self.tape.rows_capacity(), width);
        let window = (steps / READINGS).clamp(1, MAX_WINDOW);
        Ok(PhaseRun {
            name,
            steps,
            batches: Batches::new(
                config.samples,
                config.batch_size,
                self.config.seed,
                stream,
                config.shuffle,
            ),
            window: LossWindow::new(self.device, window as usize, slots)?,
            loss_form,
            clipped: Clipped::new(self, config.clip_norm, None)?,
            config,
        })
    }
}

/// End-to-end training while it runs.
struct EndToEnd<D: Device> {
    phase: PhaseRun<D>,
    noisy: NoisyData<D>,
    updates: Vec<Update<D>>,
    /// The layout that the encoder is trained towards, if it is.
    towards: Option<Towards<D>>,
}

/// Greedy training of one level while it runs.
struct Greedy<D: Device> {
    phase: PhaseRun<D>,
    noisy: Corrupted<D>,
    updates: Vec<Update<D>>,
}

/// One phase of pre-training while it runs.
struct PhaseRun<D: Device> {
    name: &'static str,
    steps: u32,
    batches: Batches<D>,
    window: LossWindow<D>,
    loss_form: LossForm,
    /// If gradients are clipped.
    clipped: Option<Clipped<D>>,
    config: PretrainConfig<Decided>,
}

impl<D: Device> PhaseRun<D> {
    /// The same phase with another configuration than the run's.
    fn configured(mut self, config: PretrainConfig<Decided>) -> Self {
        self.config = config;
        self
    }

    /// The same phase on these samples.
    fn among(mut self, samples: Option<Vec<u32>>) -> Self {
        if let Some(samples) = samples {
            self.batches = self.batches.among(samples);
        }
        self
    }

    fn begin(&self, observe: Tell<'_>) {
        observe(&Event::Begin {
            phase: self.name,
            steps: self.steps.into(),
        });
    }

    /// The step's update, and the rate of biases as a factor on it.
    fn step(&self, number: u32) -> (Step, f32) {
        let step = Step::of_pretraining(&self.config, number, self.steps);
        (step, self.config.bias_rate)
    }

    /// The last layer forward, from x against the target, and the gradient dy of its loss.
    fn loss(&mut self, device: &D, layer: &Layer<D>, from: [&Matrix<D>; 2], dy: &Matrix<D>) {
        let slot = self.window.next(self.loss_form.partials(dy.rows, dy.cols));
        let term = LossTerm::mean_squared_error(dy.len())
            .weighted(self.config.loss_scale)
            .at(slot);
        layer.forward_loss(
            device,
            self.loss_form,
            from,
            term,
            dy,
            &self.window.partials,
        );
    }

    /// Reads the loss when the window is full or the phase ends.
    async fn after_step(&mut self, device: &D, number: u32, observe: Tell<'_>) -> Result<()> {
        let done = u64::from(number) + 1;
        if !self.window.is_full() && number + 1 < self.steps {
            return Ok(());
        }
        if let Some(loss) = self.window.read(device, self.name, done).await? {
            observe(&Event::Loss {
                phase: self.name,
                step: done,
                loss,
                learning_rate: self.step(number).0.learning_rate(),
            });
        }
        Ok(())
    }
}
