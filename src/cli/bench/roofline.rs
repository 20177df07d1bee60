//! What the device can do at best, measured on the spot: a large product, a copy, a chain of dispatches.

use dec_gpu::Result;
use dec_gpu::config::OptimiserKind;
use dec_gpu::device::{Device, Matrix};
use dec_gpu::kernels::centroid_step::centroid_step;
use dec_gpu::kernels::gather_rows::{Block, Normalisation, Order, Source, gather_rows};
use dec_gpu::kernels::linear_forward::linear_forward;
use dec_gpu::optimiser::{State, Step};

use super::counted::Recording;
use super::results::{Group, Task};
use super::sizes::{Sizes, product_flops};
use super::suite::{Suite, random};

/// Work is large enough when one call takes this long.
const LONG_ENOUGH: f64 = 0.05;
/// Floats in a row of the copy.
const COLS: usize = 1024;

/// All three. The product is measured whatever the filter says: it gives the shares and the predictions.
pub(super) fn measure<D: Recording>(suite: &mut Suite<'_, D>, sizes: &Sizes) -> Result<()> {
    square_product(suite, sizes, "")?;
    copy(suite, sizes)?;
    dispatch_latency(suite)
}

/// x·w of random squares, the largest that one call does in a fraction of a second. Its id ends in `suffix`.
pub(super) fn square_product<D: Recording>(
    suite: &mut Suite<'_, D>,
    sizes: &Sizes,
    suffix: &str,
) -> Result<()> {
    let device = suite.device;
    for &side in &sizes.squares {
        let square = Square::new(device, side)?;
        let mut call = || {
            square.run(device);
            Ok(())
        };
        let flops = product_flops(side, (side, side));
        suite.seconds(1, &mut call)?; // compiles the pipeline
        let seconds = suite.seconds(1, &mut call)?;
        suite.predict_from(flops / seconds);
        if seconds >= LONG_ENOUGH || Some(&side) == sizes.squares.last() {
            let id = format!("gemm_nn_{side}x{side}x{side}{suffix}");
            return suite.measure(&Task::new(Group::Roofline, id).flops(flops), &mut call);
        }
    }
    Ok(())
}

struct Square<D: Device> {
    x: Matrix<D>,
    w: Matrix<D>,
    bias: Matrix<D>,
    y: Matrix<D>,
}

impl<D: Device> Square<D> {
    fn new(device: &D, side: usize) -> Result<Self> {
        Ok(Self {
            x: random(device, 1, side, side)?,
            w: random(device, 2, side, side)?,
            bias: random(device, 3, 1, side)?,
            y: Matrix::zeros(device, side, side)?,
        })
    }

    fn run(&self, device: &D) {
        linear_forward(device, &self.x, &self.w, &self.bias, false, &self.y);
    }
}

/// `gather_rows` of floats in order: each is read once and written once.
fn copy<D: Recording>(suite: &mut Suite<'_, D>, sizes: &Sizes) -> Result<()> {
    let device = suite.device;
    let task = Task::new(Group::Roofline, "copy_gather_rows_f32");
    if !suite.wants(&task) {
        return Ok(());
    }
    let fits = |rows: &usize| 4 * rows * COLS <= device.room().binding_bytes;
    let candidates: Vec<usize> = sizes.copy_rows.iter().copied().filter(fits).collect();
    for &rows in &candidates {
        let copy = Copy::new(device, rows)?;
        let mut call = || {
            copy.run(device);
            Ok(())
        };
        suite.seconds(1, &mut call)?; // compiles the pipeline
        let seconds = suite.seconds(1, &mut call)?;
        if seconds >= LONG_ENOUGH || Some(&rows) == candidates.last() {
            let bytes = 2.0 * 4.0 * (rows * COLS) as f64;
            return suite.measure(&task.bytes(bytes), &mut call);
        }
    }
    Ok(())
}

struct Copy<D: Device> {
    from: Block<D>,
    as_it_is: Normalisation<D>,
    to: Matrix<D>,
}

impl<D: Device> Copy<D> {
    fn new(device: &D, rows: usize) -> Result<Self> {
        Ok(Self {
            from: Block {
                x: random(device, 4, rows, COLS)?.buffer,
                source: Source::F32,
                first: 0,
                rows,
            },
            as_it_is: Normalisation {
                shift: Matrix::zeros(device, 1, COLS)?,
                scale: Matrix::upload(device, 1, COLS, &[1.0; COLS])?,
            },
            to: Matrix::zeros(device, rows, COLS)?,
        })
    }

    fn run(&self, device: &D) {
        let in_order = Order {
            index: None,
            first: 0,
        };
        gather_rows(device, in_order, &self.from, &self.as_it_is, &self.to);
    }
}

/// Updates of one centroid from one sample: each dispatch needs what the one before it wrote, and computes next to nothing.
fn dispatch_latency<D: Recording>(suite: &mut Suite<'_, D>) -> Result<()> {
    let task = Task::new(Group::Roofline, "dispatch_latency_centroid_step_1x1");
    if !suite.wants(&task) {
        return Ok(());
    }
    let device = suite.device;
    let [coefficient, z, mu] = [
        random(device, 5, 1, 1)?,
        random(device, 6, 1, 1)?,
        random(device, 7, 1, 1)?,
    ];
    let state = State::zeros(device, 1, OptimiserKind::Sgd)?;
    let step = Step::Sgd {
        learning_rate: 1e-3,
        momentum: 0.5,
    };
    suite.measure(&task, &mut || {
        centroid_step(device, &coefficient, &z, step, &mu, &state);
        Ok(())
    })
}
