//! Finding adapters, judging them, and choosing one.

use std::fmt;
use std::str::FromStr;

use super::features;
use crate::device::{AdapterError, DeviceInfo};
use crate::features::Features;

/// A graphics API that wgpu reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Vulkan.
    Vulkan,
    /// Metal.
    Metal,
    /// Direct3D 12.
    Dx12,
    /// OpenGL and OpenGL ES.
    Gl,
}

impl Backend {
    /// Every backend, best first.
    pub const ALL: [Self; 4] = [Self::Vulkan, Self::Metal, Self::Dx12, Self::Gl];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
            Self::Dx12 => "dx12",
            Self::Gl => "gl",
        }
    }

    fn wgpu(self) -> wgpu::Backends {
        match self {
            Self::Vulkan => wgpu::Backends::VULKAN,
            Self::Metal => wgpu::Backends::METAL,
            Self::Dx12 => wgpu::Backends::DX12,
            Self::Gl => wgpu::Backends::GL,
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Backend {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        (Self::ALL
            .into_iter()
            .find(|backend| backend.as_str() == name))
        .ok_or_else(|| format!("unknown backend '{name}'; expected vulkan, metal, dx12 or gl"))
    }
}

/// One limit: what the kernels need and what the adapter has.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Limit {
    /// WebGPU's name of it.
    pub name: &'static str,
    /// What the kernels need.
    pub need: u64,
    /// What the adapter has.
    pub have: u64,
}

/// An adapter and whether it can be used.
pub struct AdapterReport {
    /// Position in the list, by which it can be named.
    pub index: usize,
    /// Name, driver, kind.
    pub info: DeviceInfo,
    /// Needed limits.
    pub limits: Vec<Limit>,
    /// Why it cannot be used, if it cannot.
    pub refusal: Option<String>,
    /// What it offers beyond WebGPU's defaults.
    pub features: Features,
    pub(super) adapter: wgpu::Adapter,
}

impl AdapterReport {
    /// Whether this is a software implementation (llvmpipe, SwiftShader, WARP).
    pub fn is_software(&self) -> bool {
        self.info.kind == "software"
    }

    pub(super) fn unusable(&self, reason: &str) -> AdapterError {
        AdapterError::Unusable {
            name: self.info.name.clone(),
            reason: reason.to_owned(),
        }
    }

    /// Whether an index or a part of a name means this one.
    pub fn matches(&self, wanted: &str) -> bool {
        wanted.parse() == Ok(self.index)
            || self
                .info
                .name
                .to_lowercase()
                .contains(&wanted.to_lowercase())
    }
}

/// Every adapter of one backend, or of all.
pub async fn adapters(backend: Option<Backend>) -> Vec<AdapterReport> {
    let mut found = Vec::new();
    for backend in Backend::ALL
        .into_iter()
        .filter(|b| backend.is_none_or(|wanted| wanted == *b))
    {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = backend.wgpu();
        let instance = wgpu::Instance::new(descriptor);
        for adapter in instance.enumerate_adapters(backend.wgpu()).await {
            found.push(judge(found.len(), backend, adapter));
        }
    }
    found
}

fn judge(index: usize, backend: Backend, adapter: wgpu::Adapter) -> AdapterReport {
    let info = adapter.get_info();
    let limits = needed(&adapter.limits());
    let driver = [info.driver.as_str(), info.driver_info.as_str()].join(" ");
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => "discrete",
        wgpu::DeviceType::IntegratedGpu => "integrated",
        wgpu::DeviceType::VirtualGpu => "virtual",
        wgpu::DeviceType::Cpu => "software",
        wgpu::DeviceType::Other if looks_like_software(&info.name) => "software",
        wgpu::DeviceType::Other => "other",
    };
    let refusal = (limits.iter().find(|limit| limit.have < limit.need))
        .map(|limit| format!("{} is {}, {} is needed", limit.name, limit.have, limit.need));
    AdapterReport {
        index,
        info: DeviceInfo {
            backend: backend.to_string(),
            name: info.name,
            driver: driver.trim().to_owned(),
            kind: kind.to_owned(),
        },
        limits,
        refusal,
        features: features::offered(&adapter),
        adapter,
    }
}

/// OpenGL does not say what kind of device it runs on; these names are software.
fn looks_like_software(name: &str) -> bool {
    let name = name.to_lowercase();
    [
        "llvmpipe",
        "softpipe",
        "swiftshader",
        "software",
        "basic render",
    ]
    .iter()
    .any(|s| name.contains(s))
}

/// The limits the kernels rely on (`tests/contract.rs` holds every kernel to them).
fn needed(limits: &wgpu::Limits) -> Vec<Limit> {
    [
        (
            "max_compute_workgroup_storage_size",
            16_384,
            u64::from(limits.max_compute_workgroup_storage_size),
        ),
        (
            "max_compute_invocations_per_workgroup",
            256,
            u64::from(limits.max_compute_invocations_per_workgroup),
        ),
        (
            "max_compute_workgroup_size_x",
            256,
            u64::from(limits.max_compute_workgroup_size_x),
        ),
        (
            "max_compute_workgroups_per_dimension",
            65_535,
            u64::from(limits.max_compute_workgroups_per_dimension),
        ),
        (
            "max_storage_buffers_per_shader_stage",
            8,
            u64::from(limits.max_storage_buffers_per_shader_stage),
        ),
        (
            "max_storage_buffer_binding_size",
            128 << 20,
            limits.max_storage_buffer_binding_size,
        ),
    ]
    .map(|(name, need, have)| Limit { name, need, have })
    .to_vec()
}

/// Chooses an adapter: the `wanted` one if given (an index or a part of the name), else the first usable
/// one, real GPUs before software, discrete before integrated.
///
/// Software is never chosen unless `wanted` names it.
///
/// # Errors
/// Which adapters were seen and what to do.
pub fn choose<'a>(
    reports: &'a [AdapterReport],
    backend: Option<Backend>,
    wanted: Option<&str>,
) -> Result<&'a AdapterReport, AdapterError> {
    let matching: Vec<&AdapterReport> = (reports.iter())
        .filter(|report| wanted.is_none_or(|wanted| report.matches(wanted)))
        .filter(|report| wanted.is_some() || !report.is_software())
        .collect();
    let rank = |report: &&&AdapterReport| match report.info.kind.as_str() {
        "discrete" => 0,
        "integrated" => 1,
        "virtual" => 2,
        _ => 3,
    };
    (matching
        .iter()
        .filter(|report| report.refusal.is_none())
        .min_by_key(rank)
        .copied())
    .ok_or_else(|| nothing_chosen(reports, &matching, backend, wanted))
}

fn nothing_chosen(
    reports: &[AdapterReport],
    matching: &[&AdapterReport],
    backend: Option<Backend>,
    wanted: Option<&str>,
) -> AdapterError {
    let backend = backend.map(Backend::as_str);
    if let Some(refused) = matching.first() {
        let reason = refused.refusal.as_deref();
        return refused.unusable(reason.unwrap_or("it is not usable"));
    }
    let seen: Vec<String> = (reports.iter())
        .map(|r| {
            format!(
                "{}: {} via {} ({})",
                r.index, r.info.name, r.info.backend, r.info.kind
            )
        })
        .collect();
    let seen = if seen.is_empty() {
        "none".to_owned()
    } else {
        seen.join("; ")
    };
    match wanted {
        Some(wanted) => AdapterError::NoMatch {
            backend,
            wanted: wanted.to_owned(),
            seen,
        },
        None if reports.is_empty() => AdapterError::None { backend },
        None => AdapterError::OnlySoftware { backend, seen },
    }
}
