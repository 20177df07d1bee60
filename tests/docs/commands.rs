//! Runs a page's commands.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use libtest_mimic::{Failed, Trial};

use crate::{Checked, blocks, fixtures, pages};

/// The program as it was built.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_dec-gpu");

/// Every command of a page.
pub(crate) fn trial(page: &str) -> Trial {
    let page = page.to_owned();
    Trial::test(format!("commands of {page}"), move || run(&page))
}

fn run(page: &str) -> Checked {
    let (blocks, _) = blocks::parse(&pages::text(page))?;
    let folder = tempfile::tempdir()?;
    fixtures::write(folder.path())?;
    for block in blocks.iter().filter(|block| block.is_shell()) {
        let skipped = block.reason_not_to_run()?.is_some();
        for (line, command) in block.commands() {
            let result = match skipped {
                false => succeed(folder.path(), &command),
                true => only_parse(folder.path(), &command),
            };
            result.map_err(|error| Failed::from(format!("{page}:{line}: {command}\n{error}")))?;
        }
    }
    Ok(())
}

/// Runs a line in the folder; it must end with 0.
fn succeed(folder: &Path, command: &str) -> Result<(), String> {
    let output = Command::new("sh")
        .args(["-e", "-c", command])
        .current_dir(folder)
        .env("PATH", path())
        .output()
        .map_err(|error| format!("sh: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}\n{errors}", output.status))
}

/// A line of the program that cannot run here must at least be one that it understands: asked for its help last, it
/// reads all that stands before. Lines of other programs are not looked at.
fn only_parse(folder: &Path, command: &str) -> Result<(), String> {
    let command = command.split(" #").next().unwrap_or_default().trim();
    if !command.starts_with("dec-gpu ") {
        return Ok(());
    }
    match command.contains(['|', '>', ';', '&']) {
        true => Err("not run, but more than one plain command".into()),
        false => succeed(folder, &format!("{command} --help")),
    }
}

/// `PATH` with the built program in front.
fn path() -> OsString {
    let built = Path::new(PROGRAM).parent().map(Path::to_path_buf);
    let paths = env::var_os("PATH").unwrap_or_default();
    env::join_paths(built.into_iter().chain(env::split_paths(&paths)))
        .expect("paths without colons")
}
