//! Holds a device to the reference: runs a kernel's cases and compares what comes back.
//!
//! The program (`dec-gpu verify`) and the tests use the same code, so what a user sees is what is tested.
//! A comparison is worth something only if it can fail; `tests/comparator.rs` shows that this one does.
//!
//! - Buffers lie in front of a [guard band](GUARD): an out-of-bounds write on a GPU is silent, and lands
//!   there instead of being dropped. The band holds NaN, so a kernel that reads past its data shows as well.
//! - Outputs start as NaN ([`Case::output`]): an element that is never written is a failure, not a zero.
//! - A case whose reference is itself NaN is refused: nothing can be compared with it.

mod joined;
mod verdict;

pub use joined::run_joined;
pub use verdict::{Verdict, count_agreeing, verify_all, verify_joined, verify_kernels};

use crate::device::{Device, DeviceFault};
use crate::kernel::{Access, Case, Element, Kernel, Tolerance, View};

/// Words behind the data of every buffer of a trial.
pub const GUARD: usize = 64;

/// What the guard band holds: a NaN to a kernel that reads it as `f32`, an index out of range as `u32`.
pub const SENTINEL: u32 = 0xffc0_dead;

/// How well two arrays agree.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Agreement {
    /// The largest |got - want|.
    pub max_abs: f64,
    /// The largest |got - want| / |want|, over the elements where want is not zero.
    pub max_rel: f64,
    /// The largest share of its tolerance that an element uses, from 0 to 1.
    pub of_limit: f64,
    /// Elements compared.
    pub elements: usize,
}

impl Agreement {
    /// The worse of two, over the elements of both.
    pub fn and(self, other: Self) -> Self {
        Self {
            max_abs: self.max_abs.max(other.max_abs),
            max_rel: self.max_rel.max(other.max_rel),
            of_limit: self.of_limit.max(other.of_limit),
            elements: self.elements + other.elements,
        }
    }
}

/// Why an array is refused.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// `got` and `want` count elements here.
    #[error("the lengths differ")]
    Length,
    /// Nothing to compare: such a trial cannot fail.
    #[error("there are no elements to compare")]
    Empty,
    /// Outputs start as NaN.
    #[error("it is NaN: computed so, or never written")]
    NotANumber,
    /// Infinite where a finite value is expected, or the other way round.
    #[error("only one of the two is finite")]
    Infinite,
    /// The reference has no answer to compare with.
    #[error("the reference is NaN: the case proves nothing")]
    Undefined,
    /// Further apart than the tolerance.
    #[error("the difference is {difference:.3e}, the limit {limit:.3e}")]
    Differs {
        /// |got - want|.
        difference: f64,
        /// The tolerance at this element.
        limit: f64,
    },
}

/// The first element that is refused.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("element {index} is {got}, expected {want}: {why} ({faults} refused)")]
pub struct Mismatch {
    /// Its index.
    pub index: usize,
    /// What came back.
    pub got: f64,
    /// What the reference says.
    pub want: f64,
    /// The rule it breaks.
    pub why: Why,
    /// How many elements are refused.
    pub faults: usize,
}

/// Compares two arrays of 32-bit words as `element`s.
///
/// [`Tolerance::Exact`] means equal values: the two zeros of `f32` are one.
pub fn compare(
    got: &[u32],
    want: &[u32],
    element: Element,
    tolerance: Tolerance,
) -> Result<Agreement, Mismatch> {
    let whole = |why| Mismatch {
        index: got.len().min(want.len()),
        got: got.len() as f64,
        want: want.len() as f64,
        why,
        faults: got.len().abs_diff(want.len()).max(1),
    };
    if got.len() != want.len() {
        return Err(whole(Why::Length));
    }
    if want.is_empty() {
        return Err(whole(Why::Empty));
    }
    let mut agreement = Agreement::default();
    let mut mismatch: Option<Mismatch> = None;
    for (index, (&got, &want)) in got.iter().zip(want).enumerate() {
        let (got, want) = (value(element, got), value(element, want));
        match compare_values(got, want, tolerance) {
            Ok(one) => agreement = agreement.and(one),
            Err(why) => {
                let first = Mismatch {
                    index,
                    got,
                    want,
                    why,
                    faults: 0,
                };
                mismatch.get_or_insert(first).faults += 1;
            }
        }
    }
    mismatch.map_or(Ok(agreement), Err)
}

/// A word as a number; both element types fit an `f64` exactly.
fn value(element: Element, word: u32) -> f64 {
    match element {
        Element::F32 => f64::from(f32::from_bits(word)),
        Element::U32 | Element::AtomicU32 => f64::from(word),
    }
}

/// Compares one element.
fn compare_values(got: f64, want: f64, tolerance: Tolerance) -> Result<Agreement, Why> {
    if want.is_nan() {
        return Err(Why::Undefined);
    }
    if got.is_nan() {
        return Err(Why::NotANumber);
    }
    if got == want {
        return Ok(Agreement {
            elements: 1,
            ..Agreement::default()
        });
    }
    if got.is_infinite() || want.is_infinite() {
        return Err(Why::Infinite);
    }
    let difference = (got - want).abs();
    let limit = match tolerance {
        Tolerance::Exact => 0.0,
        Tolerance::Near { absolute, relative } => {
            f64::from(absolute) + f64::from(relative) * want.abs()
        }
    };
    // Not `difference > limit`, which a NaN limit would let pass.
    if difference <= limit {
        Ok(Agreement {
            max_abs: difference,
            max_rel: if want == 0.0 {
                0.0
            } else {
                difference / want.abs()
            },
            of_limit: difference / limit,
            elements: 1,
        })
    } else {
        Err(Why::Differs { difference, limit })
    }
}

