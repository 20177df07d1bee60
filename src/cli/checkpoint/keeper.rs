//! Writing the checkpoints of one run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dec_gpu::checkpoint::State;
use dec_gpu::{Error, Result};

use super::{KEPT, numbered};
use crate::cli::atomic::write_atomic;

/// Writes the checkpoints of one run.
pub(super) struct Keeper {
    folder: PathBuf,
    seed: u32,
    /// Of the last checkpoint.
    number: u64,
    every: Option<Duration>,
    /// When the last one was written, or the run began.
    last: Instant,
    /// What every checkpoint says besides the state.
    notes: BTreeMap<String, String>,
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
            last: Instant::now(),
            notes,
        }
    }

    /// Whether so much time has passed since the last one.
    pub(super) fn is_due(&self) -> bool {
        self.every.is_some_and(|every| self.last.elapsed() >= every)
    }

    /// Writes a state, whole or not at all, and removes those before the last two.
    pub(super) fn keep(&mut self, state: &State) -> Result<()> {
        let bytes = state.to_bytes(&self.notes);
        let path = self.path(self.number + 1);
        let written = fs::create_dir_all(&self.folder)
            .and_then(|()| write_atomic(&path, |out| out.write_all(&bytes)));
        self.last = Instant::now();
        match written {
            Ok(()) => {
                self.number += 1;
                self.remove_old();
                Ok(())
            }
            Err(source) => {
                // Only if there is nothing in it.
                let _ = fs::remove_dir(&self.folder);
                let path = path.display().to_string();
                Err(Error::Write { path, source })
            }
        }
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
