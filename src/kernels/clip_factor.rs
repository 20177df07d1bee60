//! What gradients are multiplied by, so that their norm is at most a bound (Pascanu, Mikolov and Bengio 2013, algorithm 1).

use super::inputs;
use crate::device::{Device, Matrix, param};
use crate::kernel::{Case, Element::F32, Kernel, Tolerance, View, params_of, read, views, write};

crate::params! {
    /// Elements of partial.
    n: u32,
    /// The largest norm.
    most: f32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "clip_factor",
    wgsl: &[include_str!("../../shaders/clip_factor.wgsl")],
    params: Params::FIELDS,
    bindings: &[read("partial", F32, "(n, 1)"), write("factor", F32, "(1)")],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: ("sqrt(sums[0])", "sums[0]"),
};

/// The factor (1, 1) for gradients whose squares add up to the sum of `partial` (n, 1).
pub fn clip_factor<D: Device>(device: &D, partial: &Matrix<D>, most: f32, factor: &Matrix<D>) {
    partial.expect_shape("partial", partial.rows, 1);
    factor.expect_shape("factor", 1, 1);
    let params = Params {
        n: param(partial.rows),
        most,
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        [1, 1, 1],
        &[&partial.buffer, &factor.buffer],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [partial, factor] = views(buffers);
    let squares = partial.f32()[..p.n as usize].iter().map(|v| f64::from(*v));
    let most = f64::from(p.most);
    factor.f32_mut()[0] = (most / most.max(squares.sum::<f64>().sqrt())) as f32;
}

fn cases() -> Vec<Case> {
    // Norms above the bound and below it; a norm of 0.
    [
        (1, 0.5, 1.0),
        (63, 1.0, 1.0),
        (65, 100.0, 1.0),
        (640, 2.0, 1.0),
        (7, 1.0, 0.0),
    ]
    .map(|(n, most, size)| {
        let params = Params { n: param(n), most };
        let partial: Vec<f32> = (inputs::uniform(1, n).iter())
            .map(|v| size * v.abs())
            .collect();
        Case::new(
            format!("{n}, at most {most}, of {size}"),
            &params,
            [1, 1, 1],
        )
        .input(&partial)
        .output(1, Tolerance::sum(n, 1.0))
    })
    .to_vec()
}
