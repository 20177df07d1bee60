//! The GPU as a [`Device`].

use super::pipelines::Models;
use super::{Gpu, GpuBuffer};
use crate::device::{Choices, Device, DeviceInfo, Products, Result, Room};
use crate::kernel::tile::Product;
use crate::kernel::{Kernel, words_of};
use crate::precision::Precision;

impl Device for Gpu {
    type Buffer = GpuBuffer;

    fn zeros(&self, words: usize) -> Result<GpuBuffer> {
        self.create(words) // WebGPU clears new buffers
    }

    fn upload<T: bytemuck::NoUninit>(&self, values: &[T]) -> Result<GpuBuffer> {
        let bytes: &[u8] = bytemuck::cast_slice(values);
        let buffer = self.create(bytes.len().div_ceil(4))?;
        let (whole, memory) = (bytes.len() / 4 * 4, &buffer.memory.buffer);
        self.guarded(|| {
            self.queue.write_buffer(memory, 0, &bytes[..whole]);
            if whole < bytes.len() {
                let tail = words_of(&bytes[whole..]);
                (self.queue).write_buffer(memory, whole as u64, bytemuck::cast_slice(&tail));
            }
            Ok(())
        });
        Ok(buffer)
    }

    fn dispatch(
        &self,
        kernel: &'static Kernel,
        params: &[u8],
        workgroups: [u32; 3],
        bindings: &[&GpuBuffer],
    ) {
        assert_eq!(
            bindings.len(),
            kernel.bindings.len(),
            "bindings of {}",
            kernel.name
        );
        assert_eq!(
            params.len(),
            kernel.params_size(),
            "parameters of {}",
            kernel.name
        );
        self.record(kernel, Models::One, params, workgroups, bindings);
    }

    fn flush(&self) {
        self.submit();
    }

    async fn download(&self, buffer: &GpuBuffer) -> Result<Vec<u32>> {
        self.submit();
        let (offset, size) = buffer.bytes();
        let range = offset..offset + size;
        let memory = &buffer.memory.buffer;
        let read = self.guarded(|| {
            (self.recorder.borrow_mut()).read_back(&self.device, &self.queue, memory, range)
        });
        self.check()?;
        let mapping = read.expect("what is not read back has a fault");
        let mut words = self.mapped(mapping).await?;
        words.truncate(buffer.words);
        Ok(words)
    }

    fn room(&self) -> Room {
        self.room
    }

    fn products(&self) -> &dyn Products {
        self
    }

    fn info(&self) -> DeviceInfo {
        self.info.clone()
    }
}

impl Products for Gpu {
    fn supports(&self, kernel: &Kernel) -> bool {
        self.forms.granted.cover(kernel.needs())
    }

    fn fallback(&self, kernel: &'static Kernel) -> Option<String> {
        self.replaced(kernel)
    }

    fn form(&self, kernels: &'static [Kernel], product: Product) -> &'static Kernel {
        &kernels[self.chosen_form(kernels, product)]
    }

    fn choices(&self) -> Option<Choices> {
        Some(self.chosen())
    }

    fn use_choices(&self, choices: &Choices) {
        self.take(choices);
    }

    fn precision(&self) -> Precision {
        self.forms.precision
    }
}
