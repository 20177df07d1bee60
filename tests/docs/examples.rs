//! The programs of `examples/`, which `cargo test` builds beside the tests.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use libtest_mimic::Trial;

use crate::{Checked, fixtures, pages};

/// The arguments of those that take some.
const ARGUMENTS: [(&str, &[&str]); 2] = [
    ("make_rows", &["50", "4", "3", "rows.npy", "labels.npy"]),
    (
        "prepare_counts",
        &["matrix.mtx.gz", "library-size,log1p", "20", "prepared.npy"],
    ),
];

/// One trial for each.
pub(crate) fn trials() -> Vec<Trial> {
    let entries = fs::read_dir(pages::root().join("examples")).expect("a folder examples");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let name = |path: PathBuf| Some(path.file_stem()?.to_string_lossy().into_owned());
    let names = paths.filter_map(name);
    names
        .map(|name| Trial::test(format!("example {name}"), move || run(&name)))
        .collect()
}

/// It must succeed, and leave something: words or files.
fn run(name: &str) -> Checked {
    let folder = tempfile::tempdir()?;
    fixtures::write(folder.path())?;
    let given = fs::read_dir(folder.path())?.count();
    let program = program(name)?;
    let arguments = ARGUMENTS
        .iter()
        .find(|(of, _)| *of == name)
        .map_or(&[][..], |(_, list)| list);
    let output = Command::new(&program)
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .map_err(|error| {
            format!(
                "{}: {error}; build it with `cargo build --release --examples`",
                program.display()
            )
        })?;
    if !output.status.success() {
        return Err(format!(
            "{}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )
        .into());
    }
    let files = fs::read_dir(folder.path())?.count();
    match output.stdout.is_empty() && files == given {
        true => Err("it says nothing and writes nothing".into()),
        false => Ok(()),
    }
}

/// From `target/release/deps/docs-…` to `target/release/examples/NAME`.
fn program(name: &str) -> Result<PathBuf, String> {
    let test = env::current_exe().map_err(|error| error.to_string())?;
    let built = test.parent().and_then(|deps| deps.parent());
    let examples = built.ok_or("the test lies in no folder")?.join("examples");
    Ok(examples.join(format!("{name}{}", env::consts::EXE_SUFFIX)))
}
