//! Every kernel's WGSL agrees with its Rust declaration, keeps the limits and follows the house rules.
//!
//! No GPU is needed. The checks are functions that return complaints, so that the tests at the end can
//! show that they do complain.

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{folder, parse, with_source};
use dec_gpu::kernel::{Access, Binding, Case, Element, Field, Kernel, MAX_WORKGROUPS, Scalar, Tolerance};
use dec_gpu::kernels;
use dec_gpu::verify::run_reference;
use naga::{AddressSpace, GlobalVariable, Module, ScalarKind, StorageAccess, TypeInner};

/// WebGPU's default limits, which every adapter offers.
const MAX_STORAGE_BUFFERS: usize = 8;
const MAX_WORKGROUP_BYTES: u32 = 16 << 10;
const MAX_INVOCATIONS: u32 = 256;

/// Everything that is wrong with a kernel.
fn complaints(kernel: &Kernel) -> Vec<String> {
    let (module, _) = match parse(kernel) {
        Ok(parsed) => parsed,
        Err(error) => return vec![error],
    };
    let checks = [params_agree, bindings_agree, entry_agrees, limits_are_kept];
    let mut complaints: Vec<String> = checks.iter().filter_map(|check| check(kernel, &module).err()).collect();
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
    let mut found = module.global_variables.iter().filter(|(_, global)| at(global));
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
    let rust: Vec<_> = (kernel.params.iter()).map(|f| (f.name, Some(f.scalar), f.offset)).collect();
    same("params", &wgsl, &rust)?;
    same("the sizes of params", &(*span as usize), &kernel.params_size())
}

/// The element type of a runtime-sized array.
fn element(module: &Module, global: &GlobalVariable) -> Result<Element, String> {
    let name = global.name.as_deref().unwrap_or_default();
    let TypeInner::Array { base, size: naga::ArraySize::Dynamic, .. } = module.types[global.ty].inner else {
        return Err(format!("{name} is not a runtime-sized array"));
    };
    let inner = &module.types[base].inner;
    match (inner, scalar(inner)) {
        (TypeInner::Atomic(s), _) if s.kind == ScalarKind::Uint && s.width == 4 => Ok(Element::AtomicU32),
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
        let access = if access.contains(StorageAccess::STORE) { Access::ReadWrite } else { Access::Read };
        wgsl.push((global.name.clone().unwrap_or_default(), access, element(module, global)?));
    }
    let rust: Vec<_> = (kernel.bindings.iter()).map(|b| (b.name.to_owned(), b.access, b.element)).collect();
    same("bindings", &wgsl, &rust)?;
    let resources = module.global_variables.iter().filter(|(_, g)| g.binding.is_some()).count();
    same("the numbers of bindings", &resources, &(kernel.bindings.len() + 1))
}

/// There is one entry point, a compute shader called `main` with the declared workgroup size.
fn entry_agrees(kernel: &Kernel, module: &Module) -> Result<(), String> {
    let [entry] = module.entry_points.as_slice() else {
        return Err(format!("{} entry points", module.entry_points.len()));
    };
    if entry.workgroup_size_overrides.is_some() || !module.overrides.is_empty() {
        return Err("overrides are used: no backend gets values for them".into());
    }
    same("the entry points", &(entry.name.as_str(), entry.stage), &("main", naga::ShaderStage::Compute))?;
    same("the workgroup sizes", &entry.workgroup_size, &kernel.workgroup_size)
}

