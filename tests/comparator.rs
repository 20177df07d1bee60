//! The comparison rejects wrong answers. Everything else that is tested rests on this.

mod common;

use common::faulty::{Fault, Faulty};
use dec_gpu::cpu::Cpu;
use dec_gpu::kernel::tile::{COOP, HALF, M, TILES};
use dec_gpu::kernel::{Access, Case, Element, Kernel, Tolerance};
use dec_gpu::kernels;
use dec_gpu::verify::{
    Cause, Failure, GUARD, Mismatch, Why, compare, count_agreeing, run_case, run_reference,
    verify_all,
};

const NEAR: Tolerance = Tolerance::Near {
    absolute: 1e-6,
    relative: 1e-5,
};

/// The bits of floats.
fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// Compares floats and expects a refusal.
fn refused(got: &[f32], want: &[f32], tolerance: Tolerance) -> Mismatch {
    compare(&bits(got), &bits(want), Element::F32, tolerance).expect_err("this must be refused")
}

#[test]
fn equal_and_near_arrays_agree_and_say_how_well() {
    let want = [1.0f32, -2.0, 0.0, 1e6];
    let same = compare(&bits(&want), &bits(&want), Element::F32, Tolerance::Exact).expect("equal");
    assert_eq!((same.max_abs, same.max_rel, same.elements), (0.0, 0.0, 4));
    let near = [1.0f32 + 5e-6, -2.0, 5e-7, 1e6 + 1.0];
    let near =
        compare(&bits(&near), &bits(&want), Element::F32, NEAR).expect("within the tolerance");
    assert_eq!(near.max_abs, 1.0);
    assert!(
        (4e-6..6e-6).contains(&near.max_rel) && (0.3..1.0).contains(&near.of_limit),
        "{near:?}"
    );
    let zeros = compare(
        &bits(&[0.0]),
        &bits(&[-0.0]),
        Element::F32,
        Tolerance::Exact,
    );
    assert!(zeros.is_ok(), "the two zeros are one value");
}

#[test]
fn a_value_beyond_the_tolerance_is_refused_and_named() {
    let mismatch = refused(&[1.0, 2.1, 3.1], &[1.0, 2.0, 3.0], NEAR);
    assert_eq!((mismatch.index, mismatch.faults), (1, 2));
    assert_eq!((mismatch.got, mismatch.want), (f64::from(2.1f32), 2.0));
    assert!(
        matches!(mismatch.why, Why::Differs { limit, .. } if limit < 3e-5),
        "{mismatch}"
    );
    let text = mismatch.to_string();
    assert!(
        text.contains("element 1") && text.contains("expected 2") && text.contains("limit"),
        "{text}"
    );
}

#[test]
fn exact_means_the_next_float_is_refused() {
    let next = f32::from_bits(1.0f32.to_bits() + 1);
    let mismatch = refused(&[next], &[1.0], Tolerance::Exact);
    assert!(matches!(mismatch.why, Why::Differs { .. }));
}

#[test]
fn integers_are_compared_as_integers() {
    // As floats these two words are denormals that any absolute tolerance would let pass.
    let mismatch =
        compare(&[7, 8], &[7, 9], Element::U32, Tolerance::Exact).expect_err("8 is not 9");
    assert_eq!((mismatch.index, mismatch.got, mismatch.want), (1, 8.0, 9.0));
    let mismatch = compare(
        &[u32::MAX],
        &[u32::MAX - 1],
        Element::AtomicU32,
        Tolerance::Exact,
    );
    assert!(mismatch.is_err(), "an f64 holds every u32");
}

#[test]
fn off_by_one_elements_and_swapped_rows_are_refused() {
    let want: Vec<f32> = (0..12u8).map(f32::from).collect();
    let mut shifted = want.clone();
    shifted.rotate_right(1);
    assert_eq!(refused(&shifted, &want, NEAR).faults, 12);
    let mut swapped = want.clone();
    swapped[..8].rotate_left(4); // rows 0 and 1 of a (3, 4) matrix
    assert_eq!(refused(&swapped, &want, NEAR).faults, 8);
}

#[test]
fn nan_and_infinity_are_refused() {
    for tolerance in [Tolerance::Exact, NEAR] {
        assert_eq!(refused(&[f32::NAN], &[1.0], tolerance).why, Why::NotANumber);
        assert_eq!(
            refused(&[f32::INFINITY], &[1.0], tolerance).why,
            Why::Infinite
        );
        assert_eq!(
            refused(&[1.0], &[f32::INFINITY], tolerance).why,
            Why::Infinite
        );
        assert_eq!(
            refused(&[f32::NEG_INFINITY], &[f32::INFINITY], tolerance).why,
            Why::Infinite
        );
        assert_eq!(
            refused(&[f32::NAN], &[f32::INFINITY], tolerance).why,
            Why::NotANumber
        );
    }
    let infinite = bits(&[f32::INFINITY]);
    assert!(
        compare(&infinite, &infinite, Element::F32, NEAR).is_ok(),
        "the same infinity is an answer"
    );
}

