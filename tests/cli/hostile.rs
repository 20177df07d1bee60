//! The malformed files that the library is tested with, given to the program: exit code 3 (2 for configurations, which
//! are part of the command), a message with the file's name, and nothing left behind.

use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use dec_gpu::checkpoint::{CheckpointError, State};

use crate::support::{Folder, csv, names};
use crate::tables;

#[test]
fn malformed_data_end_with_code_3() {
    let mut survived = 0;
    for (file, cases) in tables::data() {
        let folder = Folder::new();
        for (what, bytes, words) in cases {
            folder.write(file, &bytes);
            folder.refuses_to_train(&[file, "-k", "2"], 3, &[file, words]);
            assert_eq!(names(&folder.path(".")), [file], "{what}");
            survived += 1;
        }
    }
    let folder = Folder::new();
    for (what, bytes, asked, words) in tables::columns::CASES {
        folder.write("t.csv", bytes);
        let mut args = vec!["t.csv", "-k", "2"];
        for option in asked.split_whitespace() {
            let (role, column) = option.split_once('=').expect("role=column");
            let option = match role {
                "label" => "--label-column",
                "id" => "--id-column",
                _ => "--ignore-column",
            };
            args.extend([option, column]);
        }
        folder.refuses_to_train(&args, 3, &["t.csv", words]);
        assert_eq!(names(&folder.path(".")), ["t.csv"], "{what}");
        survived += 1;
    }
    for (what, bytes, words) in tables::labels::cases() {
        folder.write("y", bytes);
        folder.refuses(&["eval", "y", "y"], 3, &["y", words]);
        assert_eq!(names(&folder.path(".")), ["t.csv", "y"], "{what}");
        survived += 1;
    }
    println!("malformed data: {survived}/{survived} end with code 3 and leave nothing");
    assert!(survived >= 80, "only {survived} malformed data files");
}

#[test]
fn malformed_models_end_with_code_3() {
    let folder = Folder::new();
    folder.write("data.csv", csv(12, 4));
    let cases = tables::models::cases();
    for case in &cases {
        folder.write("m.safetensors", &case.bytes);
        let words = [&["m.safetensors"], case.parts].concat();
        folder.refuses(&["predict", "m.safetensors", "data.csv"], 3, &words);
        let left = names(&folder.path("."));
        assert_eq!(left, ["data.csv", "m.safetensors"], "{}", case.what);
    }
    let n = cases.len();
    println!("malformed models: {n}/{n} end with code 3 and leave nothing");
    assert!(n >= 30, "only {n} malformed models");
}

#[test]
fn malformed_configurations_end_with_code_2() {
    let folder = Folder::new();
    folder.write("data.csv", csv(12, 4));
    let cases = tables::configs::cases();
    for (what, bytes, words) in &cases {
        folder.write("config.toml", bytes);
        let args = [
            "train",
            "data.csv",
            "--config",
            "config.toml",
            "--backend",
            "cpu",
        ];
        // The text of most says what k is.
        let k: &[&str] = if what.contains("clusters") {
            &[]
        } else {
            &["-k", "2"]
        };
        folder.refuses(&[&args, k].concat(), 2, &[words]);
        let left = names(&folder.path("."));
        assert_eq!(left, ["config.toml", "data.csv"], "{what}");
    }
    let n = cases.len();
    println!("malformed configurations: {n}/{n} end with code 2 and leave nothing");
    assert!(n >= 20, "only {n} malformed configurations");
}

/// Trains until there is a checkpoint, and kills the program: the bytes of the newest.
fn checkpoint_of_a_run(folder: &Folder) -> (String, Vec<u8>) {
    folder.write("data.csv", csv(120, 9));
    let mut child = folder
        .command(&RESUMED[..RESUMED.len() - 1])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let began = Instant::now();
    let kept = || {
        let folder = folder.path("run/checkpoint");
        let files = if folder.exists() {
            names(&folder)
        } else {
            vec![]
        };
        files
            .into_iter()
            .rfind(|name| !name.starts_with('.') && name.ends_with("safetensors"))
    };
    while kept().is_none() {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "no checkpoint came"
        );
        sleep(Duration::from_millis(20));
    }
    child.kill().expect("killed");
    child.wait().expect("it ends");
    let file = format!("run/checkpoint/{}", kept().expect("a checkpoint"));
    let bytes = folder.read(&file);
    (file, bytes)
}

/// So long that it is killed before its end.
const RESUMED: [&str; 20] = [
    "train",
    "data.csv",
    "-k",
    "3",
    "--backend",
    "cpu",
    "--checkpoint-every",
    "1",
    "--set",
    "network.hidden=[48]",
    "--set",
    "network.embedding-dim=3",
    "--set",
    "pretrain.steps=200000",
    "--set",
    "pretrain.batch-size=64",
    "--set",
    "pretrain.held-out=0",
    "--out=run",
    "--resume",
];

#[test]
fn single_flipped_bits_of_a_run_s_checkpoint_are_caught() {
    const FLIPS: usize = 1000;
    let folder = Folder::new();
    let (file, bytes) = checkpoint_of_a_run(&folder);
    State::from_bytes(&bytes).expect("the checkpoint is whole");
    let bits = 8 * bytes.len();
    assert!(bits > 100 * FLIPS, "{bits} bits are not a run's");
    let flipped = |flip: usize| {
        // Evenly over the file, and over the bits of a byte.
        let bit = flip * (bits / FLIPS) + flip % 8;
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        changed
    };
    let caught = (0..FLIPS).filter(|flip| {
        let read = State::from_bytes(&flipped(*flip));
        matches!(read, Err(CheckpointError::Checksum))
    });
    let caught = caught.count();
    println!(
        "single-bit flips of a checkpoint of {} bytes: {caught}/{FLIPS} caught",
        bytes.len()
    );
    assert_eq!(caught, FLIPS);

    // The program, with no other checkpoint to take.
    let others = names(&folder.path("run/checkpoint"));
    for other in others.iter().map(|name| format!("run/checkpoint/{name}")) {
        if other != file {
            std::fs::remove_file(folder.path(&other)).expect("removed");
        }
    }
    for flip in (0..FLIPS).step_by(FLIPS / 10) {
        folder.write(&file, flipped(flip));
        folder.refuses(&RESUMED, 3, &[&file, "checksum does not fit"]);
    }
}
