//! A device that fails while training: once, it is opened again and the run goes on from its last state.

use super::event::Event;
use super::record::DeviceFaultRecord;
use super::{Fit, Fitted};
use crate::data::Dataset;
use crate::devices::AnyDevice;
use crate::error::{Error, Result};
use crate::on_device;

/// Trains on a device, and if need be once more.
pub(super) async fn fit(
    mut fit: Fit<'_>,
    device: &mut AnyDevice,
    data: &Dataset,
) -> Result<Fitted> {
    let hands = fit.hands();
    let mut together = fit.together.unwrap_or_else(|| device.side_by_side());
    let resume = fit.resume;
    let first =
        on_device!(device, device => fit.once(device, data, together, resume, &hands).await);
    let fault = match first {
        Err(Error::Device(fault)) if fault.can_pass() => fault,
        done => return done,
    };
    hands.tell(fit.config.seed, &Event::Reopened(&fault));
    device.open_again(fit.place.clone(), &fault).await?;
    if fault.is_of_memory() {
        together = together.div_ceil(2);
    }
    let again = on_device!(device, device => fit.once(device, data, together, true, &hands).await);
    let mut fitted = match again {
        Err(Error::Device(second)) => return Err(fault.then(&second.text).into()),
        done => done?,
    };
    fitted.metrics.device_fault = Some(DeviceFaultRecord { text: fault.text });
    Ok(fitted)
}
