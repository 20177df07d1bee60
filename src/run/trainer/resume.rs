//! Telling the state of a run between two steps, and going on from one.

use super::{Event, Tell, Trainer};
use crate::checkpoint::{CONFIG, CheckpointError, Phase, State, Wish};
use crate::config::{OptimiserKind, Resolved};
use crate::device::Choices;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::net::{Groups, Network};

/// The state's number of steps of pre-training in the phases before.
const PRETRAINED: &str = "pretrained_steps";

/// The state's text that is the choice among the candidates, JSON.
const VERDICT: &str = "verdict";

/// The state's text that is the forms of products, JSON.
const FORMS: &str = "forms";

impl<'a, D: Device> Trainer<'a, D> {
    /// Asks between any two steps what the caller wishes. At the end of pre-training the state is told in any case.
    pub fn ask_between_steps(&mut self, wish: impl Fn() -> Wish + 'a) {
        self.wish = Some(Box::new(wish));
    }

    /// Goes on from a state: what was done before it is passed over by [`Trainer::pretrain`] and, from
    /// [`Phase::Cluster`] on, by [`Trainer::go_on_clustering`]. The trainer must have been made as that one was, for the
    /// same data; on the same device the results have the bits they would have had.
    ///
    /// # Errors
    /// [`CheckpointError`] if something is missing or of another run; the device's.
    pub fn resume(&mut self, state: State) -> Result<()> {
        let text = state.text(CONFIG)?;
        let config = Resolved::of_toml(text).map_err(|_| CheckpointError::Fact {
            name: CONFIG.into(),
            found: text.into(),
        })?;
        self.pretrained = state.number(PRETRAINED)? as u64;
        let forms = state.text(FORMS).ok();
        self.earlier_forms = forms.and_then(|text| serde_json::from_str(text).ok());
        if let Some(forms) = &self.earlier_forms {
            self.device.products().use_choices(forms);
        }
        let verdict = state.text(VERDICT).ok();
        self.verdict = verdict.and_then(|text| serde_json::from_str(text).ok());
        // Before anything is done with it: a state of another network is noticed here.
        self.take_parameters(&state, None)?;
        if !self.goes_on_with(&config) {
            return Err(CheckpointError::Config.into());
        }
        self.config = config;
        self.resumed = Some(state);
        Ok(())
    }

    /// Whether a configuration is that of the run, but for what a run itself changes: a rate that was too high, and the k
    /// and kind of first clusters that it chose.
    fn goes_on_with(&self, config: &Resolved) -> bool {
        let own = &self.config;
        let mut like = config.clone();
        let rates = [
            std::mem::replace(&mut like.pretrain.learning_rate, own.pretrain.learning_rate),
            std::mem::replace(&mut like.cluster.learning_rate, own.cluster.learning_rate),
            std::mem::replace(
                &mut like.cluster.first_learning_rate,
                own.cluster.first_learning_rate,
            ),
            std::mem::replace(
                &mut like.neighbours.pretrain_learning_rate,
                own.neighbours.pretrain_learning_rate,
            ),
            std::mem::replace(
                &mut like.neighbours.learning_rate,
                own.neighbours.learning_rate,
            ),
            std::mem::replace(
                &mut like.neighbours.first_learning_rate,
                own.neighbours.first_learning_rate,
            ),
        ];
        let k = std::mem::replace(&mut like.n_clusters, own.n_clusters);
        like.cluster.first = own.cluster.first;
        let sound = rates.iter().all(|rate| *rate > 0.0 && rate.is_finite());
        sound && (1..=own.n_clusters).contains(&k) && like == *own
    }

    /// The forms of products in all parts of the run, if there is a choice and all were on one device.
    pub(super) fn forms(&self) -> Option<Choices> {
        let mut forms = self.device.products().choices()?;
        if let Some(earlier) = self
            .earlier_forms
            .as_ref()
            .filter(|earlier| earlier.device == forms.device)
        {
            for (class, form) in &earlier.forms {
                forms
                    .forms
                    .entry(class.clone())
                    .or_insert_with(|| form.clone());
            }
        }
        Some(forms)
    }

    /// Whether the run has yet to come to this phase.
    pub fn is_before(&self, phase: Phase) -> bool {
        (self.resumed.as_ref()).is_none_or(|state| state.phase < phase)
    }

    pub(super) fn wish(&self) -> Wish {
        self.wish.as_ref().map_or(Wish::GoOn, |wish| wish())
    }

    /// A state that holds what every state does.
    pub(super) fn state(&self, phase: Phase, step: u64) -> State {
        let mut state = State::new(phase, step);
        state.put_text(CONFIG, self.config.to_toml());
        state.put_number(PRETRAINED, self.pretrained as f64);
        if let Some(Ok(forms)) = self.forms().map(|forms| serde_json::to_string(&forms)) {
            state.put_text(FORMS, forms);
        }
        if let Some(Ok(verdict)) = self.verdict().map(serde_json::to_string) {
            state.put_text(VERDICT, verdict);
        }
        state
    }

    /// Tells a state that was wished for.
    pub(super) fn tell(&self, state: State, wish: Wish, observe: Tell<'_>) -> Result<()> {
        let (phase, step) = (state.phase, state.step);
        observe(&Event::State(&state));
        match wish {
            Wish::Stop => Err(Error::Interrupted {
                phase: match phase {
                    Phase::Neighbours => "neighbours",
                    Phase::Layer(_) | Phase::EndToEnd | Phase::Pretrained => "pretrain",
                    Phase::Cluster | Phase::Clustered => "cluster",
                },
                step,
            }),
            _ => Ok(()),
        }
    }

    /// Tells the state at the end of pre-training, if there is one who asks for states at all.
    pub(super) async fn end_of_pretraining(&mut self, observe: Tell<'_>) -> Result<()> {
        if self.wish.is_none() {
            return Ok(());
        }
        let mut state = self.state(Phase::Pretrained, 0);
        (self.autoencoder.put_into(self.device, &mut state, false)).await?;
        self.tell(state, self.wish(), observe)
    }

    /// Takes the parameters of a state, and what the optimiser remembers if that is in it.
    pub(super) fn take_parameters(
        &mut self,
        state: &State,
        optimiser: Option<OptimiserKind>,
    ) -> Result<()> {
        let plan = self.autoencoder.plan();
        let groups = Groups::new(self.device, self.tape.rows_capacity(), plan);
        self.autoencoder = Network::of_state(self.device, plan, &groups, state, optimiser)?;
        Ok(())
    }
}
