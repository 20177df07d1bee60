//! States that no run has told, with a checksum that fits: going on from one is an error, never a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};

use dec_gpu::checkpoint::{Phase, State};
use dec_gpu::config::Resolved;
use dec_gpu::cpu::Cpu;
use dec_gpu::run::verify::blobs;

use super::config;
use super::resume::{SHORT, go_on, stopped_at};

/// When a change must be noticed; else it may be harmless, because the phase does not look at it.
#[derive(Clone, Copy, PartialEq)]
enum Must {
    Always,
    InClustering,
    Never,
}
use Must::{Always, InClustering, Never};

/// What is changed, when that must be noticed, and the change.
type Change = (&'static str, Must, fn(&mut State));

fn set(state: &mut State, key: &str, value: &str) {
    let text = state.text("config").expect("a configuration").to_owned();
    let mut table: toml::Table = text.parse().expect("TOML");
    let value = format!("x = {value}").parse::<toml::Table>().expect("TOML")["x"].clone();
    match key.split_once('.') {
        Some((section, key)) => {
            let section = table[section].as_table_mut().expect("a section");
            section.insert(key.into(), value)
        }
        None => table.insert(key.into(), value),
    };
    state.put_text("config", table.to_string());
}

const CHANGES: [Change; 26] = [
    ("no configuration", Always, |s| s.put_text("config", "")),
    ("another seed", Always, |s| set(s, "seed", "77")),
    ("no clusters", Always, |s| set(s, "n-clusters", "0")),
    ("more clusters", Always, |s| set(s, "n-clusters", "250")),
    ("batches of none", Always, |s| {
        set(s, "cluster.batch-size", "0");
    }),
    ("an interval of none", Always, |s| {
        set(s, "cluster.update-interval", "0");
    }),
    ("looks at every 0 steps", Always, |s| {
        set(s, "pretrain.evaluate-every", "0");
    }),
    ("another network", Always, |s| {
        set(s, "network.hidden", "[5]");
    }),
    ("another embedding", Always, |s| {
        set(s, "network.embedding-dim", "9");
    }),
    ("a rate that is no number", Always, |s| {
        set(s, "cluster.learning-rate", "nan");
    }),
    ("steps that are no number", Always, |s| {
        s.put_text("pretrained_steps", "many");
    }),
    ("infinite steps", Never, |s| {
        s.put_number("pretrained_steps", f64::INFINITY);
    }),
    ("no parameters", Always, |s| s.put("layer.0.weight", vec![])),
    ("a step far away", InClustering, |s| s.step = u64::MAX),
    ("a layer that is not there", Never, |s| {
        s.phase = Phase::Layer(9);
    }),
    ("the end of clustering", Never, |s| {
        s.phase = Phase::Clustered;
    }),
    ("clustering", Never, |s| s.phase = Phase::Cluster),
    ("pre-training", Never, |s| s.phase = Phase::EndToEnd),
    ("clusters that are not there", InClustering, |s| {
        s.put("assignment", vec![u32::MAX; 300]);
    }),
    ("centroids that are no numbers", InClustering, |s| {
        s.put("centroids", vec![f32::NAN.to_bits(); 15]);
    }),
    ("losses of many steps", InClustering, |s| {
        s.put("losses.used", vec![1; 5000]);
    }),
    ("losses of many places", InClustering, |s| {
        s.put("losses.used", vec![u32::MAX]);
    }),
    ("samples that are not there", InClustering, |s| {
        s.put("guard.sample", vec![300]);
    }),
    ("neighbours of none", InClustering, |s| {
        s.put("guard.sample", vec![]);
    }),
    ("neighbours that are not there", InClustering, |s| {
        s.put("guard.nearest", vec![u32::MAX; 10]);
    }),
    ("half of the neighbours", InClustering, |s| {
        s.put("guard.nearest", vec![0; 7]);
    }),
];

#[test]
fn foreign_states_are_errors_or_harmless() {
    let data = blobs(300, 12, 9);
    let (cpu, config): (Cpu, Resolved) = (Cpu::new(), config(&data, &SHORT));
    let (mut refused, mut harmless) = (0, 0);
    // In a layer, end to end, at its end, in clustering, and at its end.
    for stop in [3, 25, 33, 38, 46] {
        let state = stopped_at(&cpu, &data, &config, stop);
        for (what, must, change) in CHANGES {
            let must_fail = must == Always || must == InClustering && state.phase == Phase::Cluster;
            let mut changed = state.clone();
            change(&mut changed);
            let place = state.place();
            let result = AssertUnwindSafe(|| go_on(&cpu, &data, &config, changed));
            match catch_unwind(result).unwrap_or_else(|_| panic!("{place}, {what}: a panic")) {
                Err(_) => refused += 1,
                Ok(()) if must_fail => panic!("{place}, {what}: taken"),
                Ok(()) => harmless += 1,
            }
        }
    }
    println!("foreign states: {refused} refused, {harmless} harmless");
}
