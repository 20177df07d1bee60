//! Whether a kernel's WGSL agrees with its Rust declaration and follows the house rules.
//!
//! Functions that return complaints, so that a test can show that they do complain.

use dec_gpu::kernel::Kernel;
use naga::{AddressSpace, Module};

use super::parse;

/// WebGPU's default limits, which every adapter offers.
const MAX_STORAGE_BUFFERS: usize = 8;
const MAX_WORKGROUP_BYTES: u32 = 16 << 10;
const MAX_INVOCATIONS: u32 = 256;

/// Everything that is wrong with a kernel.
pub fn complaints(kernel: &Kernel) -> Vec<String> {
    let (module, _) = match parse(kernel) {
        Ok(parsed) => parsed,
        Err(error) => return vec![error],
    };
    let checks = [
        declared_is_used,
        params_are_packed,
        entry_agrees,
        limits_are_kept,
    ];
    let mut complaints: Vec<String> = checks
        .iter()
        .filter_map(|check| check(kernel, &module).err())
        .collect();
    complaints.extend(source_rules(kernel));
    complaints
}

/// Fails with "what differs", both sides below each other.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, wgsl: &T, rust: &T) -> Result<(), String> {
    if wgsl == rust {
        return Ok(());
    }
    Err(format!("{what} differ\n  wgsl {wgsl:?}\n  rust {rust:?}"))
}

/// How often a kernel is to run: its workgroups tell it, and the reference must be told.
const BY_THE_GRID: [&str; 2] = ["restarts", "segments"];

/// Every parameter is read and every buffer used: what is declared from Rust is not declared for nothing.
fn declared_is_used(kernel: &Kernel, _: &Module) -> Result<(), String> {
    let code = kernel.code();
    let stands = |word: &str| {
        let part = |c: char| c.is_alphanumeric() || c == '_';
        code.match_indices(word).any(|(at, _)| {
            !code[..at].ends_with(part) && !code[at + word.len()..].starts_with(part)
        })
    };
    for field in kernel.params {
        let by_the_grid = BY_THE_GRID.contains(&field.name);
        if !by_the_grid && !stands(&format!("params.{}", field.name)) {
            return Err(format!("params.{} is not read", field.name));
        }
    }
    for binding in kernel.bindings {
        if !stands(binding.name) {
            return Err(format!("{} is not used", binding.name));
        }
        if !binding.shape.starts_with('(') {
            return Err(format!("no shape of {}: {}", binding.name, binding.shape));
        }
    }
    Ok(())
}

/// The fields of Rust's `Params` lie as WGSL lays them out: 4 bytes each, one behind the other.
fn params_are_packed(kernel: &Kernel, _: &Module) -> Result<(), String> {
    let offsets: Vec<usize> = kernel.params.iter().map(|field| field.offset).collect();
    let packed: Vec<usize> = (0..offsets.len()).map(|at| 4 * at).collect();
    same("the offsets of params", &packed, &offsets)
}

/// There is one entry point, a compute shader called `main` with the declared workgroup size.
fn entry_agrees(kernel: &Kernel, module: &Module) -> Result<(), String> {
    let [entry] = module.entry_points.as_slice() else {
        return Err(format!("{} entry points", module.entry_points.len()));
    };
    if entry.workgroup_size_overrides.is_some() || !module.overrides.is_empty() {
        return Err("overrides are used: no backend gets values for them".into());
    }
    same(
        "the entry points",
        &(entry.name.as_str(), entry.stage),
        &("main", naga::ShaderStage::Compute),
    )?;
    same(
        "the workgroup sizes",
        &entry.workgroup_size,
        &kernel.workgroup_size,
    )
}

/// What WebGPU's default limits allow.
fn limits_are_kept(kernel: &Kernel, module: &Module) -> Result<(), String> {
    let invocations: u32 = kernel.workgroup_size.iter().product();
    let mut layouts = naga::proc::Layouter::default();
    layouts
        .update(module.to_ctx())
        .map_err(|error| error.to_string())?;
    let shared = (module.global_variables.iter())
        .filter(|(_, global)| global.space == AddressSpace::WorkGroup)
        .map(|(_, global)| layouts[global.ty].size)
        .sum();
    for (what, have, limit) in [
        (
            "storage buffers",
            kernel.bindings.len() as u32,
            MAX_STORAGE_BUFFERS as u32,
        ),
        ("invocations in a workgroup", invocations, MAX_INVOCATIONS),
        ("bytes of workgroup memory", shared, MAX_WORKGROUP_BYTES),
    ] {
        if have > limit {
            return Err(format!("{have} {what}, {limit} are allowed"));
        }
    }
    Ok(())
}

/// What a reader relies on: equation first, sizes only from the parameters.
fn source_rules(kernel: &Kernel) -> Vec<String> {
    let mut complaints = Vec::new();
    let own = kernel.wgsl.last().copied().unwrap_or_default();
    let first = own.lines().next().unwrap_or_default();
    if !(first.starts_with("//") && first.contains('=')) {
        complaints.push(format!(
            "its first line is no comment with an equation: {first}"
        ));
    }
    if kernel.code().contains("arrayLength") {
        complaints.push("arrayLength: buffers may be longer than the data in use".into());
    }
    complaints
}
