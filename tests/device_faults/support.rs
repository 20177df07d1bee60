//! The layer, built; trainings with it and what became of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use dec_gpu::gpu::{Backend, adapters};

use crate::common_runs::SAME;

/// Twenty steps of each phase; checkpoints at the ends of phases.
const TRAIN: [&str; 23] = [
    "train",
    "data.csv",
    "-k",
    "3",
    "--checkpoint-every",
    "0",
    "--device-timeout",
    "1",
    "--set",
    "network.hidden=[16]",
    "--set",
    "network.embedding-dim=3",
    "--set",
    "neighbours.steps=20",
    "--set",
    "pretrain.steps=20",
    "--set",
    "pretrain.batch-size=64",
    "--set",
    "cluster.update-interval=10",
    "--set",
    "cluster.max-steps=20",
    "-q",
];

/// A folder with data, the layer, and the run `whole`, which met no fault.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    adapter: String,
}

/// A training that met a fault.
pub(crate) struct Run {
    pub(crate) out: String,
    path: PathBuf,
    pub(crate) code: i32,
    pub(crate) stderr: String,
    pub(crate) seconds: f64,
    /// Whether there was a fault: how often a run submits depends on how fast it is, so the last calls are not in every run.
    pub(crate) met: bool,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("data.csv"), data()).expect("written");
        build_layer(folder.path());
        let bench = Self {
            folder,
            adapter: adapter(),
        };
        let whole = bench.with_fault(&bench.train("whole"), "none:1:0", "calls");
        assert!(whole.status.success(), "{}", stderr(&whole));
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn train<'a>(&self, out: &'a str) -> Vec<&'a str> {
        [&TRAIN[..], &["--out", out]].concat()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dec-gpu"));
        command
            .args(args)
            .args(["--backend", "vulkan", "--adapter", &self.adapter])
            .current_dir(self.folder.path());
        command
    }

    pub(crate) fn train_without_layer(&self, out: &str) -> Output {
        self.command(&self.train(out)).output().expect("runs")
    }

    /// Runs the program with a fault, as `layer.c` says; how often each function was called goes to the file `calls`.
    pub(crate) fn with_fault(&self, args: &[&str], fault: &str, calls: &str) -> Output {
        self.faulty(args, fault, calls).output().expect("runs")
    }

    fn faulty(&self, args: &[&str], fault: &str, calls: &str) -> Command {
        let mut command = self.command(args);
        self.make_faulty(&mut command, fault, calls);
        command
    }

    /// Puts the layer between a program and the driver.
    pub(crate) fn make_faulty(&self, command: &mut Command, fault: &str, calls: &str) {
        command
            .env("VK_LAYER_PATH", self.folder.path())
            .env("VK_INSTANCE_LAYERS", "VK_LAYER_dec_gpu_faults")
            .env("DEC_GPU_FAULT", fault)
            .env("DEC_GPU_CALLS", self.path(calls));
    }

    /// The adapter's index.
    pub(crate) fn adapter(&self) -> &str {
        &self.adapter
    }

    /// A training that waits for its n-th submit for ever, and how long it lived after each of two signals.
    pub(crate) fn interrupted_twice(&self, n: usize, out: &str) -> (Output, [Duration; 2]) {
        let mut args = self.train(out);
        let timeout = args.iter().position(|arg| *arg == "--device-timeout");
        args[timeout.expect("an option") + 1] = "60";
        let fault = format!("vkQueueSubmit:{n}:{}", crate::HANGS);
        let mut child = self
            .faulty(&args, &fault, &format!("{out}.calls"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("runs");
        sleep(Duration::from_secs(5));
        let lived = [Duration::from_millis(700), Duration::from_secs(5)].map(|most| {
            let sent = Instant::now();
            let id = child.id().to_string();
            let status = Command::new("kill").args(["-INT", &id]).status();
            assert!(status.expect("kill runs").success(), "it ended before");
            while sent.elapsed() < most && child.try_wait().expect("it is ours").is_none() {
                sleep(Duration::from_millis(5));
            }
            sent.elapsed()
        });
        let _ = child.kill();
        (child.wait_with_output().expect("it ends"), lived)
    }

    /// A training whose calls of a function from the `place`-th on fail, or that alone.
    pub(crate) fn fault(&self, function: &str, place: &str, result: i32) -> Run {
        let out = format!("{function}-{place}-{result}");
        let begin = Instant::now();
        let (fault, calls) = (
            format!("{function}:{place}:{result}"),
            format!("{out}.calls"),
        );
        let output = self.with_fault(&self.train(&out), &fault, &calls);
        Run {
            met: self.count("faults", &calls) > 0,
            path: self.path(&out),
            out,
            code: output.status.code().unwrap_or(-1),
            stderr: stderr(&output),
            seconds: begin.elapsed().as_secs_f64(),
        }
    }

    /// A training for each of these calls; those that did not come to theirs must be as if there was none.
    pub(crate) fn faults(&self, function: &str, places: &[usize], result: i32) -> Vec<Run> {
        let runs = places
            .iter()
            .map(|n| self.fault(function, &n.to_string(), result));
        let (met, not): (Vec<_>, Vec<_>) = runs.partition(|run| run.met);
        not.iter().for_each(|run| run.assert_untouched(self));
        assert!(
            met.len() * 4 >= places.len() * 3,
            "{function}: {} of {}",
            met.len(),
            places.len()
        );
        met
    }

    pub(crate) fn resume(&self, run: &Run) -> Output {
        let mut args = self.train(&run.out);
        args.push("--resume");
        self.command(&args).output().expect("runs")
    }

    /// How often a run without a fault calls a function.
    pub(crate) fn calls(&self, function: &str) -> usize {
        self.count(function, "calls")
    }

    pub(crate) fn count(&self, name: &str, file: &str) -> usize {
        let text = fs::read_to_string(self.path(file)).expect("the layer told its calls");
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let line = line.unwrap_or_else(|| panic!("{name} in {text}"));
        line.trim().parse().expect("a number")
    }

    /// Calls to fail: some, or with DEC_GPU_LONG all.
    pub(crate) fn places(&self, function: &str) -> Vec<usize> {
        match std::env::var_os("DEC_GPU_LONG") {
            Some(_) => (1..=self.calls(function)).collect(),
            None => self.few(function, 12),
        }
    }

    /// At most `most` calls to fail, from the first to the last; never none.
    pub(crate) fn few(&self, function: &str, most: usize) -> Vec<usize> {
        let calls = self.calls(function);
        assert!(calls > 0, "{function} is never called");
        let mut places: Vec<usize> = (0..most)
            .map(|i| 1 + i * (calls - 1) / (most - 1))
            .collect();
        places.dedup();
        places
    }

    pub(crate) fn assert_same(&self, out: &str) {
        for file in SAME {
            let [found, expected] =
                [out, "whole"].map(|run| fs::read(self.path(run).join(file)).expect(file));
            assert!(found == expected, "{out}: {file} differs");
        }
    }
}

impl Run {
    /// Whole without a word: the fault would have come later.
    pub(crate) fn assert_untouched(&self, bench: &Bench) {
        assert_eq!(
            (self.code, self.lines().len()),
            (0, 0),
            "{}: {}",
            self.out,
            self.stderr
        );
        bench.assert_same(&self.out);
    }

    /// Whole, with the files of a run without a fault, and one warning that says what happened.
    pub(crate) fn assert_recovered(&self, bench: &Bench, what: &str) {
        assert_eq!(self.code, 0, "{}: {}", self.out, self.stderr);
        let lines = self.lines();
        assert_eq!(lines.len(), 1, "{}: {}", self.out, self.stderr);
        assert!(
            lines[0].starts_with("warning: ") && lines[0].contains(what),
            "{}",
            lines[0]
        );
        let metrics = fs::read_to_string(self.path.join("metrics.json")).expect("metrics.json");
        assert!(metrics.contains("\"device_fault\""), "{metrics}");
        bench.assert_same(&self.out);
        assert!(!self.has_checkpoint());
    }

    /// Exit code 5, an error that says what happened, and no results.
    pub(crate) fn assert_failed(&self, what: &str) {
        assert_eq!(self.code, 5, "{}: {}", self.out, self.stderr);
        let lines = self.lines();
        let error = lines.last().expect("an error");
        assert!(
            error.starts_with("error: ") && error.contains(what),
            "{}: {}",
            self.out,
            self.stderr
        );
        assert!(lines.len() <= 2, "{}: {}", self.out, self.stderr);
        assert!(!self.path.join("metrics.json").exists(), "{}", self.out);
    }

    /// Whole or exit code 5, without a panic.
    pub(crate) fn assert_told(&self) {
        assert!(
            [0, 5].contains(&self.code),
            "{}: {} {}",
            self.out,
            self.code,
            self.stderr
        );
        assert!(
            !self.stderr.contains("panicked"),
            "{}: {}",
            self.out,
            self.stderr
        );
        assert_eq!(
            self.path.join("metrics.json").exists(),
            self.code == 0,
            "{}",
            self.out
        );
    }

    pub(crate) fn has_checkpoint(&self) -> bool {
        self.path.join("checkpoint").is_dir()
    }

    /// What the program said. Mesa's EGL complains on machines without a desktop; that is not ours.
    fn lines(&self) -> Vec<&str> {
        let lines = self.stderr.lines();
        lines
            .filter(|line| !line.contains("XDG_RUNTIME_DIR"))
            .collect()
    }
}

/// Builds the layer and writes its manifest.
fn build_layer(folder: &Path) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/device_faults/layer.c");
    let library = folder.join("libfaults.so");
    let status = Command::new("cc")
        .args([
            "-Wall",
            "-Werror",
            "-shared",
            "-fPIC",
            "-O1",
            "-Wl,-z,nodelete",
            "-o",
        ])
        .args([&library, &source])
        .arg("-lpthread")
        .status()
        .expect("a C compiler, as Rust's linker needs one");
    assert!(status.success(), "layer.c does not compile");
    let manifest = serde_json::json!({
        "file_format_version": "1.1.2",
        "layer": {
            "name": "VK_LAYER_dec_gpu_faults",
            "type": "GLOBAL",
            "library_path": library,
            "api_version": "1.3.0",
            "implementation_version": "1",
            "description": "faults of a driver",
        },
    });
    fs::write(folder.join("faults.json"), manifest.to_string()).expect("written");
}

/// A Vulkan adapter by its index: a software one if there is one, for it is what the faults were chosen on.
fn adapter() -> String {
    let reports = pollster::block_on(adapters(Some(Backend::Vulkan)));
    let usable = || reports.iter().filter(|report| report.refusal.is_none());
    let software = usable().find(|report| report.is_software());
    let report = software.or_else(|| usable().next());
    report
        .expect("a Vulkan adapter; ./test.sh installs one")
        .index
        .to_string()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Three groups of 80 samples of 9 values.
fn data() -> String {
    let value = |i: usize, j: usize| {
        let base = if j % 3 == i % 3 { 5.0 } else { 0.0 };
        base + ((i * 37 + j * 101) % 19) as f64 / 19.0
    };
    let rows = (0..240).map(|i| {
        let values: Vec<String> = (0..9).map(|j| format!("{:.3}", value(i, j))).collect();
        format!("{},{}\n", values.join(","), i % 3)
    });
    let header = (0..9).map(|j| format!("x{j},")).collect::<String>() + "label\n";
    std::iter::once(header).chain(rows).collect()
}
