//! The GPU device: records dispatches, submits them in bounded pieces, reads back asynchronously.
//!
//! `seam` is what the rest of the crate calls, `buffer` its memory. `adapters` finds and judges adapters, `features` asks for what they offer, `pipelines` turns a [`Kernel`] into a
//! pipeline, `queue` submits as much as `pace` allows, `joined` runs a kernel for several models at once, `forms` chooses the form of a product, by a table or by what
//! `tuner` measures, `self_test` tries those on matrix units, `fallback` replaces a form that does not compile, `faults` keeps what goes wrong.

mod adapters;
mod buffer;
mod by_shape;
mod fallback;
mod faults;
mod features;
mod forms;
mod joined;
mod pace;
mod panics;
mod pipelines;
mod queue;
mod seam;
mod self_test;
mod timestamps;
#[cfg(not(target_arch = "wasm32"))]
mod tuner;
#[cfg(target_arch = "wasm32")]
#[path = "gpu/no_tuner.rs"]
mod tuner;

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rustc_hash::FxHashMap;

pub use adapters::{AdapterReport, Backend, Limit, adapters, choose};
pub use buffer::GpuBuffer;
pub use forms::Cooperative;
pub use panics::expects_panic;
pub use tuner::Tuning;

use crate::device::{self, DeviceInfo, FaultKind, Room};
use crate::error::Result;
use crate::features::Features;
use crate::kernel::{Kernel, MAX_WORKGROUPS};
use crate::precision::Precision;
use buffer::Memory;
use fallback::Fallen;
use faults::{FirstFault, not_opened, watch_for_faults};
use forms::Forms;
use pipelines::{Models, Pipelines};
use queue::{Mapping, Recorder};
use timestamps::Timestamps;
use tuner::Tuner;

/// How to open an adapter.
#[derive(Clone, Debug)]
pub struct GpuOptions {
    /// Ask for WebGPU's default limits instead of all that the adapter has.
    pub default_limits: bool,
    /// Keep the driver's checks of every index and loop, which cost time; see `pipelines`.
    pub checked: bool,
    /// Compute every product in this form ([`crate::kernel::tile::TILES`]) instead of choosing one by its shape.
    pub form: Option<usize>,
    /// What the operands of matrix products are rounded to.
    pub precision: Precision,
    /// Measure the time of submits on the GPU's own clock, where there is one ([`Gpu::busy_seconds`]).
    pub timestamps: bool,
    /// Choose forms by measuring them instead of by a table. What is found depends on what else the machine does, and
    /// so do the last bits of what is computed; a model's file says which forms it was made with.
    pub tuning: Option<Tuning>,
    /// How long a submit may take before the device counts as hung; 300 s if not given.
    pub timeout: Option<std::time::Duration>,
    /// Pretend that one binding holds at most this many bytes, so that data are split into blocks.
    pub max_binding_bytes: Option<usize>,
    /// How much less room there is for what is computed piece by piece ([`Room::scratch_divisor`]).
    pub scratch_divisor: usize,
}

impl Default for GpuOptions {
    fn default() -> Self {
        Self {
            default_limits: false,
            checked: false,
            form: None,
            precision: Precision::default(),
            timestamps: false,
            tuning: None,
            timeout: None,
            max_binding_bytes: None,
            scratch_divisor: 1,
        }
    }
}

/// A GPU, opened through wgpu.
pub struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
    info: DeviceInfo,
    room: Room,
    pipelines: RefCell<Pipelines>,
    forms: Forms,
    fallen: Fallen,
    tuner: Option<Tuner>,
    bind_groups: RefCell<FxHashMap<BindGroupKey, wgpu::BindGroup>>,
    recorder: RefCell<Recorder>,
    fault: FirstFault,
    dropped: Dropped,
    next_id: AtomicU64,
}

/// A kernel's address and form, and its buffers: id, first word and words of each.
type BindGroupKey = (usize, Models, Vec<(u64, usize, usize)>);
/// Ids of buffers that nobody holds any more; their bind groups are dropped at the next submit.
type Dropped = Arc<Mutex<Vec<u64>>>;

impl Gpu {
    /// Opens an adapter found by [`adapters`].
    ///
    /// At [`Precision::F16`] matrix units are used only if they pass a self-test; see [`Gpu::cooperative`].
    ///
    /// # Errors
    /// [`crate::Error::NoAdapter`] if the adapter lacks what the kernels need or the driver refuses the device.
    pub async fn open(report: &AdapterReport, options: GpuOptions) -> Result<Self> {
        if let Some(reason) = &report.refusal {
            return Err(report.unusable(reason).into());
        }
        forms::check(report, &options)?;
        let granted = features::granted(report.features, options.precision);
        if !granted.cooperative() {
            return Self::with_features(report, &options, granted).await;
        }
        let failure = match Self::with_features(report, &options, granted).await {
            Ok(gpu) => match gpu.with_self_test().await {
                Ok(gpu) => return Ok(gpu),
                Err(failure) => failure,
            },
            Err(error) => Cooperative::Failed(error.to_string()),
        };
        log::warn!("{}: {failure}", report.info.name);
        // A device's first error stays, so the one that failed is of no use any more.
        let mut gpu = Self::with_features(report, &options, granted.without_cooperative()).await?;
        gpu.forms.cooperative = failure;
        gpu.forms.expect_forced()?;
        Ok(gpu)
    }

