//! What the test programs share: parsed and altered kernels here, the rest in modules of its own.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "a part of several test programs, each of which uses a part of it"
)]

pub mod adapters;
pub mod agreement;
pub mod differences;
pub mod faulty;
pub mod gradient;

use std::path::PathBuf;

use dec_gpu::features::Features;
use dec_gpu::kernel::Kernel;
use naga::valid::Capabilities;

/// A folder of the repository.
pub fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The kernel's WGSL, parsed and validated; on failure naga's message with the line.
pub fn parse(kernel: &Kernel) -> Result<(naga::Module, naga::valid::ModuleInfo), String> {
    parse_source(kernel, &kernel.source())
}

/// The same of another source for this kernel.
pub fn parse_source(
    kernel: &Kernel,
    source: &str,
) -> Result<(naga::Module, naga::valid::ModuleInfo), String> {
    let module = naga::front::wgsl::parse_str(source)
        .map_err(|error| format!("does not parse: {}", error.emit_to_string(source)))?;
    let flags = naga::valid::ValidationFlags::all();
    let info = naga::valid::Validator::new(flags, capabilities(kernel.needs()))
        .subgroup_stages(naga::valid::ShaderStages::COMPUTE)
        .subgroup_operations(naga::valid::SubgroupOperationSet::all())
        .validate(&module)
        .map_err(|error| format!("is not valid: {}", error.emit_to_string(source)))?;
    Ok((module, info))
}

/// What a device allows that was opened with these features.
fn capabilities(needs: Features) -> Capabilities {
    let cooperative = needs.cooperative();
    let mut capabilities = Capabilities::empty();
    capabilities.set(Capabilities::SUBGROUP, needs.subgroups || cooperative);
    capabilities.set(Capabilities::SHADER_FLOAT16, needs.f16);
    capabilities.set(Capabilities::COOPERATIVE_MATRIX, cooperative);
    capabilities
}

/// The kernel with another WGSL; it lives as long as the program, as devices want it to.
pub fn with_source(kernel: &'static Kernel, source: String) -> &'static Kernel {
    let source: &'static str = Box::leak(source.into_boxed_str());
    Box::leak(Box::new(Kernel {
        wgsl: Box::leak(Box::new([source])),
        ..*kernel
    }))
}

/// The kernel with its declared mutation in its WGSL, or why there is none.
pub fn mutated(kernel: &'static Kernel) -> Result<&'static Kernel, String> {
    let (from, to) = kernel.mutation;
    let source = kernel.source();
    if !source.contains(from) {
        return Err(format!("the WGSL does not contain `{from}`"));
    }
    let mutant = with_source(kernel, source.replace(from, to));
    parse(mutant).map_err(|error| format!("the mutation `{from}` -> `{to}` {error}"))?;
    Ok(mutant)
}
