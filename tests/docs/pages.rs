//! The pages: the README, every `docs/*.md` and every decision, by their paths from the repository's root.

use std::fs;
use std::path::{Path, PathBuf};

/// Pages whose commands are not run, and why. Their links are checked all the same.
const NOT_RUN: [(&str, &str); 3] = [
    ("docs/design.md", "its measurements are of several commits"),
    (
        "docs/performance.md",
        "its measurements take hours and a machine of their own",
    ),
    (
        "docs/results.md",
        "its trainings of real data sets take hours",
    ),
];

/// The folder of the decisions.
const DECISIONS: &str = "docs/decisions";

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page, sorted.
pub(crate) fn all() -> Vec<String> {
    let of_folder = |folder: &str| {
        let entries = fs::read_dir(root().join(folder)).expect("a folder of pages");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let paths = names.map(|name| format!("{folder}/{}", name.to_string_lossy()));
        paths
            .filter(|path| path.ends_with(".md"))
            .collect::<Vec<_>>()
    };
    let mut pages = [of_folder("docs"), of_folder(DECISIONS)].concat();
    pages.push("README.md".to_owned());
    pages.sort();
    for (page, _) in NOT_RUN {
        assert!(pages.iter().any(|found| found == page), "{page} is gone");
    }
    pages
}

/// Why the commands of a page are not run, if they are not.
pub(crate) fn reason_not_to_run(page: &str) -> Option<&'static str> {
    if page.starts_with(DECISIONS) {
        return Some("it says what was measured once");
    }
    let found = NOT_RUN.iter().find(|(name, _)| *name == page);
    found.map(|(_, reason)| *reason)
}

/// Where a page lies.
pub(crate) fn path(page: &str) -> PathBuf {
    root().join(page)
}

/// The text of a page.
pub(crate) fn text(page: &str) -> String {
    fs::read_to_string(path(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}
