//! `train --tensorboard DIR`: an event file that grows while training runs, and at its end the projector's files.
//!
//! A file of another training is never written to: event files have names of their own, embeddings too, and the
//! projector's list of embeddings grows.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use dec_gpu::Error;
use dec_gpu::report::HistoryRecord;
use dec_gpu::report::tensorboard::{
    PROJECTOR_CONFIG, cluster_sizes, projector_entry, projector_rows, scalars, write_metadata,
    write_tensors, write_values, write_version,
};
use dec_gpu::run::trainer::Clustering;

use super::run_dir::{RunDir, RunDirError};

/// The folders of the runs, made and tried before training begins.
#[derive(Debug)]
pub(crate) struct Boards {
    /// The seed of each run, and its folder.
    folders: Vec<(u32, RunDir)>,
}

impl Boards {
    /// `folder` itself for one run, `seed-N` in it for each of several.
    pub(crate) fn create(folder: &Path, first_seed: u32, runs: u32) -> Result<Self, RunDirError> {
        let seeds = (0..runs).map(|r| first_seed.wrapping_add(r));
        let of_seed = |seed: u32| match runs {
            1 => folder.to_owned(),
            _ => folder.join(format!("seed-{seed}")),
        };
        // Files that are there stay, whatever they are: nothing is written over them.
        let one = |seed| Ok((seed, RunDir::create(of_seed(seed), true)?));
        Ok(Self {
            folders: seeds.map(one).collect::<Result<_, _>>()?,
        })
    }

    /// Begins the event file of every seed's run.
    pub(crate) fn begin(self) -> Result<BTreeMap<u32, Board>, Error> {
        let begin = |(seed, folder)| Ok((seed, Board::begin(folder)?));
        self.folders.into_iter().map(begin).collect()
    }
}

/// One run's event file.
pub(crate) struct Board {
    folder: RunDir,
    path: PathBuf,
    file: File,
    /// Why the file ends early. Training goes on; the error is told at its end.
    failed: Option<io::Error>,
}

impl Board {
    fn begin(folder: RunDir) -> Result<Self, Error> {
        let stem = format!(
            "events.out.tfevents.{:010}.{}.{}",
            now() as u64,
            host(),
            std::process::id()
        );
        let path = folder.path().join(stem);
        let (path, mut file) = create_new(&path).map_err(|source| failed(folder.path(), source))?;
        write_version(&mut file, now()).map_err(|source| failed(&path, source))?;
        Ok(Self {
            folder,
            path,
            file,
            failed: None,
        })
    }

    /// Appends what a record says, and the sizes of the clusters if it is one of clustering. Returns what to tell at
    /// once if that fails.
    pub(crate) fn record(
        &mut self,
        record: &HistoryRecord,
        sizes: Option<&[u64]>,
    ) -> Option<String> {
        if self.failed.is_some() {
            return None; // what follows a cut record cannot be read
        }
        let (step, mut values) = scalars(record);
        values.extend(sizes.map(cluster_sizes));
        self.failed = write_values(&mut self.file, now(), step, values).err();
        let source = self.failed.as_ref()?;
        let path = self.path.display();
        Some(format!(
            "cannot write {path}: {source}; training goes on without it"
        ))
    }

    /// Writes the embedding for the projector. Returns how many samples it holds.
    ///
    /// # Errors
    /// What could not be written, now or on the way.
    pub(crate) fn finish(
        self,
        clustering: &Clustering,
        labels: Option<(&[u32], &[String])>,
    ) -> Result<usize, Error> {
        if let Some(source) = self.failed {
            return Err(failed(&self.path, source));
        }
        let n = clustering.assignment.len();
        let d = clustering.embedding.len() / n;
        let rows = projector_rows(n);
        let names = Names::free(self.folder.path());
        self.folder.write(&names.tensors, |out| {
            write_tensors(out, &clustering.embedding, d, &rows)
        })?;
        let found = (&clustering.assignment[..], &clustering.confidence[..]);
        self.folder.write(&names.metadata, |out| {
            write_metadata(out, found, labels, &rows)
        })?;
        let config = self.folder.path().join(PROJECTOR_CONFIG);
        let before = match fs::read(&config) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(|source| failed(&config, source))?,
        };
        self.folder.write(PROJECTOR_CONFIG, |out| {
            out.write_all(&before)?;
            if !before.is_empty() && !before.ends_with(b"\n") {
                out.write_all(b"\n")?;
            }
            out.write_all(names.entry().as_bytes())
        })?;
        Ok(rows.len())
    }
}

/// What an embedding and its files are called.
struct Names {
    embedding: String,
    tensors: String,
    metadata: String,
}

impl Names {
    /// The first names that no file in the folder has.
    fn free(folder: &Path) -> Self {
        let numbered = |number: u32| {
            let suffix = match number {
                1 => String::new(),
                _ => format!("-{number}"),
            };
            Self {
                embedding: format!("embedding{suffix}"),
                tensors: format!("tensors{suffix}.tsv"),
                metadata: format!("metadata{suffix}.tsv"),
            }
        };
        let is_free = |names: &Self| {
            let taken = |name: &str| folder.join(name).symlink_metadata().is_ok();
            !taken(&names.tensors) && !taken(&names.metadata)
        };
        let found = (1..).map(numbered).find(is_free);
        found.expect("a folder does not hold four thousand million files")
    }

    fn entry(&self) -> String {
        projector_entry(&self.embedding, &self.tensors, &self.metadata)
    }
}

/// A file that was not there: `path`, or `path.1`, `path.2`, … for trainings that begin in the same second.
fn create_new(path: &Path) -> io::Result<(PathBuf, File)> {
    let mut candidate = path.to_owned();
    for number in 1_u32.. {
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&candidate)
        {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let mut name = path.as_os_str().to_owned();
                name.push(format!(".{number}"));
                candidate = name.into();
            }
            opened => return Ok((candidate, opened?)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Seconds since 1970.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}

/// The machine's name as a part of a file name.
fn host() -> String {
    let fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let name = gethostname::gethostname();
    let name = name.to_string_lossy().replace(|c| !fit(c), "_");
    if name.is_empty() {
        "localhost".to_owned()
    } else {
        name
    }
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::Write {
        path: path.display().to_string(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_same_second_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("events");
        let names: Vec<PathBuf> = (0..3).map(|_| create_new(&path).unwrap().0).collect();
        let expected = ["events", "events.1", "events.2"].map(|name| root.path().join(name));
        assert_eq!(names, expected);
    }

    #[test]
    fn names_are_free_when_neither_file_is_there() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(Names::free(root.path()).tensors, "tensors.tsv");
        fs::write(root.path().join("metadata.tsv"), "mine").unwrap();
        let names = Names::free(root.path());
        assert_eq!(
            [&names.embedding[..], &names.tensors, &names.metadata],
            ["embedding-2", "tensors-2.tsv", "metadata-2.tsv"]
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_first_failure_is_the_last_write_and_is_told_at_the_end() {
        let root = tempfile::tempdir().unwrap();
        let folder = RunDir::create(root.path(), false).unwrap();
        let mut board = Board::begin(folder).unwrap();
        board.file = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let record = HistoryRecord::HeldOut {
            step: 1,
            loss: 1.0,
            best_step: 1,
            seconds: 0.0,
        };
        let told = board.record(&record, None).expect("it fails");
        assert!(told.ends_with("training goes on without it"), "{told}");
        board.file = File::create(root.path().join("later")).unwrap();
        assert_eq!(board.record(&record, None), None);
        assert_eq!(fs::read(root.path().join("later")).unwrap(), b"");
        let error = board.failed.expect("it failed");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
