//! Writing the checkpoints of one run.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use dec_gpu::checkpoint::{State, Wish};
use dec_gpu::{Error, Result};

use super::{KEPT, numbered};
use crate::cli::atomic::write_atomic;
use crate::cli::signals;

/// Writes the checkpoints of one run.
pub(crate) struct Keeper {
    folder: PathBuf,
    seed: u32,
    /// Of the last checkpoint.
    number: u64,
    every: Option<Duration>,
    /// When the last one was written, or the run began.
    last: Rc<Cell<Instant>>,
    /// What every checkpoint says besides the state.
    pub(crate) notes: BTreeMap<String, String>,
    /// Why the last one could not be written.
    failure: Option<Error>,
}

impl Keeper {
    pub(super) fn new(
        folder: &Path,
        seed: u32,
        number: u64,
        every: Option<Duration>,
        notes: BTreeMap<String, String>,
    ) -> Self {
        Self {
            folder: folder.to_owned(),
            seed,
            number,
            every,
            last: Rc::new(Cell::new(Instant::now())),
            notes,
            failure: None,
        }
    }

    /// What to answer a trainer between two steps.
    pub(crate) fn wish(&self) -> impl Fn() -> Wish + use<> {
        let (last, every) = (self.last.clone(), self.every);
        move || match every {
            _ if signals::exit_code().is_some() => Wish::Stop,
            Some(every) if last.get().elapsed() >= every => Wish::State,
            _ => Wish::GoOn,
        }
    }

    /// Writes a state, whole or not at all, and removes those before the last two. That it fails is remembered, and told
    /// once: training goes on without, and an earlier checkpoint stays.
    pub(crate) fn keep(&mut self, state: &State) -> Option<String> {
        let bytes = state.to_bytes(&self.notes);
        let path = self.path(self.number + 1);
        let written = fs::create_dir_all(&self.folder)
            .and_then(|()| write_atomic(&path, |out| out.write_all(&bytes)));
        self.last.set(Instant::now());
        match written {
            Ok(()) => {
                self.number += 1;
                self.failure = None;
                self.remove_old();
                None
            }
            Err(source) => {
                // Only if there is nothing in it.
                let _ = fs::remove_dir(&self.folder);
                let path = path.display().to_string();
                let error = Error::Write { path, source };
                let text = format!("{error}; training goes on, the checkpoint before stays");
                let is_new = self.failure.replace(error).is_none();
                is_new.then_some(text)
            }
        }
    }

    /// Why the last checkpoint could not be written, if it could not.
    pub(crate) fn failure(&mut self) -> Result<()> {
        self.failure.take().map_or(Ok(()), Err)
    }

    fn path(&self, number: u64) -> PathBuf {
        let name = format!("seed-{}-{number:08}.safetensors", self.seed);
        self.folder.join(name)
    }

    fn remove_old(&self) {
        let all = numbered(&self.folder, self.seed);
        for (_, path) in &all[..all.len().saturating_sub(KEPT)] {
            // One too many does no harm.
            let _ = fs::remove_file(path);
        }
    }
}
