//! The gradient of the clustering loss for the embedding (Xie et al. 2016, eq. 4).

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
    /// 1: add to dz, 0: write it.
    accumulate: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "kl_gradient_embedding",
    wgsl: &[include_str!("../../shaders/kl_gradient_embedding.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("coefficient", F32),
        read("z", F32),
        read("mu", F32),
        write("dz", F32),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: ("(z[t] - mu", "(z[t] + mu"),
};

/// dz (b, d) from the coefficient (b, k), z (b, d) and mu (k, d).
///
/// With `accumulate` it is added to what dz holds: IDEC's reconstruction has written its gradient there.
pub fn kl_gradient_embedding<D: Device>(
    device: &D,
    coefficient: &Matrix<D>,
    z: &Matrix<D>,
    mu: &Matrix<D>,
    accumulate: bool,
    dz: &Matrix<D>,
) {
    coefficient.expect_shape("coefficient", z.rows, mu.rows);
    mu.expect_shape("mu", mu.rows, z.cols);
    dz.expect_shape("dz", z.rows, z.cols);
    let params = Params {
        n: param(z.rows),
        d: param(z.cols),
        k: param(mu.rows),
        accumulate: accumulate.into(),
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(z.len(), 64),
        &[&coefficient.buffer, &z.buffer, &mu.buffer, &dz.buffer],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [coefficient, z, mu, dz] = views(buffers);
    let (d, k) = (p.d as usize, p.k as usize);
    for i in 0..p.n as usize {
        for c in 0..d {
            let z = f64::from(z.f32()[i * d + c]);
            let mut sum = 0.0;
            for j in 0..k {
                let mu = f64::from(mu.f32()[j * d + c]);
                sum += f64::from(coefficient.f32()[i * k + j]) * (z - mu);
            }
            let dz = &mut dz.f32_mut()[i * d + c];
            *dz = (sum
                + if p.accumulate == 1 {
                    f64::from(*dz)
                } else {
                    0.0
                }) as f32;
        }
    }
}

fn cases() -> Vec<Case> {
    // (n, d, k): one of each, primes, the paper's, the largest promised.
    [
        (1, 1, 1),
        (37, 5, 7),
        (63, 1, 10),
        (65, 3, 2),
        (256, 10, 10),
        (5, 256, 1024),
    ]
    .into_iter()
    .flat_map(|(n, d, k)| [case(n, d, k, false), case(n, d, k, true)])
    .collect()
}

fn case(n: usize, d: usize, k: usize, accumulate: bool) -> Case {
    let params = Params {
        n: param(n),
        d: param(d),
        k: param(k),
        accumulate: accumulate.into(),
    };
    let mu: Vec<f32> = inputs::uniform(3, k * d).iter().map(|v| 3.0 * v).collect();
    let case = Case::new(
        format!("{n}x{d}, k {k}, accumulate {accumulate}"),
        &params,
        inputs::folded(n * d, 64),
    )
    .input(&inputs::uniform(1, n * k))
    .input(&inputs::uniform(2, n * d))
    .input(&mu);
    let tolerance = Tolerance::sum(k, 4.0); // |c| ≤ 1, |z - mu| ≤ 4
    if accumulate {
        case.update(&inputs::uniform(4, n * d), tolerance)
    } else {
        case.output(n * d, tolerance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;
    use crate::kernels::kl_coefficient::testing::Problem;

    fn gradient(problem: &Problem) -> Vec<f32> {
        let ([z, mu, coefficient], _) = problem.run();
        let dz = Matrix::zeros(&problem.cpu, problem.n, problem.d).unwrap();
        kl_gradient_embedding(&problem.cpu, &coefficient, &z, &mu, false, &dz);
        pollster::block_on(dz.download(&problem.cpu)).unwrap()
    }

    #[test]
    fn closed_form_and_accumulation() {
        // c = (1/2, -1/4), z = 3, mu = (1, 7): 1/2·2 - 1/4·(-4) = 2; again on top: 4.
        let cpu = Cpu::reference();
        let matrix = |rows, cols, v: &[f32]| Matrix::upload(&cpu, rows, cols, v).unwrap();
        let (c, z) = (matrix(1, 2, &[0.5, -0.25]), matrix(1, 1, &[3.0]));
        let (mu, dz) = (matrix(2, 1, &[1.0, 7.0]), matrix(1, 1, &[f32::NAN]));
        for (accumulate, want) in [(false, 2.0), (true, 4.0)] {
            kl_gradient_embedding(&cpu, &c, &z, &mu, accumulate, &dz);
            assert_eq!(pollster::block_on(dz.download(&cpu)).unwrap(), [want]);
        }
    }

    #[test]
    fn it_is_the_derivative_of_the_loss() {
        for alpha in [1.0, 0.5, 2.5] {
            let problem = Problem::new(alpha);
            let mu: Vec<f64> = problem.mu.iter().map(|v| f64::from(*v)).collect();
            Problem::expect_gradient(&gradient(&problem), &problem.z, |z| problem.loss(z, &mu));
        }
    }
}
