//! The files of a run folder, and what can be wrong with them.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use dec_gpu::Error;

/// Why a file of a run folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    /// It is not there, or the system refuses.
    #[error("{}: cannot be read ({source}); expected a run folder that `dec-gpu train` has written", path.display())]
    Unread {
        path: PathBuf,
        source: std::io::Error,
    },
    /// It is not what `train` writes.
    #[error("{}:{line}: found {found}; write the run folder again with `dec-gpu train`", path.display())]
    Bad {
        path: PathBuf,
        line: u64,
        found: String,
    },
}

impl From<RunError> for Error {
    fn from(error: RunError) -> Self {
        Self::Run(error.to_string())
    }
}

/// What is read of a run folder.
pub(super) type Read<T> = Result<T, RunError>;

/// The text of a file that must be there.
pub(super) fn text(path: &Path) -> Read<String> {
    fs::read_to_string(path).map_err(|source| RunError::Unread {
        path: path.to_owned(),
        source,
    })
}

/// The bytes of a file that may be there.
pub(super) fn optional(path: &Path) -> Read<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(RunError::Unread {
            path: path.to_owned(),
            source,
        }),
    }
}

/// The object in a file.
pub(super) fn json<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Read<T> {
    serde_json::from_str(text).map_err(|error| RunError::Bad {
        path: path.to_owned(),
        line: error.line() as u64,
        found: error.to_string(),
    })
}
