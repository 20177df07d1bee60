//! Files that are either whole or not there: written beside the target, then renamed over it.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// How the names of temporary files begin and end.
const NAME: [&str; 2] = [".dec-gpu-", ".tmp"];

/// Bytes gathered before a write to the system; the renderers make many small ones.
const BUFFER: usize = 1 << 16;

/// Writes `path` through `write`, atomically and durably.
///
/// A reader sees the old file or the whole new one, also after a power cut. On any failure, a panic
/// of `write` included, the temporary file is removed and the old file is untouched; only a killed
/// process leaves a `.dec-gpu-*.tmp` behind, see [`sweep`]. A symbolic link at `path` is replaced, not followed.
pub(crate) fn write_atomic(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = Pending::beside(path)?;
    write(&mut out)?;
    out.finish()?.publish()
}

/// A file that is written beside its target, by and by; dropped, it is gone. See [`write_atomic`].
#[derive(Debug)]
pub(crate) struct Pending {
    out: BufWriter<NamedTempFile>,
    target: PathBuf,
}

/// A file that is whole and on the disk, but does not have its name yet; dropped, it is gone.
#[derive(Debug)]
pub(crate) struct Whole {
    file: NamedTempFile,
    target: PathBuf,
}

impl Pending {
    /// An empty file that will be `target`.
    pub(crate) fn beside(target: &Path) -> io::Result<Self> {
        // In the same folder, because a rename across file systems would be a copy.
        let file = temporary_in(folder_of(target))?;
        Ok(Self {
            out: BufWriter::with_capacity(BUFFER, file),
            target: target.to_owned(),
        })
    }

    /// Brings everything to the disk.
    pub(crate) fn finish(self) -> io::Result<Whole> {
        // Not left to drop, which would hide that the disk is full.
        let file = self
            .out
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        // Before the rename, or a power cut could leave the new name on an empty file.
        file.as_file().sync_all()?;
        Ok(Whole {
            file,
            target: self.target,
        })
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Seek for Pending {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.out.seek(to)
    }
}

impl Whole {
    /// Gives the file its name.
    pub(crate) fn publish(self) -> io::Result<()> {
        self.file
            .persist(&self.target)
            .map_err(|error| error.error)?;
        sync_folder(folder_of(&self.target))
    }
}

/// The folder that holds `path`.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// A new file in `folder` that is removed when dropped.
pub(super) fn temporary_in(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(NAME[0]).suffix(NAME[1]);
    // Temporary files are private by default; results are as public as the umask lets them be.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// Whether a file is one that a killed process has left.
pub(crate) fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with(NAME[0]) && name.ends_with(NAME[1])
}

/// Removes the temporary files in `folder` that killed processes have left. For where only one process may write: those of
/// one that still runs would go too.
pub(crate) fn sweep(folder: &Path) {
    let paths = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for path in paths
        .map(|entry| entry.path())
        .filter(|path| is_temporary(path))
    {
        // It lies there as before; whatever is wrong shows when something is written.
        let _ = std::fs::remove_file(path);
    }
}

/// Makes the rename itself survive a power cut.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network file systems cannot sync a folder. The file is whole all the same.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

/// Other systems have no such call.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A folder with the file `old`, which holds `before`.
    fn folder_with_old() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old");
        fs::write(&path, "before").unwrap();
        (folder, path)
    }

    /// Asserts that the folder holds `old` as it was and nothing else.
    fn assert_untouched(folder: &tempfile::TempDir) {
        let names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["old"]);
        assert_eq!(fs::read(folder.path().join("old")).unwrap(), b"before");
    }

    #[test]
    fn replaces_the_old_file_and_leaves_nothing_else() {
        let (folder, path) = folder_with_old();
        let long = "after\n".repeat(BUFFER);
        write_atomic(&path, |out| out.write_all(long.as_bytes())).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), long);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_old_file_stays_until_the_new_one_is_whole() {
        let (_folder, path) = folder_with_old();
        write_atomic(&path, |out| {
            out.write_all(&[b'x'; 2 * BUFFER])?;
            assert_eq!(fs::read(&path)?, b"before");
            Ok(())
        })
        .unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 2 * BUFFER as u64);
    }

    #[test]
    fn a_writer_that_fails_midway_changes_nothing() {
        let (folder, path) = folder_with_old();
        let error = write_atomic(&path, |out| {
            out.write_all(&[b'x'; 3 * BUFFER])?;
            Err(io::Error::other("midway"))
        })
        .unwrap_err();
        assert_eq!(error.to_string(), "midway");
        assert_untouched(&folder);
    }

    #[test]
    fn a_writer_that_panics_changes_nothing() {
        let (folder, path) = folder_with_old();
        let result = std::panic::catch_unwind(|| {
            write_atomic(&path, |out| {
                out.write_all(b"half")?;
                panic!("midway")
            })
        });
        assert!(result.is_err());
        assert_untouched(&folder);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_changes_nothing() {
        let (folder, path) = folder_with_old();
        let error = write_atomic(&path, |out| {
            out.write_all(b"half")?;
            let mut full = fs::OpenOptions::new().write(true).open("/dev/full")?;
            full.write_all(b"the other half")
        })
        .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_untouched(&folder);
    }

    #[test]
    fn a_target_that_cannot_be_replaced_leaves_no_temporary_file() {
        let (folder, _) = folder_with_old();
        let path = folder.path().join("sub");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("kept"), "").unwrap();
        write_atomic(&path, |out| out.write_all(b"x")).unwrap_err();
        assert!(path.join("kept").exists());
        fs::remove_dir_all(&path).unwrap();
        assert_untouched(&folder);
    }

    #[test]
    fn a_file_written_by_and_by_has_its_name_only_when_published() {
        let (folder, path) = folder_with_old();
        let mut out = Pending::beside(&path).unwrap();
        out.write_all(&[b'x'; 2 * BUFFER]).unwrap();
        out.rewind().unwrap();
        out.write_all(b"begun").unwrap();
        let whole = out.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"before");
        whole.publish().unwrap();
        let found = fs::read(&path).unwrap();
        assert_eq!((found.len(), &found[..6]), (2 * BUFFER, &b"begunx"[..]));
        fs::write(&path, "before").unwrap();
        Pending::beside(&path).unwrap().write_all(b"half").unwrap();
        drop(Pending::beside(&path).unwrap().finish().unwrap());
        assert_untouched(&folder);
    }

    #[test]
    fn a_missing_folder_is_an_error() {
        let (folder, _) = folder_with_old();
        let path = folder.path().join("none/file");
        let error = write_atomic(&path, |_| Ok(())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_untouched(&folder);
    }

    #[cfg(unix)]
    #[test]
    fn results_are_as_public_as_any_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, path) = folder_with_old();
        let ordinary = fs::metadata(&path).unwrap().permissions().mode();
        let path = folder.path().join("new");
        write_atomic(&path, |_| Ok(())).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode(), ordinary);
    }

    #[test]
    fn a_bare_name_lies_in_the_current_folder() {
        assert_eq!(folder_of(Path::new("labels.csv")), Path::new("."));
        assert_eq!(folder_of(Path::new("run/labels.csv")), Path::new("run"));
    }
}
