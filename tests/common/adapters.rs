//! The adapters of this machine, for tests with one trial per adapter.
//!
//! `tests/drivers.sh` runs the same tests in other ways, which it names in the environment:
//! `DEC_GPU_TEST_BACKEND=vulkan|gl|…` leaves the adapters of other backends out, `DEC_GPU_TEST_CHECKS=on|off` compiles
//! every kernel with wgpu's checks or none, `DEC_GPU_TEST_LIMITS=default|own` asks for WebGPU's limits or all the adapter has.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Mutex;

use dec_gpu::gpu::{AdapterReport, Gpu, GpuOptions, adapters};
use dec_gpu::kernel::Kernel;
use dec_gpu::precision::Precision;
use libtest_mimic::{Failed, Trial};

/// Set to 1, a machine without an adapter fails the tests instead of leaving them out visibly.
const REQUIRE: &str = "DEC_GPU_REQUIRE_ADAPTER";

/// A setting of two words from the environment; another word would quietly test something else.
fn setting(name: &str, (yes, no): (&str, &str)) -> Option<bool> {
    match std::env::var(name).ok()?.as_str() {
        word if word == yes => Some(true),
        word if word == no => Some(false),
        word => panic!("{name} is {word}; expected {yes} or {no}"),
    }
}

/// Whether kernels are compiled with wgpu's checks, if that is set for all tests.
pub fn set_checks() -> Option<bool> {
    setting("DEC_GPU_TEST_CHECKS", ("on", "off"))
}

fn set_default_limits() -> Option<bool> {
    setting("DEC_GPU_TEST_LIMITS", ("default", "own"))
}

/// The options of a test with what is set for all of them.
pub fn options(wanted: GpuOptions) -> GpuOptions {
    GpuOptions {
        checked: set_checks().unwrap_or(wanted.checked),
        default_limits: set_default_limits().unwrap_or(wanted.default_limits),
        ..wanted
    }
}

/// Trials that have run, by adapter.
static COUNTS: Mutex<Vec<(String, usize)>> = Mutex::new(Vec::new());

thread_local! {
    static OPEN: RefCell<HashMap<(usize, bool, Precision), Rc<Gpu>>> = RefCell::default();
}

/// Name and driver of an adapter.
pub fn title(report: &AdapterReport) -> String {
    format!("{} ({})", report.info.name, report.info.driver)
}

/// A short name for trials: `vulkan 0`.
pub fn short(report: &AdapterReport) -> String {
    format!("{} {}", report.info.backend, report.index)
}

/// The adapters that can be used. One that is refused does not count, and is named on stderr.
pub fn usable() -> Vec<AdapterReport> {
    let backend = std::env::var("DEC_GPU_TEST_BACKEND").ok();
    let backend = backend.map(|name| name.parse().unwrap_or_else(|error| panic!("{error}")));
    let (usable, refused): (Vec<_>, Vec<_>) = pollster::block_on(adapters(backend))
        .into_iter()
        .partition(|report| report.refusal.is_none());
    for report in refused {
        let reason = report.refusal.as_deref().unwrap_or_default();
        eprintln!("not tested: {}: {reason}", title(&report));
    }
    usable
}

/// Opens an adapter once per thread.
///
/// With WebGPU's default limits where it has them all: asking for more would hide a kernel that takes
/// more than it promises. An adapter that lacks some limit that no kernel needs is opened with its own, unless limits are set.
pub fn open(report: &AdapterReport) -> Result<Rc<Gpu>, Failed> {
    open_as(report, false, Precision::F32)
}

/// As [`open`], with the precision that a kernel needs, and wgpu's checks of indices and loops if `checked`.
pub fn open_for(report: &AdapterReport, kernel: &Kernel, checked: bool) -> Result<Rc<Gpu>, Failed> {
    let precision = if kernel.needs().f16 {
        Precision::F16
    } else {
        Precision::F32
    };
    open_as(report, checked, precision)
}

/// As [`open`], with wgpu's checks of indices and loops if `checked`, at a precision.
pub fn open_as(
    report: &AdapterReport,
    checked: bool,
    precision: Precision,
) -> Result<Rc<Gpu>, Failed> {
    OPEN.with_borrow_mut(|open| {
        if let Some(gpu) = open.get(&(report.index, checked, precision)) {
            return Ok(gpu.clone());
        }
        let defaults = options(GpuOptions {
            default_limits: true,
            checked,
            precision,
            ..GpuOptions::default()
        });
        let own = GpuOptions {
            default_limits: false,
            ..defaults.clone()
        };
        let gpu = pollster::block_on(Gpu::open(report, defaults)).or_else(|error| {
            if set_default_limits().is_some() {
                return Err(error);
            }
            eprintln!("{error}; opened with the adapter's own limits");
            pollster::block_on(Gpu::open(report, own))
        });
        let gpu = Rc::new(gpu.map_err(|error| error.to_string())?);
        open.insert((report.index, checked, precision), gpu.clone());
        Ok(gpu)
    })
}

/// Forgets the open adapters of this thread: a device's first error stays, and would fail later trials.
pub fn close_all() {
    OPEN.with_borrow_mut(HashMap::clear);
}

/// Counts a trial on an adapter that was opened for it.
pub fn count(report: &AdapterReport) {
    let mut counts = COUNTS
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let title = title(report);
    match counts.iter_mut().find(|(name, _)| *name == title) {
        Some((_, count)) => *count += 1,
        None => counts.push((title, 1)),
    }
}

/// Prints `gpu-trials: <adapter> (<driver>): <count>` for every adapter, those without trials too.
pub fn print_counts<'a, R: AsRef<AdapterReport> + 'a>(reports: impl IntoIterator<Item = &'a R>) {
    let counts = COUNTS
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut titles: Vec<String> = reports
        .into_iter()
        .map(|report| title(report.as_ref()))
        .collect();
    titles.sort();
    titles.dedup();
    for title in titles {
        let count = counts
            .iter()
            .find(|(name, _)| *name == title)
            .map_or(0, |(_, count)| *count);
        println!("gpu-trials: {title}: {count}");
    }
}

/// In place of the trials of a kernel that an adapter cannot run: one that is ignored and says what was not
/// run and why. `None` if it can run it.
pub fn not_offered(report: &AdapterReport, device: &str, kernel: &Kernel) -> Option<Trial> {
    let missing = report.features.missing(kernel.needs());
    (!missing.is_empty()).then(|| {
        let name = format!(
            "{device}: NOT RUN: {}, {} cases: the adapter has no {}",
            kernel.title(),
            (kernel.cases)().len(),
            missing.join(", no ")
        );
        Trial::test(name, || Err("the adapter cannot run it".into())).with_ignored_flag(true)
    })
}

/// The one trial of a machine without adapters: ignored, or failing where adapters are required.
pub fn no_adapter(what: &'static str) -> Trial {
    let required = std::env::var(REQUIRE).is_ok_and(|value| value == "1");
    let name = format!("{what}: no usable adapter, nothing ran on a GPU");
    Trial::test(name, move || {
        Err(format!("{REQUIRE}=1 and no usable adapter was found").into())
    })
    .with_ignored_flag(!required)
}
