//! Sums of long rows: inertia per restart, losses.

use super::inputs;
use crate::device::{Device, Matrix, Result, param};
use crate::kernel::{
    Case, Element::F32, Kernel, Tolerance, View, grid, params_of, read, views, write,
};

crate::params! {
    /// Rows of x, S.
    segments: u32,
    /// Columns of x.
    length: u32,
    /// Columns of one group; the last may have fewer.
    per_group: u32,
    /// Groups of one segment.
    groups: u32,
    /// Columns of y.
    stride: u32,
    /// The column of y for group 0.
    column: u32,
    /// Factor of each sum.
    scale: f32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "segment_sum",
    wgsl: &[include_str!("../../shaders/segment_sum.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("x", F32, "(S, length)"),
        write("y", F32, "(S, stride)"),
    ],
    workgroup_size: [256, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: ("half > 0u", "half > 1u"),
};

/// y (S, stride), at columns `column`.. , from x (S, length): `scale` times the sum of each `per_group` columns.
pub fn segment_sum<D: Device>(
    device: &D,
    x: &Matrix<D>,
    per_group: usize,
    scale: f32,
    y: &Matrix<D>,
    column: usize,
) {
    let groups = x.cols.div_ceil(per_group);
    x.expect_shape("x", x.rows, x.cols);
    y.expect_shape("y", x.rows, y.cols);
    assert!(
        column + groups <= y.cols,
        "{groups} sums from column {column} of {}",
        y.cols
    );
    let params = Params {
        segments: param(x.rows),
        length: param(x.cols),
        per_group: param(per_group),
        groups: param(groups),
        stride: param(y.cols),
        column: param(column),
        scale,
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        workgroups(&params, grid),
        &[&x.buffer, &y.buffer],
    );
}

/// One workgroup per group. `fold` is [`grid`], or in the cases one that folds small sizes too.
fn workgroups(p: &Params, fold: fn(usize, u32) -> [u32; 3]) -> [u32; 3] {
    let [x, y, _] = fold(p.groups as usize, 1);
    [x, y, p.segments]
}

/// Columns that one workgroup sums: 16 per invocation.
const PER_GROUP: usize = 4096;

/// Sums rows to one value each, in as many steps as their length needs. The steps' memory is taken once.
pub struct SegmentSum<D: Device> {
    /// The partial sums of each step but the last.
    steps: Vec<Matrix<D>>,
}

impl<D: Device> SegmentSum<D> {
    /// For `segments` rows of `length` values.
    pub fn new(device: &D, segments: usize, length: usize) -> Result<Self> {
        let mut steps = Vec::new();
        let mut groups = length.div_ceil(PER_GROUP);
        while groups > 1 {
            steps.push(Matrix::zeros(device, segments, groups)?);
            groups = groups.div_ceil(PER_GROUP);
        }
        Ok(Self { steps })
    }

    /// Writes `scale` times the sum of each row of x (S, length) to a column of y (S, any).
    pub fn run(&self, device: &D, x: &Matrix<D>, scale: f32, y: &Matrix<D>, column: usize) {
        let mut values = x;
        for step in &self.steps {
            segment_sum(device, values, PER_GROUP, 1.0, step, 0);
            values = step;
        }
        assert!(
            values.cols <= PER_GROUP,
            "rows of {} are longer than planned",
            x.cols
        );
        segment_sum(device, values, PER_GROUP, scale, y, column);
    }
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [x, y] = views(buffers);
    let (length, per_group) = (p.length as usize, p.per_group as usize);
    for s in 0..p.segments as usize {
        let groups = x.f32()[s * length..][..length].chunks(per_group);
        let out = &mut y.f32_mut()[s * p.stride as usize + p.column as usize..];
        for (out, group) in out.iter_mut().zip(groups) {
            let sum: f64 = group.iter().map(|v| f64::from(*v)).sum();
            *out = (f64::from(p.scale) * sum) as f32;
        }
    }
}

fn cases() -> Vec<Case> {
    // (segments, length, per_group, stride, column, scale): one of each, around the workgroup size, many
    // groups, a column in a wider matrix, a mean.
    [
        (1, 1, 1, 1, 0, 1.0),
        (3, 255, 255, 1, 0, 1.0),
        (2, 256, 4096, 7, 3, 0.5),
        (20, 257, 64, 5, 0, 1.0),
        (3, 70_001, 4096, 20, 1, 1.0),
        (1, 10_007, 16_384, 1, 0, 1.0 / 10_007.0),
    ]
    .map(|(segments, length, per_group, stride, column, scale)| {
        let groups = u32::div_ceil(length, per_group);
        case(Params {
            segments,
            length,
            per_group,
            groups,
            stride,
            column,
            scale,
        })
    })
    .to_vec()
}

fn case(p: Params) -> Case {
    let label = format!(
        "{}x{} by {}, column {} of {}",
        p.segments, p.length, p.per_group, p.column, p.stride
    );
    let terms = p.per_group.min(p.length) as usize;
    Case::new(label, &p, workgroups(&p, inputs::folded))
        .input(&inputs::uniform(1, (p.segments * p.length) as usize))
        .update(
            &vec![3.5f32; (p.segments * p.stride) as usize],
            // An invocation adds terms/256 values and the tree 8 levels; bounded as if all met in one sum
            // of that depth, times the size of the sum.
            Tolerance::sum(terms.div_ceil(256) + 8, p.scale * (terms as f32).sqrt()),
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    #[test]
    fn long_rows_are_summed_in_steps() {
        let device = Cpu::new();
        let length = 2 * PER_GROUP + 5;
        let x = Matrix::upload(&device, 2, length, &vec![0.5; 2 * length]).unwrap();
        let y = Matrix::zeros(&device, 2, 3).unwrap();
        SegmentSum::new(&device, 2, length)
            .unwrap()
            .run(&device, &x, 2.0, &y, 1);
        let sum = length as f32;
        let found = pollster::block_on(y.download(&device)).unwrap();
        assert_eq!(found, [0.0, sum, 0.0, 0.0, sum, 0.0]);
    }
}
