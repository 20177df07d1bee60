//! Tells the program which commit it was built from, for the rows of `dec-gpu bench`.

use std::path::Path;
use std::process::Command;

/// What the program is made of: a commit is only named without `-dirty` if these do not differ from it.
const SOURCES: [&str; 6] = [
    "build.rs",
    "Cargo.toml",
    "Cargo.lock",
    "crates",
    "src",
    "shaders",
];

fn main() {
    println!("cargo:rerun-if-env-changed=DEC_GPU_COMMIT");
    for path in SOURCES {
        println!("cargo:rerun-if-changed={path}");
    }
    // Only this package's own repository: an unpacked crate may lie inside another one.
    if std::env::var_os("DEC_GPU_COMMIT").is_some() || !Path::new(".git").exists() {
        return;
    }
    // Grows with every commit and checkout, unlike HEAD, which names a branch.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"])
        && Path::new(&log).exists()
    {
        println!("cargo:rerun-if-changed={log}");
    }
    if let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) {
        let status = ["status", "--porcelain", "--"];
        let dirty = git(&[&status[..], &SOURCES].concat()).map_or("", |_changes| "-dirty");
        println!("cargo:rustc-env=DEC_GPU_COMMIT={commit}{dirty}");
    }
}

/// What git prints, if there is a git, it succeeds and prints anything.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
