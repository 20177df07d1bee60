//! A folder with data and a trained run, and what must be true of the files in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::common_runs::SAME;
use crate::shim::{self, Ended, Fault};

/// A fraction of a second, on the CPU.
pub(crate) const SCHEDULE: [&str; 22] = [
    "--backend",
    "cpu",
    "--checkpoint-every",
    "0",
    "-k",
    "3",
    "--set",
    "network.hidden=[16]",
    "--set",
    "network.embedding-dim=3",
    "--set",
    "neighbours.steps=20",
    "--set",
    "pretrain.steps=60",
    "--set",
    "pretrain.batch-size=32",
    "--set",
    "kmeans.restarts=2",
    "--set",
    "cluster.update-interval=5",
    "--set",
    "cluster.max-steps=10",
];

/// Whether every turn is taken, not every few.
pub(crate) fn all() -> bool {
    std::env::var_os("DEC_GPU_FAULTS").is_some_and(|value| value == "all")
}

/// The turns to take of so many: all of them, or about `few`, the first and the last among them.
pub(crate) fn turns(count: usize, few: usize) -> Vec<usize> {
    let step = if all() { 1 } else { count.div_ceil(few).max(1) };
    let mut turns: Vec<usize> = (1..=count).step_by(step).collect();
    if turns.last() != Some(&count) {
        turns.push(count);
    }
    turns
}

/// A folder with `data.csv`, removed at the end.
pub(crate) struct Place(tempfile::TempDir);

/// Bytes of files by their names.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a folder"));
        place.write("data.csv", &csv(60));
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).expect("written");
    }

    pub(crate) fn remove(&self, folder: &str) {
        let path = self.path(folder);
        if path.exists() {
            std::fs::remove_dir_all(path).expect("removed");
        }
    }

    /// Makes `to` a copy of the folder `from`.
    pub(crate) fn copy(&self, from: &str, to: &str) {
        self.remove(to);
        for (name, bytes) in self.files(from) {
            let path = self.path(to).join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, bytes).expect("written");
        }
    }

    /// Every file below a folder.
    pub(crate) fn files(&self, folder: &str) -> Files {
        let mut found = Files::new();
        gather(&self.path(folder), "", &mut found);
        found
    }

    pub(crate) fn run(&self, args: &[&str], fault: Option<Fault<'_>>) -> Ended {
        shim::run(self.0.path(), args, fault)
    }

    /// Runs the program without a fault; it must succeed.
    pub(crate) fn ok(&self, args: &[&str]) -> Ended {
        let ended = self.run(args, None);
        assert_eq!(ended.code, Some(0), "{args:?}: {}", ended.stderr);
        ended
    }

    /// Trains into a folder; the files.
    pub(crate) fn trained(&self, out: &str) -> Files {
        self.ok(&train(out, &[]));
        self.files(out)
    }

    /// The calls that a run makes.
    pub(crate) fn calls(&self, args: &[&str], calls: &str, piece: &str) -> Vec<String> {
        let fault = Fault {
            calls,
            piece,
            turn: 0,
            lasting: false,
            action: "none",
        };
        let ended = self.run(args, Some(fault));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.calls
    }
}

fn gather(folder: &Path, prefix: &str, found: &mut Files) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        let name = format!(
            "{prefix}{}",
            path.file_name().expect("a name").to_string_lossy()
        );
        if path.is_dir() {
            gather(&path, &format!("{name}/"), found);
        } else {
            found.insert(name, std::fs::read(&path).expect("read"));
        }
    }
}

/// `train` into a folder.
pub(crate) fn train<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["train", "data.csv", "--out", out], &SCHEDULE[..], more].concat()
}

/// A table of three groups.
pub(crate) fn csv(rows: usize) -> Vec<u8> {
    let mut text = String::from("a,b,c,d,e,f,label\n");
    for i in 0..rows {
        for j in 0..6 {
            let centre = if j % 3 == i % 3 { 5.0 } else { 0.0 };
            let noise = ((i * 37 + j * 101) % 19) as f64 / 19.0;
            text += &format!("{:.3},", centre + noise);
        }
        text += &format!("{}\n", i % 3);
    }
    text.into_bytes()
}

/// Nothing unfinished is left, and every file is that of `whole`, or as whole as one that holds times can be seen to be.
pub(crate) fn assert_whole(found: &Files, whole: &Files, what: &str) {
    for (name, bytes) in found {
        assert!(!name.ends_with(".tmp"), "{what}: {name} is left");
        if name.starts_with("checkpoint/") {
            continue;
        }
        let ends = |end: &str| String::from_utf8_lossy(bytes).trim_end().ends_with(end);
        let is_whole = match name.rsplit('.').next() {
            Some("json" | "jsonl") => ends("}"),
            Some("html") => ends("</html>"),
            Some("svg") => ends("</svg>"),
            Some("png") => bytes.ends_with(b"IEND\xaeB`\x82"),
            _ => whole.get(name) == Some(bytes),
        };
        assert!(is_whole, "{what}: {name} is not whole");
    }
}

/// A whole run: all files are there, without times those of `whole`, and nothing else.
pub(crate) fn assert_same(found: &Files, whole: &Files, what: &str) {
    let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(found), names(whole), "{what}");
    for name in SAME {
        assert!(found[name] == whole[name], "{what}: {name} differs");
    }
    assert_whole(found, whole, what);
}