#[test]
fn a_reference_without_an_answer_is_refused() {
    assert_eq!(refused(&[1.0], &[f32::NAN], NEAR).why, Why::Undefined);
    assert_eq!(
        refused(&[f32::NAN; 3], &[f32::NAN; 3], NEAR).why,
        Why::Undefined
    );
}

#[test]
fn a_careless_tolerance_does_not_let_everything_pass() {
    let near = |absolute, relative| Tolerance::Near { absolute, relative };
    assert_eq!(
        refused(&[f32::NAN], &[1.0], near(f32::INFINITY, 0.0)).why,
        Why::NotANumber
    );
    assert_eq!(
        refused(&[f32::INFINITY], &[1.0], near(f32::INFINITY, 0.0)).why,
        Why::Infinite
    );
    assert!(matches!(
        refused(&[2.0], &[1.0], near(f32::NAN, 0.0)).why,
        Why::Differs { .. }
    ));
}

#[test]
fn other_lengths_are_refused() {
    assert_eq!(refused(&[1.0], &[1.0, 2.0], NEAR).why, Why::Length);
    assert_eq!(refused(&[1.0, 2.0], &[1.0], NEAR).why, Why::Length);
    assert_eq!(refused(&[], &[1.0], NEAR).why, Why::Length);
    assert_eq!(refused(&[], &[], NEAR).why, Why::Empty);
}

/// The kernel and the case that the faults are tried on: 37 rows of 7.
fn sample() -> (&'static Kernel, Case) {
    let kernel = &kernels::soft_assign::KERNEL;
    let cases = (kernel.cases)();
    let case = cases
        .into_iter()
        .find(|case| case.buffers[2].words.len() == 37 * 7);
    (
        kernel,
        case.expect("soft_assign has a case of 37 rows and 7 clusters"),
    )
}

/// Runs the sample on a device and expects a failure that names kernel, case and binding.
fn failure(runs: bool, fault: Fault) -> Cause {
    let cpu = Cpu::reference();
    let (kernel, case) = sample();
    let failure: Failure =
        pollster::block_on(run_case(&Faulty { cpu, runs, fault }, kernel, &case))
            .expect_err("a faulty device must be caught");
    assert_eq!(
        (failure.kernel.clone(), failure.binding, &failure.case),
        ("soft_assign".to_owned(), "q", &case.label)
    );
    assert!(
        failure.to_string().starts_with("soft_assign ["),
        "{failure}"
    );
    failure.cause
}

/// The rule that the sample breaks on a faulty device.
fn why(runs: bool, fault: Fault) -> Why {
    match failure(runs, fault) {
        Cause::Mismatch(mismatch) => mismatch.why,
        other => panic!("expected a mismatch, got {other}"),
    }
}

#[test]
fn a_sound_device_passes() {
    let (kernel, case) = sample();
    let device = Faulty {
        cpu: Cpu::reference(),
        runs: true,
        fault: |_| (),
    };
    let agreement = pollster::block_on(run_case(&device, kernel, &case)).expect("nothing is wrong");
    assert_eq!((agreement.max_abs, agreement.elements), (0.0, 37 * 7));
}

#[test]
fn a_device_that_computes_nothing_is_caught() {
    assert_eq!(why(false, |_| ()), Why::NotANumber);
}

#[test]
fn a_device_that_hands_back_zeros_is_caught() {
    assert!(matches!(
        why(false, |words| words[..37 * 7].fill(0)),
        Why::Differs { .. }
    ));
}

#[test]
fn one_wrong_element_is_caught_wherever_it_is() {
    fn nudge(word: &mut u32) {
        *word = (f32::from_bits(*word) + 1e-3).to_bits();
    }
    assert!(matches!(
        why(true, |words| nudge(&mut words[0])),
        Why::Differs { .. }
    ));
    assert!(matches!(
        why(true, |words| nudge(&mut words[37 * 7 - 1])),
        Why::Differs { .. }
    ));
}

#[test]
fn one_unwritten_element_is_caught() {
    assert_eq!(
        why(true, |words| words[100] = f32::NAN.to_bits()),
        Why::NotANumber
    );
}

