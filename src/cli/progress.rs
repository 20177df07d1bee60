//! What training shows while it runs, and the history it leaves.

mod clock;
mod news;
mod resume;
mod screen;
mod sparkline;

use dec_gpu::checkpoint::State;
use dec_gpu::metrics::Scores;
use dec_gpu::report::{HistoryRecord, LoweredRate};
use dec_gpu::trainer::{Candidate, Course, Event};

pub(crate) use resume::FirstScores;

use super::checkpoint::Keeper;
use super::signals::Stepping;
use super::tensorboard::Board;
use clock::Clock;
use screen::Screen;

/// Shows events and keeps them.
pub(crate) struct Progress {
    /// Every record so far.
    pub(crate) history: Vec<HistoryRecord>,
    /// Where every record goes too, if anywhere.
    pub(crate) board: Option<Board>,
    /// What writes checkpoints.
    pub(crate) keeper: Option<Keeper>,
    /// The seconds of each phase.
    pub(crate) clock: Clock,
    /// If a phase was begun again at a lower rate: where and why.
    pub(crate) lowered: Option<LoweredRate>,
    /// The state at the end of pre-training, to begin clustering again from.
    pub(crate) pretrained: Option<State>,
    /// While there are steps.
    stepping: Option<Stepping>,
    /// Ground truth, to score the clusters on the way; training never sees it.
    pub(crate) labels: Option<Vec<u32>>,
    /// k, once it is known.
    pub(crate) n_clusters: usize,
    /// The step of pre-training whose weights are kept; 0 if no samples are held out.
    pub(crate) best_step: u64,
    /// Numbers of clusters are tried: nothing that a run could go on from.
    pub(crate) choosing: bool,
    screen: Screen,
    /// The losses of this phase.
    losses: Vec<f64>,
    /// A loss of clustering and its learning rate, until the refresh that they belong to.
    pending: Option<(f64, f32)>,
}

impl Progress {
    pub(crate) fn new(silent: bool) -> Self {
        Self::on(Screen::new(silent, None))
    }

    fn on(screen: Screen) -> Self {
        Self {
            history: Vec::new(),
            board: None,
            keeper: None,
            clock: Clock::default(),
            lowered: None,
            pretrained: None,
            stepping: None,
            labels: None,
            n_clusters: 0,
            best_step: 0,
            choosing: false,
            screen,
            losses: Vec::new(),
            pending: None,
        }
    }

    /// The progress of one of several runs that go on at once.
    pub(crate) fn of_seed(&self, seed: u32) -> Self {
        Self::on(self.screen.of_run(format!("seed {seed}: ")))
    }

    /// One line of talk.
    pub(crate) fn say(&self, line: &str) {
        self.screen.say(line);
    }

    /// Ends what is drawn of a phase: it may take fewer steps than it could.
    pub(crate) fn end_phase(&mut self) {
        self.stepping = None;
        self.screen.finish();
    }

    pub(crate) fn event(&mut self, event: &Event<'_>) {
        match *event {
            Event::Begin { phase, steps } => {
                self.losses.clear();
                self.pending = None;
                self.screen.begin(phase, steps);
                // A training without a keeper cannot be stopped between steps.
                if self.keeper.is_some() && !self.choosing && self.stepping.is_none() {
                    self.stepping = Some(Stepping::begin());
                }
            }
            Event::Loss {
                phase,
                step,
                loss,
                learning_rate,
            } => {
                self.losses.push(loss);
                if phase == "cluster" {
                    self.pending = Some((loss, learning_rate));
                } else {
                    self.pretrained(phase, step, learning_rate);
                }
            }
            Event::Layout { step, steps, loss } => self.layout(step, steps, loss),
            Event::State(state) => self.keep(state),
            Event::HeldOut {
                step,
                loss,
                best_step,
            } => self.held_out(step, loss, best_step),
            Event::Worse { course, back } => self.worse(&course, back),
            Event::Candidate(candidate) => self.candidate(candidate),
            Event::Refresh {
                step,
                label_change,
                assignment,
            } => self.refresh(step, label_change, assignment),
        }
    }

