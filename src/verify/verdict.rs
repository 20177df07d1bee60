//! Every case of many kernels on one device, one verdict each.

use super::{Agreement, Failure, run_case, run_joined};
use crate::device::Device;
use crate::kernel::Kernel;
use crate::kernels;
use crate::together::Joins;

/// The result of one trial.
#[derive(Debug)]
pub struct Verdict {
    /// The kernel, with its form if it has several.
    pub kernel: String,
    /// The case's label.
    pub case: String,
    /// How well it agrees, or why it fails.
    pub result: Result<Agreement, Failure>,
}

/// Runs every case of every kernel on a device; `seen` is called after each, to show progress.
pub async fn verify_all<D: Device>(device: &D, seen: impl FnMut(&Verdict)) -> Vec<Verdict> {
    verify_kernels(device, kernels::ALL, seen).await
}

/// Runs every case of those kernels that run on the device; `seen` is called after each, to show progress.
///
/// Left out are kernels that it does not support ([`Products::supports`](crate::device::Products::supports)) and forms that do not compile there
/// ([`Products::fallback`](crate::device::Products::fallback)): a caller who shows the verdicts must show these too.
pub async fn verify_kernels<D: Device>(
    device: &D,
    kernels: &[&'static Kernel],
    mut seen: impl FnMut(&Verdict),
) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let runs = |kernel: &&&'static Kernel| {
        device.products().supports(kernel) && device.products().fallback(kernel).is_none()
    };
    for &kernel in kernels.iter().filter(runs) {
        for case in (kernel.cases)() {
            let verdict = Verdict {
                kernel: kernel.title(),
                result: run_case(device, kernel, &case).await,
                case: case.label,
            };
            seen(&verdict);
            verdicts.push(verdict);
        }
    }
    verdicts
}

/// Runs every case of those kernels that the device runs as two of several models in one dispatch ([`run_joined`]), but for
/// those that use z of the grid themselves.
pub async fn verify_joined<D: Joins>(device: &D, kernels: &[&'static Kernel]) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let runs = |kernel: &&&'static Kernel| {
        device.products().supports(kernel) && device.products().fallback(kernel).is_none()
    };
    for &kernel in kernels.iter().filter(runs) {
        for case in (kernel.cases)() {
            if let Some(result) = run_joined(device, kernel, &case).await.transpose() {
                verdicts.push(Verdict {
                    kernel: kernel.title(),
                    case: format!("{}, of several models", case.label),
                    result,
                });
            }
        }
    }
    verdicts
}

/// Runs every case of those kernels that the device supports, up to the first failure; how many there were.
///
/// # Errors
/// The first [`Failure`].
pub async fn count_agreeing<D: Device>(
    device: &D,
    kernels: &[&'static Kernel],
) -> Result<usize, Failure> {
    let mut cases = 0;
    for &kernel in kernels
        .iter()
        .filter(|kernel| device.products().supports(kernel))
    {
        for case in (kernel.cases)() {
            run_case(device, kernel, &case).await?;
            cases += 1;
        }
    }
    Ok(cases)
}
