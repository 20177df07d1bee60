//! Files of a folder that get their names only when all of them are on the disk: a disk that is full half way leaves what
//! was there before.

use std::io::{self, Write};

use super::atomic::{Pending, Whole};
use super::run_dir::{RunDir, RunDirError};

/// The files so far. Dropped before [`Staged::publish`], they are gone.
pub(crate) struct Staged<'f> {
    folder: &'f RunDir,
    files: Vec<(&'static str, Whole)>,
}

impl<'f> Staged<'f> {
    /// None yet.
    pub(crate) fn begin(folder: &'f RunDir) -> Self {
        let files = Vec::new();
        Self { folder, files }
    }

    /// Writes the file `name`, all of it.
    pub(crate) fn write(
        &mut self,
        name: &'static str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), RunDirError> {
        let mut out = self.folder.begin(name)?;
        let whole = write(&mut out).and_then(|()| Pending::finish(out));
        self.files.push((name, self.folder.named(name, whole)?));
        Ok(())
    }

    /// Gives the files their names.
    pub(crate) fn publish(self) -> Result<(), RunDirError> {
        for (name, file) in self.files {
            self.folder.named(name, file.publish())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn one_that_fails_leaves_the_others_as_they_were() {
        let root = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            fs::write(root.path().join(name), "old").unwrap();
        }
        let folder = RunDir::create(root.path(), true).unwrap();
        let mut staged = Staged::begin(&folder);
        staged.write("a", |out| out.write_all(b"new")).unwrap();
        let error = staged.write("b", |_| Err(io::Error::other("full")));
        assert!(error.unwrap_err().to_string().ends_with("b: full"));
        drop(staged);
        for name in ["a", "b"] {
            assert_eq!(fs::read(root.path().join(name)).unwrap(), b"old");
        }
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 2);

        let mut staged = Staged::begin(&folder);
        for name in ["a", "b"] {
            staged.write(name, |out| out.write_all(b"new")).unwrap();
        }
        staged.publish().unwrap();
        for name in ["a", "b"] {
            assert_eq!(fs::read(root.path().join(name)).unwrap(), b"new");
        }
    }
}
