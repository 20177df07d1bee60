//! What is shown of one run.

use dec_gpu::report::HistoryRecord;
use dec_gpu::run::Event;

use super::news;
use super::screen::Screen;
use super::words;
use crate::cli::signals::Stepping;
use crate::cli::tensorboard::Board;

/// One run on the screen, and on TensorBoard if that watches.
pub(super) struct View {
    screen: Screen,
    pub(super) board: Option<Board>,
    /// While there are steps.
    stepping: Option<Stepping>,
    /// The losses of this phase.
    losses: Vec<f64>,
}

impl View {
    pub(super) fn new(screen: Screen, board: Option<Board>) -> Self {
        Self {
            screen,
            board,
            stepping: None,
            losses: Vec::new(),
        }
    }

    /// One line of talk.
    pub(super) fn say(&self, line: &str) {
        self.screen.say(line);
    }

    /// The screen of one of several runs that go on at once.
    pub(super) fn screen_of(&self, seed: u32) -> Screen {
        self.screen.of_run(format!("seed {seed}: "))
    }

    /// Ends what is drawn of a phase.
    pub(super) fn end(&mut self) {
        self.stepping = None;
        self.screen.finish();
    }

    pub(super) fn event(&mut self, event: &Event<'_>) {
        match *event {
            Event::Begin { phase, steps } => {
                self.losses.clear();
                self.screen.begin(phase, steps);
                self.stepping.get_or_insert_with(Stepping::begin);
            }
            Event::End => self.end(),
            Event::Loss { loss, .. } => self.losses.push(loss),
            Event::Layout { step, steps, loss } => self.layout(step, steps, loss),
            Event::Record { record, sizes } => self.record(record, sizes),
            Event::Worse { .. } | Event::Candidate(_) => self.screen.finish(),
            _ => {}
        }
        for line in words::of(event) {
            self.say(&line);
        }
    }

    fn layout(&mut self, step: u64, steps: u64, loss: f64) {
        self.losses.push(loss);
        self.screen.show(step, &news::of_layouts(&self.losses));
        if step == steps {
            self.end(); // what follows has no steps
        }
    }

    fn record(&mut self, record: &HistoryRecord, sizes: Option<&[u64]>) {
        let board = self.board.as_mut();
        if let Some(failure) = board.and_then(|board| board.record(record, sizes)) {
            self.say(&failure);
        }
        match *record {
            HistoryRecord::Pretrain {
                step,
                learning_rate: Some(rate),
                ..
            } => {
                let news = news::of_pretraining(&self.losses, rate);
                self.screen.show(step, &news);
            }
            HistoryRecord::Cluster { step, .. } => {
                let sizes = sizes.unwrap_or(&[]);
                if let Some(news) = news::of_clustering(record, &self.losses, sizes) {
                    self.screen.show(step, &news);
                }
            }
            _ => {}
        }
    }
}
