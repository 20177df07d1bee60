//! What the tests of the gradient kernels share: a small problem, its loss in f64, central differences.

use super::{Assigned, LossTerm, inputs, kl_coefficient};
use crate::cpu::Cpu;
use crate::device::Matrix;
use crate::kernels::soft_assign::soft_assign;

/// A small problem whose p is a constant.
pub(crate) struct Problem {
    pub(crate) cpu: Cpu,
    pub(crate) n: usize,
    pub(crate) d: usize,
    pub(crate) k: usize,
    pub(crate) alpha: f32,
    pub(crate) z: Vec<f32>,
    pub(crate) mu: Vec<f32>,
    pub(crate) p: Vec<f32>,
}

impl Problem {
    pub(crate) fn new(alpha: f32) -> Self {
        let (n, d, k) = (7, 3, 4);
        Self {
            cpu: Cpu::reference(),
            n,
            d,
            k,
            alpha,
            z: inputs::uniform(1, n * d),
            mu: inputs::uniform(2, k * d).iter().map(|v| 2.0 * v).collect(),
            p: inputs::distribution(3, n, k),
        }
    }

    /// z, mu and the coefficient of the loss averaged over the rows, and that loss, by the kernels.
    pub(crate) fn run(&self) -> ([Matrix<Cpu>; 3], f64) {
        let matrix =
            |rows, cols, values: &[f32]| Matrix::upload(&self.cpu, rows, cols, values).unwrap();
        let z = matrix(self.n, self.d, &self.z);
        let mu = matrix(self.k, self.d, &self.mu);
        let p = matrix(self.n, self.k, &self.p);
        let q = Matrix::zeros(&self.cpu, self.n, self.k).unwrap();
        let coefficient = Matrix::zeros(&self.cpu, self.n, self.k).unwrap();
        let loss = Matrix::zeros(&self.cpu, self.n, 1).unwrap();
        soft_assign(&self.cpu, &z, &mu, self.alpha, &q);
        let batch = Assigned {
            z: &z,
            mu: &mu,
            q: &q,
            p: &p,
            alpha: self.alpha,
        };
        let term = LossTerm::mean(self.n);
        kl_coefficient(&self.cpu, &batch, term, &coefficient, &loss);
        let rows = pollster::block_on(loss.download(&self.cpu)).unwrap();
        (
            [z, mu, coefficient],
            rows.iter().map(|v| f64::from(*v)).sum(),
        )
    }

    /// The loss in f64, from eqs. 1 and 2 alone.
    pub(crate) fn loss(&self, z: &[f64], mu: &[f64]) -> f64 {
        let alpha = f64::from(self.alpha);
        let row = |(z, p): (&[f64], &[f32])| -> f64 {
            let weight = |mu: &[f64]| {
                let distance: f64 = z.iter().zip(mu).map(|(z, mu)| (z - mu).powi(2)).sum();
                (1.0 + distance / alpha).powf(-0.5 * (alpha + 1.0))
            };
            let weights: Vec<f64> = mu.chunks(self.d).map(weight).collect();
            let total: f64 = weights.iter().sum();
            (p.iter().zip(&weights))
                .map(|(p, w)| f64::from(*p) * (f64::from(*p) * total / w).ln())
                .sum()
        };
        let rows = z.chunks(self.d).zip(self.p.chunks(self.k));
        rows.map(row).sum::<f64>() / self.n as f64
    }

    /// Panics unless `gradient` is the derivative of `loss` at `at`, by central differences.
    pub(crate) fn expect_gradient(gradient: &[f32], at: &[f32], loss: impl Fn(&[f64]) -> f64) {
        let step = 1e-5;
        for (i, got) in gradient.iter().enumerate() {
            let mut moved: Vec<f64> = at.iter().map(|v| f64::from(*v)).collect();
            let mut shifted = |by: f64| {
                moved[i] = f64::from(at[i]) + by;
                loss(&moved)
            };
            let want = (shifted(step) - shifted(-step)) / (2.0 * step);
            let error = (f64::from(*got) - want).abs();
            assert!(error <= 1e-7 + 1e-5 * want.abs(), "{i}: {got} {want}");
        }
    }
}
