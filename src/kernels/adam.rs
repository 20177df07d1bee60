//! Adam (Kingma and Ba 2015, algorithm 1).

use rayon::prelude::*;

use super::inputs;
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case, Element::F32, Kernel, Tolerance, View, grid, params_of, read, views, write,
};

crate::params! {
    /// Elements.
    n: u32,
    /// Step size.
    learning_rate: f32,
    /// Decay of the first moment.
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
    name: "adam",
    wgsl: &[include_str!("../../shaders/adam.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("g", F32),
        write("m", F32),
        write("v", F32),
        write("w", F32),
    ],
    workgroup_size: [256, 1, 1],
    tile: None,
    reference,
    fast: Some(fast),
    cases,
    mutation: ("root + params.epsilon", "root + 2.0 * params.epsilon"),
};

/// Hyper-parameters; the defaults are the paper's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Step size.
    pub learning_rate: f32,
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
}

impl Default for Adam {
    fn default() -> Self {
        Self {
            learning_rate: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        }
    }
}

impl Adam {
    /// The uniform of step `t`, counted from 1. The corrections are made in f64: 1 - 0.999^t loses three
    /// digits to cancellation at t = 1.
    fn params(&self, t: u32, n: usize) -> Params {
        assert!(t > 0, "steps are counted from 1");
        let correction = |beta: f32| (1.0 / (1.0 - f64::from(beta).powf(t.into()))) as f32;
        Params {
            n: param(n),
            learning_rate: self.learning_rate,
            beta1: self.beta1,
            beta2: self.beta2,
            epsilon: self.epsilon,
            correction1: correction(self.beta1),
            correction2: correction(self.beta2),
        }
    }
}

/// The two moments of a weight matrix; both start as zeros.
pub struct Moments<D: Device> {
    /// Decaying mean of the gradient.
    pub m: Matrix<D>,
    /// Decaying mean of its square.
    pub v: Matrix<D>,
}

/// Step `t` (from 1) on w with the gradient g. All of w's shape.
pub fn adam<D: Device>(
    device: &D,
    adam: &Adam,
    t: u32,
    g: &Matrix<D>,
    moments: &Moments<D>,
    w: &Matrix<D>,
) {
    let Moments { m, v } = moments;
    g.expect_shape("g", w.rows, w.cols);
    m.expect_shape("m", w.rows, w.cols);
    v.expect_shape("v", w.rows, w.cols);
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&adam.params(t, w.len())),
        grid(w.len(), 256),
        &[&g.buffer, &m.buffer, &v.buffer, &w.buffer],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [g, m, v, w] = views(buffers);
    let [rate, beta1, beta2] = [p.learning_rate, p.beta1, p.beta2].map(f64::from);
    let [epsilon, correction1, correction2] =
        [p.epsilon, p.correction1, p.correction2].map(f64::from);
    for i in 0..p.n as usize {
        let gradient = f64::from(g.f32()[i]);
        let first = beta1 * f64::from(m.f32()[i]) + (1.0 - beta1) * gradient;
        let second = beta2 * f64::from(v.f32()[i]) + (1.0 - beta2) * gradient * gradient;
        m.f32_mut()[i] = first as f32;
        v.f32_mut()[i] = second as f32;
        let step = rate * first * correction1 / ((second * correction2).sqrt() + epsilon);
        w.f32_mut()[i] = (f64::from(w.f32()[i]) - step) as f32;
    }
}

/// In f32, spread over threads: four roots and four quotients at a time, bound by memory.
fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    const CHUNK: usize = 1 << 13;
    let p: Params = params_of(params);
    let [g, m, v, w] = views(buffers);
    let n = p.n as usize;
    (
        g.f32()[..n].par_chunks(CHUNK),
        m.f32_mut()[..n].par_chunks_mut(CHUNK),
        v.f32_mut()[..n].par_chunks_mut(CHUNK),
        w.f32_mut()[..n].par_chunks_mut(CHUNK),
    )
        .into_par_iter()
        .for_each(|(g, m, v, w)| fast_chunk(&p, g, m, v, w));
}

