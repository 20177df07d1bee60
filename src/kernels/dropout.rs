//! Inverted dropout (Srivastava et al. 2014, §10), drawn from counters.

use rayon::prelude::*;

use super::inputs;
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case, Element::F32, Kernel, Tolerance, View, grid, params_of, read, views, write,
};
use crate::random;

crate::params! {
    /// Elements.
    n: u32,
    /// Seed of the run.
    seed: u32,
    /// Step of training.
    step: u32,
    /// Stream of the layer.
    layer: u32,
    /// rate·2³².
    threshold: u32,
    /// 1/(1 - rate).
    scale: f32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "dropout",
    wgsl: &[
        include_str!("../../shaders/pcg.wgsl"),
        include_str!("../../shaders/dropout.wgsl"),
    ],
    params: Params::FIELDS,
    bindings: &[
        read("x", F32, "(b, D), n elements"),
        write("y", F32, "(b, D)"),
    ],
    workgroup_size: [256, 1, 1],
    tile: None,
    reference,
    fast: Some(fast),
    cases,
    mutation: ("v ^ (v >> vec4<u32>(16u))", "v ^ (v >> vec4<u32>(15u))"),
};

/// One draw of a mask. The same draw on the gradient is the backward pass.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    /// The share of elements dropped, in [0, 1).
    pub rate: f32,
    /// Seed of the run.
    pub seed: u32,
    /// Step of training.
    pub step: u32,
    /// [`random::stream::DROPOUT`] plus the layer's number.
    pub layer: u32,
}

impl Dropout {
    fn params(&self, n: usize) -> Params {
        assert!((0.0..1.0).contains(&self.rate), "a rate of {}", self.rate);
        let rate = f64::from(self.rate);
        Params {
            n: param(n),
            seed: self.seed,
            step: self.step,
            layer: self.layer,
            threshold: (rate * 4_294_967_296.0) as u32,
            scale: (1.0 / (1.0 - rate)) as f32,
        }
    }
}

/// y = x where the draw keeps an element, scaled so that the expectation stays, and 0 elsewhere.
pub fn dropout<D: Device>(device: &D, draw: &Dropout, x: &Matrix<D>, y: &Matrix<D>) {
    y.expect_shape("y", x.rows, x.cols);
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&draw.params(x.len())),
        grid(x.len(), 256),
        &[&x.buffer, &y.buffer],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, y] = views(buffers);
    for i in 0..p.n {
        y.f32_mut()[i as usize] = masked(&p, i, x.f32()[i as usize]);
    }
}

fn masked(p: &Params, element: u32, x: f32) -> f32 {
    if random::bits(p.seed, p.step, p.layer, element) >= p.threshold {
        p.scale * x
    } else {
        0.0
    }
}

/// The reference with its elements spread over threads.
fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    const CHUNK: usize = 1 << 13;
    let p: Params = params_of(params);
    let [x, y] = views(buffers);
    let n = p.n as usize;
    (y.f32_mut()[..n].par_chunks_mut(CHUNK))
        .zip(x.f32()[..n].par_chunks(CHUNK))
        .enumerate()
        .for_each(|(chunk, (y, x))| {
            let first = (chunk * CHUNK) as u32;
            for ((y, x), i) in y.iter_mut().zip(x).zip(first..) {
                *y = masked(&p, i, *x);
            }
        });
}

fn cases() -> Vec<Case> {
    // (elements, rate): one, around the workgroup size, a prime, two layers of the paper.
    [
        (1, 0.5),
        (255, 0.2),
        (256, 0.0),
        (257, 0.9),
        (997, 0.2),
        (256 * 784, 0.2),
        (256 * 500, 0.5),
    ]
    .map(|(n, rate)| case(n, rate))
    .to_vec()
}

fn case(n: usize, rate: f32) -> Case {
    let draw = Dropout {
        rate,
        seed: 0x9e37_79b9,
        step: n as u32,
        layer: random::stream::DROPOUT + 3,
    };
    Case::new(
        format!("{n} elements, rate {rate}"),
        &draw.params(n),
        inputs::folded(n, 256),
    )
    .input(&inputs::uniform(1, n))
    .output(n, Tolerance::Exact) // integers decide; the one product is rounded correctly everywhere
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    fn masked_ones(rate: f32, step: u32, n: usize) -> Vec<f32> {
        let cpu = Cpu::new();
        let x = Matrix::upload(&cpu, 1, n, &vec![1.0; n]).unwrap();
        let y = Matrix::zeros(&cpu, 1, n).unwrap();
        let draw = Dropout {
            rate,
            seed: 1,
            step,
            layer: 2,
        };
        dropout(&cpu, &draw, &x, &y);
        pollster::block_on(y.download(&cpu)).unwrap()
    }

    #[test]
    fn kept_elements_are_scaled_and_as_many_as_the_rate_says() {
        let n = 100_000;
        let y = masked_ones(0.2, 7, n);
        assert!(y.iter().all(|v| *v == 0.0 || *v == 1.25));
        let kept = y.iter().filter(|v| **v != 0.0).count() as f64 / n as f64;
        assert!((kept - 0.8).abs() < 0.005, "{kept}"); // four standard deviations
        assert_ne!(y, masked_ones(0.2, 8, n));
        assert_eq!(y, masked_ones(0.2, 7, n));
    }

    #[test]
    fn rate_zero_keeps_everything() {
        assert!(masked_ones(0.0, 7, 1000).iter().all(|v| *v == 1.0));
    }
}
