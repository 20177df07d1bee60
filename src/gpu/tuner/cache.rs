//! Keeps the choices of forms between runs: one small JSON file per adapter, driver and version.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::device::DeviceInfo;

/// The version of the forms. It grows when the text of one changes, so that times measured before do not count.
const VERSION: u32 = 3;

/// What a file holds.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    /// The program's version.
    version: String,
    /// [`VERSION`].
    forms_version: u32,
    device: DeviceInfo,
    /// Names of forms by class.
    forms: BTreeMap<String, String>,
}

impl Kept {
    fn empty(device: &DeviceInfo) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            forms_version: VERSION,
            device: device.clone(),
            forms: BTreeMap::new(),
        }
    }

    /// Whether it was measured by this version on this device.
    fn belongs_to(&self, other: &Self) -> bool {
        (&self.version, self.forms_version, &self.device)
            == (&other.version, other.forms_version, &other.device)
    }
}

/// The choices of one adapter, in memory and, with a folder, in a file.
pub(super) struct Cache {
    path: Option<PathBuf>,
    kept: RefCell<Kept>,
}

impl Cache {
    /// Reads the file of this device in `folder`. One that is not right is ignored, and replaced later.
    pub(super) fn open(folder: Option<PathBuf>, device: &DeviceInfo) -> Self {
        let mut kept = Kept::empty(device);
        let path = folder.map(|folder| folder.join(file_name(device)));
        if let Some(path) = &path {
            match read(path, &kept) {
                Ok(forms) => kept.forms = forms,
                Err(reason) => log::warn!("{} is ignored: {reason}", path.display()),
            }
        }
        Self {
            path,
            kept: RefCell::new(kept),
        }
    }

    /// The name of a class's form.
    pub(super) fn get(&self, class: &str) -> Option<String> {
        self.kept.borrow().forms.get(class).cloned()
    }

    /// Keeps a choice. A folder that cannot be written is no error: the choice is made again next time.
    pub(super) fn put(&self, class: String, form: &str) {
        let mut kept = self.kept.borrow_mut();
        kept.forms.insert(class, form.to_owned());
        if let Some(path) = &self.path
            && let Err(error) = write(path, &kept)
        {
            log::debug!("{} cannot be written: {error}", path.display());
        }
    }
}

/// The choices in a file; none if there is no file.
fn read(path: &Path, expected: &Kept) -> Result<BTreeMap<String, String>, String> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(error.to_string()),
    };
    let kept: Kept = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    if kept.belongs_to(expected) {
        Ok(kept.forms)
    } else {
        Err("it is another device's or version's".into())
    }
}

/// Writes a file that is whole or not there.
fn write(path: &Path, kept: &Kept) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer_pretty(&mut file, kept)?;
    file.write_all(b"\n")?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A name from what the choices depend on. Two devices whose names are cut alike are told apart by the content.
fn file_name(device: &DeviceInfo) -> String {
    let parts = [&device.backend, &device.name, &device.driver];
    let name: String = (parts.map(String::as_str).join(" ").chars())
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(120)
        .collect();
    let version = env!("CARGO_PKG_VERSION");
    format!("forms-{name}-{version}-{VERSION}.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(driver: &str) -> DeviceInfo {
        DeviceInfo {
            backend: "vulkan".into(),
            name: "Some GPU / 2".into(),
            driver: driver.into(),
            kind: "discrete".into(),
        }
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    /// The only file of a folder.
    fn file(folder: &tempfile::TempDir) -> PathBuf {
        let mut entries = fs::read_dir(folder.path()).unwrap();
        let path = entries.next().unwrap().unwrap().path();
        assert!(entries.next().is_none(), "more than one file");
        path
    }

    fn open(folder: &tempfile::TempDir, driver: &str) -> Cache {
        Cache::open(Some(folder.path().to_owned()), &device(driver))
    }

    #[test]
    fn what_is_put_is_there_in_the_next_run() {
        let folder = folder();
        let first = open(&folder, "1.0");
        first.put("product 1x2x4".into(), "L");
        first.put("product 2x2x4".into(), "S");
        let second = open(&folder, "1.0");
        assert_eq!(second.get("product 1x2x4").as_deref(), Some("L"));
        assert_eq!(second.get("product 2x2x4").as_deref(), Some("S"));
        assert_eq!(second.get("product 4x2x4"), None);
    }

    #[test]
    fn another_driver_starts_anew() {
        let folder = folder();
        open(&folder, "1.0").put("product 1x2x4".into(), "L");
        assert_eq!(open(&folder, "1.1").get("product 1x2x4"), None);
    }

    #[test]
    fn a_file_that_is_not_right_is_ignored_and_replaced() {
        let folder = folder();
        open(&folder, "1.0").put("product 1x2x4".into(), "L");
        let path = file(&folder);
        let right = fs::read_to_string(&path).unwrap();
        for wrong in ["", "{", "[1, 2]", &right.replace("Some GPU", "Other GPU")] {
            fs::write(&path, wrong).unwrap();
            let cache = open(&folder, "1.0");
            assert_eq!(cache.get("product 1x2x4"), None, "{wrong}");
            cache.put("product 1x2x4".into(), "L");
            assert_eq!(fs::read_to_string(&path).unwrap(), right);
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_no_error() {
        let folder = folder();
        let taken = folder.path().join("taken");
        fs::write(&taken, "").unwrap();
        let cache = Cache::open(Some(taken.join("below")), &device("1.0"));
        cache.put("product 1x2x4".into(), "L");
        assert_eq!(cache.get("product 1x2x4").as_deref(), Some("L"));
    }
}
