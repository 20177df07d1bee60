//! A step as kernels take it, and its arithmetic on the host.

use std::ops::Range;

use rayon::prelude::*;

use super::Step;

/// Decay of Adam's first moment, of its second, and what keeps the quotient finite (Kingma and Ba 2015).
const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// The parameters of a step, of the same names as in `shaders/optimiser.wgsl`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rule {
    /// Elements below it take Adam, the others SGD: all (`u32::MAX`) or 0.
    pub(crate) adam: u32,
    pub(crate) learning_rate: f32,
    /// Of SGD: the momentum.
    pub(crate) beta1: f32,
    pub(crate) beta2: f32,
    pub(crate) epsilon: f32,
    pub(crate) correction1: f32,
    pub(crate) correction2: f32,
}

/// The [`Rule`] in a kernel's parameters.
macro_rules! rule_of {
    ($params:expr) => {
        crate::optimiser::Rule {
            adam: $params.adam,
            learning_rate: $params.learning_rate,
            beta1: $params.beta1,
            beta2: $params.beta2,
            epsilon: $params.epsilon,
            correction1: $params.correction1,
            correction2: $params.correction2,
        }
    };
}
pub(crate) use rule_of;

impl From<Step> for Rule {
    fn from(step: Step) -> Self {
        match step {
            Step::Sgd {
                learning_rate,
                momentum,
            } => Self::sgd(learning_rate, momentum),
            Step::Adam {
                learning_rate,
                step,
            } => Self::adam(learning_rate, [BETA1, BETA2], EPSILON, step),
        }
    }
}

impl Rule {
    pub(crate) fn sgd(learning_rate: f32, momentum: f32) -> Self {
        Self {
            adam: 0,
            learning_rate,
            beta1: momentum,
            beta2: 0.0,
            epsilon: 0.0,
            correction1: 0.0,
            correction2: 0.0,
        }
    }

    /// Step `t`, from 1. The corrections are made in f64: 1 - 0.999^t loses three digits to cancellation at
    /// t = 1.
    pub(crate) fn adam(learning_rate: f32, [beta1, beta2]: [f32; 2], epsilon: f32, t: u32) -> Self {
        assert!(t > 0, "steps are counted from 1");
        let correction = |beta: f32| (1.0 / (1.0 - f64::from(beta).powf(t.into()))) as f32;
        Self {
            adam: u32::MAX,
            learning_rate,
            beta1,
            beta2,
            epsilon,
            correction1: correction(beta1),
            correction2: correction(beta2),
        }
    }

    /// One element, in f64. SGD does not look at `v`.
    pub(crate) fn reference(
        &self,
        rate: f32,
        gradient: f64,
        at: usize,
        [w, m, v]: [&mut [f32]; 3],
    ) {
        let [rate, beta1, beta2] = [rate, self.beta1, self.beta2].map(f64::from);
        let weight = f64::from(w[at]);
        if self.adam == 0 {
            let velocity = beta1 * f64::from(m[at]) + rate * gradient;
            m[at] = velocity as f32;
            w[at] = (weight - velocity) as f32;
            return;
        }
        let [epsilon, correction1, correction2] =
            [self.epsilon, self.correction1, self.correction2].map(f64::from);
        let first = beta1 * f64::from(m[at]) + (1.0 - beta1) * gradient;
        let second = beta2 * f64::from(v[at]) + (1.0 - beta2) * gradient * gradient;
        m[at] = first as f32;
        v[at] = second as f32;
        let step = rate * first * correction1 / ((second * correction2).sqrt() + epsilon);
        w[at] = (weight - step) as f32;
    }

    /// The elements `at`, whose gradients are given in order: in f32 and over threads, bound by memory.
    pub(crate) fn fast(
        &self,
        rate: f32,
        gradients: &[f32],
        at: Range<usize>,
        [w, m, v]: [&mut [f32]; 3],
    ) {
        const CHUNK: usize = 1 << 13;
        let elements = (
            gradients.par_chunks(CHUNK),
            m[at.clone()].par_chunks_mut(CHUNK),
            w[at.clone()].par_chunks_mut(CHUNK),
        );
        if self.adam == 0 {
            let elements = elements.into_par_iter();
            elements.for_each(|(g, m, w)| self.sgd_chunk(rate, g, m, w));
        } else {
            let (g, m, w) = elements;
            let elements = (g, m, v[at].par_chunks_mut(CHUNK), w).into_par_iter();
            elements.for_each(|(g, m, v, w)| self.adam_chunk(rate, g, m, v, w));
        }
    }

    fn sgd_chunk(&self, rate: f32, g: &[f32], m: &mut [f32], w: &mut [f32]) {
        for ((g, m), w) in g.iter().zip(m).zip(w) {
            *m = self.beta1 * *m + rate * g;
            *w -= *m;
        }
    }

    fn adam_chunk(&self, rate: f32, g: &[f32], m: &mut [f32], v: &mut [f32], w: &mut [f32]) {
        let (rest1, rest2) = (1.0 - self.beta1, 1.0 - self.beta2);
        let rate = rate * self.correction1;
        for (((g, m), v), w) in g.iter().zip(m).zip(v).zip(w) {
            *m = self.beta1 * *m + rest1 * g;
            *v = self.beta2 * *v + rest2 * g * g;
            *w -= rate * *m / ((*v * self.correction2).sqrt() + self.epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both host versions, on one element.
    fn steps(rules: &[Rule], gradient: f32) -> [Vec<[f32; 3]>; 2] {
        [false, true].map(|fast| {
            let [mut w, mut m, mut v] = [[1.0f32], [0.0], [0.0]];
            let mut step = |rule: &Rule| {
                let state: [&mut [f32]; 3] = [&mut w, &mut m, &mut v];
                match fast {
                    true => rule.fast(rule.learning_rate, &[gradient], 0..1, state),
                    false => rule.reference(rule.learning_rate, gradient.into(), 0, state),
                }
                [w[0], m[0], v[0]]
            };
            rules.iter().map(&mut step).collect()
        })
    }

    #[test]
    fn sgd_in_closed_form() {
        // Rate 1/2, momentum 1/4, g = 2 twice: the velocity is 1, then 5/4; w = 1, 0, -5/4.
        for got in steps(&[Rule::sgd(0.5, 0.25); 2], 2.0) {
            assert_eq!(got, [[0.0, 1.0, 0.0], [-1.25, 1.25, 0.0]]);
        }
    }

    #[test]
    fn adam_in_closed_form() {
        // With a constant gradient the corrected moments are g and g² at every step, so w moves by
        // rate·g/(|g| + epsilon): here 1/4·3/4.
        let rules: Vec<Rule> = (1..=3)
            .map(|t| Rule::adam(0.25, [BETA1, BETA2], 1.0, t))
            .collect();
        for got in steps(&rules, 3.0) {
            for (t, [w, ..]) in got.iter().enumerate() {
                let want = 1.0 - (t + 1) as f32 * 0.1875;
                assert!((w - want).abs() < 1e-6, "step {t}: {w} {want}");
            }
        }
    }

    #[test]
    fn an_element_without_gradient_stays() {
        let rule = Rule::from(Step::Adam {
            learning_rate: 1e-3,
            step: 1,
        });
        for got in steps(&[rule], 0.0) {
            assert_eq!(got, [[1.0, 0.0, 0.0]]);
        }
    }
}
