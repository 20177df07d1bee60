//! Finite differences against every backward kernel.
//!
//! The losses are written here once more, in f64 and as the formulas stand in the paper, and differenced
//! there: f32 differences would lose the digits that matter. The kernels' gradients, from the typed calls
//! on the references, must agree. Points where a ReLU switches between x - h and x + h have no
//! derivative and are left out, at most one in ten.

mod common;

use common::differences::{Evaluated, TOLERANCE, differences, disagreement, expect_agreement};
use common::gradient::{centroid_gradient, layer_gradients};
use dec_gpu::cpu::Cpu;
use dec_gpu::device::Matrix;
use dec_gpu::kernels::gather_rows::Order;
use dec_gpu::kernels::inputs;
use dec_gpu::kernels::kl_gradient::{Embedded, Gradients, kl_gradient};
use dec_gpu::kernels::linear_backward_input::linear_backward_input;
use dec_gpu::kernels::linear_forward::linear_forward;
use dec_gpu::kernels::linear_forward_loss::{LossForm, linear_forward_loss};
use dec_gpu::kernels::pull::{ABSENT, pull};
use dec_gpu::kernels::rms_rows_backward::rms_rows_backward;
use dec_gpu::loss::LossTerm;

fn upload(rows: usize, cols: usize, values: &[f32]) -> Matrix<Cpu> {
    Matrix::upload(&Cpu::reference(), rows, cols, values).expect("host memory suffices")
}

fn zeros(rows: usize, cols: usize) -> Matrix<Cpu> {
    upload(rows, cols, &vec![0.0; rows * cols])
}

fn download(matrix: &Matrix<Cpu>) -> Vec<f32> {
    pollster::block_on(matrix.download(&Cpu::reference())).expect("host memory suffices")
}

