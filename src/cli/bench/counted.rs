//! A device that counts: dispatches, and the time the host takes to record them.

use std::cell::Cell;
use std::time::{Duration, Instant};

use dec_gpu::Result;
use dec_gpu::cpu::Cpu;
use dec_gpu::device::{Device, DeviceInfo};
use dec_gpu::gpu::Gpu;
use dec_gpu::kernel::Kernel;
use dec_gpu::precision::Precision;
use dec_gpu::tile::{Choices, Product};

/// A device whose recording can be told from its computing.
pub(super) trait Recording: Device {
    /// Whether the device computes on the processor that records: then the two cannot be told apart.
    fn computes_on_host(&self) -> bool;
    /// How long recording has waited for the device so far, or computed in its place.
    fn waited(&self) -> Duration;
    /// Seconds that the device computed since the last call, by its own clock, if it has one.
    fn busy_seconds(&self) -> Result<Option<f64>>;
}

impl Recording for Cpu {
    fn computes_on_host(&self) -> bool {
        true
    }

    fn waited(&self) -> Duration {
        Duration::ZERO
    }

    fn busy_seconds(&self) -> Result<Option<f64>> {
        Ok(None)
    }
}

impl Recording for Gpu {
    fn computes_on_host(&self) -> bool {
        false
    }

    fn waited(&self) -> Duration {
        // Software drivers compute within the submit, so what it takes is no recording.
        if self.info().kind == "software" {
            Self::waited(self) + self.handed_over()
        } else {
            Self::waited(self)
        }
    }

    fn busy_seconds(&self) -> Result<Option<f64>> {
        pollster::block_on(Self::busy_seconds(self))
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
            recording: (!self.inner.computes_on_host()).then_some(recording),
        }
    }

    /// Seconds that the device computed since the last call, by its own clock.
    pub(super) fn busy_seconds(&self) -> Result<Option<f64>> {
        self.inner.busy_seconds()
    }

    /// Adds what `record` takes on the host, without what it waits for the device.
    fn timed(&self, record: impl FnOnce()) {
        let waited = self.inner.waited();
        let start = Instant::now();
        record();
        let waited = self.inner.waited() - waited;
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

    fn supports(&self, kernel: &Kernel) -> bool {
        self.inner.supports(kernel)
    }

    fn fallback(&self, kernel: &'static Kernel) -> Option<String> {
        self.inner.fallback(kernel)
    }

    fn tile(&self, forms: &'static [Kernel], product: Product) -> usize {
        self.inner.tile(forms, product)
    }

    fn choices(&self) -> Option<Choices> {
        self.inner.choices()
    }

    fn use_choices(&self, choices: &Choices) {
        self.inner.use_choices(choices);
    }

    fn precision(&self) -> Precision {
        self.inner.precision()
    }

    fn info(&self) -> DeviceInfo {
        self.inner.info()
    }
}

#[cfg(test)]
mod tests {
    use dec_gpu::cpu::CpuBuffer;
    use dec_gpu::kernels::centroid_step;

    use super::*;

    const WAIT: Duration = Duration::from_millis(40);

    /// Waits in every dispatch, as a device that is behind.
    struct Behind {
        computes_on_host: bool,
        waited: Cell<Duration>,
    }

    impl Recording for Behind {
        fn computes_on_host(&self) -> bool {
            self.computes_on_host
        }

        fn waited(&self) -> Duration {
            self.waited.get()
        }

        fn busy_seconds(&self) -> Result<Option<f64>> {
            Ok(None)
        }
    }

    impl Device for Behind {
        type Buffer = CpuBuffer;

        fn zeros(&self, words: usize) -> Result<CpuBuffer> {
            Cpu::new().zeros(words)
        }

        fn upload<T: bytemuck::NoUninit>(&self, values: &[T]) -> Result<CpuBuffer> {
            Cpu::new().upload(values)
        }

        fn dispatch(&self, _: &'static Kernel, _: &[u8], _: [u32; 3], _: &[&CpuBuffer]) {
            let start = Instant::now();
            std::thread::sleep(WAIT);
            self.waited.set(self.waited.get() + start.elapsed());
        }

        fn flush(&self) {}

        async fn download(&self, buffer: &CpuBuffer) -> Result<Vec<u32>> {
            Cpu::new().download(buffer).await
        }

        fn max_binding_bytes(&self) -> usize {
            usize::MAX
        }

        fn tile(&self, forms: &'static [Kernel], product: Product) -> usize {
            Cpu::new().tile(forms, product)
        }

        fn precision(&self) -> Precision {
            Precision::F32
        }

        fn info(&self) -> DeviceInfo {
            Cpu::new().info()
        }
    }

    fn two_dispatches(computes_on_host: bool) -> Counts {
        let device = Counted::new(Behind {
            computes_on_host,
            waited: Cell::default(),
        });
        device.dispatch(&centroid_step::KERNEL, &[], [1, 1, 1], &[]);
        device.dispatch(&centroid_step::KERNEL, &[], [1, 1, 1], &[]);
        let counts = device.take();
        assert_eq!(device.take().dispatches, 0, "counts are taken once");
        counts
    }

    #[test]
    fn recording_is_counted_without_the_waits() {
        let counts = two_dispatches(false);
        assert_eq!(counts.dispatches, 2);
        let recording = counts.recording.unwrap();
        assert!(
            recording > Duration::ZERO && recording < WAIT,
            "{recording:?}"
        );
    }

    #[test]
    fn recording_that_computes_is_not_told() {
        assert_eq!(two_dispatches(true).recording, None);
    }
}
