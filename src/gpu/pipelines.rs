//! From a kernel's description to a compute pipeline, once per kernel.

use std::collections::HashMap;

use crate::kernel::{Access, Kernel};

/// A compiled kernel.
#[derive(Clone)]
pub(super) struct Pipeline {
    pub(super) pipeline: wgpu::ComputePipeline,
    pub(super) layout: wgpu::BindGroupLayout,
}

/// Compiled kernels by the address of their description.
#[derive(Default)]
pub(super) struct Pipelines(HashMap<usize, Pipeline>);

impl Pipelines {
    /// The pipeline of a kernel, compiled at its first use. Errors reach the device's error handler.
    pub(super) fn get(&mut self, device: &wgpu::Device, kernel: &'static Kernel) -> Pipeline {
        let key = std::ptr::from_ref(kernel) as usize;
        self.0
            .entry(key)
            .or_insert_with(|| compile(device, kernel))
            .clone()
    }
}

fn compile(device: &wgpu::Device, kernel: &Kernel) -> Pipeline {
    let label = Some(kernel.name);
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label,
        source: wgpu::ShaderSource::Wgsl(kernel.source().into()),
    });
    let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label,
        entries: &layout_entries(kernel),
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
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    Pipeline { pipeline, layout }
}

fn layout_entries(kernel: &Kernel) -> Vec<wgpu::BindGroupLayoutEntry> {
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
        kernel.params_size(),
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
