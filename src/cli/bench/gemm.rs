//! Every layer's matrix products: forward, gradient of the input, gradient and update of the weight.

use std::collections::BTreeSet;

use dec_gpu::Result;
use dec_gpu::config::OptimiserKind;
use dec_gpu::device::{Device, Matrix};
use dec_gpu::kernels::linear_backward_input::linear_backward_input;
use dec_gpu::kernels::linear_forward::linear_forward;
use dec_gpu::kernels::linear_update::{LayerPlace, LayerTable, Operands, linear_update};
use dec_gpu::optimiser::{State, Step};

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
    /// xᵀ·dy, the gradient of the bias, and SGD's step on both.
    Update,
}

impl Product {
    const ALL: [Self; 3] = [Self::Forward, Self::BackwardInput, Self::Update];

    fn letters(self) -> &'static str {
        match self {
            Self::Forward => "nn",
            Self::BackwardInput => "nt",
            Self::Update => "tn",
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
    let factors = Factors::new(device, rows, layer)?;
    suite.measure(&task, &mut || {
        factors.run(device, product);
        Ok(())
    })
}

/// A layer's matrices. Each product writes its own, so that all inputs stay random.
struct Factors<D: Device> {
    x: Matrix<D>,
    w: Matrix<D>,
    bias: Matrix<D>,
    dy: Matrix<D>,
    y: Matrix<D>,
    dx: Matrix<D>,
    update: Update<D>,
}

/// What the update trains: another weight and bias, one behind the other.
struct Update<D: Device> {
    layer: LayerTable<D>,
    operands: Operands<D>,
    trained: D::Buffer,
    state: State<D>,
}

impl<D: Device> Factors<D> {
    fn new(device: &D, rows: usize, (d_in, d_out): (usize, usize)) -> Result<Self> {
        let (x, dy) = (
            random(device, 1, rows, d_in)?,
            random(device, 4, rows, d_out)?,
        );
        Ok(Self {
            update: Update::new(device, &x, &dy)?,
            w: random(device, 2, d_in, d_out)?,
            bias: random(device, 3, 1, d_out)?,
            y: Matrix::zeros(device, rows, d_out)?,
            dx: Matrix::zeros(device, rows, d_in)?,
            x,
            dy,
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
            Product::Update => self.update.run(device, self.x.rows),
        }
    }
}

impl<D: Device> Update<D> {
    fn new(device: &D, x: &Matrix<D>, dy: &Matrix<D>) -> Result<Self> {
        let (d_in, d_out) = (x.cols, dy.cols);
        let elements = d_in * d_out + d_out;
        let place = LayerPlace {
            d_in,
            d_out,
            x: 0,
            dy: 0,
            weight: 0,
            bias: d_in * d_out,
        };
        Ok(Self {
            layer: LayerTable::new(device, x.rows, vec![place])?,
            operands: Operands {
                x: x.buffer.clone(),
                dy: dy.buffer.clone(),
            },
            trained: random(device, 5, 1, elements)?.buffer,
            state: State::zeros(device, elements, OptimiserKind::Sgd)?,
        })
    }

    fn run(&self, device: &D, rows: usize) {
        // So slow that the weights stay random numbers however often it is called.
        let step = Step::Sgd {
            learning_rate: 1e-6,
            momentum: 0.5,
        };
        let (layer, trained) = (&self.layer, &self.trained);
        linear_update(
            device,
            layer,
            rows,
            &self.operands,
            (step, 1.0),
            trained,
            &self.state,
        );
    }
}
