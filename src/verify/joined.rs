//! A case for several models in one dispatch.

use super::{Agreement, Failure, GUARD, SENTINEL, judged};
use crate::device::{ALIGNMENT, DeviceBuffer, DeviceFault};
use crate::kernel::{Access, Case, Kernel};
use crate::together::{Joins, Part};

/// Slots of each buffer. The first holds no model but NaN, so that who forgets where his words begin reads it.
const SLOTS: usize = 3;

/// Runs one case as two models of one dispatch and compares what both have written with the reference; none if the case
/// uses z of the grid itself and so cannot be joined.
///
/// # Errors
/// As [`super::run_case`].
pub async fn run_joined<D: Joins>(
    device: &D,
    kernel: &'static Kernel,
    case: &Case,
) -> Result<Option<Agreement>, Failure> {
    if case.workgroups[2] != 1 {
        return Ok(None);
    }
    let outputs = dispatch(device, kernel, case)
        .await
        .map_err(|error| Failure::new(kernel, case, "device", error))?;
    let mut agreement = Agreement::default();
    for outputs in outputs {
        agreement = agreement.and(judged(kernel, case, &outputs)?);
    }
    Ok(Some(agreement))
}

/// What each model has written, as [`super::run_on`] returns it.
async fn dispatch<D: Joins>(
    device: &D,
    kernel: &'static Kernel,
    case: &Case,
) -> Result<[Vec<(usize, Vec<u32>)>; 2], DeviceFault> {
    let (mut buffers, mut slots) = (Vec::new(), Vec::new());
    for buffer in &case.buffers {
        let slot = (buffer.words.len() + GUARD).next_multiple_of(ALIGNMENT);
        let mut all = vec![SENTINEL; SLOTS * slot];
        for to in all.chunks_exact_mut(slot).skip(1) {
            to[..buffer.words.len()].copy_from_slice(&buffer.words);
        }
        buffers.push(device.upload(&all)?);
        slots.push(slot);
    }
    // Not in the order of z.
    let parts = [2, 1].map(|at| Part {
        params: &case.params,
        words: slots
            .iter()
            .map(|slot| at * slot..(at + 1) * slot)
            .collect(),
    });
    let bound: Vec<&D::Buffer> = buffers.iter().collect();
    device.dispatch_joined(kernel, &parts, case.workgroups, &bound);
    let mut outputs = [Vec::new(), Vec::new()];
    for (index, binding) in kernel.bindings.iter().enumerate() {
        if binding.access == Access::ReadWrite {
            for (output, part) in outputs.iter_mut().zip(&parts) {
                let words = case.buffers[index].words.len() + GUARD;
                let own = buffers[index].part(part.words[index].start, words);
                output.push((index, device.download(&own).await?));
            }
        }
    }
    Ok(outputs)
}
