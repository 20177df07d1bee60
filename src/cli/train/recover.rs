//! A device that fails while training: once, it is opened again and the run goes on from its last checkpoint.

use dec_gpu::report::{DeviceFaultRecord, RunMetrics};
use dec_gpu::{DeviceFault, Error, FaultKind, Result};

use super::Job;
use crate::cli::checkpoint::Checkpoints;
use crate::cli::device::{AnyDevice, DeviceArgs};
use crate::cli::tell;

/// By how much scratch memory shrinks when there was too little.
const SMALLER: usize = 8;

/// How a job is done: the first time, or again after a fault.
pub(super) struct Attempt {
    pub(super) checkpoints: Checkpoints,
    /// Runs side by side.
    pub(super) together: u32,
    /// Of the device, before this attempt.
    pub(super) fault: Option<DeviceFaultRecord>,
}

impl Attempt {
    pub(super) fn first(checkpoints: Checkpoints, together: u32) -> Self {
        Self {
            checkpoints,
            together,
            fault: None,
        }
    }
}

/// Does a job on a device. If that is lost, or has too little memory, the job goes on from the last checkpoint on the same
/// adapter opened again, once; after too little memory in smaller pieces. A device that hangs is not asked again.
///
/// # Errors
/// Those of training; those of the second attempt are told with the first fault.
pub(super) fn train(
    args: &DeviceArgs,
    device: AnyDevice,
    job: &Job,
    mut attempt: Attempt,
) -> Result<RunMetrics> {
    let (info, mut args) = (device.info(), args.clone());
    let fault = match on(device, job, &attempt) {
        Err(Error::Device(fault)) if can_pass(fault.kind) => fault,
        done => return done,
    };
    let then = match fault.kind {
        FaultKind::OutOfMemory => {
            attempt.together = attempt.together.div_ceil(2);
            args.scratch_divisor *= SMALLER;
            ", in smaller pieces"
        }
        _ => "",
    };
    tell(&format!(
        "warning: {fault}; it is opened again, once, and the run goes on from its last checkpoint{then}"
    ));
    attempt.fault = Some(DeviceFaultRecord {
        text: fault.text.clone(),
    });
    attempt.checkpoints.go_on();
    let device = args.open().map_err(|error| twice(&fault, &error))?;
    if device.info() != info {
        let found = device.info().name;
        return Err(twice(&fault, &format!("only {found} is left")));
    }
    match on(device, job, &attempt) {
        Err(Error::Device(second)) => Err(twice(&fault, &second.text)),
        done => done,
    }
}

fn on(device: AnyDevice, job: &Job, attempt: &Attempt) -> Result<RunMetrics> {
    match device {
        AnyDevice::Cpu(cpu) => super::train(&cpu, job, attempt),
        AnyDevice::Gpu(gpu) => super::train(&*gpu, job, attempt),
    }
}

/// Whether another attempt may end otherwise.
fn can_pass(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::OutOfMemory | FaultKind::Lost)
}

/// The fault of a device that failed again, or could not be opened again.
fn twice(first: &DeviceFault, second: &impl ToString) -> Error {
    let text = format!(
        "{}; then, opened again: {}; the last checkpoint stays, --resume goes on from it",
        first.text,
        second.to_string()
    );
    DeviceFault {
        text,
        ..first.clone()
    }
    .into()
}