fn fast_chunk(p: &Params, g: &[f32], m: &mut [f32], v: &mut [f32], w: &mut [f32]) {
    let (rest1, rest2) = (1.0 - p.beta1, 1.0 - p.beta2);
    let rate = p.learning_rate * p.correction1;
    for (((g, m), v), w) in g.iter().zip(m).zip(v).zip(w) {
        *m = p.beta1 * *m + rest1 * g;
        *v = p.beta2 * *v + rest2 * g * g;
        *w -= rate * *m / ((*v * p.correction2).sqrt() + p.epsilon);
    }
}

fn cases() -> Vec<Case> {
    // (elements, step): one, around the workgroup size, a prime, a layer.
    let paper = [
        (1, 1),
        (255, 2),
        (256, 10),
        (257, 1000),
        (997, 1),
        (784 * 500, 100_000),
    ]
    .map(|(n, t)| case(Adam::default(), t, n));
    let other = Adam {
        learning_rate: 0.1,
        beta1: 0.5,
        beta2: 0.9,
        epsilon: 1e-3,
    };
    paper.into_iter().chain([case(other, 3, 1021)]).collect()
}

fn case(adam: Adam, t: u32, n: usize) -> Case {
    let near = |absolute: f32, relative: f32| Tolerance::Near { absolute, relative };
    // Second moments that fit the gradients; a few elements that never had one.
    let mut g = inputs::uniform(1, n);
    let mut m = inputs::uniform(2, n);
    let mut v: Vec<f32> = inputs::uniform(3, n).iter().map(|v| 0.1 + v * v).collect();
    for i in (0..n).step_by(7) {
        (g[i], m[i], v[i]) = (0.0, 0.0, 0.0);
    }
    for i in (3..n).step_by(7) {
        // As small as gradients of a trained network are; epsilon then matters.
        (g[i], m[i], v[i]) = (1e-3 * g[i], 1e-3 * m[i], 1e-6 * v[i]);
    }
    Case::new(
        format!("{n} elements, step {t}, rate {}", adam.learning_rate),
        &adam.params(t, n),
        inputs::folded(n, 256),
    )
    .input(&g)
    .update(&m, near(4.0 * f32::EPSILON, 4.0 * f32::EPSILON))
    .update(&v, near(1e-30, 8.0 * f32::EPSILON))
    // The step is below 20 rates here, with a dozen roundings; the weights are below 1.
    .update(
        &inputs::uniform(4, n),
        near(
            (2.0 + 240.0 * adam.learning_rate) * f32::EPSILON,
            4.0 * f32::EPSILON,
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    #[test]
    fn closed_form_first_steps() {
        // With a constant gradient the corrected moments are g and g² at every step, so w moves by
        // rate·g/(|g| + epsilon): here 1/4·3/4 and -1/4·1/2.
        let hyper = Adam {
            learning_rate: 0.25,
            epsilon: 1.0,
            ..Adam::default()
        };
        for cpu in [Cpu::reference(), Cpu::new()] {
            let pair = |v: [f32; 2]| Matrix::upload(&cpu, 1, 2, &v).unwrap();
            let (g, w) = (pair([3.0, -1.0]), pair([1.0, 1.0]));
            let moments = Moments {
                m: pair([0.0; 2]),
                v: pair([0.0; 2]),
            };
            for t in 1..=3 {
                adam(&cpu, &hyper, t, &g, &moments, &w);
                let got = pollster::block_on(w.download(&cpu)).unwrap();
                let want = [1.0 - t as f32 * 0.1875, 1.0 + t as f32 * 0.125];
                for (got, want) in got.iter().zip(want) {
                    assert!((got - want).abs() < 1e-6, "step {t}: {got} {want}");
                }
            }
        }
    }

    #[test]
    fn an_element_without_gradient_stays() {
        let cpu = Cpu::new();
        let zero = || Matrix::zeros(&cpu, 1, 1).unwrap();
        let moments = Moments {
            m: zero(),
            v: zero(),
        };
        let w = Matrix::upload(&cpu, 1, 1, &[0.5]).unwrap();
        adam(&cpu, &Adam::default(), 1, &zero(), &moments, &w);
        assert_eq!(pollster::block_on(w.download(&cpu)).unwrap(), [0.5]);
    }
}