/// What WebGPU's default limits allow.
fn limits_are_kept(kernel: &Kernel, module: &Module) -> Result<(), String> {
    let invocations: u32 = kernel.workgroup_size.iter().product();
    let mut layouts = naga::proc::Layouter::default();
    layouts.update(module.to_ctx()).map_err(|error| error.to_string())?;
    let shared = (module.global_variables.iter())
        .filter(|(_, global)| global.space == AddressSpace::WorkGroup)
        .map(|(_, global)| layouts[global.ty].size)
        .sum();
    for (what, have, limit) in [
        ("storage buffers", kernel.bindings.len() as u32, MAX_STORAGE_BUFFERS as u32),
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
        complaints.push(format!("its first line is no comment with an equation: {first}"));
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

/// Everything that is wrong with a kernel's cases.
fn case_complaints(kernel: &Kernel) -> Vec<String> {
    let cases = (kernel.cases)();
    let shapes: BTreeSet<Vec<usize>> = cases.iter().map(lengths).collect();
    let labels: BTreeSet<&str> = cases.iter().map(|case| case.label.as_str()).collect();
    let mut complaints = Vec::new();
    if shapes.len() < 2 {
        complaints.push(format!("{} different shapes, 2 are needed", shapes.len()));
    }
    if labels.len() < cases.len() {
        complaints.push("two cases have one label".into());
    }
    if !kernel.bindings.iter().any(|binding| binding.access == Access::ReadWrite) {
        complaints.push("nothing is written, so no case can fail".into());
    }
    complaints.extend(cases.iter().filter_map(|case| {
        case_complaint(kernel, case).map(|complaint| format!("[{}] {complaint}", case.label))
    }));
    complaints
}

fn lengths(case: &Case) -> Vec<usize> {
    case.buffers.iter().map(|buffer| buffer.words.len()).collect()
}

/// A tolerance of more than this share of the answers' size would let wrong answers pass.
const LOOSEST: f32 = 0.01;

/// The tolerances are small beside the reference's answers.
fn tolerance_complaint(kernel: &Kernel, case: &Case) -> Option<String> {
    let wanted = run_reference(kernel, case);
    for ((binding, buffer), want) in kernel.bindings.iter().zip(&case.buffers).zip(&wanted) {
        let Tolerance::Near { absolute, relative } = buffer.tolerance else { continue };
        let size = want.iter().map(|word| f32::from_bits(*word).abs()).fold(0.0, f32::max);
        // An answer of zeros has no size of its own.
        let size = if size == 0.0 { 1.0 } else { size };
        if !(absolute <= LOOSEST * size && relative <= LOOSEST) {
            return Some(format!("{} of size {size} with {:?}", binding.name, buffer.tolerance));
        }
    }
    None
}

fn case_complaint(kernel: &Kernel, case: &Case) -> Option<String> {
    if case.buffers.len() != kernel.bindings.len() {
        return Some(format!("{} buffers for {} bindings", case.buffers.len(), kernel.bindings.len()));
    }
    if case.params.len() != kernel.params_size() {
        return Some(format!("{} bytes of params, {} expected", case.params.len(), kernel.params_size()));
    }
    if case.workgroups.iter().any(|&groups| groups == 0 || groups > MAX_WORKGROUPS) {
        return Some(format!("{:?} workgroups", case.workgroups));
    }
    let empty = kernel.bindings.iter().zip(&case.buffers).find(|(_, buffer)| buffer.words.is_empty());
    (empty.map(|(binding, _)| format!("{} is empty", binding.name)))
        .or_else(|| tolerance_complaint(kernel, case))
}

/// Panics with all complaints, so that one run shows everything.
fn expect_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// Runs a check on every kernel of the list, which must not be empty.
fn for_all(check: fn(&Kernel) -> Vec<String>) {
    assert!(!kernels::ALL.is_empty(), "there are no kernels");
    let named = |kernel: &&Kernel| check(kernel).into_iter().map(|c| format!("{}: {c}", kernel.name)).collect::<Vec<_>>();
    expect_none(&kernels::ALL.iter().copied().flat_map(|kernel| named(&kernel)).collect::<Vec<_>>());
}

#[test]
fn every_kernel_agrees_with_its_wgsl() {
    for_all(complaints);
}

#[test]
fn every_kernel_has_cases_that_fit_it() {
    for_all(case_complaints);
}

#[test]
fn every_mutation_is_a_valid_change() {
    let unsound = |kernel: &&'static Kernel| {
        common::mutated(kernel).err().map(|reason| format!("{}: {reason}", kernel.name))
    };
    expect_none(&kernels::ALL.iter().filter_map(unsound).collect::<Vec<_>>());
}

#[test]
fn names_are_the_stems_of_the_files() {
    let mut used = BTreeSet::new();
    for kernel in kernels::ALL {
        let path = folder("shaders").join(format!("{}.wgsl", kernel.name));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(kernel.wgsl.last(), Some(&text.as_str()), "{} ends in another file", kernel.name);
        assert!(used.insert(kernel.name), "two kernels are called {}", kernel.name);
    }
}

#[test]
fn no_shader_is_an_orphan() {
    let parts: BTreeSet<&str> = kernels::ALL.iter().flat_map(|kernel| kernel.wgsl.iter().copied()).collect();
    let mut orphans = Vec::new();
    for entry in fs::read_dir(folder("shaders")).expect("the folder shaders/ is there") {
        let path = entry.expect("its entries can be read").path();
        let text = fs::read_to_string(&path).expect("shaders are text");
        if !parts.contains(text.as_str()) {
            orphans.push(format!("{} is used by no kernel", path.display()));
        }
    }
    expect_none(&orphans);
}

/// The kernel that the tests below damage: it has two parameters of one type and two read-only bindings.
fn sample() -> &'static Kernel {
    &kernels::soft_assign::KERNEL
}