/// What went wrong in a trial.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// A written buffer differs from the reference.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// The kernel wrote past the end of its data.
    #[error("word {offset} behind the data was overwritten with {found:#010x}")]
    Guard {
        /// Words behind the last element; 0 is the next one.
        offset: usize,
        /// What lies there now.
        found: u32,
    },
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceFault),
}

/// A trial that failed.
#[derive(Debug, thiserror::Error)]
#[error("{kernel} [{case}] {binding}: {cause}")]
pub struct Failure {
    /// The kernel, with its form if it has several.
    pub kernel: String,
    /// The case's label.
    pub case: String,
    /// The binding, or `device` when the failure is not one buffer's.
    pub binding: &'static str,
    /// What went wrong.
    pub cause: Cause,
}

impl Failure {
    fn new(kernel: &Kernel, case: &Case, binding: &'static str, cause: impl Into<Cause>) -> Self {
        Self {
            kernel: kernel.title(),
            case: case.label.clone(),
            binding,
            cause: cause.into(),
        }
    }
}

/// The buffers of a case after the kernel's reference has run, in binding order.
pub fn run_reference(kernel: &Kernel, case: &Case) -> Vec<Vec<u32>> {
    let mut buffers: Vec<Vec<u32>> = (case.buffers.iter()).map(|b| b.words.clone()).collect();
    let mut views: Vec<View<'_>> = (kernel.bindings.iter().zip(&mut buffers))
        .map(|(binding, words)| match binding.access {
            Access::Read => View::Read(words),
            Access::ReadWrite => View::Write(words),
        })
        .collect();
    (kernel.reference)(&case.params, &mut views);
    buffers
}

/// Runs one case on a device and compares every written buffer with the reference.
///
/// # Panics
/// If the case has not one buffer for each binding (`tests/contract.rs` checks that).
pub async fn run_case<D: Device>(
    device: &D,
    kernel: &'static Kernel,
    case: &Case,
) -> Result<Agreement, Failure> {
    assert_eq!(
        case.buffers.len(),
        kernel.bindings.len(),
        "buffers of {} [{}]",
        kernel.name,
        case.label
    );
    let outputs = run_on(device, kernel, case)
        .await
        .map_err(|error| Failure::new(kernel, case, "device", error))?;
    judged(kernel, case, &outputs)
}

/// How well written buffers, guard bands included, agree with the reference.
#[allow(
    clippy::result_large_err,
    reason = "a failure is rare, tells all there is, and is shown at once"
)]
fn judged(
    kernel: &Kernel,
    case: &Case,
    outputs: &[(usize, Vec<u32>)],
) -> Result<Agreement, Failure> {
    let wanted = run_reference(kernel, case);
    let mut agreement = Agreement::default();
    for (index, got) in outputs {
        let binding = &kernel.bindings[*index];
        let tolerance = case.buffers[*index].tolerance;
        let fail = |cause| Failure::new(kernel, case, binding.name, cause);
        let data = unguarded(got, wanted[*index].len()).map_err(&fail)?;
        let one = compare(data, &wanted[*index], binding.element, tolerance)
            .map_err(|mismatch| fail(mismatch.into()))?;
        agreement = agreement.and(one);
    }
    Ok(agreement)
}

/// Dispatches a case on guarded copies of its buffers. The written ones come back, guard band included,
/// with the index of their binding.
pub async fn run_on<D: Device>(
    device: &D,
    kernel: &'static Kernel,
    case: &Case,
) -> Result<Vec<(usize, Vec<u32>)>, DeviceFault> {
    let buffers = (case.buffers.iter())
        .map(|buffer| {
            let mut words = buffer.words.clone();
            words.resize(words.len() + GUARD, SENTINEL);
            device.upload(&words)
        })
        .collect::<Result<Vec<_>, DeviceFault>>()?;
    let bound: Vec<&D::Buffer> = buffers.iter().collect();
    device.dispatch(kernel, &case.params, case.workgroups, &bound);
    let mut outputs = Vec::new();
    for (index, binding) in kernel.bindings.iter().enumerate() {
        if binding.access == Access::ReadWrite {
            outputs.push((index, device.download(&buffers[index]).await?));
        }
    }
    Ok(outputs)
}

/// The data in front of an untouched guard band.
///
/// A buffer that comes back with another length keeps that difference, for [`compare`] to refuse.
fn unguarded(words: &[u32], len: usize) -> Result<&[u32], Cause> {
    let (data, guard) = words.split_at(words.len().saturating_sub(GUARD));
    if words.len() != len + GUARD {
        return Ok(data);
    }
    match guard.iter().position(|word| *word != SENTINEL) {
        None => Ok(data),
        Some(offset) => Err(Cause::Guard {
            offset,
            found: guard[offset],
        }),
    }
}
