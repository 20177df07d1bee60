//! One step of the optimiser on gradients that are stored.

use std::ops::Range;

use super::inputs;
use crate::device::{Device, DeviceBuffer, Matrix, param};
use crate::kernel::{
    Case, Element::F32, Kernel, Tolerance, View, grid, params_of, read, views, write,
};
use crate::optimiser::{Rule, State, Step, rule_of};

crate::params! {
    /// The first element.
    first: u32,
    /// Elements.
    count: u32,
    /// Elements of w below it take Adam, the others SGD: all or 0.
    adam: u32,
    /// Step size.
    learning_rate: f32,
    /// Decay of the first moment; of SGD: the momentum.
    beta1: f32,
    /// Decay of the second moment.
    beta2: f32,
    /// Keeps the quotient finite.
    epsilon: f32,
    /// 1/(1 - beta1^t).
    correction1: f32,
    /// 1/(1 - beta2^t).
    correction2: f32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "optimiser_step",
    wgsl: &[
        include_str!("../../shaders/optimiser.wgsl"),
        include_str!("../../shaders/optimiser_step.wgsl"),
    ],
    params: Params::FIELDS,
    bindings: &[
        read("g", F32, "(n), gradients"),
        read("factor", F32, "(1), s"),
        write("w", F32, "(n)"),
        write("m", F32, "(n) first moment, or velocity"),
        write("v", F32, "(n) second moment; of SGD (1), not touched"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: Some(fast),
    cases,
    mutation: ("factor[0] * g[i]", "g[i]"),
};

/// One step on the elements `at` of w, whose gradients are `g` times `factor` (1, 1), at `rate_factor` times the step's
/// rate. `state` is that of w.
pub fn optimiser_step<D: Device>(
    device: &D,
    (g, factor): (&D::Buffer, &Matrix<D>),
    at: Range<usize>,
    (step, rate_factor): (Step, f32),
    w: &D::Buffer,
    state: &State<D>,
) {
    factor.expect_shape("factor", 1, 1);
    assert!(at.end <= g.words() && at.end <= w.words(), "{at:?}");
    assert_eq!(state.m.words(), w.words(), "the optimiser's state of w");
    state.expect_kind(step);
    let rule = Rule::from(step);
    let mut params = params(&rule, &at);
    params.learning_rate *= rate_factor;
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(at.len(), 64),
        &[g, &factor.buffer, w, &state.m, &state.v],
    );
}

fn params(rule: &Rule, at: &Range<usize>) -> Params {
    Params {
        first: param(at.start),
        count: param(at.len()),
        adam: rule.adam,
        learning_rate: rule.learning_rate,
        beta1: rule.beta1,
        beta2: rule.beta2,
        epsilon: rule.epsilon,
        correction1: rule.correction1,
        correction2: rule.correction2,
    }
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let rule = rule_of!(p);
    let [g, factor, w, m, v] = views(buffers);
    let factor = f64::from(factor.f32()[0]);
    for at in p.first as usize..(p.first + p.count) as usize {
        let gradient = factor * f64::from(g.f32()[at]);
        let trained = [w.f32_mut(), m.f32_mut(), v.f32_mut()];
        rule.reference(p.learning_rate, gradient, at, trained);
    }
}

fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let rule = rule_of!(p);
    let [g, factor, w, m, v] = views(buffers);
    let (at, factor) = (
        p.first as usize..(p.first + p.count) as usize,
        factor.f32()[0],
    );
    let gradients: Vec<f32> = g.f32()[at.clone()].iter().map(|g| factor * g).collect();
    let trained = [w.f32_mut(), m.f32_mut(), v.f32_mut()];
    rule.fast(p.learning_rate, &gradients, at, trained);
}

fn cases() -> Vec<Case> {
    let sgd = Rule::sgd(0.1, 0.9);
    let adam = Rule::adam(0.1, [0.9, 0.999], 0.1, 3);
    // (elements, those of the step): one, primes, around the workgroup size, a part in the middle.
    [
        (1, 0..1, &sgd),
        (37, 0..37, &adam),
        (65, 1..64, &sgd),
        (1009, 65..1000, &adam),
    ]
    .into_iter()
    .map(|(len, at, rule)| case(len, &at, rule))
    .collect()
}

fn case(len: usize, at: &Range<usize>, rule: &Rule) -> Case {
    let tolerance = Tolerance::sum(2, 1.0);
    let second = if rule.adam != 0 { len } else { 1 };
    let moments = inputs::uniform(6, second);
    let moments: Vec<f32> = moments.iter().map(|v| 0.1 + v * v).collect();
    let name = if rule.adam != 0 { "Adam" } else { "SGD" };
    Case::new(
        format!("{at:?} of {len}, {name}"),
        &params(rule, at),
        inputs::folded(at.len(), 64),
    )
    .input(&inputs::uniform(1, len))
    .input(&[0.25f32])
    .update(&inputs::uniform(5, len), tolerance)
    .update(&inputs::uniform(7, len), tolerance)
    .update(&moments, tolerance)
}
