//! Where progress is shown: a bar and a line below it on a terminal, plain lines elsewhere, or nothing.
//!
//! There are no colours, so `NO_COLOR` has nothing to turn off; `TERM=dumb` gets plain lines.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use dec_gpu::data::printable_lines;
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::tell;

/// Plain lines come at most this often.
const QUIET_TIME: Duration = Duration::from_secs(5);
/// Bar and text fill the terminal's width, or are cut to it.
const TEMPLATE: &str = "{prefix:>9} {wide_bar} {pos}/{len}, {eta} left\n{wide_msg}";

/// One phase at a time.
pub(super) struct Screen {
    silent: bool,
    /// Before each line: which of several runs it tells of. Such runs have no bars.
    run: Option<String>,
    bar: Option<ProgressBar>,
    phase: String,
    phase_start: Instant,
    last_line: Instant,
    steps: u64,
}

/// The same news for both: with bars, and in plain ASCII.
pub(super) struct News {
    pub(super) drawn: String,
    pub(super) plain: String,
}

impl Screen {
    pub(super) fn new(silent: bool, run: Option<String>) -> Self {
        Self {
            silent,
            run,
            bar: None,
            phase: String::new(),
            phase_start: Instant::now(),
            last_line: Instant::now(),
            steps: 0,
        }
    }

    /// The screen of one of several runs that go on at once.
    pub(super) fn of_run(&self, run: String) -> Self {
        Self::new(self.silent, Some(run))
    }

    /// One line of talk.
    pub(super) fn say(&self, line: &str) {
        match &self.bar {
            _ if self.silent => {}
            Some(bar) => bar.println(printable_lines(line)),
            None => tell(&format!("{}{line}", self.run.as_deref().unwrap_or(""))),
        }
    }

    /// Seconds since the phase began.
    pub(super) fn seconds(&self) -> f64 {
        self.phase_start.elapsed().as_secs_f64()
    }

    pub(super) fn begin(&mut self, phase: &str, steps: u64) {
        self.finish();
        phase.clone_into(&mut self.phase);
        self.phase_start = Instant::now();
        self.steps = steps;
        if !self.silent && self.run.is_none() && draws() {
            let style = ProgressStyle::with_template(TEMPLATE).expect("the template is valid");
            self.bar = Some(
                ProgressBar::new(steps)
                    .with_style(style)
                    .with_prefix(self.phase.clone()),
            );
        }
    }

    pub(super) fn show(&mut self, step: u64, news: &News) {
        if let Some(bar) = &self.bar {
            bar.set_message(news.drawn.clone());
            bar.set_position(step);
            if step >= self.steps {
                self.finish();
            }
        } else if !self.silent && (self.last_line.elapsed() > QUIET_TIME || step >= self.steps) {
            self.last_line = Instant::now();
            self.say(&format!(
                "{} {step}/{}: {}{}",
                self.phase,
                self.steps,
                news.plain,
                self.time_left(step)
            ));
        }
    }

    fn time_left(&self, step: u64) -> String {
        if step == 0 || step >= self.steps {
            return String::new();
        }
        let left = self.seconds() / step as f64 * (self.steps - step) as f64;
        format!(", at most {left:.0} s left")
    }

    /// Leaves the bar as it is, above whatever comes.
    pub(super) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.abandon();
        }
    }
}

/// Whether a bar can be drawn where progress goes.
fn draws() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
