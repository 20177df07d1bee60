//! Parts of a sum of squares: of the norm that gradients are clipped by (Pascanu, Mikolov and Bengio 2013, algorithm 1).

use super::inputs;
use crate::device::{Device, DeviceBuffer, Matrix, param};
use crate::kernel::{Case, Element::F32, Kernel, Tolerance, View, params_of, read, views, write};

crate::params! {
    /// Elements of g.
    n: u32,
    /// Workgroups.
    groups: u32,
    /// Element of partial that workgroup 0 writes.
    first: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "square_sum",
    wgsl: &[include_str!("../../shaders/square_sum.wgsl")],
    params: Params::FIELDS,
    bindings: &[read("g", F32, "(n)"), write("partial", F32, "(any, 1)")],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: ("g[i] * g[i]", "abs(g[i])"),
};

/// Parts of the sum of one buffer's squares.
pub const PARTS: usize = 64;

/// The squares of all elements of g, summed to [`PARTS`] elements of `partial` (any, 1) from `first` on.
pub fn square_sum<D: Device>(device: &D, g: &D::Buffer, partial: &Matrix<D>, first: usize) {
    assert!(
        first + PARTS <= partial.len(),
        "{first} of {}",
        partial.len()
    );
    let params = Params {
        n: param(g.words()),
        groups: param(PARTS),
        first: param(first),
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        [PARTS as u32, 1, 1],
        &[g, &partial.buffer],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [g, partial] = views(buffers);
    let (groups, first) = (p.groups as usize, p.first as usize);
    let mut sums = vec![0.0; groups];
    for (chunk, g) in g.f32()[..p.n as usize].chunks(64).enumerate() {
        sums[chunk % groups] += g.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>();
    }
    for (partial, sum) in partial.f32_mut()[first..].iter_mut().zip(sums) {
        *partial = sum as f32;
    }
}

fn cases() -> Vec<Case> {
    [(1, 1), (63, 2), (65, 2), (1009, 3), (20_000, PARTS)]
        .map(|(n, groups)| case(n, groups))
        .to_vec()
}

fn case(n: usize, groups: usize) -> Case {
    let first = 5;
    let params = Params {
        n: param(n),
        groups: param(groups),
        first: param(first),
    };
    let partial = [vec![7.0; first], vec![f32::NAN; groups]].concat();
    let label = format!("{n}, {groups} workgroups");
    Case::new(label, &params, [groups as u32, 1, 1])
        .input(&inputs::repeated(1, n))
        .update(&partial, Tolerance::sum(n.div_ceil(groups), 1.0))
}
