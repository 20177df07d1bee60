//! Running the program with faults.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The library that makes the faults, compiled once.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let name = format!("shim-{}.so", std::process::id());
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/shim.c");
        let status = Command::new("cc")
            .args(["-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC"])
            .arg("-o")
            .args([&library, Path::new(source)])
            .status()
            .expect("cc runs: Rust needs it as its linker");
        assert!(status.success(), "shim.c does not compile");
        library
    })
}

/// Where a fault is made: see `shim.c`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault<'a> {
    /// A list with commas.
    pub(crate) calls: &'a str,
    /// A part of the path.
    pub(crate) piece: &'a str,
    /// Which of the calls, from 1.
    pub(crate) turn: usize,
    /// And all later ones.
    pub(crate) lasting: bool,
    pub(crate) action: &'a str,
}

/// A program that has ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) killed: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// Every call that the fault is about: class and path.
    pub(crate) calls: Vec<String>,
}

/// Runs the program in a folder.
pub(crate) fn run(folder: &Path, args: &[&str], fault: Option<Fault<'_>>) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dec-gpu"));
    command.args(args).current_dir(folder);
    let log = folder.join("calls.log");
    let _ = std::fs::remove_file(&log);
    if let Some(fault) = fault {
        let Fault { calls, piece, .. } = fault;
        let lasting = if fault.lasting { "+" } else { "" };
        let text = format!("{calls}:{piece}:{}{lasting}:{}", fault.turn, fault.action);
        command.env("LD_PRELOAD", library());
        command.env("DEC_GPU_FAULT", text);
        command.env("DEC_GPU_FAULT_LOG", &log);
    }
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("the program starts");
    let calls = std::fs::read_to_string(&log).unwrap_or_default();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let ended = Ended {
        code: status.code(),
        killed: status.signal() == Some(9),
        stdout: text(&stdout),
        stderr: text(&stderr),
        calls: calls.lines().map(str::to_owned).collect(),
    };
    assert!(ended.code != Some(99), "{}", ended.stderr);
    assert!(
        !ended.stderr.contains("panicked"),
        "{fault:?}: {}",
        ended.stderr
    );
    ended
}