/// A damaged declaration is refused, and the complaint names what is wrong.
fn expect_complaint(kernel: &Kernel, word: &str) {
    let complaints = complaints(kernel).join("\n");
    assert!(complaints.contains(word), "expected a complaint about {word}, got: {complaints}");
}

fn with_params(params: Vec<Field>) -> Kernel {
    Kernel {
        params: Box::leak(params.into_boxed_slice()),
        ..*sample()
    }
}

fn with_bindings(bindings: Vec<Binding>) -> Kernel {
    Kernel {
        bindings: Box::leak(bindings.into_boxed_slice()),
        ..*sample()
    }
}

#[test]
fn swapped_changed_and_missing_params_are_refused() {
    let fields = sample().params;
    let mut swapped = fields.to_vec();
    (swapped[0].name, swapped[1].name) = (fields[1].name, fields[0].name);
    expect_complaint(&with_params(swapped), "params differ");
    let mut retyped = fields.to_vec();
    retyped[0].scalar = Scalar::F32;
    expect_complaint(&with_params(retyped), "params differ");
    let mut moved = fields.to_vec();
    moved[1].offset += 4;
    expect_complaint(&with_params(moved), "params differ");
    expect_complaint(&with_params(fields[..fields.len() - 1].to_vec()), "params differ");
}

#[test]
fn swapped_bindings_wrong_access_and_wrong_elements_are_refused() {
    let mut swapped = sample().bindings.to_vec();
    swapped.swap(0, 1);
    expect_complaint(&with_bindings(swapped), "bindings differ");
    let mut access = sample().bindings.to_vec();
    access[0].access = Access::ReadWrite;
    expect_complaint(&with_bindings(access), "bindings differ");
    let mut retyped = sample().bindings.to_vec();
    retyped[0].element = Element::U32;
    expect_complaint(&with_bindings(retyped), "bindings differ");
    let short = sample().bindings[..sample().bindings.len() - 1].to_vec();
    expect_complaint(&with_bindings(short), "numbers of bindings");
}

#[test]
fn a_wrong_workgroup_size_is_refused() {
    let kernel = Kernel {
        workgroup_size: [32, 1, 1],
        ..*sample()
    };
    expect_complaint(&kernel, "workgroup sizes differ");
}

#[test]
fn broken_rules_of_the_source_are_refused() {
    let altered = |from: &str, to: &str| {
        let source = sample().source();
        assert!(source.contains(from), "the sample has no `{from}`");
        with_source(sample(), source.replacen(from, to, 1))
    };
    expect_complaint(altered("fn main(", "fn start("), "entry points differ");
    expect_complaint(altered("; // (n, d)", ";"), "no shape");
    expect_complaint(altered("// ", "\n// "), "first line");
    expect_complaint(altered("@compute", "@compute )"), "does not parse");
    let shared = "var<workgroup> much: array<f32, 4097>;\n@compute";
    expect_complaint(altered("@compute", shared), "bytes of workgroup memory");
    expect_complaint(altered("params.alpha + 1.0", "f32(arrayLength(&z))"), "arrayLength");
}
