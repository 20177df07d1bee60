//! A kernel's WGSL as naga reads it.

use dec_gpu::features::Features;
use dec_gpu::kernel::Kernel;
use naga::valid::Capabilities;

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
