//! `--backend` and `--adapter`: which device a command runs on.

use std::time::Duration;

use clap::Args;
use dec_gpu::cpu::Cpu;
use dec_gpu::device::{Device, DeviceInfo};
use dec_gpu::gpu::{AdapterReport, Backend, Gpu, GpuOptions, Tuning, adapters, choose};
use dec_gpu::kernel::tile::{TILES, form_called};
use dec_gpu::precision::Precision;
use dec_gpu::{Error, Result};

use super::cache_folder::cache_folder;
use super::usage;

/// Where to run.
#[derive(Args, Clone)]
pub(crate) struct DeviceArgs {
    /// auto (a real GPU, else the CPU), cpu, vulkan, metal, dx12 or gl
    #[arg(long, default_value = "auto", value_name = "NAME")]
    pub(crate) backend: String,
    /// An adapter by its index or a part of its name, as `dec-gpu devices` lists them; software adapters
    /// are used only when named
    #[arg(long, value_name = "NAME|INDEX")]
    pub(crate) adapter: Option<String>,
    /// f32, or f16: operands of matrix products are rounded to f16, on matrix units where there are any
    #[arg(long, value_name = "NAME", default_value_t)]
    pub(crate) precision: Precision,
    /// Keep the GPU's checks of every index and loop: slower, for tracking down a fault
    #[arg(long)]
    pub(crate) checked: bool,
    /// Pick the forms of the matrix products from a table instead of measuring them at first use: the same bits on
    /// every machine with this adapter. Software adapters always use the table
    #[arg(long)]
    pub(crate) no_tune: bool,
    /// Measure forms on software adapters too
    #[arg(long, hide = true, conflicts_with = "no_tune")]
    pub(crate) tune: bool,
    /// Compute every product in this form: skinny, S, M, L, subgroup, W or subgroup16; at f16 half,
    /// coop or coop8
    #[arg(long, value_name = "NAME", hide = true, value_parser = form)]
    pub(crate) form: Option<usize>,
    /// Pretend that one GPU binding holds at most this many bytes (data are then split into blocks)
    #[arg(long, value_name = "BYTES", hide = true)]
    pub(crate) max_binding: Option<usize>,
    /// Seconds that the device may take for one piece of work, which are of milliseconds, before it counts as hung
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) device_timeout: u64,
    /// Scratch memory is divided by this.
    #[arg(skip = 1_usize)]
    pub(crate) scratch_divisor: usize,
    /// Read the GPU's own clock, for `bench`.
    #[arg(skip)]
    pub(crate) timestamps: bool,
}

/// An opened device.
pub(crate) enum AnyDevice {
    Cpu(Cpu),
    Gpu(Box<Gpu>),
}

impl AnyDevice {
    /// The same with scratch memory divided by this.
    pub(crate) fn with_scratch_divisor(self, divisor: usize) -> Self {
        match self {
            Self::Cpu(cpu) => Self::Cpu(cpu.with_scratch_divisor(divisor)),
            Self::Gpu(gpu) => Self::Gpu(Box::new(gpu.with_scratch_divisor(divisor))),
        }
    }

    /// What it is.
    pub(crate) fn info(&self) -> DeviceInfo {
        match self {
            Self::Cpu(cpu) => cpu.info(),
            Self::Gpu(gpu) => gpu.info(),
        }
    }

    /// What operands of products are rounded to.
    pub(crate) fn precision(&self) -> Precision {
        match self {
            Self::Cpu(cpu) => cpu.products().precision(),
            Self::Gpu(gpu) => gpu.products().precision(),
        }
    }
}

impl DeviceArgs {
    /// Opens the device that was asked for. Only `auto` may end on the CPU.
    pub(crate) fn open(&self) -> Result<AnyDevice> {
        match self.backend.as_str() {
            "cpu" if self.adapter.is_none() => Ok(AnyDevice::Cpu(self.cpu())),
            "cpu" => Err(usage(
                "--adapter names a GPU, but --backend is cpu; leave one of them out",
            )),
            "auto" => self.open_auto(),
            name => {
                let backend = name.parse::<Backend>().map_err(|_| unknown_backend(name))?;
                let reports = pollster::block_on(adapters(Some(backend)));
                self.open_chosen(&reports, Some(backend))
            }
        }
    }

    /// The first backend with a GPU that fits, else the CPU, unless an adapter was named.
    fn open_auto(&self) -> Result<AnyDevice> {
        if self.adapter.is_some() {
            return self.open_chosen(&pollster::block_on(adapters(None)), None);
        }
        for backend in Backend::ALL {
            // Without a session, Mesa's EGL complains on stderr; a GPU there is reached through Vulkan.
            let headless =
                cfg!(target_os = "linux") && std::env::var_os("XDG_RUNTIME_DIR").is_none();
            if backend == Backend::Gl && headless {
                continue;
            }
            let reports = pollster::block_on(adapters(Some(backend)));
            if choose(&reports, Some(backend), None).is_ok() {
                return self.open_chosen(&reports, Some(backend));
            }
        }
        Ok(AnyDevice::Cpu(self.cpu()))
    }

    fn open_chosen(
        &self,
        reports: &[AdapterReport],
        backend: Option<Backend>,
    ) -> Result<AnyDevice> {
        let report = choose(reports, backend, self.adapter.as_deref())?;
        Ok(AnyDevice::Gpu(Box::new(self.open_adapter(report)?)))
    }

    fn cpu(&self) -> Cpu {
        Cpu::new()
            .with_precision(self.precision)
            .with_scratch_divisor(self.scratch_divisor)
    }

    /// Opens one adapter.
    pub(crate) fn open_adapter(&self, report: &AdapterReport) -> Result<Gpu> {
        let options = GpuOptions {
            max_binding_bytes: self.max_binding,
            scratch_divisor: self.scratch_divisor,
            timeout: Some(Duration::from_secs(self.device_timeout)),
            checked: self.checked,
            form: self.form,
            timestamps: self.timestamps,
            tuning: self.tunes(report).then(tuning),
            precision: self.precision,
            ..GpuOptions::default()
        };
        pollster::block_on(Gpu::open(report, options))
    }

    /// Whether forms are measured. On a processor that plays a GPU compiling them costs more than they gain.
    fn tunes(&self, report: &AdapterReport) -> bool {
        self.tune || !self.no_tune && !report.is_software()
    }
}

/// Measured forms, kept in the user's folder for such files if there is one.
fn tuning() -> Tuning {
    Tuning {
        cache: cache_folder(),
        ..Tuning::default()
    }
}

/// A form of the product by its name.
fn form(name: &str) -> std::result::Result<usize, String> {
    form_called(name).ok_or_else(|| {
        let names: Vec<_> = TILES.iter().map(|tile| tile.name).collect();
        format!("expected one of {}", names.join(", "))
    })
}

fn unknown_backend(name: &str) -> Error {
    usage(format!(
        "unknown backend '{name}'; expected auto, cpu, vulkan, metal, dx12 or gl"
    ))
}

/// One line that says where a command runs.
pub(crate) fn describe(device: &impl Device) -> String {
    let place = described(&device.info());
    match device.products().precision() {
        Precision::F32 => place,
        Precision::F16 => place + ", products at f16",
    }
}

/// The device in words.
pub(crate) fn described(info: &DeviceInfo) -> String {
    match info.backend.as_str() {
        "cpu" => format!("cpu ({})", info.name),
        backend => format!(
            "{} via {backend} ({}, {})",
            info.name, info.kind, info.driver
        ),
    }
}
