//! `--backend` and `--adapter`: which device a command runs on.

use std::time::Duration;

use clap::Args;
use dec_gpu::device::{Device, DeviceInfo};
use dec_gpu::devices::{AnyDevice, Wanted, Where};
use dec_gpu::gpu::{Backend, GpuOptions, Tuning};
use dec_gpu::kernel::tile::{TILES, form_called};
use dec_gpu::precision::Precision;
use dec_gpu::{Error, Result};

use super::cache_folder::cache_folder;
use super::usage;

/// Where to run.
#[derive(Args, Clone)]
#[command(next_help_heading = "Device")]
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
}

impl DeviceArgs {
    /// Where to compute, as it was asked for. Only `auto` may end on the CPU.
    pub(crate) fn place(&self) -> Result<Where> {
        let gpu = |backend| Wanted::Gpu {
            backend,
            adapter: self.adapter.clone(),
        };
        let wanted = match self.backend.as_str() {
            "cpu" if self.adapter.is_none() => Wanted::Cpu,
            "cpu" => {
                return Err(usage(
                    "--adapter names a GPU, but --backend is cpu; leave one of them out",
                ));
            }
            "auto" if self.adapter.is_none() => Wanted::Auto,
            "auto" => gpu(None),
            name => gpu(Some(
                name.parse::<Backend>().map_err(|_| unknown_backend(name))?,
            )),
        };
        Ok(Where {
            wanted,
            options: self.options(),
            tunes_software: self.tune,
        })
    }

    /// Opens the device that was asked for.
    pub(crate) fn open(&self) -> Result<AnyDevice> {
        pollster::block_on(self.place()?.open())
    }

    fn options(&self) -> GpuOptions {
        GpuOptions {
            max_binding_bytes: self.max_binding,
            timeout: Some(Duration::from_secs(self.device_timeout)),
            checked: self.checked,
            form: self.form,
            tuning: (!self.no_tune).then(tuning),
            precision: self.precision,
            ..GpuOptions::default()
        }
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
