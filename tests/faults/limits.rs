//! Limits of the system that end a process if it does nothing about them, and talk that nobody can hear.

use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::{Place, assert_same, train};

fn program(place: &Place) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dec-gpu"));
    command.current_dir(place.path("."));
    command
}

fn full() -> Stdio {
    let full = OpenOptions::new().write(true).open(Path::new("/dev/full"));
    full.expect("/dev/full").into()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_file_beyond_the_limit_of_sizes_is_an_error_and_no_death() {
    let place = Place::new();
    let whole = place.trained("whole");
    let output = Command::new("bash")
        .args(["-c", "ulimit -f 4; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_dec-gpu"))
        .args(train("out", &[]))
        .current_dir(place.path("."))
        .output()
        .expect("bash runs");
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(6), "{:?} {text}", output.status);
    assert!(
        text.contains("cannot write out/") && text.contains("File too large"),
        "{text}"
    );
    let left = place.files("out");
    assert!(
        left.keys().all(|name| !name.ends_with(".tmp")),
        "{:?}",
        left.keys()
    );
    // With the limit gone the same folder is good.
    place.ok(&train("out", &["--force"]));
    assert_same(&place.files("out"), &whole, "after it");
}

#[test]
fn talk_that_cannot_be_written_stops_no_training() {
    let place = Place::new();
    let whole = place.trained("whole");
    let mut command = program(&place);
    let status = command
        .args(train("out", &[]))
        .stdout(Stdio::null())
        .stderr(full())
        .status();
    assert_eq!(status.expect("it runs").code(), Some(0));
    assert_same(&place.files("out"), &whole, "without talk");
}

#[test]
fn a_full_standard_output_is_an_error_and_the_results_stay() {
    let place = Place::new();
    let whole = place.trained("whole");
    let output = program(&place)
        .args(train("out", &["--json"]))
        .stdout(full())
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("standard output"),
        "{}",
        stderr(&output)
    );
    assert_same(&place.files("out"), &whole, "without room for the JSON");
}