    /// The device with the result of its self-test, or the failure.
    async fn with_self_test(mut self) -> std::result::Result<Self, Cooperative> {
        if let Some(form) = self.forms.candidate() {
            match self_test::self_test(&self, form).await {
                failed @ Cooperative::Failed(_) => return Err(failed),
                passed => self.forms.cooperative = passed,
            }
        }
        Ok(self)
    }

    async fn with_features(
        report: &AdapterReport,
        options: &GpuOptions,
        granted: Features,
    ) -> Result<Self> {
        let limits = if options.default_limits {
            wgpu::Limits::default()
        } else {
            report.adapter.limits()
        };
        let timestamps = if options.timestamps {
            report.adapter.features() & wgpu::Features::TIMESTAMP_QUERY
        } else {
            wgpu::Features::empty()
        };
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("dec-gpu"),
            required_limits: limits.clone(),
            required_features: features::requested(granted) | timestamps,
            experimental_features: features::consent(granted),
            ..Default::default()
        };
        // wgpu opens it in the call, not when the future is waited for.
        let open = async { report.adapter.request_device(&descriptor).await };
        let opened = panics::caught_in(open).await;
        let (device, queue) = match opened {
            Some(Ok(opened)) => opened,
            Some(Err(error)) => return Err(not_opened(&report.info.name, &error.to_string())),
            None => return Err(not_opened(&report.info.name, "its driver failed")),
        };
        let fault = watch_for_faults(&device);
        let binding = usize::try_from(limits.max_storage_buffer_binding_size).unwrap_or(usize::MAX);
        let alignment = limits.min_uniform_buffer_offset_alignment;
        let timestamps = (!timestamps.is_empty()).then(|| Timestamps::new(&device, &queue));
        Ok(Self {
            recorder: RefCell::new(Recorder::new(
                &device,
                alignment,
                timestamps,
                options.timeout,
            )),
            room: Room {
                binding_bytes: options.max_binding_bytes.unwrap_or(binding).min(binding),
                scratch_divisor: options.scratch_divisor.max(1),
            },
            tuner: (options.tuning.clone()).map(|tuning| Tuner::new(tuning, &report.info)),
            info: report.info.clone(),
            device,
            queue,
            pipelines: RefCell::new(Pipelines::new(options.checked)),
            forms: Forms::new(report, options, granted),
            fallen: Fallen::default(),
            bind_groups: RefCell::default(),
            fault,
            dropped: Dropped::default(),
            next_id: AtomicU64::new(0),
        })
    }

    /// The same with less room for what is computed piece by piece ([`Room::scratch_divisor`]).
    pub fn with_scratch_divisor(mut self, scratch_divisor: usize) -> Self {
        self.room.scratch_divisor = scratch_divisor.max(1);
        self
    }

    /// What became of cooperative matrices when the device was opened.
    pub fn cooperative(&self) -> &Cooperative {
        &self.forms.cooperative
    }

    /// Seconds that the GPU computed since the last call, by its own clock; submits that run side by side count twice.
    /// `None` without [`GpuOptions::timestamps`], on an adapter without a clock, and if there were too many submits.
    ///
    /// # Errors
    /// [`crate::Error::Device`].
    pub async fn busy_seconds(&self) -> device::Result<Option<f64>> {
        self.submit();
        let read = self
            .guarded(|| (self.recorder.borrow_mut()).read_timestamps(&self.device, &self.queue));
        let Some(mapping) = read.flatten() else {
            return self.check().map(|()| None);
        };
        let ticks = self.mapped(mapping).await?;
        let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(&ticks);
        Ok(self.recorder.borrow().gpu_seconds(&ticks))
    }

    /// The words of a buffer that is read back.
    async fn mapped(&self, mapping: Mapping) -> device::Result<Vec<u32>> {
        let staging = mapping.await;
        if let Err(fault) = &staging {
            self.fail(fault.clone());
        }
        self.check()?;
        let staging = staging.map_err(|(kind, text)| self.error(kind, text))?;
        let view = staging
            .slice(..)
            .get_mapped_range()
            .map_err(|error| self.error(FaultKind::Other, format!("read back failed: {error}")))?;
        Ok(bytemuck::cast_slice(&view).to_vec())
    }

    fn create(&self, words: usize) -> device::Result<GpuBuffer> {
        let bytes = 4 * words.max(1);
        if bytes > self.room.binding_bytes {
            let text = format!(
                "a buffer of {bytes} bytes is needed, one binding holds {}; use fewer samples, restarts or clusters, or a smaller batch",
                self.room.binding_bytes
            );
            return Err(self.error(FaultKind::Other, text));
        }
        let descriptor = wgpu::BufferDescriptor {
            label: None,
            size: bytes as u64,
            usage: wgpu::BufferUsages::STORAGE
                | wgpu::BufferUsages::COPY_SRC
                | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        };
        let buffer = self.guarded(|| Ok(self.device.create_buffer(&descriptor)));
        self.check()?;
        let buffer = buffer.expect("without a buffer there is a fault");
        Ok(GpuBuffer {
            memory: Arc::new(Memory {
                id: self.next_id.fetch_add(1, Ordering::Relaxed),
                buffer,
                dropped: self.dropped.clone(),
            }),
            first: 0,
            words,
        })
    }

    /// Records a dispatch of a kernel for one model or several.
    fn record(
        &self,
        kernel: &'static Kernel,
        models: Models,
        params: &[u8],
        workgroups: [u32; 3],
        bindings: &[&GpuBuffer],
    ) {
        assert!(
            workgroups.iter().all(|&w| w <= MAX_WORKGROUPS),
            "{}: {workgroups:?} workgroups",
            kernel.name
        );
        if workgroups.contains(&0) || self.check().is_err() {
            return;
        }
        let Some(compiled) =
            self.guarded(|| Ok((self.pipelines.borrow_mut()).get(&self.device, kernel, models)))
        else {
            return;
        };
        let pipeline = match compiled {
            Ok(pipeline) => pipeline,
            Err(reason) => {
                let several = match models {
                    Models::One => "",
                    Models::Several => " for several models (one at a time does without)",
                };
                let reason = format!("{} does not compile{several}: {reason}", kernel.title());
                log::debug!("{reason}");
                return self.fail((FaultKind::Other, reason));
            }
        };
        let bound = || Ok(self.bind_group((kernel, models), &pipeline.layout, bindings));
        let Some(bind_group) = self.guarded(bound) else {
            return;
        };
        let id = std::ptr::from_ref(kernel) as usize;
        let full = (self.recorder.borrow_mut()).record(
            id,
            pipeline.pipeline,
            bind_group,
            params,
            workgroups,
        );
        if full {
            self.submit();
        }
    }

    /// The bind group of a kernel and its buffers, built once.
    fn bind_group(
        &self,
        (kernel, models): (&'static Kernel, Models),
        layout: &wgpu::BindGroupLayout,
        bindings: &[&GpuBuffer],
    ) -> wgpu::BindGroup {
        let key = (
            std::ptr::from_ref(kernel) as usize,
            models,
            (bindings.iter().map(|b| (b.memory.id, b.first, b.words))).collect(),
        );
        let mut cache = self.bind_groups.borrow_mut();
        let build = || self.build_bind_group((kernel, models), layout, bindings);
        cache.entry(key).or_insert_with(build).clone()
    }

    fn build_bind_group(
        &self,
        (kernel, models): (&Kernel, Models),
        layout: &wgpu::BindGroupLayout,
        bindings: &[&GpuBuffer],
    ) -> wgpu::BindGroup {
        let recorder = self.recorder.borrow();
        let params = wgpu::BindGroupEntry {
            binding: 0,
            resource: recorder.params_binding(models.params_size(kernel)),
        };
        let buffers = bindings
            .iter()
            .enumerate()
            .map(|(i, buffer)| wgpu::BindGroupEntry {
                binding: i as u32 + 1,
                resource: buffer.binding(),
            });
        self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(kernel.name),
            layout,
            entries: &std::iter::once(params).chain(buffers).collect::<Vec<_>>(),
        })
    }

    /// Forgets the bind groups of buffers that nobody holds, so that their memory is freed.
    fn forget_dropped(&self) {
        let dropped = std::mem::take(
            &mut *self
                .dropped
                .lock()
                .expect("no thread panics while it holds the lock"),
        );
        if !dropped.is_empty() {
            let held =
                |(_, _, ids): &BindGroupKey| !ids.iter().any(|(id, ..)| dropped.contains(id));
            self.bind_groups.borrow_mut().retain(|key, _| held(key));
        }
    }

    /// Submits what is recorded and waits until all of it is done.
    #[cfg(not(target_arch = "wasm32"))]
    fn finish(&self) {
        self.submit();
        self.guarded(|| self.recorder.borrow_mut().wait_for_all(&self.device));
    }

    fn submit(&self) {
        self.guarded(|| (self.recorder.borrow_mut()).submit(&self.device, &self.queue));
        self.forget_dropped();
    }
}
