//! Where to compute, as users say it, and the device that this opens.

use crate::cpu::Cpu;
use crate::device::{Device, DeviceFault, DeviceInfo};
use crate::error::Result;
use crate::gpu::{AdapterReport, Backend, Gpu, GpuOptions, adapters, choose};
use crate::precision::Precision;
use crate::together;

/// By how much scratch memory shrinks when there was too little.
const SMALLER: usize = 8;

/// Where to compute.
#[derive(Clone, Debug, Default)]
pub struct Where {
    /// Which device.
    pub wanted: Wanted,
    /// How it is opened; of a CPU the precision and the scratch memory count.
    pub options: GpuOptions,
    /// Whether [`GpuOptions::tuning`] counts for software adapters too: compiling forms for a processor that plays a GPU
    /// costs more than they gain.
    pub tunes_software: bool,
}

/// Which device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// The first backend with a real GPU, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A GPU, and nothing else.
    Gpu {
        /// Through this API; any if none.
        backend: Option<Backend>,
        /// Its index or a part of its name; the best real one if none. Software is taken only if it is named.
        adapter: Option<String>,
    },
}

impl Where {
    /// The first backend with a real GPU, else the CPU.
    pub fn auto() -> Self {
        Self::default()
    }

    /// The CPU.
    pub fn cpu() -> Self {
        Self::of(Wanted::Cpu)
    }

    /// A GPU: through this API if one is named, with this index or part of its name if given.
    pub fn gpu(backend: Option<Backend>, adapter: Option<&str>) -> Self {
        Self::of(Wanted::Gpu {
            backend,
            adapter: adapter.map(str::to_owned),
        })
    }

    fn of(wanted: Wanted) -> Self {
        Self {
            wanted,
            ..Self::default()
        }
    }

    /// Opens the device. Only [`Wanted::Auto`] may end on the CPU.
    ///
    /// # Errors
    /// [`crate::Error::NoAdapter`]; what the driver says as it opens the adapter.
    pub async fn open(&self) -> Result<AnyDevice> {
        match &self.wanted {
            Wanted::Cpu => Ok(AnyDevice::Cpu(self.open_cpu())),
            Wanted::Auto => self.open_auto().await,
            Wanted::Gpu { backend, adapter } => {
                let reports = adapters(*backend).await;
                let report = choose(&reports, *backend, adapter.as_deref())?;
                self.open_any(report).await
            }
        }
    }

    /// Opens one adapter.
    ///
    /// # Errors
    /// What the driver says.
    pub async fn open_adapter(&self, report: &AdapterReport) -> Result<Gpu> {
        let mut options = self.options.clone();
        if report.is_software() && !self.tunes_software {
            options.tuning = None;
        }
        Gpu::open(report, options).await
    }

    async fn open_auto(&self) -> Result<AnyDevice> {
        for backend in Backend::ALL {
            // Without a session, Mesa's EGL complains on stderr; a GPU there is reached through Vulkan.
            let headless =
                cfg!(target_os = "linux") && std::env::var_os("XDG_RUNTIME_DIR").is_none();
            if backend == Backend::Gl && headless {
                continue;
            }
            let reports = adapters(Some(backend)).await;
            if let Ok(report) = choose(&reports, Some(backend), None) {
                return self.open_any(report).await;
            }
        }
        Ok(AnyDevice::Cpu(self.open_cpu()))
    }

    async fn open_any(&self, report: &AdapterReport) -> Result<AnyDevice> {
        Ok(AnyDevice::Gpu(Box::new(self.open_adapter(report).await?)))
    }

    fn open_cpu(&self) -> Cpu {
        Cpu::new()
            .with_precision(self.options.precision)
            .with_scratch_divisor(self.options.scratch_divisor)
    }
}

/// An opened device of any kind.
pub enum AnyDevice {
    /// The CPU.
    Cpu(Cpu),
    /// A GPU.
    Gpu(Box<Gpu>),
}

/// Evaluates an expression with the device itself, of whichever type it is: `on_device!(any, device => f(device))`.
#[macro_export]
macro_rules! on_device {
    ($any:expr, $device:ident => $do:expr) => {
        match $any {
            $crate::devices::AnyDevice::Cpu($device) => $do,
            $crate::devices::AnyDevice::Gpu(gpu) => {
                let $device = &**gpu;
                $do
            }
        }
    };
}

impl AnyDevice {
    /// The same with scratch memory divided by this.
    pub fn with_scratch_divisor(self, divisor: usize) -> Self {
        match self {
            Self::Cpu(cpu) => Self::Cpu(cpu.with_scratch_divisor(divisor)),
            Self::Gpu(gpu) => Self::Gpu(Box::new(gpu.with_scratch_divisor(divisor))),
        }
    }

    /// Opens the adapter again on which this failed, after too little memory in smaller pieces.
    ///
    /// # Errors
    /// The fault, and what was found in the adapter's place.
    pub async fn open_again(&mut self, mut place: Where, fault: &DeviceFault) -> Result<()> {
        let info = self.info();
        if fault.is_of_memory() {
            place.options.scratch_divisor *= SMALLER;
        }
        *self = Self::Cpu(Cpu::new()); // the lost one gives its memory back
        *self = place
            .open()
            .await
            .map_err(|error| fault.clone().then(&error))?;
        let found = self.info();
        match found == info {
            true => Ok(()),
            false => Err(fault
                .clone()
                .then(&format!("only {} is left", found.name))
                .into()),
        }
    }

    /// What it is.
    pub fn info(&self) -> DeviceInfo {
        on_device!(self, device => device.info())
    }

    /// What operands of products are rounded to.
    pub fn precision(&self) -> Precision {
        on_device!(self, device => device.products().precision())
    }

    /// As many runs side by side as it gains from: a processor, and one that plays a GPU, has no idle units to fill.
    pub fn side_by_side(&self) -> u32 {
        match self {
            Self::Gpu(gpu) if gpu.info().kind != "software" => together::MOST as u32,
            _ => 1,
        }
    }
}
