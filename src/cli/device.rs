//! `--backend` and `--adapter`: which device a command runs on.

use clap::Args;
use dec_gpu::cpu::Cpu;
use dec_gpu::device::Device;
use dec_gpu::gpu::{AdapterReport, Backend, Gpu, GpuOptions, adapters, choose};
use dec_gpu::{Error, Result};

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
    /// Pretend that one GPU binding holds at most this many bytes (data are then split into blocks)
    #[arg(long, value_name = "BYTES", hide = true)]
    pub(crate) max_binding: Option<usize>,
}

/// An opened device.
pub(crate) enum AnyDevice {
    Cpu(Cpu),
    Gpu(Box<Gpu>),
}

impl DeviceArgs {
    /// Opens the device that was asked for. Only `auto` may end on the CPU.
    pub(crate) fn open(&self) -> Result<AnyDevice> {
        let backend = match self.backend.as_str() {
            "cpu" if self.adapter.is_none() => return Ok(AnyDevice::Cpu(Cpu::new())),
            "cpu" => return Err(usage("--adapter names a GPU, but --backend is cpu; leave one of them out")),
            "auto" => None,
            name => Some(name.parse::<Backend>().map_err(|_| unknown_backend(name))?),
        };
        let reports = pollster::block_on(adapters(backend));
        match choose(&reports, backend, self.adapter.as_deref()) {
            Ok(report) => Ok(AnyDevice::Gpu(Box::new(self.open_adapter(report)?))),
            Err(_) if backend.is_none() && self.adapter.is_none() => Ok(AnyDevice::Cpu(Cpu::new())),
            Err(error) => Err(error),
        }
    }

    /// Opens one adapter.
    pub(crate) fn open_adapter(&self, report: &AdapterReport) -> Result<Gpu> {
        let options = GpuOptions {
            max_binding_bytes: self.max_binding,
            ..GpuOptions::default()
        };
        pollster::block_on(Gpu::open(report, options))
    }
}

fn unknown_backend(name: &str) -> Error {
    usage(format!("unknown backend '{name}'; expected auto, cpu, vulkan, metal, dx12 or gl"))
}

/// One line that says where a command runs.
pub(crate) fn describe(device: &impl Device) -> String {
    let info = device.info();
    match info.backend.as_str() {
        "cpu" => format!("cpu ({})", info.name),
        backend => format!("{} via {backend} ({}, {})", info.name, info.kind, info.driver),
    }
}
