//! Every layer's matrix products: forward, gradient of the input, gradient of the weight.

use std::collections::BTreeSet;

use dec_gpu::Result;
use dec_gpu::device::{Device, Matrix};
use dec_gpu::kernels::linear_backward_input::linear_backward_input;
use dec_gpu::kernels::linear_backward_weight::linear_backward_weight;
use dec_gpu::kernels::linear_forward::linear_forward;

use super::counted::Recording;
use super::results::{Group, Task};
use super::sizes::{Sizes, product_flops};
use super::suite::{Suite, random};

/// Which product; the letters say which factors are transposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Product {
    /// y = x·w + bias.
    Forward,
    /// dx = dy·wᵀ.
    BackwardInput,
    /// dw = xᵀ·dy, and the gradient of the bias.
    BackwardWeight,
}

impl Product {
    const ALL: [Self; 3] = [Self::Forward, Self::BackwardInput, Self::BackwardWeight];

    fn letters(self) -> &'static str {
        match self {
            Self::Forward => "nn",
            Self::BackwardInput => "nt",
            Self::BackwardWeight => "tn",
        }
    }
}

/// All products of all layers of different shapes; that of the data's gradient is never needed.
pub(super) fn measure<D: Recording>(
    suite: &mut Suite<'_, D>,
    sizes: &Sizes,
    batch: usize,
) -> Result<()> {
    let layers = sizes.autoencoder();
    let mut seen = BTreeSet::new();
    for (l, &layer) in layers.iter().enumerate() {
        if !seen.insert(layer) {
            continue;
        }
        for product in Product::ALL {
            if l > 0 || product != Product::BackwardInput {
                measure_product(suite, product, batch, layer)?;
            }
        }
    }
    Ok(())
}

fn measure_product<D: Recording>(
    suite: &mut Suite<'_, D>,
    product: Product,
    rows: usize,
    layer: (usize, usize),
) -> Result<()> {
    let (d_in, d_out) = layer;
    let id = format!("gemm_{}_{rows}x{d_in}x{d_out}", product.letters());
    let task = Task::new(Group::Gemm, id).flops(product_flops(rows, layer));
    if !suite.wants(&task) {
        return Ok(());
    }
    let device = suite.device;
    let operands = Operands::new(device, rows, layer)?;
    suite.measure(&task, &mut || {
        operands.run(device, product);
        Ok(())
    })
}

/// A layer's matrices. Each product writes its own, so that all inputs stay random.
struct Operands<D: Device> {
    x: Matrix<D>,
    w: Matrix<D>,
    bias: Matrix<D>,
    dy: Matrix<D>,
    y: Matrix<D>,
    dx: Matrix<D>,
    dw: Matrix<D>,
    dbias: Matrix<D>,
}

impl<D: Device> Operands<D> {
    fn new(device: &D, rows: usize, (d_in, d_out): (usize, usize)) -> Result<Self> {
        Ok(Self {
            x: random(device, 1, rows, d_in)?,
            w: random(device, 2, d_in, d_out)?,
            bias: random(device, 3, 1, d_out)?,
            dy: random(device, 4, rows, d_out)?,
            y: Matrix::zeros(device, rows, d_out)?,
            dx: Matrix::zeros(device, rows, d_in)?,
            dw: Matrix::zeros(device, d_in, d_out)?,
            dbias: Matrix::zeros(device, 1, d_out)?,
        })
    }

    fn run(&self, device: &D, product: Product) {
        match product {
            Product::Forward => {
                linear_forward(device, &self.x, &self.w, &self.bias, true, &self.y);
            }
            Product::BackwardInput => {
                linear_backward_input(device, &self.dy, &self.w, &self.x, true, &self.dx);
            }
            Product::BackwardWeight => {
                linear_backward_weight(device, &self.x, &self.dy, &self.dw, &self.dbias);
            }
        }
    }
}
