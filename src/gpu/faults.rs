//! What is wrong with a device: the first thing that wgpu or the driver reports, for the rest may be only its consequence.

use std::sync::{Arc, Mutex};

use super::{Gpu, panics};
use crate::device::{AdapterError, DeviceFault, FaultKind, Result};
use crate::error::Error;

/// What kind of fault there is, and what it is.
pub(super) type Fault = (FaultKind, String);
/// The first error of the device; it stays.
pub(super) type FirstFault = Arc<Mutex<Option<Fault>>>;

impl Gpu {
    /// The device's fault, if it has one.
    pub(super) fn check(&self) -> Result<()> {
        match self
            .fault
            .lock()
            .expect("no thread panics while it holds the lock")
            .as_ref()
        {
            Some((kind, text)) => Err(self.error(*kind, text.clone())),
            None => Ok(()),
        }
    }

    /// An error of this device.
    pub(super) fn error(&self, kind: FaultKind, text: String) -> DeviceFault {
        kind.of(&self.info.name, text)
    }

    /// What a call of wgpu gives; its fault, and that it panics, are taken in.
    pub(super) fn guarded<T>(&self, call: impl FnOnce() -> Result<T, Fault>) -> Option<T> {
        let unexpected = || (FaultKind::Lost, "its driver failed unexpectedly".to_owned());
        let result = panics::caught(call).unwrap_or_else(|| Err(unexpected()));
        result.map_err(|fault| self.fail(fault)).ok()
    }

    /// Takes a fault in; the first one stays.
    pub(super) fn fail(&self, fault: Fault) {
        self.fault
            .lock()
            .expect("no thread panics while it holds the lock")
            .get_or_insert(fault);
    }
}

/// Keeps the first error that wgpu or the driver reports.
pub(super) fn watch_for_faults(device: &wgpu::Device) -> FirstFault {
    let fault = FirstFault::default();
    let on_error = fault.clone();
    device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
        let found = match error {
            wgpu::Error::OutOfMemory { .. } => out_of_memory(),
            other => (FaultKind::Other, other.to_string()),
        };
        log::debug!("{}", found.1);
        if let Ok(mut fault) = on_error.lock() {
            fault.get_or_insert(found);
        }
    }));
    let on_loss = fault.clone();
    device.set_device_lost_callback(move |reason, message| {
        // Dropping the device reports its destruction too; that is no fault.
        if reason != wgpu::DeviceLostReason::Destroyed
            && let Ok(mut fault) = on_loss.lock()
        {
            fault.get_or_insert_with(|| lost(&message));
        }
    });
    fault
}

/// Why an adapter gives no device: it lacks something, or it or its driver is at fault.
pub(super) fn not_opened(name: &str, message: &str) -> Error {
    let text = format!("cannot be opened: {message}");
    let says = |word| message.to_lowercase().contains(word);
    if says("memory") {
        return FaultKind::OutOfMemory.of(name, text).into();
    }
    if says("lost") || says("failed") {
        return FaultKind::Lost.of(name, text).into();
    }
    let (name, reason) = (name.to_owned(), message.to_owned());
    AdapterError::NotOpened { name, reason }.into()
}

fn out_of_memory() -> Fault {
    (FaultKind::OutOfMemory, "out of device memory".into())
}

/// wgpu gives up a device whose driver had too little memory for anything but a buffer; only its words tell.
fn lost(message: &str) -> Fault {
    match message.to_lowercase().contains("memory") {
        true => out_of_memory(),
        false => (FaultKind::Lost, format!("the device was lost: {message}")),
    }
}

impl Drop for Gpu {
    fn drop(&mut self) {
        // wgpu waits for all work when it drops a queue: for ever if that never ends.
        let kind = self
            .fault
            .lock()
            .ok()
            .and_then(|fault| Some(fault.as_ref()?.0));
        if kind == Some(FaultKind::Hung) {
            std::mem::forget(self.queue.clone());
        }
    }
}
