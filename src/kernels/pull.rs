//! The loss of an encoder that follows a layout, and its gradient for the embedding (Bishop 2006, eq. 5.11).

use super::gather_rows::Order;
use super::inputs;
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case,
    Element::{F32, U32},
    Kernel, Tolerance, View, grid, params_of, read, views, write,
};
use crate::loss::LossTerm;

crate::params! {
    /// Rows of z.
    n: u32,
    /// Columns of z.
    d: u32,
    /// Factor on z - goal.
    gradient_scale: f32,
    /// Factor on |z - goal|².
    loss_scale: f32,
    /// The element of loss that row 0 is written to.
    first_loss: u32,
    /// Position in the order that row 0 takes.
    first: u32,
    /// 1: rows of goal are named by index, 0: they follow each other.
    indexed: u32,
    /// 1: add to dz, 0: write it.
    accumulate: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "pull",
    wgsl: &[
        include_str!("../../shaders/ordered_row.wgsl"),
        include_str!("../../shaders/pull.wgsl"),
    ],
    params: Params::FIELDS,
    bindings: &[
        read("z", F32, "(n, d)"),
        read("goal", F32, "(samples, d), the target"),
        read("index", U32, "(first + n or more)"),
        write("dz", F32, "(n, d)"),
        write("loss", F32, "(first_loss + n or more)"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: ("z[at] - goal[row + c]", "z[at] + goal[row + c]"),
};

/// The first value of a target's row that marks a sample outside the layout: it has no gradient and no loss.
pub const ABSENT: f32 = 3.0e38;

/// A row that begins with this or more is absent, so that [`ABSENT`] may be rounded or scaled a little.
const FIRST_ABSENT: f32 = 1e38;

/// The gradient dz (b, d) and the loss (any, 1), one element per row, of z (b, d) against its rows of the target
/// (samples, d).
///
/// The mean over the batch of |z_i − target|² is [`LossTerm::mean_squared_error`]`(b)`: its gradient's factor 2 is in
/// the term. The order says which rows of the target are the batch's; one that is [`ABSENT`] adds nothing to dz.
#[allow(
    clippy::too_many_arguments,
    reason = "what is read, how it is scaled, and what is written"
)]
pub fn pull<D: Device>(
    device: &D,
    z: &Matrix<D>,
    target: &Matrix<D>,
    order: Order<'_, D>,
    term: LossTerm,
    dz: &Matrix<D>,
    accumulate: bool,
    loss: &Matrix<D>,
) {
    target.expect_shape("target", target.rows, z.cols);
    dz.expect_shape("dz", z.rows, z.cols);
    term.expect_room("loss", loss, z.rows);
    let rows = order.index.map_or(target.rows, |index| index.rows);
    let last = order.first + z.rows;
    assert!(last <= rows, "{last} of {rows} samples");
    let params = Params {
        n: param(z.rows),
        d: param(z.cols),
        gradient_scale: term.gradient_scale,
        loss_scale: term.loss_scale,
        first_loss: param(term.first),
        first: param(order.first),
        indexed: order.index.is_some().into(),
        accumulate: accumulate.into(),
    };
    // Without an index something must still be bound in its place; of it only the first word is read.
    let index = order.index.unwrap_or(z);
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        grid(z.rows, 64),
        &[
            &z.buffer,
            &target.buffer,
            &index.buffer,
            &dz.buffer,
            &loss.buffer,
        ],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [z, goal, index, dz, loss] = views(buffers);
    let d = p.d as usize;
    for i in 0..p.n as usize {
        let mut row = p.first as usize + i;
        if p.indexed == 1 {
            row = index.u32()[row] as usize;
        }
        let goal = &goal.f32()[row * d..][..d];
        let absent = goal[0] >= FIRST_ABSENT;
        let mut squares = 0.0;
        for (c, dz) in dz.f32_mut()[i * d..][..d].iter_mut().enumerate() {
            let difference = match absent {
                true => 0.0,
                false => f64::from(z.f32()[i * d + c]) - f64::from(goal[c]),
            };
            squares += difference * difference;
            let before = if p.accumulate == 1 { *dz } else { 0.0 };
            *dz = (f64::from(before) + f64::from(p.gradient_scale) * difference) as f32;
        }
        loss.f32_mut()[p.first_loss as usize + i] = (f64::from(p.loss_scale) * squares) as f32;
    }
}