#[test]
fn shifted_elements_and_swapped_rows_are_caught() {
    assert!(matches!(
        why(true, |words| words[..37 * 7].rotate_right(1)),
        Why::Differs { .. }
    ));
    assert!(matches!(
        why(true, |words| words[..14].rotate_left(7)),
        Why::Differs { .. }
    ));
}

#[test]
fn a_touched_guard_is_caught_wherever_it_is() {
    let first = failure(true, |words| words[37 * 7] = 0);
    assert!(
        matches!(
            first,
            Cause::Guard {
                offset: 0,
                found: 0
            }
        ),
        "{first}"
    );
    let last = failure(true, |words| words[37 * 7 + GUARD - 1] = 5);
    assert!(
        matches!(
            last,
            Cause::Guard {
                offset: 63,
                found: 5
            }
        ),
        "{last}"
    );
}

#[test]
fn another_length_is_caught() {
    assert_eq!(why(true, |words| words.truncate(37 * 7)), Why::Length);
    assert_eq!(why(true, |words| words.truncate(GUARD)), Why::Length);
    assert_eq!(why(true, Vec::clear), Why::Length);
    assert_eq!(why(true, |words| words.push(0)), Why::Length);
}

#[test]
fn the_table_of_verify_shows_every_case_and_a_faulty_device_in_it() {
    let cases: usize = kernels::ALL
        .iter()
        .map(|kernel| (kernel.cases)().len())
        .sum();
    let device = Faulty {
        cpu: Cpu::reference(),
        runs: true,
        fault: |words| words[0] ^= 1 << 30, // the top bit of the exponent, or 2^30 in an integer
    };
    let mut seen = 0;
    let verdicts = pollster::block_on(verify_all(&device, |_| seen += 1));
    assert_eq!((seen, verdicts.len()), (cases, cases));
    for verdict in &verdicts {
        assert!(
            verdict.result.is_err(),
            "{} [{}] passed",
            verdict.kernel,
            verdict.case
        );
    }
}

/// The cases in which the reference changes a binding.
fn cases_that_change(kernel: &Kernel, binding: usize) -> usize {
    let changes = |case: &Case| run_reference(kernel, case)[binding] != case.buffers[binding].words;
    (kernel.cases)().iter().filter(|case| changes(case)).count()
}

#[test]
fn references_change_every_output_and_no_input() {
    for kernel in kernels::ALL {
        for (index, binding) in kernel.bindings.iter().enumerate() {
            let changed = cases_that_change(kernel, index);
            let name = format!("{} {}", kernel.name, binding.name);
            match binding.access {
                Access::Read => assert_eq!(changed, 0, "{name} is an input, and is written"),
                Access::ReadWrite => assert_ne!(changed, 0, "{name} is written by no case"),
            }
        }
    }
}

/// What the self-test of cooperative matrices relies on: one driver gave exactly twice the product.
#[test]
fn products_that_are_twice_too_large_are_refused() {
    let products: Vec<&'static Kernel> = (kernels::ALL.iter().copied())
        .filter(|kernel| kernel.tile.is_some_and(|tiled| *tiled.tile == TILES[COOP]))
        .collect();
    let cases: usize = products.iter().map(|kernel| (kernel.cases)().len()).sum();
    let count = |fault: Fault| {
        let cpu = Cpu::new();
        let runs = true;
        pollster::block_on(count_agreeing(&Faulty { cpu, runs, fault }, &products))
            .map_err(|failure| failure.to_string())
    };
    assert!(cases > 0);
    assert_eq!(count(|_| ()).expect("the CPU is right"), cases);
    let failure = count(|words| {
        let data = words.len() - GUARD;
        for word in &mut words[..data] {
            *word = (2.0 * f32::from_bits(*word)).to_bits();
        }
    });
    let text = failure.expect_err("twice the product is wrong");
    assert!(text.contains("the difference is"), "{text}");
}

/// The cases of a form at f16 tell rounded operands from others.
#[test]
fn products_that_do_not_round_are_refused() {
    let in_form = |form: usize| {
        let products = kernels::ALL.iter().copied();
        products.filter(move |kernel| kernel.tile.is_some_and(|tiled| *tiled.tile == TILES[form]))
    };
    for (half, full) in in_form(HALF).zip(in_form(M)) {
        let unrounded: &'static Kernel = Box::leak(Box::new(Kernel {
            fast: full.fast,
            ..*half
        }));
        assert_eq!(half.name, full.name);
        let failure = pollster::block_on(count_agreeing(&Cpu::new(), &[unrounded]));
        assert!(failure.is_err(), "{} passes unrounded", half.name);
    }
}
