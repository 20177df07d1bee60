//! A device with a fault, for tests of the comparison.

use dec_gpu::cpu::{Cpu, CpuBuffer};
use dec_gpu::device::{Device, DeviceInfo, Products, Result, Room};
use dec_gpu::kernel::Kernel;

/// What a faulty device does to the words of a buffer that it hands back: data, then the guard band.
pub type Fault = fn(&mut Vec<u32>);

/// The CPU device with a fault in what it hands back, or one that does not run kernels at all.
pub struct Faulty {
    /// Runs the kernels.
    pub cpu: Cpu,
    /// Whether kernels are run at all.
    pub runs: bool,
    /// What is done to every buffer that is read back.
    pub fault: Fault,
}

impl Device for Faulty {
    type Buffer = CpuBuffer;

    fn zeros(&self, words: usize) -> Result<CpuBuffer> {
        self.cpu.zeros(words)
    }

    fn upload<T: bytemuck::NoUninit>(&self, values: &[T]) -> Result<CpuBuffer> {
        self.cpu.upload(values)
    }

    fn dispatch(
        &self,
        kernel: &'static Kernel,
        params: &[u8],
        workgroups: [u32; 3],
        bindings: &[&CpuBuffer],
    ) {
        if self.runs {
            self.cpu.dispatch(kernel, params, workgroups, bindings);
        }
    }

    fn flush(&self) {}

    async fn download(&self, buffer: &CpuBuffer) -> Result<Vec<u32>> {
        let mut words = self.cpu.download(buffer).await?;
        (self.fault)(&mut words);
        Ok(words)
    }

    fn products(&self) -> &dyn Products {
        self.cpu.products()
    }

    fn room(&self) -> Room {
        self.cpu.room()
    }

    fn info(&self) -> DeviceInfo {
        self.cpu.info()
    }
}
