//! A device that is lost in the middle of a stage, through the library alone: `Fit` opens it again and goes on from the
//! store's states.
//!
//! The layer must be there before Vulkan is loaded, so the run is this test's own executable, called once more with
//! [`ROLE`] set.

use std::fmt::Write;
use std::process::Command;

use dec_gpu::checkpoint::State;
use dec_gpu::config::{Config, DataShape};
use dec_gpu::data::{Dataset, Values};
use dec_gpu::devices::Where;
use dec_gpu::gpu::Backend;
use dec_gpu::random::normal;
use dec_gpu::run::{Event, Fit, Fitted, Store};

use crate::DEVICE_LOST;
use crate::support::Bench;

/// Set to the adapter's index in the process that trains.
const ROLE: &str = "DEC_GPU_TRAINS_ON";

/// Three groups of 60 samples.
fn groups() -> Dataset {
    let value = |i: u32, j: u32| 6.0 * f32::from(u8::from(i % 3 == j % 3)) + normal(0, i, 0, j);
    let values = (0..180).flat_map(|i| (0..6).map(move |j| value(i, j)));
    Dataset::new("groups", 180, 6, Values::F32(values.collect()))
}

fn config(data: &Dataset) -> dec_gpu::config::Resolved {
    let short = [
        "n-clusters=3",
        "network.hidden=[16]",
        "network.embedding-dim=3",
        "neighbours.space=off",
        "pretrain.steps=20",
        "pretrain.batch-size=64",
        "cluster.update-interval=10",
        "cluster.max-steps=20",
        "cluster.tolerance=0",
    ];
    let config = Config::layered(None, None, &short.map(String::from)).expect("valid");
    config.resolve(DataShape::of(data)).expect("fits")
}

/// Keeps every state it is given, in memory.
#[derive(Default)]
struct Memory(Option<State>);

impl Store for Memory {
    fn newest(&mut self, _seed: u32) -> dec_gpu::Result<Option<State>> {
        Ok(self.0.clone())
    }

    fn is_due(&self, _seed: u32) -> bool {
        true
    }

    fn keep(&mut self, _seed: u32, state: &State) -> dec_gpu::Result<()> {
        self.0 = Some(state.clone());
        Ok(())
    }
}

/// What a run found, bit for bit, and what it went through.
fn told(fitted: &Fitted, events: &str) -> String {
    let bits: Vec<u32> = (fitted.clustering.embedding.iter())
        .map(|value| value.to_bits())
        .collect();
    let assignment = &fitted.clustering.assignment;
    format!("{events}found {bits:?} {assignment:?}\n")
}

#[test]
fn a_device_lost_in_a_stage_is_opened_again_by_the_library() {
    if let Ok(adapter) = std::env::var(ROLE) {
        return train(&adapter);
    }
    let bench = Bench::new();
    let whole = run(&bench, "none:1:0");
    let found = whole.lines().last().expect("the run's results");
    assert!(found.starts_with("found ["), "{whole}");
    let submits = bench.count("vkQueueSubmit", "library.calls");
    for part in [1, 2, 3] {
        let fault = format!("vkQueueSubmit:{}:{DEVICE_LOST}", part * submits / 4);
        let output = run(&bench, &fault);
        let events: Vec<&str> = output.lines().collect();
        assert!(events[0].contains("was lost"), "{fault}: {output}");
        assert!(events[1].starts_with("goes on from"), "{fault}: {output}");
        assert_eq!(events.last(), Some(&found), "{fault}");
    }
    let twice = format!("vkQueueSubmit:{}+:{DEVICE_LOST}", submits / 2);
    let output = run(&bench, &twice);
    assert!(output.contains("then, opened again: "), "{output}");
}

/// The run in a process of its own, with a fault.
fn run(bench: &Bench, fault: &str) -> String {
    let this = std::env::current_exe().expect("a test has a file");
    let mut command = Command::new(this);
    command
        .args(["library::", "--nocapture", "--test-threads=1"])
        .env(ROLE, bench.adapter());
    bench.make_faulty(&mut command, fault, "library.calls");
    let output = command.output().expect("runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter_map(|line| line.split_once("> "));
    lines.fold(String::new(), |all, (_, line)| all + line + "\n")
}

/// Trains and prints what happened, each line after `> `.
fn train(adapter: &str) {
    let data = groups();
    let (mut store, mut events) = (Memory::default(), String::new());
    let mut observe = |event: &Event<'_>| {
        let _ = match event {
            Event::Reopened(fault) => writeln!(events, "reopened: {}", fault.text),
            Event::GoesOn(state) => writeln!(events, "goes on from {}", state.place()),
            _ => Ok(()),
        };
    };
    let fit = Fit::new(config(&data))
        .on(Where::gpu(Some(Backend::Vulkan), Some(adapter)))
        .observed_by(&mut observe)
        .kept_in(&mut store);
    let text = match pollster::block_on(fit.fit(&data)) {
        Ok(fitted) => told(&fitted, &events),
        Err(error) => format!("{events}error: {error}\n"),
    };
    // The first line stands behind the name of the test.
    println!();
    text.lines().for_each(|line| println!("> {line}"));
}
