//! What training shows while it runs, and the history it leaves: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use dec_gpu::metrics::acc;
use dec_gpu::report::HistoryRecord;
use dec_gpu::trainer::{Candidate, Course, Event};
use indicatif::{ProgressBar, ProgressStyle};

/// Plain lines come at most this often.
const QUIET_TIME: Duration = Duration::from_secs(5);

/// Shows events and keeps them.
pub(crate) struct Progress {
    /// Every record so far.
    pub(crate) history: Vec<HistoryRecord>,
    /// Ground truth, to score the clusters on the way; training never sees it.
    pub(crate) labels: Option<Vec<u32>>,
    silent: bool,
    /// Before each line: which of several runs it tells of. Such runs have no bars.
    run: Option<String>,
    bar: Option<ProgressBar>,
    phase: String,
    phase_start: Instant,
    last_line: Instant,
    loss: Option<f64>,
    steps: u64,
    /// The step of pre-training whose weights are kept; 0 if no samples are held out.
    pub(crate) best_step: u64,
}

impl Progress {
    pub(crate) fn new(silent: bool) -> Self {
        Self {
            history: Vec::new(),
            labels: None,
            silent,
            run: None,
            bar: None,
            phase: String::new(),
            phase_start: Instant::now(),
            last_line: Instant::now(),
            loss: None,
            steps: 0,
            best_step: 0,
        }
    }

    /// The progress of one of several runs that go on at once.
    pub(crate) fn of_seed(&self, seed: u32) -> Self {
        Self {
            run: Some(format!("seed {seed}: ")),
            ..Self::new(self.silent)
        }
    }

    /// One line of talk.
    pub(crate) fn say(&self, line: &str) {
        match &self.bar {
            _ if self.silent => {}
            Some(bar) => bar.println(line),
            None => eprintln!("{}{line}", self.run.as_deref().unwrap_or("")),
        }
    }

    pub(crate) fn event(&mut self, event: &Event<'_>) {
        match *event {
            Event::Begin { phase, steps } => self.begin(phase, steps),
            Event::Loss {
                phase,
                step,
                loss,
                learning_rate,
            } => {
                self.loss = Some(loss);
                if phase != "cluster" {
                    self.history.push(HistoryRecord::Pretrain {
                        stage: phase.to_owned(),
                        step,
                        loss: loss as f32,
                        seconds: self.phase_start.elapsed().as_secs_f64(),
                    });
                    self.show(step, &format!("loss {loss:.5}, rate {learning_rate:.1e}"));
                }
            }
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

    fn begin(&mut self, phase: &str, steps: u64) {
        self.finish_bar();
        self.phase = phase.to_owned();
        self.phase_start = Instant::now();
        self.steps = steps;
        self.loss = None;
        if !self.silent && self.run.is_none() && std::io::stderr().is_terminal() {
            let template = "{prefix:>9} {bar:30} {pos}/{len} {msg}, {eta} left";
            let style = ProgressStyle::with_template(template).expect("the template is valid");
            self.bar = Some(
                ProgressBar::new(steps)
                    .with_style(style)
                    .with_prefix(self.phase.clone()),
            );
        }
    }

    fn held_out(&mut self, step: u64, loss: f64, best_step: u64) {
        self.history.push(HistoryRecord::HeldOut {
            step,
            loss: loss as f32,
            best_step,
            seconds: self.phase_start.elapsed().as_secs_f64(),
        });
        self.best_step = best_step;
    }

    fn worse(&mut self, course: &Course, back: bool) {
        self.finish_bar();
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
        self.finish_bar();
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
        let acc = self.labels.as_ref().map(|labels| acc(labels, assignment));
        self.history.push(HistoryRecord::Cluster {
            step,
            loss: self.loss.map(|loss| loss as f32),
            label_change,
            seconds: self.phase_start.elapsed().as_secs_f64(),
            acc,
        });
        let loss = self
            .loss
            .map_or(String::new(), |loss| format!("loss {loss:.5}, "));
        let acc = acc.map_or(String::new(), |acc| format!(", ACC {acc:.4}"));
        self.show(
            step,
            &format!("{loss}{:.2} % of labels changed{acc}", 100.0 * label_change),
        );
    }

    fn show(&mut self, step: u64, message: &str) {
        if let Some(bar) = &self.bar {
            bar.set_position(step);
            bar.set_message(message.to_owned());
            if step >= self.steps {
                self.finish_bar();
            }
        } else if !self.silent && (self.last_line.elapsed() > QUIET_TIME || step >= self.steps) {
            self.last_line = Instant::now();
            self.say(&format!(
                "{} {step}/{}: {message}{}",
                self.phase,
                self.steps,
                self.time_left(step)
            ));
        }
    }

    fn time_left(&self, step: u64) -> String {
        if step == 0 || step >= self.steps {
            return String::new();
        }
        let left =
            self.phase_start.elapsed().as_secs_f64() / step as f64 * (self.steps - step) as f64;
        format!(", at most {left:.0} s left")
    }

    fn finish_bar(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish();
        }
    }
}
