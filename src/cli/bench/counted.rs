//! A device that counts: dispatches, and the time the host takes to record them.

use std::cell::Cell;
use std::time::{Duration, Instant};

use dec_gpu::Result;
use dec_gpu::cpu::Cpu;
use dec_gpu::device::{Device, DeviceInfo};
use dec_gpu::gpu::Gpu;
use dec_gpu::kernel::Kernel;

/// A device whose recording can be told from its computing.
pub(super) trait Recording: Device {
    /// How long recording has waited for the device so far; `None` if the device computes while it records.
    fn waited(&self) -> Option<Duration>;
}

impl Recording for Cpu {
    fn waited(&self) -> Option<Duration> {
        None
    }
}

impl Recording for Gpu {
    fn waited(&self) -> Option<Duration> {
        Some(Self::waited(self))
    }
}

/// Dispatches and the time it took to record them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) dispatches: u64,
    /// Without the waits for the device; `None` if the device computes while it records.
    pub(super) recording: Option<Duration>,
}

/// Forwards everything to a device and counts on the way.
pub(super) struct Counted<D> {
    inner: D,
    dispatches: Cell<u64>,
    recording: Cell<Duration>,
}

impl<D: Recording> Counted<D> {
    pub(super) fn new(inner: D) -> Self {
        Self {
            inner,
            dispatches: Cell::default(),
            recording: Cell::default(),
        }
    }

    /// What was counted since the last call.
    pub(super) fn take(&self) -> Counts {
        let recording = self.recording.take();
        Counts {
            dispatches: self.dispatches.take(),
            recording: self.inner.waited().map(|_| recording),
        }
    }

    /// Adds what `record` takes on the host, without what it waits for the device.
    fn timed(&self, record: impl FnOnce()) {
        let waited = self.inner.waited().unwrap_or_default();
        let start = Instant::now();
        record();
        let waited = self.inner.waited().unwrap_or_default() - waited;
        let host = start.elapsed().saturating_sub(waited);
        self.recording.set(self.recording.get() + host);
    }
}

impl<D: Recording> Device for Counted<D> {
    type Buffer = D::Buffer;

    fn zeros(&self, words: usize) -> Result<D::Buffer> {
        self.inner.zeros(words)
    }

    fn upload<T: bytemuck::NoUninit>(&self, values: &[T]) -> Result<D::Buffer> {
        self.inner.upload(values)
    }

    fn dispatch(
        &self,
        kernel: &'static Kernel,
        params: &[u8],
        workgroups: [u32; 3],
        bindings: &[&D::Buffer],
    ) {
        self.dispatches.set(self.dispatches.get() + 1);
        self.timed(|| self.inner.dispatch(kernel, params, workgroups, bindings));
    }

    fn flush(&self) {
        self.timed(|| self.inner.flush());
    }

    async fn download(&self, buffer: &D::Buffer) -> Result<Vec<u32>> {
        self.inner.download(buffer).await
    }

    fn max_binding_bytes(&self) -> usize {
        self.inner.max_binding_bytes()
    }

    fn info(&self) -> DeviceInfo {
        self.inner.info()
    }
}