    fn record(&mut self, record: HistoryRecord, sizes: Option<&[u64]>) {
        let board = self.board.as_mut();
        if let Some(failure) = board.and_then(|board| board.record(&record, sizes)) {
            self.say(&failure);
        }
        self.history.push(record);
    }

    fn pretrained(&mut self, stage: &str, step: u64, learning_rate: f32) {
        let loss = self.losses.last().copied().unwrap_or(f64::NAN);
        let record = HistoryRecord::Pretrain {
            stage: stage.to_owned(),
            step,
            loss: loss as f32,
            learning_rate: Some(learning_rate),
            seconds: self.screen.seconds(),
        };
        self.record(record, None);
        let news = news::of_pretraining(&self.losses, learning_rate);
        self.screen.show(step, &news);
    }

    fn layout(&mut self, step: u64, steps: u64, loss: f64) {
        let record = HistoryRecord::Neighbours {
            step,
            loss: loss as f32,
            seconds: self.screen.seconds(),
        };
        if !self.has_told_layout(step) {
            self.record(record, None);
        }
        self.losses.push(loss);
        self.screen.show(step, &news::of_layouts(&self.losses));
        if step == steps {
            self.end_phase(); // what follows has no steps
        }
    }

    /// Whether the history holds this step of the layouts: a run that goes on from a later phase lays out the same again.
    fn has_told_layout(&self, step: u64) -> bool {
        let told = |record: &HistoryRecord| match record {
            HistoryRecord::Neighbours { step, .. } => Some(*step),
            _ => None,
        };
        let last = self.history.iter().rev().find_map(told);
        last.is_some_and(|last| step <= last)
    }

    fn held_out(&mut self, step: u64, loss: f64, best_step: u64) {
        let record = HistoryRecord::HeldOut {
            step,
            loss: loss as f32,
            best_step,
            seconds: self.screen.seconds(),
        };
        self.record(record, None);
        self.best_step = best_step;
    }

    fn worse(&mut self, course: &Course, back: bool) {
        self.screen.finish();
        let then = match (back, course.best_step) {
            (false, _) => "it is kept as asked; cluster.roll-back=true would go back".into(),
            (true, 0) => "the first clusters, autoencoder + k-means, are taken again".into(),
            (true, step) => format!("the state after step {step} is taken again"),
        };
        self.say(&format!(
            "clustering made it worse: agreement with the nearest neighbours fell from {:.3} to {:.3}; {then}",
            course.start, course.last
        ));
    }

    fn candidate(&mut self, candidate: &Candidate) {
        self.screen.finish();
        self.say(&format!(
            "k = {}: generalisability {:.3}, silhouette {:.4}, smoothed {:.4}, score {:.4}, neighbours {:.4}, smallest cluster {}",
            candidate.n_clusters,
            candidate.generalisability,
            candidate.silhouette,
            candidate.smoothed_silhouette,
            candidate.score,
            candidate.agreement,
            candidate.smallest_cluster
        ));
    }

    fn refresh(&mut self, step: u64, label_change: f64, assignment: &[u32]) {
        let scores = (self.labels.as_ref()).map(|labels| Scores::of(labels, assignment));
        let pending = self.pending.take();
        let record = HistoryRecord::Cluster {
            step,
            loss: pending.map(|(loss, _)| loss as f32),
            learning_rate: pending.map(|(_, rate)| rate),
            label_change,
            seconds: self.screen.seconds(),
            acc: scores.map(|scores| scores.acc),
            nmi: scores.map(|scores| scores.nmi),
            ari: scores.map(|scores| scores.ari),
        };
        let mut sizes = vec![0; self.n_clusters];
        for cluster in assignment {
            sizes[*cluster as usize] += 1;
        }
        if let Some(news) = news::of_clustering(&record, &self.losses, &sizes) {
            self.screen.show(step, &news);
        }
        self.record(record, Some(&sizes));
    }
}
