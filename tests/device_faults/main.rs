//! Trainings on a Vulkan driver that fails as drivers do: lost devices, too little memory, submits that never end.
//!
//! `layer.c` stands between the program and the driver. Each run must end with the files of one without a fault, or with
//! exit code 5, one error and its checkpoint kept. DEC_GPU_LONG=1 tries every call in place of some.
#![cfg(target_os = "linux")]

#[path = "../common/runs.rs"]
mod common_runs;
mod library;
mod support;

use std::time::Duration;

use common_runs::SAME;
use support::{Bench, Run};

/// As Vulkan names them.
const OUT_OF_DEVICE_MEMORY: i32 = -2;
const DEVICE_LOST: i32 = -4;
const UNKNOWN: i32 = -13;
/// For [`Bench::fault`]: a submit that never ends.
const HANGS: i32 = 0;

#[test]
fn the_layer_by_itself_changes_nothing() {
    let bench = Bench::new();
    let plain = bench.train_without_layer("plain");
    assert!(plain.status.success(), "{plain:?}");
    bench.assert_same("plain");
    for function in ["vkCreateBuffer", "vkQueueSubmit", "vkWaitSemaphores"] {
        assert!(bench.calls(function) > 20, "{function}");
    }
}

#[test]
fn a_device_lost_at_any_submit_or_wait_is_opened_again_and_the_run_is_the_same() {
    let bench = Bench::new();
    for function in ["vkQueueSubmit", "vkWaitSemaphores"] {
        let runs = bench.faults(function, &bench.places(function), DEVICE_LOST);
        for run in &runs {
            run.assert_recovered(&bench, "was lost");
        }
        println!("device lost at a call of {function}: {0}/{0}", runs.len());
    }
}

#[test]
fn a_device_lost_again_is_an_error_and_the_run_can_go_on() {
    let bench = Bench::new();
    let late = bench.calls("vkQueueSubmit") * 3 / 4;
    let run = bench.fault("vkQueueSubmit", &format!("{late}+"), DEVICE_LOST);
    run.assert_failed("was lost");
    assert!(run.has_checkpoint(), "{}", run.stderr);
    let resumed = bench.resume(&run);
    assert!(resumed.status.success(), "{resumed:?}");
    bench.assert_same(&run.out);
}

#[test]
fn too_little_memory_for_any_buffer_is_met_with_smaller_pieces() {
    let bench = Bench::new();
    for function in ["vkCreateBuffer", "vkBindBufferMemory", "vkAllocateMemory"] {
        let runs = bench.faults(function, &bench.places(function), OUT_OF_DEVICE_MEMORY);
        // The first are made while the device is opened: there is no run yet that could go on.
        let (good, early): (Vec<_>, Vec<_>) = runs.iter().partition(|run| run.code == 0);
        good.iter()
            .for_each(|run| run.assert_recovered(&bench, "memory"));
        early
            .iter()
            .for_each(|run| run.assert_failed("cannot be opened"));
        println!(
            "too little memory at a call of {function}: {} went on, {} while it was opened told so, of {}",
            good.len(),
            early.len(),
            runs.len()
        );
        assert!(early.len() < 5, "{function}");
    }
}

#[test]
fn memory_that_never_comes_is_an_error() {
    let bench = Bench::new();
    let run = bench.fault("vkCreateBuffer", "100+", OUT_OF_DEVICE_MEMORY);
    run.assert_failed("out of device memory");
}

#[test]
fn a_submit_that_never_ends_is_an_error_in_time() {
    let bench = Bench::new();
    let runs = bench.faults("vkQueueSubmit", &bench.few("vkQueueSubmit", 4), HANGS);
    for run in &runs {
        run.assert_failed("did not end within 1 s");
        assert!(run.seconds < 10.0, "{} s", run.seconds);
    }
    println!("a submit that never ends: {0}/{0}", runs.len());
}

/// The first waits for the step that is under way, which does not end; the second does not.
#[test]
fn a_second_signal_ends_a_run_at_once() {
    let bench = Bench::new();
    let (output, [first, second]) =
        bench.interrupted_twice(bench.calls("vkQueueSubmit") / 4, "twice");
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(first >= Duration::from_millis(700), "{first:?}: {output:?}");
    assert!(second < Duration::from_secs(1), "{second:?}: {output:?}");
    assert!(!bench.path("twice/metrics.json").exists());
}

#[test]
fn a_driver_that_makes_no_pipeline_is_an_error_or_another_form_is_taken() {
    let bench = Bench::new();
    for function in [
        "vkCreateComputePipelines",
        "vkCreateShaderModule",
        "vkCreateDescriptorPool",
        "vkAllocateDescriptorSets",
        "vkAllocateCommandBuffers",
        "vkCreateCommandPool",
        "vkMapMemory",
    ] {
        for result in [UNKNOWN, OUT_OF_DEVICE_MEMORY] {
            let runs = bench.faults(function, &bench.few(function, 6), result);
            runs.iter().for_each(Run::assert_told);
            let whole = runs.iter().filter(|run| run.code == 0).count();
            println!(
                "{function} gives {result}: {whole} of {} runs whole, the others end with 5",
                runs.len()
            );
        }
    }
}

#[test]
fn predict_on_a_lost_device_is_an_error_and_leaves_no_file() {
    let bench = Bench::new();
    let args = [
        "predict",
        "whole/model.safetensors",
        "data.csv",
        "--out",
        "predicted",
    ];
    let output = bench.with_fault(&args, "vkQueueSubmit:2:-4", "early");
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    assert!(!bench.path("predicted").exists());
    let output = bench.with_fault(&args, "vkQueueSubmit:100000:-4", "never");
    assert!(
        output.status.success() && bench.path("predicted").exists(),
        "{output:?}"
    );
}

/// What a run leaves that is the same on the same device.
#[test]
fn the_files_compared_are_there() {
    let bench = Bench::new();
    for file in SAME {
        assert!(bench.path("whole").join(file).exists(), "{file}");
    }
}
