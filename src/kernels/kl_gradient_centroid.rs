//! The gradient of the clustering loss for the centroids (Xie et al. 2016, eq. 5).

use super::inputs;
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case, Element::F32, Kernel, Tolerance, View, grid, params_of, read, views, write,
};

crate::params! {
    /// Rows of z.
    n: u32,
    /// Embedding size.
    d: u32,
    /// Clusters.
    k: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "kl_gradient_centroid",
    wgsl: &[include_str!("../../shaders/kl_gradient_centroid.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("coefficient", F32),
        read("z", F32),
        read("mu", F32),
        write("dmu", F32),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: ("dmu[t] = -sum", "dmu[t] = sum"),
};

/// dmu (k, d) from the coefficient (b, k), z (b, d) and mu (k, d).
pub fn kl_gradient_centroid<D: Device>(
    device: &D,
    coefficient: &Matrix<D>,
    z: &Matrix<D>,
    mu: &Matrix<D>,
    dmu: &Matrix<D>,
) {
    coefficient.expect_shape("coefficient", z.rows, mu.rows);
    mu.expect_shape("mu", mu.rows, z.cols);
    dmu.expect_shape("dmu", mu.rows, z.cols);
    let params = Params {
        n: param(z.rows),
        d: param(z.cols),
        k: param(mu.rows),
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(mu.len(), 64),
        &[&coefficient.buffer, &z.buffer, &mu.buffer, &dmu.buffer],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [coefficient, z, mu, dmu] = views(buffers);
    let (n, d, k) = (p.n as usize, p.d as usize, p.k as usize);
    for j in 0..k {
        for c in 0..d {
            let mu = f64::from(mu.f32()[j * d + c]);
            let mut sum = 0.0;
            for i in 0..n {
                let z = f64::from(z.f32()[i * d + c]);
                sum += f64::from(coefficient.f32()[i * k + j]) * (z - mu);
            }
            dmu.f32_mut()[j * d + c] = -sum as f32;
        }
    }
}

fn cases() -> Vec<Case> {
    // (n, d, k): one of each, primes, around the workgroup size, the paper's, the largest promised.
    [
        (1, 1, 1),
        (37, 5, 7),
        (65, 9, 7),
        (63, 16, 4),
        (11, 13, 5),
        (256, 10, 10),
        (5, 256, 1024),
    ]
    .map(|(n, d, k)| case(n, d, k))
    .to_vec()
}

fn case(n: usize, d: usize, k: usize) -> Case {
    let params = Params {
        n: param(n),
        d: param(d),
        k: param(k),
    };
    let mu: Vec<f32> = inputs::uniform(3, k * d).iter().map(|v| 3.0 * v).collect();
    Case::new(
        format!("{n}x{d}, k {k}"),
        &params,
        inputs::folded(k * d, 64),
    )
    .input(&inputs::uniform(1, n * k))
    .input(&inputs::uniform(2, n * d))
    .input(&mu)
    .output(k * d, Tolerance::sum(n, 4.0)) // |c| ≤ 1, |z - mu| ≤ 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;
    use crate::kernels::kl_coefficient::testing::Problem;

    fn gradient(problem: &Problem) -> Vec<f32> {
        let ([z, mu, coefficient], _) = problem.run();
        let dmu = Matrix::zeros(&problem.cpu, problem.k, problem.d).unwrap();
        kl_gradient_centroid(&problem.cpu, &coefficient, &z, &mu, &dmu);
        pollster::block_on(dmu.download(&problem.cpu)).unwrap()
    }

    #[test]
    fn closed_form() {
        // c = (1/2, -1/4) for z = (3, 5), mu = 1: -(1/2·2 - 1/4·4) = 0; with c_1 = 1/4: -2.
        let cpu = Cpu::reference();
        let matrix = |rows, cols, v: &[f32]| Matrix::upload(&cpu, rows, cols, v).unwrap();
        let (z, mu) = (matrix(2, 1, &[3.0, 5.0]), matrix(1, 1, &[1.0]));
        let dmu = matrix(1, 1, &[f32::NAN]);
        for (c, want) in [(-0.25, 0.0), (0.25, -2.0)] {
            kl_gradient_centroid(&cpu, &matrix(2, 1, &[0.5, c]), &z, &mu, &dmu);
            assert_eq!(pollster::block_on(dmu.download(&cpu)).unwrap(), [want]);
        }
    }

    #[test]
    fn it_is_the_derivative_of_the_loss() {
        for alpha in [1.0, 0.5, 2.5] {
            let problem = Problem::new(alpha);
            let z: Vec<f64> = problem.z.iter().map(|v| f64::from(*v)).collect();
            Problem::expect_gradient(&gradient(&problem), &problem.mu, |mu| problem.loss(&z, mu));
        }
    }
}
