//! Whether a kernel's WGSL agrees with its Rust declaration and follows the house rules.
//!
//! Functions that return complaints, so that a test can show that they do complain.

use dec_gpu::kernel::{Access, Element, Kernel, Scalar};
use naga::{AddressSpace, GlobalVariable, Module, ScalarKind, StorageAccess, TypeInner};

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
    let checks = [params_agree, bindings_agree, entry_agrees, limits_are_kept];
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

/// The global bound at `@group(0) @binding(index)`.
fn bound(module: &Module, index: usize) -> Result<&GlobalVariable, String> {
    let at = |global: &GlobalVariable| {
        (global.binding.as_ref()).is_some_and(|b| b.group == 0 && b.binding as usize == index)
    };
    let mut found = module
        .global_variables
        .iter()
        .filter(|(_, global)| at(global));
    match (found.next(), found.next()) {
        (Some((_, global)), None) => Ok(global),
        (None, _) => Err(format!("nothing is bound at @group(0) @binding({index})")),
        (Some(_), Some(_)) => Err(format!("two globals are bound at {index}")),
    }
}

/// `u32` and `f32` of WGSL; nothing else is allowed in parameters.
fn scalar(inner: &TypeInner) -> Option<Scalar> {
    match inner {
        TypeInner::Scalar(s) if s.width == 4 && s.kind == ScalarKind::Uint => Some(Scalar::U32),
        TypeInner::Scalar(s) if s.width == 4 && s.kind == ScalarKind::Float => Some(Scalar::F32),
        _ => None,
    }
}

/// Binding 0 is `var<uniform> params` with the fields of `Params`, in order, and the same size.
fn params_agree(kernel: &Kernel, module: &Module) -> Result<(), String> {
    let global = bound(module, 0)?;
    if global.space != AddressSpace::Uniform || global.name.as_deref() != Some("params") {
        return Err("binding 0 is not `var<uniform> params`".into());
    }
    let TypeInner::Struct { members, span } = &module.types[global.ty].inner else {
        return Err("params is not a struct".into());
    };
    let wgsl: Vec<_> = (members.iter())
        .map(|m| {
            let name = m.name.as_deref().unwrap_or_default();
            (name, scalar(&module.types[m.ty].inner), m.offset as usize)
        })
        .collect();
    let rust: Vec<_> = (kernel.params.iter())
        .map(|f| (f.name, Some(f.scalar), f.offset))
        .collect();
    same("params", &wgsl, &rust)?;
    same(
        "the sizes of params",
        &(*span as usize),
        &kernel.params_size(),
    )
}

/// The element type of a runtime-sized array.
fn element(module: &Module, global: &GlobalVariable) -> Result<Element, String> {
    let name = global.name.as_deref().unwrap_or_default();
    let TypeInner::Array {
        base,
        size: naga::ArraySize::Dynamic,
        ..
    } = module.types[global.ty].inner
    else {
        return Err(format!("{name} is not a runtime-sized array"));
    };
    let inner = &module.types[base].inner;
    match (inner, scalar(inner)) {
        (TypeInner::Atomic(s), _) if s.kind == ScalarKind::Uint && s.width == 4 => {
            Ok(Element::AtomicU32)
        }
        (_, Some(Scalar::F32)) => Ok(Element::F32),
        (_, Some(Scalar::U32)) => Ok(Element::U32),
        _ => Err(format!("{name} holds {inner:?}")),
    }
}

/// Bindings 1, 2, … have the declared names, access and elements, and nothing else is bound.
fn bindings_agree(kernel: &Kernel, module: &Module) -> Result<(), String> {
    let mut wgsl = Vec::new();
    for index in 1..=kernel.bindings.len() {
        let global = bound(module, index)?;
        let AddressSpace::Storage { access } = global.space else {
            return Err(format!("binding {index} is not in storage"));
        };
        let access = if access.contains(StorageAccess::STORE) {
            Access::ReadWrite
        } else {
            Access::Read
        };
        wgsl.push((
            global.name.clone().unwrap_or_default(),
            access,
            element(module, global)?,
        ));
    }
    let rust: Vec<_> = (kernel.bindings.iter())
        .map(|b| (b.name.to_owned(), b.access, b.element))
        .collect();
    same("bindings", &wgsl, &rust)?;
    let resources = module
        .global_variables
        .iter()
        .filter(|(_, g)| g.binding.is_some())
        .count();
    same(
        "the numbers of bindings",
        &resources,
        &(kernel.bindings.len() + 1),
    )
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

/// What a reader relies on: equation first, shapes on every buffer, sizes only from the parameters.
fn source_rules(kernel: &Kernel) -> Vec<String> {
    let mut complaints = Vec::new();
    let own = kernel.wgsl.last().copied().unwrap_or_default();
    let first = own.lines().next().unwrap_or_default();
    if !(first.starts_with("//") && first.contains('=')) {
        complaints.push(format!(
            "its first line is no comment with an equation: {first}"
        ));
    }
    for line in own.lines().filter(|line| line.contains("var<storage")) {
        if !line.contains("; // (") {
            complaints.push(format!("no shape behind: {line}"));
        }
    }
    if kernel.source().contains("arrayLength") {
        complaints.push("arrayLength: buffers may be longer than the data in use".into());
    }
    complaints
}
