//! The image files below a folder, in the order of their paths.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::place::printable;
use super::{DataError, PictureError};

/// Endings of images.
const ENDINGS: [&str; 3] = ["png", "jpg", "jpeg"];

/// What lies below a folder.
#[derive(Default)]
pub(super) struct Files {
    /// The paths of images from the folder on, with `/` between names, sorted.
    pub(super) images: Vec<String>,
    /// How many other files there are.
    pub(super) others: usize,
    /// One of them.
    pub(super) other: Option<String>,
}

/// Whether a file is taken for an image, by its name.
pub(crate) fn is_image_name(name: &str) -> bool {
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// Lists a folder and those in it; hidden ones are left out, links are followed.
pub(super) fn below(folder: &Path) -> Result<Files, DataError> {
    let mut files = Files::default();
    let mut met = HashSet::new();
    // Folders to come, by their path from the first on; no recursion, because a tree can be deep.
    let mut folders = vec![String::new()];
    while let Some(within) = folders.pop() {
        let path = folder.join(&within);
        if !met.insert(path.canonicalize().map_err(io(&path))?) {
            let folder = shown(&path);
            return Err(PictureError::FolderTwice { folder }.into());
        }
        for name in names(&path)? {
            let at = if within.is_empty() {
                name
            } else {
                format!("{within}/{name}")
            };
            let path = folder.join(&at);
            // Follows links, so that a broken one is an error.
            if fs::metadata(&path).map_err(io(&path))?.is_dir() {
                folders.push(at);
            } else if is_image_name(&at) {
                files.images.push(at);
            } else {
                files.others += 1;
                files.other.get_or_insert(at);
            }
        }
    }
    files.images.sort_unstable();
    Ok(files)
}

/// An image in a folder or in one directly below it, if a glance shows one.
pub(super) fn one_near(folder: &Path) -> Option<String> {
    let names_in = |path: &Path| names(path).unwrap_or_default();
    let top = names_in(folder);
    if let Some(name) = top.iter().find(|name| is_image_name(name)) {
        return Some(name.clone());
    }
    top.into_iter().find_map(|within| {
        let images = names_in(&folder.join(&within))
            .into_iter()
            .find(|name| is_image_name(name));
        images.map(|name| format!("{within}/{name}"))
    })
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Result<Vec<String>, DataError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(io(folder))? {
        let name = entry.map_err(io(folder))?.file_name();
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let name = name.into_string().map_err(|name| PictureError::Name {
            file: shown(&folder.join(name)),
        })?;
        names.push(name);
    }
    names.sort_unstable();
    Ok(names)
}

pub(super) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> DataError {
    let path: PathBuf = path.to_owned();
    move |source| DataError::Io {
        file: shown(&path),
        source,
    }
}
