//! From a kernel's description to a compute pipeline, once per kernel.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use rustc_hash::FxHashMap;

use crate::kernel::{Access, Kernel};
use crate::together;

/// A compiled kernel.
#[derive(Clone)]
pub(super) struct Pipeline {
    pub(super) pipeline: wgpu::ComputePipeline,
    pub(super) layout: wgpu::BindGroupLayout,
}

/// For how many models a kernel is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Models {
    /// One: the kernel as it is.
    One,
    /// As many as the grid's z: [`crate::together::source()`].
    Several,
}

impl Models {
    fn source(self, kernel: &Kernel) -> String {
        match self {
            Self::One => kernel.source(),
            Self::Several => together::source(kernel),
        }
    }

    /// The bytes of the uniform.
    pub(super) fn params_size(self, kernel: &Kernel) -> usize {
        match self {
            Self::One => kernel.params_size(),
            Self::Several => together::MOST * together::model_params(kernel).0,
        }
    }
}

/// Compiled kernels by the address of their description, or why one does not compile.
pub(super) struct Pipelines {
    compiled: FxHashMap<(usize, Models), Result<Pipeline, String>>,
    checked: bool,
}

impl Pipelines {
    pub(super) fn new(checked: bool) -> Self {
        Self {
            compiled: FxHashMap::default(),
            checked,
        }
    }

    /// The pipeline of a kernel, compiled at its first use, or what wgpu or the driver has against it. The
    /// device stays usable.
    pub(super) fn get(
        &mut self,
        device: &wgpu::Device,
        kernel: &'static Kernel,
        models: Models,
    ) -> Result<Pipeline, String> {
        let key = (std::ptr::from_ref(kernel) as usize, models);
        let checked = self.checked;
        self.compiled
            .entry(key)
            .or_insert_with(|| caught(device, || compile(device, (kernel, models), checked)))
            .clone()
    }
}

/// Keeps the errors of `build` from the device's error handler, and returns the gist of the first one.
///
/// In a browser they come later: what is invalid then fails the device when it is used.
fn caught<T>(device: &wgpu::Device, build: impl FnOnce() -> T) -> Result<T, String> {
    use wgpu::ErrorFilter::{Internal, OutOfMemory, Validation};
    let scopes = [OutOfMemory, Internal, Validation].map(|filter| device.push_error_scope(filter));
    let built = build();
    let mut first = None;
    for scope in scopes.into_iter().rev() {
        let error = now(scope.pop()).flatten();
        first = first.or(error);
    }
    match first {
        None => Ok(built),
        Some(error) => Err(gist(&error.to_string())),
    }
}

/// What a future gives without waiting, if it does.
fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// The line of wgpu's message that says what is wrong; the lines before it say where.
fn gist(message: &str) -> String {
    let place = |line: &&str| {
        line.is_empty()
            || line.ends_with("Error")
            || line.ends_with("Caused by:")
            || line.starts_with("In ")
    };
    let lines = message.lines().map(str::trim);
    let mut told = lines.skip_while(place);
    told.next().unwrap_or(message).to_owned()
}

/// The module of a kernel; unless `checked`, without wgpu's own checks of indices and loops.
fn module(
    device: &wgpu::Device,
    (kernel, models): (&Kernel, Models),
    checked: bool,
) -> wgpu::ShaderModule {
    let descriptor = wgpu::ShaderModuleDescriptor {
        label: Some(kernel.name),
        source: wgpu::ShaderSource::Wgsl(models.source(kernel).into()),
    };
    if checked {
        return device.create_shader_module(descriptor);
    }
    #[allow(
        unsafe_code,
        reason = "wgpu has no safe call for it; the checks cost a counter per loop and a clamp per index"
    )]
    // SAFETY: the source is one of `kernels::ALL`, never a user's. Its typed call checks before every
    // dispatch that each binding holds what the parameters say, and each kernel guards its invocations
    // by these parameters, so that every index is in range and every loop ends; for several models each index is
    // moved to the model's own words, which the same call has checked. `tests/kernels.rs` runs
    // every case between guard bands with checks on and off, alone and for several models, and the mutations with
    // checks on.
    unsafe {
        device.create_shader_module_trusted(descriptor, wgpu::ShaderRuntimeChecks::unchecked())
    }
}

fn compile(device: &wgpu::Device, (kernel, models): (&Kernel, Models), checked: bool) -> Pipeline {
    let label = Some(kernel.name);
    let module = module(device, (kernel, models), checked);
    let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label,
        entries: &layout_entries(kernel, models),
    });
    let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label,
        bind_group_layouts: &[Some(&layout)],
        ..Default::default()
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label,
        layout: Some(&pipeline_layout),
        module: &module,
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions {
            // Every kernel writes its workgroup memory before it reads it.
            zero_initialize_workgroup_memory: checked,
            ..Default::default()
        },
        cache: None,
    });
    Pipeline { pipeline, layout }
}

fn layout_entries(kernel: &Kernel, models: Models) -> Vec<wgpu::BindGroupLayoutEntry> {
    let entry = |binding: usize, ty, dynamic, min_bytes: usize| wgpu::BindGroupLayoutEntry {
        binding: binding as u32,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty,
            has_dynamic_offset: dynamic,
            min_binding_size: std::num::NonZeroU64::new(min_bytes as u64),
        },
        count: None,
    };
    let params = entry(
        0,
        wgpu::BufferBindingType::Uniform,
        true,
        models.params_size(kernel),
    );
    let buffers = kernel.bindings.iter().enumerate().map(|(i, binding)| {
        let read_only = binding.access == Access::Read;
        entry(
            i + 1,
            wgpu::BufferBindingType::Storage { read_only },
            false,
            4,
        )
    });
    std::iter::once(params).chain(buffers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gist_is_what_is_wrong() {
        let message = "Validation Error\n\nCaused by:\n  In Device::create_shader_module\n\n\
            Shader 'x' parsing error: unknown type\n  here\n";
        assert_eq!(gist(message), "Shader 'x' parsing error: unknown type");
        assert_eq!(gist("Internal Error"), "Internal Error");
    }

    #[test]
    fn a_future_that_waits_gives_nothing_now() {
        assert_eq!(now(std::future::ready(1)), Some(1));
        assert_eq!(now(std::future::pending::<u32>()), None);
    }
}
