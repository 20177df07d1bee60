//! The trials can fail: every kernel with one small change of its WGSL must turn one of its cases red.
//!
//! A change that does not compile, or a device that breaks, is no proof and fails the trial.

mod common;

use std::sync::Arc;

use common::adapters;
use dec_gpu::gpu::{AdapterReport, Gpu};
use dec_gpu::kernel::Kernel;
use dec_gpu::kernels;
use dec_gpu::verify::{Cause, run_case};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1); // a device belongs to one thread
    let first = adapters::usable().into_iter().next().map(Arc::new);
    let trials = match &first {
        Some(report) => kernels::ALL
            .iter()
            .map(|kernel| {
                adapters::not_offered(report, &adapters::short(report), kernel)
                    .unwrap_or_else(|| trial(report.clone(), kernel))
            })
            .collect(),
        None => vec![adapters::no_adapter("mutations")],
    };
    let conclusion = libtest_mimic::run(&arguments, trials);
    adapters::close_all();
    if !arguments.list {
        adapters::print_counts(&first);
    }
    conclusion.exit();
}

fn trial(report: Arc<AdapterReport>, kernel: &'static Kernel) -> Trial {
    let (from, to) = kernel.mutation;
    let name = format!(
        "{}: {}: `{from}` -> `{to}` is noticed",
        adapters::short(&report),
        kernel.title()
    );
    Trial::test(name, move || {
        let mutant = common::mutated(kernel)?;
        // With checks: a mutant may read and write where it must not.
        let gpu = adapters::open_for(&report, kernel, true)?;
        adapters::count(&report);
        is_noticed(&gpu, mutant).inspect_err(|_| adapters::close_all())
    })
}

/// One case at least gives a wrong answer or writes out of bounds.
fn is_noticed(gpu: &Gpu, mutant: &'static Kernel) -> Result<(), Failed> {
    let cases = (mutant.cases)();
    for case in &cases {
        match pollster::block_on(run_case(gpu, mutant, case)).map_err(|failure| failure.cause) {
            Ok(_) => {}
            Err(Cause::Mismatch(_) | Cause::Guard { .. }) => return Ok(()),
            Err(other) => {
                return Err(format!("the device broke, which proves nothing: {other}").into());
            }
        }
    }
    Err(format!("all {} cases pass", cases.len()).into())
}