fn widened(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

/// Sizes of the small net: y = relu(x·w1 + b1)·w2 + b2.
const ROWS: usize = 6;
const INPUTS: usize = 5;
const HIDDEN: usize = 7;
const OUTPUTS: usize = 3;

/// The point at which the net is differenced, and its parts in the kernels' order.
struct Net {
    x: Vec<f32>,
    w1: Vec<f32>,
    b1: Vec<f32>,
    w2: Vec<f32>,
    b2: Vec<f32>,
    target: Vec<f32>,
}

impl Net {
    fn sample() -> Self {
        Self {
            x: inputs::uniform(1, ROWS * INPUTS),
            w1: inputs::uniform(2, INPUTS * HIDDEN),
            b1: inputs::uniform(3, HIDDEN),
            w2: inputs::uniform(4, HIDDEN * OUTPUTS),
            b2: inputs::uniform(5, OUTPUTS),
            target: inputs::uniform(6, ROWS * OUTPUTS),
        }
    }

    /// The mean squared error in f64, as a function of (x, w1, b1, w2, b2).
    fn loss(&self, point: [&[f64]; 5]) -> Evaluated {
        let [x, w1, b1, w2, b2] = point;
        let mut switches = Vec::new();
        let mut loss = 0.0;
        for i in 0..ROWS {
            let before = affine(&x[i * INPUTS..][..INPUTS], w1, b1);
            switches.extend(before.iter().map(|value| *value > 0.0));
            let hidden: Vec<f64> = before.iter().map(|value| value.max(0.0)).collect();
            let target = &self.target[i * OUTPUTS..][..OUTPUTS];
            let squares = affine(&hidden, w2, b2)
                .into_iter()
                .zip(target)
                .map(|(y, t)| (y - f64::from(*t)).powi(2));
            loss += squares.sum::<f64>();
        }
        Evaluated {
            loss: loss / (ROWS * OUTPUTS) as f64,
            switches,
        }
    }

    /// (x, w1, b1, w2, b2) in f64.
    fn parts(&self) -> [Vec<f64>; 5] {
        [&self.x, &self.w1, &self.b1, &self.w2, &self.b2].map(|values| widened(values))
    }

    /// Differences with respect to one of (x, w1, b1, w2, b2).
    fn differences(&self, part: usize) -> Vec<Option<f64>> {
        let parts = self.parts();
        differences(&parts[part], |moved| {
            let mut point = parts.each_ref().map(Vec::as_slice);
            point[part] = moved;
            self.loss(point)
        })
    }

    /// The kernels' gradients with respect to (x, w1, b1, w2, b2).
    fn gradients(&self) -> [Vec<f32>; 5] {
        let device = &Cpu::reference();
        let (x, target) = (
            upload(ROWS, INPUTS, &self.x),
            upload(ROWS, OUTPUTS, &self.target),
        );
        let (w1, b1) = (
            upload(INPUTS, HIDDEN, &self.w1),
            upload(1, HIDDEN, &self.b1),
        );
        let (w2, b2) = (
            upload(HIDDEN, OUTPUTS, &self.w2),
            upload(1, OUTPUTS, &self.b2),
        );
        let hidden = zeros(ROWS, HIDDEN);
        linear_forward(device, &x, &w1, &b1, true, &hidden);
        let (dy, _) = loss_gradient(&hidden, (&w2, &b2, false), &target);
        let [dw2, db2] = layer_gradients(device, &hidden, &dy);
        let dhidden = zeros(ROWS, HIDDEN);
        linear_backward_input(device, &dy, &w2, &hidden, true, &dhidden);
        let [dw1, db1] = layer_gradients(device, &x, &dhidden);
        let dx = zeros(ROWS, INPUTS);
        linear_backward_input(device, &dhidden, &w1, &x, false, &dx);
        [&dx, &dw1, &db1, &dw2, &db2].map(download)
    }
}

/// dy of the mean squared error of a layer's output against the target, and the loss.
fn loss_gradient(
    x: &Matrix<Cpu>,
    layer: (&Matrix<Cpu>, &Matrix<Cpu>, bool),
    target: &Matrix<Cpu>,
) -> (Matrix<Cpu>, f64) {
    let device = &Cpu::reference();
    let (rows, cols) = (target.rows, target.cols);
    let form = LossForm::new(device, rows, (x.cols, cols));
    let (dy, loss) = (zeros(rows, cols), zeros(form.partials(rows, cols), 1));
    let term = LossTerm::mean_squared_error(target.len());
    linear_forward_loss(device, form, layer, [x, target], term, &dy, &loss);
    (dy, widened(&download(&loss)).iter().sum())
}

/// x·w + b for one row x (in), w (in, out) and b (out).
fn affine(x: &[f64], w: &[f64], b: &[f64]) -> Vec<f64> {
    let product = |c: usize| {
        x.iter()
            .enumerate()
            .map(|(k, x)| x * w[k * b.len() + c])
            .sum::<f64>()
    };
    b.iter().enumerate().map(|(c, b)| b + product(c)).collect()
}

#[test]
fn layers_and_mean_squared_error() {
    let net = Net::sample();
    let switches = net.loss(net.parts().each_ref().map(Vec::as_slice)).switches;
    let off = switches.iter().filter(|on| !**on).count();
    assert!(
        (5..switches.len() - 5).contains(&off),
        "{off} of {} ReLUs are off: the mask is not tested",
        switches.len()
    );
    for (part, name) in ["dx", "dw1", "db1", "dw2", "db2"].iter().enumerate() {
        expect_agreement(name, &net.gradients()[part], &net.differences(part));
    }
}

#[test]
fn rows_scaled_to_a_mean_square_of_one() {
    const WIDTH: usize = 7;
    let (x, dy) = (
        inputs::uniform(12, 5 * WIDTH),
        inputs::uniform(13, 5 * WIDTH),
    );
    // The loss is Σ dy·y, whose gradient with respect to y is dy.
    let wanted = differences(&widened(&x), |x| {
        let of_row = |(x, dy): (&[f64], &[f32])| {
            let root = (x.iter().map(|x| x * x).sum::<f64>() / WIDTH as f64).sqrt();
            let products = x.iter().zip(dy).map(|(x, dy)| x / root * f64::from(*dy));
            products.sum::<f64>()
        };
        Evaluated {
            loss: x.chunks(WIDTH).zip(dy.chunks(WIDTH)).map(of_row).sum(),
            switches: Vec::new(),
        }
    });
    let dx = zeros(5, WIDTH);
    let (x, dy) = (upload(5, WIDTH, &x), upload(5, WIDTH, &dy));
    rms_rows_backward(&Cpu::reference(), &dy, &x, false, &dx);
    expect_agreement("dx", &download(&dx), &wanted);
}

#[test]
fn mean_squared_error_of_a_relus_output() {
    // The denoising layers' loss: y = relu(u), and the gradient with respect to u.
    let (u, x) = (inputs::uniform(10, 60), inputs::uniform(11, 60));
    let wanted = differences(&widened(&u), |u| Evaluated {
        loss: u
            .iter()
            .zip(&x)
            .map(|(u, x)| (u.max(0.0) - f64::from(*x)).powi(2))
            .sum::<f64>()
            / 60.0,
        switches: u.iter().map(|u| *u > 0.0).collect(),
    });
    // A layer that hands u on: its weight is the identity.
    let identity: Vec<f32> = (0..100)
        .map(|i| if i / 10 == i % 10 { 1.0 } else { 0.0 })
        .collect();
    let (u, x) = (upload(6, 10, &u), upload(6, 10, &x));
    let layer = (&upload(10, 10, &identity), &zeros(1, 10), true);
    let (du, _) = loss_gradient(&u, layer, &x);
    expect_agreement("du", &download(&du), &wanted);
}

/// Samples, embedding size and clusters of the clustering loss.
const SAMPLES: usize = 9;
const EMBEDDING: usize = 4;
const CLUSTERS: usize = 5;

/// The mean over the batch of KL(p‖q), eqs. 1 and 2 of Xie et al. 2016, with p constant.
fn kl_loss(z: &[f64], mu: &[f64], p: &[f64], alpha: f64) -> f64 {
    let kernel = |z: &[f64], mu: &[f64]| {
        let squared: f64 = z.iter().zip(mu).map(|(z, mu)| (z - mu).powi(2)).sum();
        (1.0 + squared / alpha).powf(-(alpha + 1.0) / 2.0)
    };
    let mut loss = 0.0;
    for (z, p) in z.chunks(EMBEDDING).zip(p.chunks(CLUSTERS)) {
        let weights: Vec<f64> = mu.chunks(EMBEDDING).map(|mu| kernel(z, mu)).collect();
        let total: f64 = weights.iter().sum();
        loss += p
            .iter()
            .zip(&weights)
            .map(|(p, weight)| p * (p * total / weight).ln())
            .sum::<f64>();
    }
    loss / SAMPLES as f64
}

/// The clustering loss at one point, on the kernels.
struct Clustering {
    z: Vec<f32>,
    mu: Vec<f32>,
    p: Vec<f32>,
    alpha: f32,
}

impl Clustering {
    fn sample(alpha: f32) -> Self {
        Self {
            z: inputs::uniform(7, SAMPLES * EMBEDDING)
                .iter()
                .map(|v| 2.0 * v)
                .collect(),
            mu: inputs::uniform(8, CLUSTERS * EMBEDDING)
                .iter()
                .map(|v| 2.0 * v)
                .collect(),
            p: inputs::distribution(9, SAMPLES, CLUSTERS),
            alpha,
        }
    }

    /// The kernels' (loss, dz, dmu); dz is added to `before`, if there is one.
    fn gradients(&self, term: LossTerm, before: Option<&[f32]>) -> (f64, Vec<f32>, Vec<f32>) {
        let device = &Cpu::reference();
        let (z, mu) = (
            upload(SAMPLES, EMBEDDING, &self.z),
            upload(CLUSTERS, EMBEDDING, &self.mu),
        );
        let p = upload(SAMPLES, CLUSTERS, &self.p);
        let coefficient = zeros(SAMPLES, CLUSTERS);
        let batch = Embedded {
            z: &z,
            mu: &mu,
            alpha: self.alpha,
            p: &p,
            order: Order {
                index: None,
                first: 0,
            },
        };
        let loss = zeros(SAMPLES, 1);
        let dz = before.map_or_else(
            || zeros(SAMPLES, EMBEDDING),
            |before| upload(SAMPLES, EMBEDDING, before),
        );
        let to = Gradients {
            coefficient: &coefficient,
            dz: &dz,
            accumulate: before.is_some(),
            loss: &loss,
        };
        kl_gradient(device, &batch, term, &to);
        let dmu = centroid_gradient(device, &coefficient, &z, &mu);
        (
            widened(&download(&loss)).iter().sum(),
            download(&dz),
            download(&dmu),
        )
    }

    /// Differences of `weight` times the loss with respect to (z, mu).
    fn differences(&self, weight: f64) -> (Vec<Option<f64>>, Vec<Option<f64>>) {
        let [z, mu, p] = [&self.z, &self.mu, &self.p].map(|values| widened(values));
        let smooth = |loss: f64| Evaluated {
            loss: weight * loss,
            switches: Vec::new(),
        };
        let alpha = f64::from(self.alpha);
        let dz = differences(&z, |z| smooth(kl_loss(z, &mu, &p, alpha)));
        let dmu = differences(&mu, |mu| smooth(kl_loss(&z, mu, &p, alpha)));
        (dz, dmu)
    }
}

#[test]
fn clustering_loss_for_several_degrees_of_freedom() {
    for alpha in [0.5, 1.0, 2.5, 10.0] {
        let clustering = Clustering::sample(alpha);
        let (loss, dz, dmu) = clustering.gradients(LossTerm::mean(SAMPLES), None);
        let (dz_wanted, dmu_wanted) = clustering.differences(1.0);
        expect_agreement(&format!("dz, alpha {alpha}"), &dz, &dz_wanted);
        expect_agreement(&format!("dmu, alpha {alpha}"), &dmu, &dmu_wanted);
        let [z, mu, p] =
            [&clustering.z, &clustering.mu, &clustering.p].map(|values| widened(values));
        let wanted = kl_loss(&z, &mu, &p, f64::from(alpha));
        assert!(
            (loss - wanted).abs() <= TOLERANCE * wanted,
            "loss {loss}, expected {wanted}, alpha {alpha}"
        );
    }
}

#[test]
fn a_weighted_clustering_loss_is_added_to_another_gradient() {
    let clustering = Clustering::sample(1.0);
    let before = vec![0.25; SAMPLES * EMBEDDING];
    let (_, dz, dmu) = clustering.gradients(LossTerm::mean(SAMPLES).weighted(0.5), Some(&before));
    let (dz_wanted, dmu_wanted) = clustering.differences(0.5);
    let dz_wanted: Vec<_> = dz_wanted.iter().map(|d| d.map(|d| d + 0.25)).collect();
    expect_agreement("0.25 + dz", &dz, &dz_wanted);
    expect_agreement("weighted dmu", &dmu, &dmu_wanted);
}

#[test]
fn an_encoder_that_follows_a_layout() {
    // The batch begins at the second sample; one of it is outside the layout.
    let z = inputs::uniform(12, SAMPLES * EMBEDDING);
    let mut target = inputs::uniform(13, (SAMPLES + 1) * EMBEDDING);
    let absent = 3;
    target[(absent + 1) * EMBEDDING] = ABSENT;
    let weight = 0.5;
    let wanted = differences(&widened(&z), |z| {
        let rows = z.chunks(EMBEDDING).zip(target.chunks(EMBEDDING).skip(1));
        let squares = |(z, target): (&[f64], &[f32])| -> f64 {
            let pairs = z.iter().zip(target);
            pairs.map(|(z, t)| (z - f64::from(*t)).powi(2)).sum()
        };
        let present = rows.enumerate().filter(|(i, _)| *i != absent);
        let loss: f64 = present.map(|(_, row)| squares(row)).sum();
        Evaluated {
            loss: weight * loss / SAMPLES as f64,
            switches: Vec::new(),
        }
    });
    let before = 0.25;
    let (dz, loss) = (
        upload(SAMPLES, EMBEDDING, &[before; SAMPLES * EMBEDDING]),
        zeros(SAMPLES, 1),
    );
    let (z, target) = (
        upload(SAMPLES, EMBEDDING, &z),
        upload(SAMPLES + 1, EMBEDDING, &target),
    );
    let order = Order {
        index: None,
        first: 1,
    };
    let term = LossTerm::mean_squared_error(SAMPLES).weighted(weight as f32);
    let device = &Cpu::reference();
    pull(device, &z, &target, order, term, &dz, true, &loss);
    let wanted: Vec<_> = wanted
        .iter()
        .map(|d| d.map(|d| d + f64::from(before)))
        .collect();
    expect_agreement("0.25 + dz", &download(&dz), &wanted);
}

#[test]
fn wrong_gradients_and_untested_points_are_noticed() {
    let net = Net::sample();
    let (right, wanted) = (net.gradients()[1].clone(), net.differences(1));
    let found = |change: fn(&mut Vec<f32>)| {
        let mut gradient = right.clone();
        change(&mut gradient);
        disagreement(&gradient, &wanted)
    };
    assert_eq!(found(|_| ()), None);
    assert!(
        found(|g| g.iter_mut().for_each(|g| *g = -*g)).is_some(),
        "the sign"
    );
    assert!(
        found(|g| g.iter_mut().for_each(|g| *g *= 1.0001)).is_some(),
        "a factor"
    );
    assert!(found(|g| g.swap(0, 1)).is_some(), "the order");
    assert!(found(|g| g[34] = f32::NAN).is_some(), "NaN");
    assert!(found(|g| g.truncate(34)).is_some(), "the length");
    let mut sparse = wanted.clone();
    sparse[..4].fill(None); // 31 of 35 points are left
    assert!(
        disagreement(&right, &sparse).is_some_and(|text| text.contains("only 31")),
        "too few points"
    );
}
