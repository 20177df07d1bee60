//! Running the program, and files for it to read.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A schedule of a fraction of a second, on the CPU.
pub(crate) const TINY: [&str; 16] = [
    "--backend",
    "cpu",
    "--set",
    "network.hidden=[16]",
    "--set",
    "network.embedding-dim=3",
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

/// A folder that is removed at the end of the test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file into it.
    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, contents).expect("written");
        path
    }

    /// The bytes of a file in it.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        let path = self.path(name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The program, started in this folder.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dec-gpu"));
        command.args(args).current_dir(self.0.path());
        command
    }

    /// Runs the program in this folder.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        finish(&mut self.command(args))
    }

    /// Runs the program, which must succeed; returns what it prints on stdout.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let errors = stderr(&output);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {errors}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Runs `train` with the tiny schedule, which must succeed; returns what it prints on stdout.
    pub(crate) fn train(&self, args: &[&str]) -> String {
        self.ok(&[&["train"], args, &TINY].concat())
    }

    /// Runs the program, which must fail with `code` and a message that holds every word.
    pub(crate) fn refuses(&self, args: &[&str], code: i32, words: &[&str]) {
        assert_refused(&self.run(args), code, words, &format!("{args:?}"));
    }

    /// `train` with the tiny schedule must fail so.
    pub(crate) fn refuses_to_train(&self, args: &[&str], code: i32, words: &[&str]) {
        self.refuses(&[&["train"], args, &TINY].concat(), code, words);
    }
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command) -> Output {
    command.output().expect("the program starts")
}

/// What was said.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Nothing on stdout, an error on stderr with every word, no panic, and the documented code.
pub(crate) fn assert_refused(output: &Output, code: i32, words: &[&str], what: &str) {
    let errors = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{what}: {errors}");
    assert!(output.stdout.is_empty(), "{what} prints on stdout");
    assert!(errors.contains("error:"), "{what}: {errors}");
    assert!(!errors.contains("panicked"), "{what}: {errors}");
    for word in words {
        assert!(
            errors.contains(word),
            "{what} does not say {word:?}: {errors}"
        );
    }
}

/// A table of three groups: `x0,…,label` over n rows of d values.
pub(crate) fn csv(n: usize, d: usize) -> String {
    let columns: Vec<String> = (0..d).map(|j| format!("x{j}")).collect();
    let mut text = columns.join(",") + ",label\n";
    for i in 0..n {
        for j in 0..d {
            let centre = if j % 3 == i % 3 { 5.0 } else { 0.0 };
            let noise = ((i * 37 + j * 101) % 19) as f64 / 19.0;
            text += &format!("{:.3},", centre + noise);
        }
        text += &format!("{}\n", ["red", "green", "blue"][i % 3]);
    }
    text
}

/// An NPY file of f32 (rows, columns).
pub(crate) fn npy(rows: usize, columns: usize, values: &[f32]) -> Vec<u8> {
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// 24 images of 16 x 16 as rows of an NPY file: a bright bar that lies or stands.
pub(crate) fn bars() -> Vec<u8> {
    let pixel = |i: usize| {
        let (image, row, column) = (i / 256, i % 256 / 16, i % 16);
        let along = if image % 2 == 0 { row } else { column };
        (-((along as f32 - 4.0 - (image % 5) as f32) / 3.0).powi(2)).exp()
    };
    npy(24, 256, &(0..24 * 256).map(pixel).collect::<Vec<_>>())
}

/// An IDX file of u8 images (n, 2, 2).
pub(crate) fn idx(n: u8) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 2, 0, 0, 0, 2];
    bytes.extend((0..4 * n).map(|value| value.wrapping_mul(37)));
    bytes
}

/// The names in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
    let mut names: Vec<String> = entries
        .map(|e| name(e).to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
