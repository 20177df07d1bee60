//! Whole training runs: do they find what is there, do they repeat, do devices agree?
//!
//! Everything runs on the CPU and on every adapter of this machine. Without an adapter a line on stderr
//! says that no GPU was tested, and with `DEC_GPU_REQUIRE_ADAPTER=1` the tests fail.

#[path = "../common/mod.rs"]
mod common;

mod blocks;
mod choose;
mod first;
mod foreign;
mod guard;
mod memory;
mod neighbours;
mod precision;
mod resume;
mod together;
mod variants;

use std::io::Write;

use common::adapters;
use dec_gpu::config::Resolved;
use dec_gpu::cpu::Cpu;
use dec_gpu::data::{Dataset, Labels};
use dec_gpu::device::Device;
use dec_gpu::gpu::{AdapterReport, Gpu};
use dec_gpu::metrics::Scores;
use dec_gpu::model::Model;
use dec_gpu::predict::predict;
use dec_gpu::run::verify::{BAND, Run, blobs, compare_runs, configuration, train, verify_training};

/// Every adapter; none is an error only where adapters are required.
fn usable(test: &str) -> Vec<AdapterReport> {
    let reports = adapters::usable();
    if reports.is_empty() {
        let required = std::env::var("DEC_GPU_REQUIRE_ADAPTER").is_ok_and(|value| value == "1");
        assert!(!required, "{test}: no usable adapter was found");
        // Not eprintln, which libtest keeps to itself when a test passes.
        let _ = writeln!(
            std::io::stderr(),
            "{test}: no usable adapter, NOT TESTED on a GPU"
        );
    }
    reports
}

/// Runs a check on every adapter.
fn on_adapters(test: &str, check: impl Fn(&Gpu)) {
    for report in usable(test) {
        eprintln!("{test}: {}", adapters::title(&report));
        let gpu = adapters::open(&report).unwrap_or_else(|error| panic!("{test}: {error:?}"));
        check(&gpu);
    }
    adapters::close_all();
}

fn config(data: &Dataset, overrides: &[&str]) -> Resolved {
    configuration(data, overrides).unwrap_or_else(|error| panic!("{overrides:?}: {error}"))
}

/// Trains with the short schedule of `run::verify` and `overrides`.
fn run(device: &impl Device, data: &Dataset, overrides: &[&str]) -> Run {
    pollster::block_on(train(device, data, config(data, overrides)))
        .unwrap_or_else(|error| panic!("{} with {overrides:?}: {error}", data.name))
}

/// Everything a run leaves, bit for bit.
fn bits(run: &Run) -> (Vec<u8>, Vec<u32>, Vec<Vec<u32>>, Vec<u64>) {
    let found = &run.clustering;
    let floats = [
        &found.confidence,
        &found.soft_assignment,
        &found.embedding,
        &found.centroids,
    ];
    (
        run.model.to_safetensors(),
        found.assignment.clone(),
        floats
            .iter()
            .map(|v| v.iter().map(|f| f.to_bits()).collect())
            .collect(),
        run.losses.iter().map(|at| at.loss.to_bits()).collect(),
    )
}

/// Losses, labels and numbers are there and finite.
fn assert_sound(run: &Run, data: &Dataset, what: &str) {
    let found = &run.clustering;
    let k = run.model.n_clusters;
    assert_eq!(found.assignment.len(), data.n_samples, "{what}: labels");
    assert!(
        found.assignment.iter().all(|label| (*label as usize) < k),
        "{what}: a label is {k} or more"
    );
    assert!(
        run.losses.iter().all(|at| at.loss.is_finite()),
        "{what}: {:?}",
        run.losses
    );
    for values in [
        &found.confidence,
        &found.soft_assignment,
        &found.embedding,
        &found.centroids,
    ] {
        assert!(
            !values.is_empty() && values.iter().all(|v| v.is_finite()),
            "{what}: not finite"
        );
    }
    for row in found.soft_assignment.chunks(k) {
        let sum: f32 = row.iter().sum();
        assert!((sum - 1.0).abs() < 1e-5, "{what}: a row of q sums to {sum}");
    }
}

