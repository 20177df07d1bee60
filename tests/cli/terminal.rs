//! What comes from files and from their names cannot steer the terminal, nor the page.

use std::fmt::Write;
use std::process::Output;

use crate::support::{Folder, TINY, stderr};

/// Clears a terminal, sets its title, and turns the direction of text.
const STEERS: &str = "\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}2J\u{202e}<script>alert(1)</script>";
const FILE: &str = "d\u{1b}[31m\u{202e}.csv";
const RUN: &str = "run\u{1b}[31m\u{9b}";

/// A table whose ids, names of columns and labels steer; the first bytes must be text.
fn table() -> String {
    let mut text = format!("id,{0}x,\u{9b}2J\u{202e}y,z{0},label\n", "a".repeat(600));
    for i in 0..24 {
        let [x, y] = if i % 2 == 0 { [5, 0] } else { [0, 5] };
        let (noise, label) = ((i * 37) % 19, ["a", STEERS][i % 2]);
        writeln!(
            text,
            "c{i}{STEERS},{x}.{noise},{y}.{noise},0.{noise},{label}"
        )
        .expect("written");
    }
    text.replacen('z', &format!("z{STEERS}"), 1)
}

fn harmless(text: &str, what: &str) {
    let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    let at = text.find(steers);
    assert!(at.is_none(), "{what}: {:?}", &text[at.unwrap_or(0)..]);
}

/// The program says something, and nothing of it steers; what it prints on stdout.
fn said(folder: &Folder, args: &[&str], code: i32) -> String {
    let output: Output = folder.run(args);
    let errors = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {errors}");
    harmless(&errors, &format!("{args:?} on stderr"));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    harmless(&text, &format!("{args:?} on stdout"));
    assert!(!text.is_empty() || !errors.is_empty(), "{args:?} is silent");
    text
}

#[test]
fn every_command_on_a_run_of_hostile_names() {
    let folder = Folder::new();
    folder.write(FILE, table());
    let train = ["-v", "train", FILE, "-k", "2", "--out", RUN];
    said(&folder, &[&train[..], &TINY].concat(), 0);
    let model = format!("{RUN}/model.safetensors");
    let labels = format!("{RUN}/labels.csv");

    let text = said(&folder, &["info", FILE], 0);
    assert!(text.contains("\\u{1b}[2J"), "{text}");
    let json = said(&folder, &["info", FILE, "--json"], 0);
    let info: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(info["labels"][0]["name"], STEERS, "{json}");
    said(&folder, &["info", RUN], 0);
    said(&folder, &["info", RUN, "--json"], 0);
    said(&folder, &["info", &model], 0);

    said(
        &folder,
        &[
            "predict",
            &model,
            FILE,
            "--out",
            "p\u{9b}",
            "--backend",
            "cpu",
        ],
        0,
    );
    said(
        &folder,
        &[
            "predict",
            &model,
            FILE,
            "--backend",
            "cpu",
            "--json",
            "--out",
            "q\u{9b}",
        ],
        0,
    );
    said(&folder, &["eval", FILE, &labels], 0);
    said(&folder, &["report", RUN], 0);
    said(&folder, &["compare", RUN, RUN, "--out", "c\u{9b}.html"], 0);
    said(
        &folder,
        &["explain", RUN, FILE, "--backend", "cpu", "--force"],
        0,
    );
    said(&folder, &["export", &model, "--out", "m\u{9b}.onnx"], 0);
    for page in [format!("{RUN}/report.html"), "c\u{9b}.html".to_owned()] {
        let html = String::from_utf8(folder.read(&page)).expect("UTF-8");
        harmless(&html.replace('\t', " "), &page);
        assert!(!html.contains("<script>alert"), "{page}");
        assert!(
            html.contains("\\u{1b}") || html.contains("&lt;script"),
            "{page} names nothing"
        );
    }
}

#[test]
fn errors_of_every_command() {
    let folder = Folder::new();
    folder.write(FILE, table());
    folder.write(
        "c\u{9b}.toml",
        "seed = 1\n# \u{9b}2J\u{202e}\nsede = \"\u{9b}\u{202e}\"\n",
    );
    folder.write("b\u{9b}.toml", "preset = \"\\u001b[2J\"\n");
    folder.write("bad\u{9b}.csv", format!("a\u{9b},b\n1,2\n3,{STEERS}\n"));
    let none = "no\u{1b}[2J\u{202e}";
    for args in [
        &["train", none, "-k", "2"][..],
        &["train", "bad\u{9b}.csv", "-k", "2"],
        &["train", FILE, "-k", "2", "--label-column", none],
        &["train", FILE, "-k", "2", "--labels", none],
        &["info", none],
        &["info", "bad\u{9b}.csv"],
        &["predict", none, FILE],
        &["predict", FILE, FILE],
        &["eval", none, none],
        &["eval", FILE, "bad\u{9b}.csv"],
        &["report", none],
        &["compare", none, none],
        &["explain", none, FILE],
        &["export", none],
        &["export", FILE],
        &["bench", "compare", none, FILE],
        &["bench", "compare", FILE, FILE],
    ] {
        assert_eq!(said(&folder, args, 3), "", "{args:?}");
    }
    for args in [
        &["train", FILE, "-k", "2", "--config", "c\u{9b}.toml"][..],
        &["train", FILE, "-k", "2", "--config", "b\u{9b}.toml"],
        &["train", FILE, "-k", "2", "--config", none],
        &["train", FILE, "-k", "2", "--set", none],
        &[
            "train",
            FILE,
            "-k",
            "2",
            "--set",
            "data.normalisation=\u{9b}",
        ],
    ] {
        assert_eq!(said(&folder, args, 2), "", "{args:?}");
    }
}
