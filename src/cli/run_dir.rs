//! The run folder: where a run's files go, and the rule that nothing is overwritten by accident.

use super::atomic::{Pending, sweep, temporary_in, write_atomic};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A folder that is there, can be written to, and may be filled.
#[derive(Debug, Clone)]
pub(crate) struct RunDir {
    path: PathBuf,
    /// It was not there before.
    is_new: bool,
}

/// Why a run folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunDirError {
    /// The folder holds files already.
    #[error(
        "{} is not empty (it holds {found}); choose another --out, or pass --force to overwrite",
        path.display()
    )]
    Exists {
        /// The folder.
        path: PathBuf,
        /// One of the files found, the first by name.
        found: String,
    },
    /// The system refused.
    #[error("cannot write {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl RunDir {
    /// Makes the folder and its parents, or takes an empty one; with `force` also one with files.
    ///
    /// Files that are there stay until one of the same name is written. That the folder can be
    /// written to is tried here, so that a run of hours does not find out at its end.
    pub(crate) fn create(path: impl Into<PathBuf>, force: bool) -> Result<Self, RunDirError> {
        let path = path.into();
        let is_new = !path.exists();
        let found = match Self::prepare(&path) {
            Ok(found) => found,
            Err(source) => return Err(RunDirError::Io { path, source }),
        };
        match found {
            Some(found) if !force => Err(RunDirError::Exists { path, found }),
            _ => Ok(Self { path, is_new }),
        }
    }

    /// Refuses what [`RunDir::create`] would refuse because of its files, without touching anything: to be
    /// asked before work that takes long.
    pub(crate) fn check(path: &Path, force: bool) -> Result<(), RunDirError> {
        let first = fs::read_dir(path)
            .ok()
            .and_then(|mut entries| entries.next()?.ok());
        match first {
            Some(entry) if !force => Err(RunDirError::Exists {
                path: path.to_owned(),
                found: entry.file_name().to_string_lossy().into_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Makes the folder if need be, tries to write, and names the first file in it.
    fn prepare(path: &Path) -> io::Result<Option<String>> {
        if path.exists() && !path.is_dir() {
            let text = "it is a file, expected a folder";
            return Err(io::Error::new(io::ErrorKind::NotADirectory, text));
        }
        fs::create_dir_all(path)?;
        let mut first = None;
        for entry in fs::read_dir(path)? {
            let name = entry?.file_name();
            if first.as_ref().is_none_or(|first| name < *first) {
                first = Some(name);
            }
        }
        drop(temporary_in(path)?);
        Ok(first.map(|name| name.to_string_lossy().into_owned()))
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the file `name` in the folder, whole or not at all; see [`write_atomic`].
    pub(crate) fn write(
        &self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), RunDirError> {
        self.named(name, write_atomic(&self.path.join(name), write))
    }

    /// Begins the file `name` in the folder, to be written by and by.
    pub(crate) fn begin(&self, name: &str) -> Result<Pending, RunDirError> {
        self.named(name, Pending::beside(&self.path.join(name)))
    }

    /// What became of writing the file `name`, with its path in the error.
    pub(crate) fn named<T>(&self, name: &str, result: io::Result<T>) -> Result<T, RunDirError> {
        result.map_err(|source| RunDirError::Io {
            path: self.path.join(name),
            source,
        })
    }

    /// Removes the file `name` if it is there.
    pub(crate) fn remove(&self, name: &str) -> Result<(), RunDirError> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => self.named(name, removed),
        }
    }

    /// Removes what killed processes have left unfinished here; see [`sweep`].
    pub(crate) fn sweep(&self) {
        sweep(&self.path);
    }

    /// Removes the folder if it was made here and nothing is in it; for when there are no results.
    pub(crate) fn remove_if_new(self) {
        if self.is_new {
            // Why there are no results is the error to tell, not that an empty folder stays.
            let _ = fs::remove_dir(self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_parents_and_writes_into_them() {
        let root = tempfile::tempdir().unwrap();
        let run = RunDir::create(root.path().join("a/b/run"), false).unwrap();
        run.write("labels.csv", |out| out.write_all(b"index"))
            .unwrap();
        assert_eq!(fs::read(run.path().join("labels.csv")).unwrap(), b"index");
    }

    #[test]
    fn an_empty_folder_is_taken_and_left_empty() {
        let root = tempfile::tempdir().unwrap();
        RunDir::create(root.path(), false).unwrap();
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn files_are_overwritten_only_with_force() {
        let root = tempfile::tempdir().unwrap();
        for name in ["model.safetensors", "labels.csv"] {
            fs::write(root.path().join(name), "old").unwrap();
        }
        let error = RunDir::create(root.path(), false).unwrap_err();
        let expected = format!(
            "{} is not empty (it holds labels.csv); choose another --out, or pass --force to overwrite",
            root.path().display()
        );
        assert_eq!(error.to_string(), expected);

        let run = RunDir::create(root.path(), true).unwrap();
        assert_eq!(fs::read(root.path().join("labels.csv")).unwrap(), b"old");
        run.write("labels.csv", |out| out.write_all(b"new"))
            .unwrap();
        assert_eq!(fs::read(root.path().join("labels.csv")).unwrap(), b"new");
    }

    #[test]
    fn a_file_in_the_place_of_the_folder_is_named() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("run");
        fs::write(&path, "mine").unwrap();
        for force in [false, true] {
            let error = RunDir::create(&path, force).unwrap_err().to_string();
            assert!(
                error.ends_with("run: it is a file, expected a folder"),
                "{error}"
            );
        }
        assert_eq!(fs::read(&path).unwrap(), b"mine");
    }

    #[test]
    fn without_results_only_a_new_and_empty_folder_goes() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("run");
        let run = RunDir::create(&path, false).unwrap();
        drop(run.begin("labels.csv").unwrap());
        run.remove_if_new();
        assert!(!path.exists());
        let run = RunDir::create(&path, false).unwrap();
        run.write("labels.csv", |_| Ok(())).unwrap();
        run.remove_if_new();
        assert!(path.join("labels.csv").exists());
        let old = root.path().join("old");
        fs::create_dir(&old).unwrap();
        RunDir::create(&old, false).unwrap().remove_if_new();
        assert!(old.exists());
    }

    #[test]
    fn errors_name_the_file() {
        let root = tempfile::tempdir().unwrap();
        let run = RunDir::create(root.path(), false).unwrap();
        let error = run
            .write("metrics.json", |_| Err(io::Error::other("no space")))
            .unwrap_err();
        assert!(matches!(error, RunDirError::Io { .. }));
        let text = error.to_string();
        assert!(
            text.starts_with("cannot write ") && text.ends_with("metrics.json: no space"),
            "{text}"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_cannot_be_written_to_is_refused_at_once() {
        // Not even root can make files there.
        let error = RunDir::create("/proc/self", true).unwrap_err();
        assert!(matches!(error, RunDirError::Io { .. }), "{error}");
    }
}
