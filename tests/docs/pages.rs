//! The pages: the README and every `docs/*.md`, by their paths from the repository's root.

use std::fs;
use std::path::{Path, PathBuf};

/// Pages whose commands are not run, and why. Their links are checked all the same.
const NOT_RUN: [(&str, &str); 3] = [
    (
        "docs/design.md",
        "its trainings of real data sets take hours",
    ),
    (
        "docs/performance.md",
        "its measurements take hours and a machine of their own",
    ),
    (
        "docs/results.md",
        "its trainings of real data sets take hours",
    ),
];

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page, sorted.
pub(crate) fn all() -> Vec<String> {
    let entries = fs::read_dir(root().join("docs")).expect("a folder docs");
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let name = entry.expect("an entry").file_name();
        format!("docs/{}", name.to_string_lossy())
    };
    let pages = entries.map(name).filter(|name| name.ends_with(".md"));
    let mut pages: Vec<String> = pages.chain(["README.md".to_owned()]).collect();
    pages.sort();
    for (page, _) in NOT_RUN {
        assert!(pages.iter().any(|found| found == page), "{page} is gone");
    }
    pages
}

/// Why the commands of a page are not run, if they are not.
pub(crate) fn reason_not_to_run(page: &str) -> Option<&'static str> {
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
