//! Handles to GPU memory, whole or in part.

use std::sync::Arc;

use super::Dropped;
use crate::device::{DeviceBuffer, check_part};

/// A handle to GPU memory.
#[derive(Clone)]
pub struct GpuBuffer {
    pub(super) memory: Arc<Memory>,
    pub(super) first: usize,
    pub(super) words: usize,
}

pub(super) struct Memory {
    pub(super) id: u64,
    pub(super) buffer: wgpu::Buffer,
    pub(super) dropped: Dropped,
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Ok(mut dropped) = self.dropped.lock() {
            dropped.push(self.id);
        }
    }
}

impl DeviceBuffer for GpuBuffer {
    fn words(&self) -> usize {
        self.words
    }

    fn part(&self, first: usize, words: usize) -> Self {
        check_part(first, words, self.words);
        Self {
            memory: self.memory.clone(),
            first: self.first + first,
            words,
        }
    }
}

impl GpuBuffer {
    /// Where it begins in its memory, and its length, in bytes; a binding is never empty.
    pub(super) fn bytes(&self) -> (u64, u64) {
        (4 * self.first as u64, 4 * self.words.max(1) as u64)
    }

    pub(super) fn binding(&self) -> wgpu::BindingResource<'_> {
        let (offset, size) = self.bytes();
        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &self.memory.buffer,
            offset,
            size: std::num::NonZeroU64::new(size),
        })
    }
}
