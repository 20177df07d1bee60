//! What training shows and writes while it runs.

mod news;
mod screen;
mod sparkline;
mod view;
mod words;

use std::collections::BTreeMap;

use dec_gpu::data::Labels;
use dec_gpu::report::{self, write_clusters_csv};
use dec_gpu::run::{Choice, Clustering, Event, Observer};
use dec_gpu::{DeviceFault, Error, Result};

use super::run_dir::RunDir;
use super::tensorboard::Board;
use super::{signals, tell};
use screen::Screen;
use view::View;

/// Shows the runs of a training, and writes what is known before their end.
pub(crate) struct Progress<'a> {
    folder: &'a RunDir,
    labels: Option<&'a Labels>,
    /// Of the seeds whose runs have not ended.
    boards: BTreeMap<u32, Board>,
    /// Of one run, or of the talk of all.
    view: View,
    /// Of the runs that go on side by side, by seed.
    apart: BTreeMap<u32, View>,
    /// What could not be written that the run folder must have.
    failure: Option<Error>,
    /// The first of TensorBoard's files that could not be written; the run is whole all the same.
    board_failure: Option<Error>,
    /// Whether the device was opened again.
    pub(crate) reopened: bool,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(
        silent: bool,
        folder: &'a RunDir,
        labels: Option<&'a Labels>,
        boards: BTreeMap<u32, Board>,
    ) -> Self {
        Self {
            folder,
            labels,
            boards,
            view: View::new(Screen::new(silent, None), None),
            apart: BTreeMap::new(),
            failure: None,
            board_failure: None,
            reopened: false,
        }
    }

    /// One line of talk.
    pub(crate) fn say(&self, line: &str) {
        self.view.say(line);
    }

    /// What could not be written that the run folder must have.
    pub(crate) fn failure(&mut self) -> Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }

    /// What TensorBoard did not get.
    pub(crate) fn board_failure(self) -> Result<()> {
        self.board_failure.map_or(Ok(()), Err)
    }

    fn side_by_side(&mut self, seeds: &[u32]) {
        let names: Vec<String> = seeds.iter().map(u32::to_string).collect();
        self.say(&format!(
            "{} runs side by side, seeds {}",
            seeds.len(),
            names.join(", ")
        ));
        for seed in seeds {
            let screen = self.view.screen_of(*seed);
            let view = View::new(screen, self.boards.remove(seed));
            self.apart.insert(*seed, view);
        }
    }

    /// The device is opened again: what is shown of its runs ends, and begins again.
    pub(crate) fn reopen(&mut self, fault: &DeviceFault) {
        self.reopened = true;
        self.view.end();
        for (seed, mut view) in std::mem::take(&mut self.apart) {
            view.end();
            self.boards.extend(view.board.map(|board| (seed, board)));
        }
        let then = if fault.is_of_memory() {
            ", in smaller pieces"
        } else {
            ""
        };
        tell(&format!(
            "warning: {fault}; it is opened again, once, and the run goes on from its last checkpoint{then}"
        ));
    }

    fn write_choice(&mut self, choice: &Choice) {
        let labels = self.labels.map(|labels| &labels.ids[..]);
        let written = self.folder.write(report::CLUSTERS_CSV, |out| {
            write_clusters_csv(out, choice, labels)
        });
        self.failure = written.err().map(Error::from);
    }

    /// Gives TensorBoard the embedding, if it watches.
    fn finish_board(&mut self, seed: u32, clustering: &Clustering) {
        let view = self.apart.get_mut(&seed).unwrap_or(&mut self.view);
        let Some(board) = view.board.take() else {
            return;
        };
        let labels = (self.labels).map(|labels| (&labels.ids[..], &labels.names[..]));
        let n = clustering.assignment.len();
        match board.finish(clustering, labels) {
            Ok(shown) if shown < n => view.say(&format!(
                "TensorBoard's projector gets {shown} of {n} samples, drawn at random, the same in every run"
            )),
            Ok(_) => {}
            Err(error) => {
                self.board_failure.get_or_insert(error);
            }
        }
    }
}

impl Observer for Progress<'_> {
    fn event(&mut self, seed: u32, event: &Event<'_>) {
        match *event {
            Event::Run { number, of } => self.say(&format!("run {number} of {of}, seed {seed}")),
            Event::SideBySide(seeds) => return self.side_by_side(seeds),
            Event::Joined { .. } => {
                self.apart.clear();
                return self.view.event(event);
            }
            Event::Reopened(fault) => return self.reopen(fault),
            Event::Choice(choice) => self.write_choice(choice),
            Event::Done(clustering) => return self.finish_board(seed, clustering),
            _ => {}
        }
        match self.apart.get_mut(&seed) {
            Some(view) => view.event(event),
            None => {
                if let Some(board) = self.boards.remove(&seed) {
                    self.view.board = Some(board);
                }
                self.view.event(event);
            }
        }
    }

    fn stops(&self) -> bool {
        self.failure.is_some() || signals::exit_code().is_some()
    }
}
