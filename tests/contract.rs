//! Every kernel's WGSL agrees with its Rust declaration, keeps the limits and follows the house rules.
//!
//! No GPU is needed. The checks return complaints, so that the tests at the end can show that they do.

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::agreement::complaints;
use common::{folder, with_source};
use dec_gpu::kernel::{
    Access, Binding, Case, Element, Field, Kernel, MAX_WORKGROUPS, Scalar, Tolerance, read,
};
use dec_gpu::kernels;
use dec_gpu::verify::run_reference;

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
    if !kernel
        .bindings
        .iter()
        .any(|binding| binding.access == Access::ReadWrite)
    {
        complaints.push("nothing is written, so no case can fail".into());
    }
    complaints.extend(cases.iter().filter_map(|case| {
        case_complaint(kernel, case).map(|complaint| format!("[{}] {complaint}", case.label))
    }));
    complaints
}

fn lengths(case: &Case) -> Vec<usize> {
    case.buffers
        .iter()
        .map(|buffer| buffer.words.len())
        .collect()
}

/// A tolerance of more than this share of the answers' size would let wrong answers pass.
const LOOSEST: f32 = 0.01;

/// The tolerances are small beside the reference's answers.
fn tolerance_complaint(kernel: &Kernel, case: &Case) -> Option<String> {
    let wanted = run_reference(kernel, case);
    for ((binding, buffer), want) in kernel.bindings.iter().zip(&case.buffers).zip(&wanted) {
        let Tolerance::Near { absolute, relative } = buffer.tolerance else {
            continue;
        };
        let size = want
            .iter()
            .map(|word| f32::from_bits(*word).abs())
            .fold(0.0, f32::max);
        // An answer of zeros has no size of its own.
        let size = if size == 0.0 { 1.0 } else { size };
        if !(absolute <= LOOSEST * size && relative <= LOOSEST) {
            return Some(format!(
                "{} of size {size} with {:?}",
                binding.name, buffer.tolerance
            ));
        }
    }
    None
}

fn case_complaint(kernel: &Kernel, case: &Case) -> Option<String> {
    if case.buffers.len() != kernel.bindings.len() {
        return Some(format!(
            "{} buffers for {} bindings",
            case.buffers.len(),
            kernel.bindings.len()
        ));
    }
    if case.params.len() != kernel.params_size() {
        return Some(format!(
            "{} bytes of params, {} expected",
            case.params.len(),
            kernel.params_size()
        ));
    }
    if case
        .workgroups
        .iter()
        .any(|&groups| groups == 0 || groups > MAX_WORKGROUPS)
    {
        return Some(format!("{:?} workgroups", case.workgroups));
    }
    let empty = kernel
        .bindings
        .iter()
        .zip(&case.buffers)
        .find(|(_, buffer)| buffer.words.is_empty());
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
    let named = |kernel: &&Kernel| {
        check(kernel)
            .into_iter()
            .map(|c| format!("{}: {c}", kernel.title()))
            .collect::<Vec<_>>()
    };
    expect_none(
        &kernels::ALL
            .iter()
            .copied()
            .flat_map(|kernel| named(&kernel))
            .collect::<Vec<_>>(),
    );
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
        common::mutated(kernel)
            .err()
            .map(|reason| format!("{}: {reason}", kernel.title()))
    };
    expect_none(&kernels::ALL.iter().filter_map(unsound).collect::<Vec<_>>());
}

#[test]
fn names_are_the_stems_of_the_files() {
    let mut used = BTreeSet::new();
    for kernel in kernels::ALL {
        let path = folder("shaders").join(format!("{}.wgsl", kernel.name));
        let text =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(
            kernel.wgsl.last(),
            Some(&text.as_str()),
            "{} ends in another file",
            kernel.name
        );
        assert!(
            used.insert(kernel.title()),
            "two kernels are called {}",
            kernel.title()
        );
    }
}

#[test]
fn no_shader_is_an_orphan() {
    let parts: BTreeSet<&str> = kernels::ALL
        .iter()
        .flat_map(|kernel| kernel.wgsl.iter().copied())
        .collect();
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
    assert!(
        complaints.contains(word),
        "expected a complaint about {word}, got: {complaints}"
    );
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
fn params_that_are_not_read_or_not_packed_are_refused() {
    let mut renamed = sample().params.to_vec();
    renamed[1].name = "nobody";
    expect_complaint(&with_params(renamed), "does not parse");
    let mut moved = sample().params.to_vec();
    moved[1].offset += 4;
    expect_complaint(&with_params(moved), "offsets of params differ");
    let mut more = sample().params.to_vec();
    more.push(Field {
        name: "more",
        scalar: Scalar::U32,
        offset: 4 * more.len(),
    });
    expect_complaint(&with_params(more), "params.more is not read");
}

#[test]
fn bindings_that_are_not_used_or_have_no_shape_are_refused() {
    let mut access = sample().bindings.to_vec();
    access[2].access = Access::Read;
    expect_complaint(&with_bindings(access), "is not valid");
    let mut shapeless = sample().bindings.to_vec();
    shapeless[0].shape = "rows";
    expect_complaint(&with_bindings(shapeless), "no shape of z");
    let mut more = sample().bindings.to_vec();
    more.push(read("more", Element::F32, "(n)"));
    expect_complaint(&with_bindings(more), "more is not used");
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
        let source = sample().code();
        assert!(source.contains(from), "the sample has no `{from}`");
        with_source(sample(), source.replacen(from, to, 1))
    };
    expect_complaint(altered("fn main(", "fn start("), "entry points differ");
    expect_complaint(altered("// ", "\n// "), "first line");
    expect_complaint(altered("@compute", "@compute )"), "does not parse");
    let shared = "var<workgroup> much: array<f32, 4097>;\n@compute";
    expect_complaint(altered("@compute", shared), "bytes of workgroup memory");
    expect_complaint(
        altered("params.alpha + 1.0", "f32(arrayLength(&z))"),
        "arrayLength",
    );
}

#[test]
fn cases_that_do_not_fit_or_prove_nothing_are_refused() {
    let fresh = || (sample().cases)().remove(1);
    let refused = |change: fn(&mut Case), word: &str| {
        let mut case = fresh();
        assert_eq!(case_complaint(sample(), &case), None);
        change(&mut case);
        let complaint = case_complaint(sample(), &case).unwrap_or_default();
        assert!(
            complaint.contains(word),
            "expected a complaint about {word}, got: {complaint}"
        );
    };
    refused(|case| case.buffers.truncate(2), "2 buffers for 3 bindings");
    refused(|case| case.params.truncate(4), "4 bytes of params");
    refused(|case| case.workgroups[0] = MAX_WORKGROUPS + 1, "workgroups");
    refused(|case| case.buffers[0].words.clear(), "z is empty");
    fn loosen(case: &mut Case, absolute: f32, relative: f32) {
        case.buffers[2].tolerance = Tolerance::Near { absolute, relative };
    }
    refused(|case| loosen(case, 0.5, 0.0), "q of size");
    refused(|case| loosen(case, 0.0, f32::NAN), "q of size");
    let one_shape = Kernel {
        cases: || vec![(kernels::soft_assign::KERNEL.cases)().remove(0)],
        ..*sample()
    };
    assert!(
        case_complaints(&one_shape)
            .join("\n")
            .contains("2 are needed")
    );
}
