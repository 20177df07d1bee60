//! Stochastic gradient descent with momentum.
//!
//! The form of Caffe's `SGDSolver` and of Keras: the learning rate is inside the velocity, so a new rate
//! acts on new gradients only. PyTorch multiplies the whole velocity by the rate instead.

use rayon::prelude::*;

use super::inputs;
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case, Element::F32, Kernel, Tolerance, View, grid, params_of, read, views, write,
};

crate::params! {
    /// Elements.
    n: u32,
    /// Factor on the gradient.
    learning_rate: f32,
    /// The share of the velocity that stays.
    momentum: f32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "sgd",
    wgsl: &[include_str!("../../shaders/sgd.wgsl")],
    params: Params::FIELDS,
    bindings: &[read("g", F32), write("v", F32), write("w", F32)],
    workgroup_size: [256, 1, 1],
    tile: None,
    reference,
    fast: Some(fast),
    cases,
    mutation: ("w[i] -= velocity", "w[i] += velocity"),
};

/// v = momentum·v + learning_rate·g, then w -= v. All of w's shape; v starts as zeros.
pub fn sgd<D: Device>(
    device: &D,
    learning_rate: f32,
    momentum: f32,
    g: &Matrix<D>,
    v: &Matrix<D>,
    w: &Matrix<D>,
) {
    g.expect_shape("g", w.rows, w.cols);
    v.expect_shape("v", w.rows, w.cols);
    let params = Params {
        n: param(w.len()),
        learning_rate,
        momentum,
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(w.len(), 256),
        &[&g.buffer, &v.buffer, &w.buffer],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [g, v, w] = views(buffers);
    for i in 0..p.n as usize {
        let velocity = f64::from(p.momentum) * f64::from(v.f32()[i])
            + f64::from(p.learning_rate) * f64::from(g.f32()[i]);
        v.f32_mut()[i] = velocity as f32;
        w.f32_mut()[i] = (f64::from(w.f32()[i]) - velocity) as f32;
    }
}

/// In f32, spread over threads: the step is bound by memory.
fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    const CHUNK: usize = 1 << 14;
    let p: Params = params_of(params);
    let [g, v, w] = views(buffers);
    let n = p.n as usize;
    (
        g.f32()[..n].par_chunks(CHUNK),
        v.f32_mut()[..n].par_chunks_mut(CHUNK),
        w.f32_mut()[..n].par_chunks_mut(CHUNK),
    )
        .into_par_iter()
        .for_each(|(g, v, w)| {
            for ((g, v), w) in g.iter().zip(v).zip(w) {
                *v = p.momentum * *v + p.learning_rate * g;
                *w -= *v;
            }
        });
}

fn cases() -> Vec<Case> {
    // (elements, learning rate, momentum): one, around the workgroup size, a prime, a layer; the rates of
    // the paper and of DEC-keras; without momentum.
    [
        (1, 0.01, 0.9),
        (255, 0.1, 0.9),
        (256, 1.0, 0.9),
        (257, 0.1, 0.0),
        (997, 0.1, 0.99),
        (784 * 500, 0.01, 0.9),
    ]
    .map(|(n, learning_rate, momentum)| case(n, learning_rate, momentum))
    .to_vec()
}

fn case(n: usize, learning_rate: f32, momentum: f32) -> Case {
    let params = Params {
        n: param(n),
        learning_rate,
        momentum,
    };
    // Two products and two sums of values up to 1, each rounded once.
    let tolerance = Tolerance::Near {
        absolute: 4.0 * f32::EPSILON,
        relative: 4.0 * f32::EPSILON,
    };
    Case::new(
        format!("{n} elements, rate {learning_rate}, momentum {momentum}"),
        &params,
        inputs::folded(n, 256),
    )
    .input(&inputs::uniform(1, n))
    .update(&inputs::uniform(2, n), tolerance)
    .update(&inputs::uniform(3, n), tolerance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    #[test]
    fn closed_form_two_steps() {
        // Rate 1/2, momentum 1/4, g = 2 twice: v = 1, then 5/4; w = 3, 2, 3/4.
        for cpu in [Cpu::reference(), Cpu::new()] {
            let one = |v: f32| Matrix::upload(&cpu, 1, 1, &[v]).unwrap();
            let (g, v, w) = (one(2.0), one(0.0), one(3.0));
            for (velocity, weight) in [(1.0, 2.0), (1.25, 0.75)] {
                sgd(&cpu, 0.5, 0.25, &g, &v, &w);
                assert_eq!(pollster::block_on(v.download(&cpu)).unwrap(), [velocity]);
                assert_eq!(pollster::block_on(w.download(&cpu)).unwrap(), [weight]);
            }
        }
    }
}
