//! A device that counts: dispatches, and the forms of their products.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use dec_gpu::cpu::Cpu;
use dec_gpu::device::{Device, DeviceInfo, Products, Result, Room};
use dec_gpu::gpu::Gpu;
use dec_gpu::kernel::Kernel;

/// A device that can be measured.
pub(super) trait Recording: Device {
    /// Whether the device computes on the processor that records: then the two cannot be told apart.
    fn computes_on_host(&self) -> bool;
    /// Seconds that the device computed since the last call, by its own clock, if it has one.
    fn busy_seconds(&self) -> Result<Option<f64>>;
}

impl Recording for Cpu {
    fn computes_on_host(&self) -> bool {
        true
    }

    fn busy_seconds(&self) -> Result<Option<f64>> {
        Ok(None)
    }
}

impl Recording for Gpu {
    fn computes_on_host(&self) -> bool {
        false
    }

    fn busy_seconds(&self) -> Result<Option<f64>> {
        pollster::block_on(Self::busy_seconds(self))
    }
}

/// Dispatches and the forms of their products.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    pub(super) dispatches: u64,
    /// Names of [`dec_gpu::kernel::tile::TILES`]; none if the device computes while it records: it has one form.
    pub(super) forms: BTreeSet<&'static str>,
}

/// Forwards everything to a device and counts on the way.
pub(super) struct Counted<D> {
    inner: D,
    dispatches: Cell<u64>,
    forms: RefCell<BTreeSet<&'static str>>,
}

impl<D: Recording> Counted<D> {
    pub(super) fn new(inner: D) -> Self {
        Self {
            inner,
            dispatches: Cell::default(),
            forms: RefCell::default(),
        }
    }

    /// What was counted since the last call.
    pub(super) fn take(&self) -> Counts {
        Counts {
            dispatches: self.dispatches.take(),
            forms: self.forms.take(),
        }
    }

    /// Seconds that the device computed since the last call, by its own clock.
    pub(super) fn busy_seconds(&self) -> Result<Option<f64>> {
        self.inner.busy_seconds()
    }

    /// Whether the device computes on the processor that records: then the two cannot be told apart.
    pub(super) fn computes_on_host(&self) -> bool {
        self.inner.computes_on_host()
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
        if let Some(tiled) = kernel.tile.filter(|_| !self.inner.computes_on_host()) {
            self.forms.borrow_mut().insert(tiled.tile.name);
        }
        self.inner.dispatch(kernel, params, workgroups, bindings);
    }

    fn flush(&self) {
        self.inner.flush();
    }

    async fn download(&self, buffer: &D::Buffer) -> Result<Vec<u32>> {
        self.inner.download(buffer).await
    }

    fn room(&self) -> Room {
        self.inner.room()
    }

    fn products(&self) -> &dyn Products {
        self.inner.products()
    }

    fn info(&self) -> DeviceInfo {
        self.inner.info()
    }
}

#[cfg(test)]
mod tests {
    use dec_gpu::cpu::CpuBuffer;
    use dec_gpu::kernel::tile;
    use dec_gpu::kernels::{centroid_step, linear_forward};
    use dec_gpu::precision::Precision;

    use super::*;

    /// Does nothing.
    struct Idle {
        computes_on_host: bool,
    }

    impl Recording for Idle {
        fn computes_on_host(&self) -> bool {
            self.computes_on_host
        }

        fn busy_seconds(&self) -> Result<Option<f64>> {
            Ok(None)
        }
    }

    impl Device for Idle {
        type Buffer = CpuBuffer;

        fn zeros(&self, words: usize) -> Result<CpuBuffer> {
            Cpu::new().zeros(words)
        }

        fn upload<T: bytemuck::NoUninit>(&self, values: &[T]) -> Result<CpuBuffer> {
            Cpu::new().upload(values)
        }

        fn dispatch(&self, _: &'static Kernel, _: &[u8], _: [u32; 3], _: &[&CpuBuffer]) {}

        fn flush(&self) {}

        async fn download(&self, buffer: &CpuBuffer) -> Result<Vec<u32>> {
            Cpu::new().download(buffer).await
        }

        fn room(&self) -> Room {
            Cpu::new().room()
        }

        fn products(&self) -> &dyn Products {
            &Precision::F32
        }

        fn info(&self) -> DeviceInfo {
            Cpu::new().info()
        }
    }

    #[test]
    fn dispatches_are_counted_and_taken_once() {
        let device = Counted::new(Idle {
            computes_on_host: false,
        });
        device.dispatch(&centroid_step::KERNEL, &[], [1, 1, 1], &[]);
        device.dispatch(&centroid_step::KERNEL, &[], [1, 1, 1], &[]);
        let counts = device.take();
        assert_eq!((counts.dispatches, counts.forms.len()), (2, 0));
        assert_eq!(device.take().dispatches, 0);
    }

    #[test]
    fn forms_of_products_are_named_unless_the_host_computes() {
        for (computes_on_host, named) in [(false, vec!["S", "W"]), (true, vec![])] {
            let device = Counted::new(Idle { computes_on_host });
            for form in [tile::W, tile::S] {
                device.dispatch(&linear_forward::KERNELS[form], &[], [1, 1, 1], &[]);
            }
            assert!(device.take().forms.into_iter().eq(named));
        }
    }
}
