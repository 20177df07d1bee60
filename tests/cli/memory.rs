//! `--max-memory`: told before, kept to, or refused with the size needed.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Folder, TINY, csv, npy, stderr};

/// The MiB in `about N MiB of memory`.
fn told(text: &str) -> u64 {
    let (_, rest) = text
        .split_once("about ")
        .unwrap_or_else(|| panic!("{text}"));
    let (number, rest) = rest.split_once(' ').unwrap_or_else(|| panic!("{text}"));
    assert!(rest.starts_with("MiB of "), "{text}");
    number.parse().unwrap_or_else(|_| panic!("{text}"))
}

#[test]
fn too_little_is_refused_with_the_size_needed_and_that_is_enough() {
    let folder = Folder::new();
    folder.write("data.csv", csv(600, 9));
    let args = ["data.csv", "-k", "3", "--max-memory"];
    let all = |size| [&["train"], &args[..], &[size], &TINY].concat();
    folder.refuses(
        &all("10M"),
        3,
        &["of the machine's memory are needed", "allows 10 MiB"],
    );
    assert!(!folder.path("run").exists());
    // Before the file is read only a lower bound is known; with that, the size needed is told.
    let least = told(&stderr(&folder.run(&all("20M"))));
    let size = format!("{least}M");
    let needed = told(&stderr(&folder.run(&all(&size))));
    assert!(needed >= least, "{needed} {least}");
    let size = format!("{needed}M");
    folder.ok(&[&all(&size)[..], &["--force"]].concat());
}

#[test]
fn a_file_too_large_is_refused_before_it_is_read() {
    let folder = Folder::new();
    let rows = 400_000;
    folder.write("data.npy", npy(rows, 50, &vec![0.5; rows * 50]));
    let mut command = folder.command(&["train", "data.npy", "-k", "3", "--max-memory", "100M"]);
    let (peak, errors, code) = watched(&mut command);
    assert_eq!(code, Some(3), "{errors}");
    assert!(told(&errors) > 150, "{errors}");
    assert!(peak < 100 << 10, "{peak} KiB were used");
}

/// The program trains on so many rows of 50 values; what it used is no more than it told, and not much less.
fn assert_told(rows: usize, setting: &str) {
    let folder = Folder::new();
    let values: Vec<f32> = (0..rows * 50).map(|i| (i * 7919 % 1009) as f32).collect();
    folder.write("data.npy", npy(rows, 50, &values));
    let args = ["train", "data.npy", "-k", "3", "--set", setting];
    let (peak, errors, code) = watched(&mut folder.command(&[&args, &TINY[..]].concat()));
    assert_eq!(code, Some(0), "{errors}");
    let told = told(&errors) << 10;
    assert!(
        peak <= told && told < 2 * peak,
        "{setting}: {peak} KiB were used, {told} KiB told"
    );
}

#[test]
fn what_is_used_is_no_more_than_what_was_told() {
    assert_told(300_000, "neighbours.space=off");
}

/// With the graph of all rows, and of a sample.
#[test]
fn what_a_graph_uses_is_no_more_than_what_was_told() {
    assert_told(20_000, "neighbours.steps=10");
    assert_told(300_000, "neighbours.samples=2000");
}

#[test]
fn wrong_sizes_are_usage_errors() {
    let folder = Folder::new();
    for size in ["much", "-1", "host=", "gpu=1G", "0"] {
        let argument = format!("--max-memory={size}");
        folder.refuses(&["train", &argument], 2, &["--max-memory"]);
    }
}

/// Runs a program and looks at its memory on the way: the peak in KiB, what it said, its exit code.
fn watched(command: &mut Command) -> (u64, String, Option<i32>) {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("waited for").is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        peak = number.unwrap_or(peak);
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().expect("waited for");
    assert!(peak > 0, "its memory could not be seen");
    (peak, stderr(&output), output.status.code())
}
