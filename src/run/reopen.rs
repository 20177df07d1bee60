//! A device that fails while training: once, it is opened again and the run goes on from its last state.

use super::event::Event;
use super::record::DeviceFaultRecord;
use super::{Fit, Fitted};
use crate::cpu::Cpu;
use crate::data::Dataset;
use crate::device::{DeviceFault, FaultKind};
use crate::devices::AnyDevice;
use crate::error::{Error, Result};
use crate::on_device;

/// By how much scratch memory shrinks when there was too little.
const SMALLER: usize = 8;

/// Trains on a device, and if need be once more.
pub(super) async fn fit(
    mut fit: Fit<'_>,
    device: &mut AnyDevice,
    data: &Dataset,
) -> Result<Fitted> {
    let hands = fit.hands();
    let together = fit.together.unwrap_or_else(|| device.side_by_side());
    let info = device.info();
    let resume = fit.resume;
    let first =
        on_device!(device, device => fit.once(device, data, together, resume, &hands).await);
    let fault = match first {
        Err(Error::Device(fault)) if can_pass(fault.kind) => fault,
        done => return done,
    };
    let smaller = fault.kind == FaultKind::OutOfMemory;
    let fault_told = Event::Reopened {
        fault: &fault,
        smaller,
    };
    hands.tell(fit.config.seed, &fault_told);
    let (mut place, mut together) = (fit.place.clone(), together);
    if smaller {
        together = together.div_ceil(2);
        place.options.scratch_divisor *= SMALLER;
    }
    *device = AnyDevice::Cpu(Cpu::new()); // the lost one gives its memory back
    *device = place.open().await.map_err(|error| twice(&fault, &error))?;
    if device.info() != info {
        let found = device.info().name;
        return Err(twice(&fault, &format!("only {found} is left")));
    }
    let again = on_device!(device, device => fit.once(device, data, together, true, &hands).await);
    let mut fitted = match again {
        Err(Error::Device(second)) => return Err(twice(&fault, &second.text)),
        done => done?,
    };
    fitted.metrics.device_fault = Some(DeviceFaultRecord {
        text: fault.text.clone(),
    });
    Ok(fitted)
}

/// Whether another attempt may end otherwise.
fn can_pass(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::OutOfMemory | FaultKind::Lost)
}

/// The fault of a device that failed again, or could not be opened again.
fn twice(first: &DeviceFault, second: &impl ToString) -> Error {
    let text = format!("{}; then, opened again: {}", first.text, second.to_string());
    DeviceFault {
        text,
        ..first.clone()
    }
    .into()
}
