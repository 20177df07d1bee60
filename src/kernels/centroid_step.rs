//! The gradient of the clustering loss for the centroids, and one step of the optimiser on it (Xie et al. 2016, eq. 5).

use super::inputs;
use crate::device::{Device, DeviceBuffer, Matrix, param};
use crate::kernel::{
    Case, Element::F32, Kernel, Tolerance, View, grid, params_of, read, views, write,
};
use crate::optimiser::{Rule, State, Step, rule_of};

crate::params! {
    /// Rows of z.
    n: u32,
    /// Embedding size.
    d: u32,
    /// Clusters.
    k: u32,
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
    name: "centroid_step",
    wgsl: &[
        include_str!("../../shaders/optimiser.wgsl"),
        include_str!("../../shaders/centroid_pull.wgsl"),
        include_str!("../../shaders/centroid_step.wgsl"),
    ],
    params: Params::FIELDS,
    bindings: &[
        read("coefficient", F32, "(n, k)"),
        read("z", F32, "(n, d)"),
        write("w", F32, "(k, d), mu"),
        write("m", F32, "(k, d) first moment, or velocity"),
        write("v", F32, "(k, d) second moment; of SGD (1), not touched"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: ("update(t, -sum", "update(t, sum"),
};

/// One step on the centroids mu (k, d) from the coefficient (b, k) of [`super::kl_gradient`] and z (b, d). `state` is
/// that of mu.
pub fn centroid_step<D: Device>(
    device: &D,
    coefficient: &Matrix<D>,
    z: &Matrix<D>,
    step: Step,
    mu: &Matrix<D>,
    state: &State<D>,
) {
    coefficient.expect_shape("coefficient", z.rows, mu.rows);
    mu.expect_shape("mu", mu.rows, z.cols);
    state.expect_kind(step);
    assert_eq!(state.m.words(), mu.len(), "the optimiser's state of mu");
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params(&step.into(), [z.rows, z.cols, mu.rows])),
        grid(mu.len(), 1),
        &[
            &coefficient.buffer,
            &z.buffer,
            &mu.buffer,
            &state.m,
            &state.v,
        ],
    );
}

fn params(rule: &Rule, [n, d, k]: [usize; 3]) -> Params {
    Params {
        n: param(n),
        d: param(d),
        k: param(k),
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
    let [coefficient, z, mu, m, v] = views(buffers);
    let sizes = [p.n, p.d, p.k].map(|size| size as usize);
    for at in 0..sizes[1] * sizes[2] {
        let mu_jc = mu.f32()[at];
        let gradient = gradient(sizes, [coefficient.f32(), z.f32()], (at, mu_jc));
        let trained = [mu.f32_mut(), m.f32_mut(), v.f32_mut()];
        rule.reference(p.learning_rate, gradient, at, trained);
    }
}

/// The gradient of element `at` of mu, in f64.
pub(super) fn gradient(
    [n, d, k]: [usize; 3],
    [coefficient, z]: [&[f32]; 2],
    (at, mu_jc): (usize, f32),
) -> f64 {
    let (j, c) = (at / d, at % d);
    let pull = |i: usize| {
        let offset = f64::from(z[i * d + c]) - f64::from(mu_jc);
        f64::from(coefficient[i * k + j]) * offset
    };
    -(0..n).map(pull).sum::<f64>()
}

fn cases() -> Vec<Case> {
    let sgd = Rule::sgd(0.1, 0.9);
    let adam = Rule::adam(0.1, [0.9, 0.999], 0.1, 3);
    // (n, d, k): one of each, primes, rows around the workgroup size, the paper's, the largest promised.
    [
        ([1, 1, 1], &sgd),
        ([37, 5, 7], &adam),
        ([65, 9, 7], &sgd),
        ([63, 16, 4], &adam),
        ([64, 13, 5], &sgd),
        ([256, 10, 10], &adam),
        ([5, 256, 1024], &sgd),
    ]
    .map(|(sizes, rule)| case(sizes, rule))
    .to_vec()
}

fn case([n, d, k]: [usize; 3], rule: &Rule) -> Case {
    let mu: Vec<f32> = inputs::uniform(3, k * d).iter().map(|v| 3.0 * v).collect();
    let second = if rule.adam != 0 { k * d } else { 1 };
    let moments: Vec<f32> = (inputs::uniform(6, second).iter())
        .map(|v| 0.1 + v * v)
        .collect();
    // |c| ≤ 1, |z - mu| ≤ 4; the gradient's error reaches m and mu by factors below 1, and v by 0.002·|gradient|.
    let tolerance = Tolerance::sum(n, 4.0);
    let name = if rule.adam != 0 { "Adam" } else { "SGD" };
    Case::new(
        format!("{n}x{d}, k {k}, {name}"),
        &params(rule, [n, d, k]),
        if k * d < 1000 {
            inputs::folded(k * d, 1)
        } else {
            grid(k * d, 1)
        },
    )
    .input(&inputs::uniform(1, n * k))
    .input(&inputs::uniform(2, n * d))
    .update(&mu, tolerance)
    .update(&inputs::uniform(5, k * d), tolerance)
    .update(&moments, tolerance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::OptimiserKind;
    use crate::cpu::Cpu;

    #[test]
    fn closed_form() {
        // c = (1/2, -1/4) for z = (3, 5), mu = 1: -(1/2·2 - 1/4·4) = 0; with c_1 = 1/4: -2. At rate 1 mu moves against it.
        let cpu = Cpu::reference();
        let matrix = |rows, cols, v: &[f32]| Matrix::upload(&cpu, rows, cols, v).unwrap();
        let z = matrix(2, 1, &[3.0, 5.0]);
        let step = Step::Sgd {
            learning_rate: 1.0,
            momentum: 0.0,
        };
        for (c, want) in [(-0.25, 1.0), (0.25, 3.0)] {
            let mu = matrix(1, 1, &[1.0]);
            let state = State::zeros(&cpu, 1, OptimiserKind::Sgd).unwrap();
            centroid_step(&cpu, &matrix(2, 1, &[0.5, c]), &z, step, &mu, &state);
            assert_eq!(pollster::block_on(mu.download(&cpu)).unwrap(), [want]);
        }
    }
}
