//! One dispatch for several models: z of the grid is the model.

use super::pipelines::Models;
use super::{Gpu, GpuBuffer};
use crate::kernel::Kernel;
use crate::together::{Joins, MOST, Part, model_params};

impl Joins for Gpu {
    fn dispatch_joined(
        &self,
        kernel: &'static Kernel,
        parts: &[Part<'_>],
        [x, y, z]: [u32; 3],
        bindings: &[&GpuBuffer],
    ) {
        assert!(
            z == 1 && parts.len() <= MOST,
            "{}: z is {z}, {} models",
            kernel.name,
            parts.len()
        );
        assert!(
            bindings.iter().all(|buffer| buffer.first == 0),
            "{}: a part of a buffer is bound for several models",
            kernel.name
        );
        let params = params(kernel, parts);
        let workgroups = [x, y, parts.len() as u32];
        self.record(kernel, Models::Several, &params, workgroups, bindings);
    }
}

/// The uniform of [`crate::together::source()`]: an element for each model, those of no model 0.
fn params(kernel: &Kernel, parts: &[Part<'_>]) -> Vec<u8> {
    let (size, first) = model_params(kernel);
    let mut bytes = vec![0; MOST * size];
    for (part, to) in parts.iter().zip(bytes.chunks_exact_mut(size)) {
        to[..part.params.len()].copy_from_slice(part.params);
        for (words, to) in part.words.iter().zip(to[first..].chunks_exact_mut(4)) {
            let word = u32::try_from(words.start).expect("a binding has fewer than 2^32 words");
            to.copy_from_slice(&word.to_le_bytes());
        }
    }
    bytes
}