#[test]
fn three_blobs_are_found_on_the_cpu() {
    let data = blobs(300, 12, 7);
    let run = run(&Cpu::new(), &data, &[]);
    assert_sound(&run, &data, "blobs");
    let labels = data.labels.as_ref().expect("blobs are labelled");
    let scores = Scores::of(&labels.ids, &run.clustering.assignment);
    assert!(scores.acc >= 0.99, "{scores:?}");
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_others() {
    let data = blobs(150, 12, 2);
    let short = ["pretrain.steps=40"];
    fn check(device: &impl Device, data: &Dataset, short: &[&str]) {
        let first = bits(&run(device, data, short));
        assert!(
            first == bits(&run(device, data, short)),
            "{:?}",
            device.info()
        );
        let other = bits(&run(device, data, &[short, &["seed=1"]].concat()));
        assert!(
            first != other,
            "the seed does nothing on {:?}",
            device.info()
        );
    }
    check(&Cpu::new(), &data, &short);
    on_adapters("same bits", |gpu| check(gpu, &data, &short));
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let data = blobs(300, 12, 3);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a pool");
        bits(&pool.install(|| run(&Cpu::new(), &data, &[])))
    };
    let one = on(1);
    for threads in [2, 5] {
        assert!(on(threads) == one, "{threads} threads");
    }
}

#[test]
fn every_device_agrees_with_the_reference() {
    let agreement = pollster::block_on(verify_training(&Cpu::new())).expect("the CPU agrees");
    assert!(
        agreement.losses >= 4,
        "too few losses to compare: {agreement:?}"
    );
    on_adapters("reference", |gpu| {
        let agreement = pollster::block_on(verify_training(gpu));
        eprintln!("{agreement:?}");
        agreement.unwrap_or_else(|failure| panic!("{:?}: {failure}", gpu.info()));
    });
}

/// A comparison is worth something only if it can fail.
#[test]
fn the_comparison_of_runs_can_fail() {
    let data = blobs(90, 12, 4);
    let want = run(&Cpu::new(), &data, &["pretrain.steps=20"]);
    assert!(compare_runs(&want, &want, BAND).is_ok());
    let refused = |change: fn(&mut Run), word: &str| {
        let mut got = want.clone();
        change(&mut got);
        let failure = compare_runs(&got, &want, BAND).expect_err(word).to_string();
        assert!(failure.contains(word), "{failure}");
    };
    refused(
        |run| run.losses[0].loss *= 1.002,
        "pretrain: the loss at step 1 ",
    );
    refused(|run| run.losses[1].loss = f64::NAN, "NaN");
    refused(|run| drop(run.losses.pop()), "losses: found");
    refused(|run| run.clustering.centroids[3] += 1.0, "centroid is off");
    refused(
        |run| run.clustering.centroids[3] = f32::NAN,
        "centroid is off by NaN",
    );
    refused(
        |run| {
            run.clustering.assignment[..2].fill(9);
        },
        "of the labels",
    );
    let mut renumbered = want.clone();
    renumbered.clustering.centroids.rotate_left(4);
    for label in &mut renumbered.clustering.assignment {
        *label = (*label + 2) % 3;
    }
    assert!(
        compare_runs(&renumbered, &want, BAND).is_ok(),
        "the numbers of clusters mean nothing"
    );
    let other = run(&Cpu::new(), &data, &["pretrain.steps=20", "seed=1"]);
    assert!(
        compare_runs(&other, &want, BAND).is_err(),
        "another seed passes"
    );
}

/// The trainer takes no labels out of a data set: other ones, or none, change nothing.
#[test]
fn labels_do_not_take_part() {
    let labelled = blobs(120, 12, 5);
    let mut permuted = labelled.clone();
    permuted.labels = Some(Labels::from_integers(
        &(0..120).map(|i| i64::from(i % 7 == 0)).collect::<Vec<_>>(),
    ));
    let unlabelled = Dataset {
        labels: None,
        ..labelled.clone()
    };
    let want = bits(&run(&Cpu::new(), &labelled, &["pretrain.steps=40"]));
    for data in [permuted, unlabelled] {
        assert!(bits(&run(&Cpu::new(), &data, &["pretrain.steps=40"])) == want);
    }
}

#[test]
fn a_model_gives_the_labels_of_its_run() {
    fn check(device: &impl Device, data: &Dataset) {
        let run = run(device, data, &["pretrain.steps=40"]);
        let model =
            Model::from_safetensors(&run.model.to_safetensors(), "model").expect("readable");
        for batch in [1, 64, 1000] {
            let found =
                pollster::block_on(predict(device, &model, data, batch)).expect("predicted");
            assert_eq!(
                found.assignment, run.clustering.assignment,
                "batches of {batch}"
            );
            assert_eq!(
                found.confidence, run.clustering.confidence,
                "batches of {batch}"
            );
            assert_eq!(
                found.soft_assignment, run.clustering.soft_assignment,
                "batches of {batch}"
            );
            assert_eq!(
                found.embedding, run.clustering.embedding,
                "batches of {batch}"
            );
        }
    }
    let data = blobs(150, 12, 8);
    check(&Cpu::new(), &data);
    on_adapters("predict", |gpu| check(gpu, &data));
}
