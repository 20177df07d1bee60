//! Every kernel on every device against its reference: one trial per device, kernel and case.
//!
//! - `reference`: the references themselves, between guard bands: they keep to the sizes they are given.
//! - `cpu`: the fast host versions, and that they give the same bits for any number of threads.
//! - `vulkan 0`, `gl 1`, …: every adapter of this machine, opened with WebGPU's default limits where it
//!   has them, the first also with wgpu's checks of indices and loops; each case alone and as one of several models of a
//!   dispatch; and that a case gives the same bits twice.
//!
//! What an adapter cannot run is an ignored trial that says so. Without an adapter there is an ignored trial that says so, or a failing one with
//! `DEC_GPU_REQUIRE_ADAPTER=1`. The last lines count the trials per adapter.

mod common;

use std::sync::Arc;

use common::adapters;
use dec_gpu::cpu::Cpu;
use dec_gpu::gpu::AdapterReport;
use dec_gpu::kernel::{Case, Kernel};
use dec_gpu::kernels;
use dec_gpu::verify::{Agreement, run_case, run_joined, run_on};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let mut arguments = Arguments::from_args();
    // A device belongs to one thread; the host versions use all cores by themselves.
    arguments.test_threads = Some(1);
    let reports: Vec<Arc<AdapterReport>> = adapters::usable().into_iter().map(Arc::new).collect();
    let mut trials = host_trials();
    for report in &reports {
        trials.extend(adapter_trials(report, adapters::set_checks() == Some(true)));
    }
    // The checks are wgpu's own and the same everywhere: one adapter shows them.
    let both = adapters::set_checks().is_none();
    if let Some(report) = reports.first().filter(|_| both) {
        trials.extend(adapter_trials(report, true));
    }
    if reports.is_empty() {
        trials.push(adapters::no_adapter("kernels"));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    adapters::close_all();
    if !arguments.list {
        adapters::print_counts(&reports);
    }
    conclusion.exit();
}

/// A trial must have compared something.
fn judged(agreement: Agreement) -> Result<(), Failed> {
    if agreement.elements == 0 {
        Err("nothing was compared".into())
    } else {
        Ok(())
    }
}

/// One trial per case of a kernel.
fn trials_of(
    kernel: &'static Kernel,
    device: &str,
    run: impl Fn(&Case) -> Result<(), Failed> + Clone + Send + 'static,
) -> Vec<Trial> {
    let trial = |case: Case| {
        let run = run.clone();
        Trial::test(
            format!("{device}: {} [{}]", kernel.title(), case.label),
            move || run(&case),
        )
    };
    (kernel.cases)().into_iter().map(trial).collect()
}

fn host_trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for &kernel in kernels::ALL {
        let run =
            |cpu: Cpu| move |case: &Case| judged(pollster::block_on(run_case(&cpu, kernel, case))?);
        trials.extend(trials_of(kernel, "reference", run(Cpu::reference())));
        if kernel.fast.is_some() {
            trials.extend(trials_of(kernel, "cpu", run(Cpu::new())));
            trials.extend(trials_of(kernel, "cpu, any threads", move |case| {
                same_for_any_threads(kernel, case)
            }));
        }
    }
    trials
}

/// The fast host version gives the same bits on one thread and on more than there are cores.
fn same_for_any_threads(kernel: &'static Kernel, case: &Case) -> Result<(), Failed> {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        let outputs = pool.install(|| pollster::block_on(run_on(&Cpu::new(), kernel, case)));
        outputs.map_err(Failed::from)
    };
    let one = run(1)?;
    for threads in [2, 3, 7] {
        if run(threads)? != one {
            return Err(format!("{threads} threads give other bits than one").into());
        }
    }
    Ok(())
}

/// The trials of an adapter, with the driver's own checks of indices and loops or, as users run it, without.
fn adapter_trials(report: &Arc<AdapterReport>, checked: bool) -> Vec<Trial> {
    let mut trials = Vec::new();
    let checks = if checked { "checked" } else { "unchecked" };
    let device = format!("{}, {checks}", adapters::short(report));
    for &kernel in kernels::ALL {
        if let Some(trial) = adapters::not_offered(report, &device, kernel) {
            trials.push(trial);
            continue;
        }
        let shared = report.clone();
        trials.extend(trials_of(kernel, &device, move |case| {
            let gpu = adapters::open_for(&shared, kernel, checked)?;
            adapters::count(&shared);
            judged(pollster::block_on(run_case(&*gpu, kernel, case))?)
        }));
        let shared = report.clone();
        let joined = trials_of(kernel, &format!("{device}, several models"), move |case| {
            let gpu = adapters::open_for(&shared, kernel, checked)?;
            adapters::count(&shared);
            let agreement = pollster::block_on(run_joined(&*gpu, kernel, case))?;
            judged(agreement.ok_or("z of the grid is in use")?)
        });
        let alone = (kernel.cases)()
            .into_iter()
            .map(|case| case.workgroups[2] > 1);
        let joined = joined.into_iter().zip(alone).filter(|(_, alone)| !alone);
        trials.extend(joined.map(|(trial, _)| trial));
        let shared = report.clone();
        trials.push(Trial::test(
            format!("{device}: {} gives the same bits twice", kernel.title()),
            move || {
                let gpu = adapters::open_for(&shared, kernel, checked)?;
                adapters::count(&shared);
                let cases = (kernel.cases)();
                let words =
                    |case: &&Case| case.buffers.iter().map(|b| b.words.len()).sum::<usize>();
                let largest = cases.iter().max_by_key(words).ok_or("no cases")?;
                let run = || pollster::block_on(run_on(&*gpu, kernel, largest));
                if run()? == run()? {
                    Ok(())
                } else {
                    Err(format!("[{}] differs", largest.label).into())
                }
            },
        ));
    }
    trials
}
