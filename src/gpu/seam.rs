//! The GPU as a [`Device`].

use super::pipelines::Models;
use super::{Gpu, GpuBuffer};
use crate::device::{Device, DeviceInfo};
use crate::error::Result;
use crate::kernel::{Kernel, words_of};
use crate::precision::Precision;
use crate::tile::{Choices, Product};

impl Device for Gpu {
    type Buffer = GpuBuffer;

    fn zeros(&self, words: usize) -> Result<GpuBuffer> {
        self.create(words) // WebGPU clears new buffers
    }

    fn upload<T: bytemuck::NoUninit>(&self, values: &[T]) -> Result<GpuBuffer> {
        let bytes: &[u8] = bytemuck::cast_slice(values);
        let buffer = self.create(bytes.len().div_ceil(4))?;
        let whole = bytes.len() / 4 * 4;
        self.queue
            .write_buffer(&buffer.memory.buffer, 0, &bytes[..whole]);
        if whole < bytes.len() {
            let tail = words_of(&bytes[whole..]);
            self.queue.write_buffer(
                &buffer.memory.buffer,
                whole as u64,
                bytemuck::cast_slice(&tail),
            );
        }
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
        let read = (self.recorder.borrow_mut()).read_back(
            &self.device,
            &self.queue,
            &buffer.memory.buffer,
            range,
        );
        let mut words = self.mapped(read).await?;
        words.truncate(buffer.words);
        Ok(words)
    }

    fn max_binding_bytes(&self) -> usize {
        self.max_binding_bytes
    }

    fn scratch_divisor(&self) -> usize {
        self.scratch_divisor
    }

    fn supports(&self, kernel: &Kernel) -> bool {
        self.forms.granted.cover(kernel.needs())
    }

    fn fallback(&self, kernel: &'static Kernel) -> Option<String> {
        self.replaced(kernel)
    }

    fn tile(&self, forms: &'static [Kernel], product: Product) -> usize {
        self.form(forms, product)
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

    fn info(&self) -> DeviceInfo {
        self.info.clone()
    }
}