fn cases() -> Vec<Case> {
    let (indexed, accumulate) = (true, true);
    // (n, d): one of each, primes, around the workgroup size, a batch, the widest embedding promised.
    vec![
        case([1, 1], 0, false, false),
        case([37, 2], 3, false, false),
        case([63, 2], 0, indexed, false),
        case([64, 3], 0, false, accumulate),
        case([65, 10], 0, indexed, accumulate),
        case([256, 2], 256, indexed, accumulate),
        case([5, 256], 0, indexed, false),
    ]
}

/// Every fifth row of the target is absent, but the first one that is read is not.
fn case([n, d]: [usize; 2], first_loss: usize, indexed: bool, accumulate: bool) -> Case {
    let samples = n + 9;
    let params = Params {
        n: param(n),
        d: param(d),
        gradient_scale: 0.5,
        loss_scale: 1.0 / n as f32,
        first_loss: param(first_loss),
        first: 2,
        indexed: indexed.into(),
        accumulate: accumulate.into(),
    };
    let z = inputs::uniform(1, n * d);
    let mut goal: Vec<f32> = inputs::uniform(2, samples * d)
        .iter()
        .map(|v| 10.0 * v)
        .collect();
    for row in (3..samples).step_by(5) {
        goal[row * d] = ABSENT;
    }
    let index: Vec<u32> = (0..samples as u32).rev().collect();
    let dz = if accumulate {
        inputs::uniform(3, n * d)
    } else {
        vec![f32::NAN; n * d]
    };
    let label =
        format!("{n}x{d}, indexed {indexed}, accumulate {accumulate}, loss from {first_loss}");
    Case::new(label, &params, inputs::folded(n, 64))
        .input(&z)
        .input(&goal)
        .input(&index)
        // A difference of size at most 11, scaled and added: three roundings.
        .update(&dz, Tolerance::sum(0, 0.5 * 11.0))
        .update(
            &vec![-7.0f32; first_loss + n],
            // All terms are positive, so a sum's roundings are relative to it.
            Tolerance::Near {
                absolute: 0.0,
                relative: (d as f32 + 4.0) * f32::EPSILON,
            },
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Cpu;

    fn matrix(rows: usize, cols: usize, values: &[f32]) -> Matrix<Cpu> {
        Matrix::upload(&Cpu::new(), rows, cols, values).unwrap()
    }

    /// (dz, loss) of z = (1, 2), (3, 4) against rows 1 and 2 of a target, the second of them absent, weighted by ½.
    fn pulled(index: Option<&[u32]>, before: Option<f32>) -> (Vec<f32>, Vec<f32>) {
        let cpu = Cpu::new();
        let z = matrix(2, 2, &[1.0, 2.0, 3.0, 4.0]);
        let target = matrix(3, 2, &[9.0, 9.0, 0.0, 4.0, ABSENT, 0.0]);
        let index = index.map(|index| Matrix::<Cpu> {
            rows: index.len(),
            cols: 1,
            buffer: cpu.upload(index).unwrap(),
        });
        let order = Order {
            index: index.as_ref(),
            first: 1,
        };
        let term = LossTerm::mean_squared_error(2).weighted(0.5).at(1);
        let dz = matrix(2, 2, &[before.unwrap_or(f32::NAN); 4]);
        let loss = matrix(4, 1, &[-1.0; 4]);
        pull(&cpu, &z, &target, order, term, &dz, before.is_some(), &loss);
        let read = |m: &Matrix<Cpu>| pollster::block_on(m.download(&cpu)).unwrap();
        (read(&dz), read(&loss))
    }

    #[test]
    fn closed_form_two_rows_one_absent() {
        // (1, 2) - (0, 4) = (1, -2); the gradient of the mean is 2/2 of it, ½ of that; the loss is 5/2, unweighted.
        let (dz, loss) = pulled(None, None);
        assert_eq!(dz, [0.5, -1.0, 0.0, 0.0]);
        assert_eq!(loss, [-1.0, 2.5, 0.0, -1.0]);
    }

    #[test]
    fn the_order_names_rows_and_dz_is_added_to() {
        let (dz, loss) = pulled(Some(&[0, 2, 1]), Some(0.25));
        assert_eq!(dz, [0.25, 0.25, 1.75, 0.25]); // (3, 4) - (0, 4) = (3, 0)
        assert_eq!(loss, [-1.0, 0.0, 4.5, -1.0]);
    }
}
