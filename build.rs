//! Tells the program which commit it was built from, for the rows of `dec-gpu bench`.

use std::path::Path;
use std::process::Command;

/// What decides the commit and whether the tree differs from it.
const WATCHED: [&str; 4] = ["build.rs", "Cargo.toml", "src", "shaders"];

fn main() {
    println!("cargo:rerun-if-env-changed=DEC_GPU_COMMIT");
    for path in WATCHED {
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
    if let Some(commit) = git(&["describe", "--always", "--dirty", "--exclude=*"]) {
        println!("cargo:rustc-env=DEC_GPU_COMMIT={commit}");
    }
}

/// What git prints, if there is a git and it succeeds.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
