//! The command line.

use burn::tensor::{Device, DeviceKind};

use crate::network::Optimiser;

#[derive(Clone, Copy)]
pub enum Backend {
    Wgpu,
    Vulkan,
    Cuda,
    Cpu,
}

impl Backend {
    pub fn name(self) -> &'static str {
        match self {
            Self::Wgpu => "wgpu",
            Self::Vulkan => "vulkan",
            Self::Cuda => "cuda",
            Self::Cpu => "cpu",
        }
    }

    fn parse(name: &str) -> Result<Self, String> {
        let all = [Self::Wgpu, Self::Vulkan, Self::Cuda, Self::Cpu];
        let found = all.into_iter().find(|backend| backend.name() == name);
        found.ok_or_else(|| format!("--backend: '{name}' is not wgpu, vulkan, cuda or cpu"))
    }

    pub fn open(self, software: bool) -> Result<Device, String> {
        let kind = if software {
            DeviceKind::Cpu
        } else {
            DeviceKind::DefaultDevice
        };
        match self {
            Self::Wgpu if cfg!(feature = "vulkan") => Err(
                "this build sends SPIR-V to Vulkan; for wgpu build without --features vulkan"
                    .into(),
            ),
            Self::Wgpu => Ok(Device::wgpu(kind)),
            Self::Cpu => Ok(Device::flex()),
            Self::Vulkan => vulkan(kind),
            Self::Cuda => cuda(),
        }
    }
}

#[cfg(feature = "vulkan")]
fn vulkan(kind: DeviceKind) -> Result<Device, String> {
    Ok(Device::vulkan(kind))
}

#[cfg(not(feature = "vulkan"))]
fn vulkan(_: DeviceKind) -> Result<Device, String> {
    Err("this build has no vulkan backend; build with --features vulkan".into())
}

#[cfg(feature = "cuda")]
fn cuda() -> Result<Device, String> {
    Ok(Device::cuda(0))
}

#[cfg(not(feature = "cuda"))]
fn cuda() -> Result<Device, String> {
    Err("this build has no cuda backend; build with --features cuda".into())
}

pub struct Options {
    pub backend: Backend,
    pub optimisers: Vec<Optimiser>,
    pub batch: usize,
    /// Of the resident data set; where one buffer cannot hold 70,000, fewer do.
    pub rows: usize,
    pub steps: usize,
    pub warm_up: usize,
    pub run: usize,
    pub software: bool,
    pub gemm: bool,
}

impl Options {
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            backend: Backend::Wgpu,
            optimisers: vec![Optimiser::Adam, Optimiser::Sgd],
            batch: 256,
            rows: 70_000,
            steps: 200,
            warm_up: 20,
            run: 1,
            software: false,
            gemm: false,
        };
        while let Some(name) = arguments.next() {
            match name.as_str() {
                "--software" => options.software = true,
                "--gemm" => options.gemm = true,
                _ => {
                    let value = arguments.next().ok_or(format!("{name} needs a value"))?;
                    options.set(&name, &value)?;
                }
            }
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let number = || {
            let parsed = value.parse().ok().filter(|number| *number > 0);
            parsed.ok_or(format!("{name}: '{value}' is not a positive number"))
        };
        match name {
            "--backend" => self.backend = Backend::parse(value)?,
            "--batch" => self.batch = number()?,
            "--rows" => self.rows = number()?,
            "--steps" => self.steps = number()?,
            "--warm-up" => self.warm_up = number()?,
            "--run" => self.run = number()?,
            "--optimizer" => {
                self.optimisers = match value {
                    "adam" => vec![Optimiser::Adam],
                    "sgd" => vec![Optimiser::Sgd],
                    "both" => vec![Optimiser::Adam, Optimiser::Sgd],
                    _ => return Err(format!("--optimizer: '{value}' is not adam, sgd or both")),
                }
            }
            _ => return Err(format!("unknown option '{name}'")),
        }
        Ok(())
    }
}
