//! Checkpoints of `train`: written while it runs, taken again with `--resume`, removed when the run is whole.

mod identity;
mod keeper;
mod place;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dec_gpu::checkpoint::State;
use dec_gpu::report::RunIdentity;
use dec_gpu::run::Store;
use dec_gpu::{Error, Result};

use super::atomic::{is_temporary, sweep};
use super::run_dir::RunDir;
use super::tell;
pub(crate) use identity::Identity;
use keeper::Keeper;
pub(crate) use place::Place;

/// The folder of the checkpoints in a run folder.
pub(crate) const FOLDER: &str = "checkpoint";
/// Checkpoints of a run that are kept: the newest, and the one before in case that is damaged.
const KEPT: usize = 2;

/// The checkpoints of all runs of a training.
pub(crate) struct Checkpoints {
    path: PathBuf,
    every: Option<Duration>,
    identity: Identity,
    place: Place,
    /// What writes the checkpoints of each seed's run.
    keepers: BTreeMap<u32, Keeper>,
}

impl Checkpoints {
    /// Those of the run folder; without `resume` what is there of an earlier training is removed, with it that must be
    /// of this one.
    ///
    /// `every` seconds one is written; 0 leaves those at the end of a phase and on a signal.
    pub(crate) fn open(
        folder: &RunDir,
        every: u64,
        resume: bool,
        (identity, place): (Identity, Place),
    ) -> Result<Self> {
        let path = folder.path().join(FOLDER);
        sweep(&path);
        match resume {
            true => check(&path, &identity, &place)?,
            false => remove(&path).map_err(failed(&path))?,
        }
        Ok(Self {
            path,
            every: (every > 0).then(|| Duration::from_secs(every)),
            identity,
            place,
            keepers: BTreeMap::new(),
        })
    }

    /// What `metrics.json` says of the training.
    pub(crate) fn identity(&self) -> RunIdentity {
        self.identity.short()
    }

    /// Removes all checkpoints: the run is whole.
    pub(crate) fn remove(&self) -> Result<()> {
        remove(&self.path).map_err(failed(&self.path))
    }
}

impl Store for Checkpoints {
    fn begins(&mut self, seed: u32) {
        let number = numbered(&self.path, seed)
            .last()
            .map_or(0, |(number, _)| *number);
        let mut notes = self.identity.notes(seed);
        notes.extend(self.place.notes());
        let keeper = Keeper::new(&self.path, seed, number, self.every, notes);
        self.keepers.insert(seed, keeper);
    }

    /// The newest whole state. What is damaged is passed over, and that is said.
    fn newest(&mut self, seed: u32) -> Result<Option<State>> {
        let mut damaged = None;
        for (_, path) in numbered(&self.path, seed).into_iter().rev() {
            match read(&path) {
                Ok(state) => {
                    self.identity.check(&state, seed, &path)?;
                    return Ok(Some(state));
                }
                Err(why) => {
                    let text = format!("{}: {why}", path.display());
                    tell(&format!(
                        "warning: {text}; the checkpoint before it is taken"
                    ));
                    damaged = Some(text);
                }
            }
        }
        match damaged {
            Some(text) => Err(none_left(&text)),
            None => Ok(None),
        }
    }

    fn is_due(&self, seed: u32) -> bool {
        self.keepers.get(&seed).is_some_and(Keeper::is_due)
    }

    fn keep(&mut self, seed: u32, state: &State) -> Result<()> {
        let keeper = self.keepers.get_mut(&seed);
        keeper.expect("a run begins before it is kept").keep(state)
    }
}

/// Whether a run folder has checkpoints to go on from.
pub(crate) fn any(run: &Path) -> bool {
    entries(&run.join(FOLDER)).is_ok_and(|files| !files.is_empty())
}

/// Whether a run folder holds nothing but what a run leaves that was killed before its first checkpoint was whole.
pub(crate) fn only_begun(run: &Path) -> bool {
    let only = |folder: &Path, expected: &dyn Fn(&Path) -> bool| {
        let entries =
            fs::read_dir(folder).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        entries.is_ok_and(|entries| entries.iter().all(|entry| expected(&entry.path())))
    };
    let folder = run.join(FOLDER);
    only(run, &|path| {
        is_temporary(path) || path == folder && only(path, &is_temporary)
    })
}

fn read(path: &Path) -> std::result::Result<State, String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    State::from_bytes(&bytes).map_err(|error| error.to_string())
}

fn none_left(damaged: &str) -> Error {
    Error::Run(format!(
        "{damaged}; no other checkpoint is left: begin again with --force"
    ))
}

/// Refuses a folder of another training, of other seeds too, or of another precision, before anything is trained.
/// All checkpoints in it are of one: the oldest that is whole tells.
fn check(folder: &Path, identity: &Identity, place: &Place) -> Result<()> {
    let mut damaged = None;
    for ((seed, _), path) in all(folder) {
        match read(&path) {
            Ok(state) => {
                identity.check(&state, seed, &path)?;
                if let Some(text) = place.check(&state, &path)? {
                    tell(&format!("warning: {text}"));
                }
                return Ok(());
            }
            Err(why) => damaged = Some(format!("{}: {why}", path.display())),
        }
    }
    damaged.map_or(Ok(()), |text| Err(none_left(&text)))
}

fn failed(path: &Path) -> impl Fn(io::Error) -> Error {
    move |source| Error::Write {
        path: path.display().to_string(),
        source,
    }
}

/// The checkpoints of a seed with their numbers, the oldest first.
fn numbered(folder: &Path, seed: u32) -> Vec<(u64, PathBuf)> {
    let of_seed = |((its, number), path)| (its == seed).then_some((number, path));
    all(folder).into_iter().filter_map(of_seed).collect()
}

/// All checkpoints with their seeds and numbers, of each seed the oldest first.
fn all(folder: &Path) -> Vec<((u32, u64), PathBuf)> {
    let files = entries(folder).unwrap_or_default();
    let mut found: Vec<_> = files
        .into_iter()
        .filter_map(|path| Some((named(&path)?, path)))
        .collect();
    found.sort();
    found
}

/// The seed and the number in the name of a checkpoint.
fn named(path: &Path) -> Option<(u32, u64)> {
    let name = path.file_stem()?.to_str()?.strip_prefix("seed-")?;
    let (seed, number) = name.split_once('-')?;
    Some((seed.parse().ok()?, number.parse().ok()?))
}

/// The files that are checkpoints by their names.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("seed-") && name.ends_with(".safetensors") {
            files.push(path);
        }
    }
    Ok(files)
}

/// Removes the checkpoints, and the folder if nothing else is in it.
fn remove(folder: &Path) -> io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    entries(folder)?.into_iter().try_for_each(fs::remove_file)?;
    match fs::remove_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(error),
        _ => Ok(()),
    }
}
