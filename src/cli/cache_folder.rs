//! Where files belong that a program may lose: the user's cache folder.

use std::ffi::OsString;
use std::path::PathBuf;

/// The program's folder in the user's cache folder. It need not exist; `None` if the system names none.
pub(crate) fn cache_folder() -> Option<PathBuf> {
    below(|name| std::env::var_os(name)).map(|folder| folder.join("dec-gpu"))
}

/// The user's cache folder by the system's rule; relative and empty paths do not count.
fn below(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let folder = |name| {
        variable(name)
            .map(PathBuf::from)
            .filter(|p| p.is_absolute())
    };
    if cfg!(windows) {
        folder("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Caches"))
    } else {
        folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")))
    }
}

#[cfg(test)]
#[cfg(all(unix, not(target_os = "macos")))]
mod tests {
    use super::*;

    fn with(cache: &str, home: &str) -> Option<PathBuf> {
        below(|name| match name {
            "XDG_CACHE_HOME" => Some(cache.into()),
            "HOME" => Some(home.into()),
            _ => None,
        })
    }

    #[test]
    fn the_cache_folder_is_the_users() {
        assert_eq!(with("/c", "/h"), Some("/c".into()));
        assert_eq!(with("", "/h"), Some("/h/.cache".into()));
        assert_eq!(with("relative", ""), None);
        assert_eq!(below(|_| None), None);
    }
}
