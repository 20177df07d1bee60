//! y += scale·x.

use super::inputs;
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case, Element::F32, Kernel, Tolerance, View, grid, params_of, read, views, write,
};

crate::params! {
    /// Elements.
    n: u32,
    /// Factor on x.
    scale: f32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "add_scaled",
    wgsl: &[include_str!("../../shaders/add_scaled.wgsl")],
    params: Params::FIELDS,
    bindings: &[read("x", F32), write("y", F32)],
    workgroup_size: [256, 1, 1],
    reference,
    fast: None,
    cases,
    mutation: ("y[i] +=", "y[i] -="),
};

/// y += scale·x, both of one shape.
pub fn add_scaled<D: Device>(device: &D, scale: f32, x: &Matrix<D>, y: &Matrix<D>) {
    x.expect_shape("x", y.rows, y.cols);
    let params = Params {
        n: param(y.len()),
        scale,
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(y.len(), 256),
        &[&x.buffer, &y.buffer],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, y] = views(buffers);
    let n = p.n as usize;
    for (y, x) in y.f32_mut()[..n].iter_mut().zip(x.f32()) {
        *y = (f64::from(*y) + f64::from(p.scale) * f64::from(*x)) as f32;
    }
}

fn cases() -> Vec<Case> {
    // (elements, scale): one, around the workgroup size, a prime, a layer.
    let near = [
        (1, 1.0),
        (255, -0.1),
        (256, 0.25),
        (257, 1e-3),
        (997, -1.0),
        (256 * 784, 0.3),
    ]
    .map(|(n, scale)| {
        // A product and a sum of values up to 1.
        let tolerance = Tolerance::Near {
            absolute: 2.0 * f32::EPSILON,
            relative: 2.0 * f32::EPSILON,
        };
        case(
            n,
            scale,
            [inputs::uniform(1, n), inputs::uniform(2, n)],
            tolerance,
        )
    });
    let whole = [inputs::integers(1, 513), inputs::integers(2, 513)];
    near.into_iter()
        .chain([case(513, -2.0, whole, Tolerance::Exact)])
        .collect()
}

fn case(n: usize, scale: f32, [x, y]: [Vec<f32>; 2], tolerance: Tolerance) -> Case {
    let params = Params { n: param(n), scale };
    Case::new(
        format!("{n} elements, scale {scale}"),
        &params,
        inputs::folded(n, 256),
    )
    .input(&x)
    .update(&y, tolerance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    #[test]
    fn closed_form() {
        let cpu = Cpu::reference();
        let x = Matrix::upload(&cpu, 1, 3, &[1.0, -2.0, 4.0]).unwrap();
        let y = Matrix::upload(&cpu, 1, 3, &[0.0, 1.0, 1.0]).unwrap();
        add_scaled(&cpu, -0.5, &x, &y);
        assert_eq!(
            pollster::block_on(y.download(&cpu)).unwrap(),
            [-0.5, 2.0, -1.0]
        );
    }
}
