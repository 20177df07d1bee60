//! The host versions against arrays made by PyTorch and NumPy in float64 (`golden/make_golden.py`).
//!
//! The third witness beside closed forms and finite differences: it shares no line and no author with
//! the kernels. Both faces of the CPU device are compared; GPUs are compared with the references.

mod common;

use std::fs;
use std::path::Path;

use bytemuck::pod_collect_to_vec;
use common::gradient::{OneLayer, centroid_gradient, layer_gradients};
use dec_gpu::config::OptimiserKind;
use dec_gpu::cpu::Cpu;
use dec_gpu::device::Matrix;
use dec_gpu::kernels::centroid_mean::centroid_mean;
use dec_gpu::kernels::centroid_sum::{self, centroid_sum};
use dec_gpu::kernels::column_sum::{self, column_sum};
use dec_gpu::kernels::gather_rows::Order;
use dec_gpu::kernels::kl_gradient::{Embedded, Gradients, kl_gradient};
use dec_gpu::kernels::linear_backward_input::linear_backward_input;
use dec_gpu::kernels::linear_forward::linear_forward;
use dec_gpu::kernels::linear_forward_loss::{LossForm, linear_forward_loss};
use dec_gpu::kernels::nearest_centroid::{Iteration, Restarts, nearest_centroid};
use dec_gpu::kernels::soft_assign::soft_assign;
use dec_gpu::kernels::target_distribution::target_distribution;
use dec_gpu::loss::LossTerm;
use dec_gpu::optimiser::Step;
use safetensors::SafeTensors;

/// The share of an array's largest value that an element may be off: a few f32 roundings of 6e-8 each.
const TOLERANCE: f64 = 1e-6;

/// Runs a comparison on the references and on the fast host versions.
fn on_both_faces(compare: impl Fn(&Cpu)) {
    compare(&Cpu::reference());
    compare(&Cpu::new());
}

/// One golden file.
struct Golden(Vec<u8>);

impl Golden {
    fn open(topic: &str) -> Self {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{topic}.safetensors"));
        Self(fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    /// The shape, (rows, cols), and the values of a tensor.
    fn tensor<T: bytemuck::Pod>(&self, name: &str) -> (usize, usize, Vec<T>) {
        let file = SafeTensors::deserialize(&self.0).expect("a safetensors file");
        let tensor = file
            .tensor(name)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let values = pod_collect_to_vec::<u8, T>(tensor.data());
        let shape = tensor.shape();
        assert_eq!(
            shape.iter().product::<usize>(),
            values.len(),
            "{name} has another type"
        );
        let cols = *shape.last().expect("no golden tensor is a scalar");
        (values.len() / cols, cols, values)
    }

    /// An input as a matrix.
    fn input(&self, device: &Cpu, name: &str) -> Matrix<Cpu> {
        let (rows, cols, values) = self.tensor::<f32>(&format!("in.{name}"));
        Matrix::upload(device, rows, cols, &values).expect("host memory suffices")
    }

    /// Compares a matrix with an answer.
    fn expect(&self, device: &Cpu, name: &str, got: &Matrix<Cpu>) {
        let (rows, cols, want) = self.tensor::<f64>(&format!("out.{name}"));
        got.expect_shape(name, rows, cols);
        let values = pollster::block_on(got.download(device)).expect("host memory suffices");
        expect_close(name, &values, &want);
    }

    /// Compares a matrix of integers with an answer.
    fn expect_u32(&self, device: &Cpu, name: &str, got: &Matrix<Cpu>) {
        let (_, _, want) = self.tensor::<u32>(&format!("out.{name}"));
        let values = pollster::block_on(got.download(device)).expect("host memory suffices");
        let values: Vec<u32> = values.iter().map(|value| value.to_bits()).collect();
        assert_eq!(values, want, "{name}");
    }

    /// Compares the sum of a matrix, a loss in parts, with an answer.
    fn expect_sum(&self, device: &Cpu, name: &str, parts: &Matrix<Cpu>) {
        let (_, _, want) = self.tensor::<f64>(&format!("out.{name}"));
        let values = pollster::block_on(parts.download(device)).expect("host memory suffices");
        expect_close(name, &[values.iter().sum()], &want);
    }
}

fn expect_close(name: &str, got: &[f32], want: &[f64]) {
    assert_eq!(got.len(), want.len(), "length of {name}");
    let size = want
        .iter()
        .fold(0.0f64, |size, value| size.max(value.abs()));
    assert!(
        size.is_finite() && size > 0.0,
        "{name} is no golden array: its size is {size}"
    );
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let difference = (f64::from(*got) - want).abs();
        assert!(
            difference <= TOLERANCE * size,
            "{name}[{i}] is {got}, expected {want}: off by {difference:.2e}"
        );
    }
}

fn zeros(device: &Cpu, rows: usize, cols: usize) -> Matrix<Cpu> {
    Matrix::zeros(device, rows, cols).expect("host memory suffices")
}

fn clustering(device: &Cpu, alpha: f32) {
    let golden = Golden::open("clustering");
    let expect = |name: &str, got: &Matrix<Cpu>| {
        golden.expect(device, &format!("alpha{alpha:?}.{name}"), got);
    };
    let (z, mu) = (golden.input(device, "z"), golden.input(device, "mu"));
    let (n, d, k) = (z.rows, z.cols, mu.rows);
    let [q, p, coefficient] = [(); 3].map(|()| zeros(device, n, k));
    soft_assign(device, &z, &mu, alpha, &q);
    expect("q", &q);
    let f = zeros(device, 1, k);
    let whole = column_sum::Parts {
        rows_per_part: n,
        first_part: 0,
        scale: 1.0,
    };
    column_sum(device, &q, whole, &f);
    expect("f", &f);
    target_distribution(device, &q, &f, 1.0, &p);
    expect("p", &p);
    let batch = Embedded {
        z: &z,
        mu: &mu,
        alpha,
        p: &p,
        order: Order {
            index: None,
            first: 0,
        },
    };
    let (loss, dz) = (zeros(device, n, 1), zeros(device, n, d));
    let to = Gradients {
        coefficient: &coefficient,
        dz: &dz,
        accumulate: false,
        loss: &loss,
    };
    kl_gradient(device, &batch, LossTerm::mean(n), &to);
    golden.expect_sum(device, &format!("alpha{alpha:?}.loss"), &loss);
    expect("dz", &dz);
    expect("dmu", &centroid_gradient(device, &coefficient, &z, &mu));
}

#[test]
fn clustering_with_one_degree_of_freedom() {
    on_both_faces(|device| clustering(device, 1.0));
}

#[test]
fn clustering_with_two_and_a_half_degrees_of_freedom() {
    on_both_faces(|device| clustering(device, 2.5));
}

/// Whether layer `l` of the golden autoencoder has a ReLU: not the embedding, not the reconstruction.
fn has_relu(l: usize) -> bool {
    l != 2 && l != 5
}

#[test]
fn a_step_of_the_whole_autoencoder() {
    on_both_faces(|device| {
        let golden = Golden::open("autoencoder");
        let x = golden.input(device, "x");
        let weights: Vec<_> = (0..6)
            .map(|l| golden.input(device, &format!("weight{l}")))
            .collect();
        let biases: Vec<_> = (0..6)
            .map(|l| golden.input(device, &format!("bias{l}")))
            .collect();
        let mut outputs = vec![x.clone()];
        for l in 0..6 {
            let y = zeros(device, x.rows, weights[l].cols);
            linear_forward(
                device,
                &outputs[l],
                &weights[l],
                &biases[l],
                has_relu(l),
                &y,
            );
            golden.expect(device, &format!("y{l}"), &y);
            outputs.push(y);
        }
        let form = LossForm::new(device, x.rows, (weights[5].rows, x.cols));
        let loss = zeros(device, form.partials(x.rows, x.cols), 1);
        let mut dy = zeros(device, x.rows, x.cols);
        linear_forward_loss(
            device,
            form,
            (&weights[5], &biases[5], has_relu(5)),
            [&outputs[5], &x],
            LossTerm::mean_squared_error(x.len()),
            &dy,
            &loss,
        );
        golden.expect_sum(device, "loss", &loss);
        for l in (0..6).rev() {
            let [dw, dbias] = layer_gradients(device, &outputs[l], &dy);
            golden.expect(device, &format!("dweight{l}"), &dw);
            golden.expect(device, &format!("dbias{l}"), &dbias);
            let dx = zeros(device, x.rows, weights[l].rows);
            let relu = l > 0 && has_relu(l - 1);
            linear_backward_input(device, &dy, &weights[l], &outputs[l], relu, &dx);
            dy = dx;
        }
    });
}

/// Three steps from the golden start with the golden gradients: x is the identity, so dy is the gradient.
fn three_steps(device: &Cpu, name: &str, kind: OptimiserKind, step: impl Fn(u32) -> Step) {
    let golden = Golden::open("optimisers");
    let (rows, cols, w) = golden.tensor::<f32>("in.w");
    let (_, _, gradients) = golden.tensor::<f32>("in.g");
    assert_eq!(gradients.len(), 3 * w.len(), "three gradients");
    let identity: Vec<f32> = (0..rows * rows)
        .map(|i| if i / rows == i % rows { 1.0 } else { 0.0 })
        .collect();
    let x = Matrix::upload(device, rows, rows, &identity).expect("host memory suffices");
    let layer = OneLayer::new(device, rows, rows, cols, kind, Some(&w));
    for (t, gradient) in (1..).zip(gradients.chunks(w.len())) {
        let dy = Matrix::upload(device, rows, cols, gradient).expect("host memory suffices");
        layer.step(device, &x, &dy, step(t));
        golden.expect(device, &format!("{name}.w{t}"), &layer.weight(device));
    }
}

#[test]
fn sgd_with_momentum_is_pytorchs() {
    on_both_faces(|device| {
        three_steps(device, "sgd", OptimiserKind::Sgd, |_| Step::Sgd {
            learning_rate: 0.125,
            momentum: 0.5,
        });
    });
}

#[test]
fn sgd_with_a_falling_rate_is_caffes() {
    on_both_faces(|device| {
        three_steps(device, "caffe", OptimiserKind::Sgd, |t| Step::Sgd {
            learning_rate: 0.125 * 0.5f32.powi(t as i32 - 1),
            momentum: 0.5,
        });
    });
}

#[test]
fn adam_is_pytorchs() {
    on_both_faces(|device| {
        three_steps(device, "adam", OptimiserKind::Adam, |t| Step::Adam {
            learning_rate: 1e-3,
            step: t,
        });
    });
}

#[test]
fn one_iteration_of_lloyd() {
    on_both_faces(|device| {
        let golden = Golden::open("kmeans");
        let (x, mu) = (golden.input(device, "x"), golden.input(device, "mu"));
        let (n, d, k) = (x.rows, x.cols, mu.rows);
        let one = Restarts::new(device, mu, 1, n, 1).expect("host memory suffices");
        let iteration = Iteration {
            number: 0,
            tolerance: 0,
        };
        nearest_centroid(device, &x, 0, &one, iteration);
        golden.expect_u32(device, "label", &one.label);
        golden.expect(device, "distance", &one.distance);
        let parts = centroid_sum::Parts {
            rows_per_part: 8,
            offset: 0,
            total: n.div_ceil(8),
        };
        let partial = zeros(device, parts.total * k, d + 1);
        centroid_sum(device, &x, 0, &one, iteration, parts, &partial);
        let count = zeros(device, 1, k);
        centroid_mean(device, &partial, &one, iteration, &count);
        golden.expect_u32(device, "count", &count);
        golden.expect(device, "mu", &one.mu);
    });
}

#[test]
#[should_panic(expected = "off by")]
fn an_answer_that_is_off_by_two_tolerances_is_refused() {
    expect_close("sample", &[1.0, 1.0 + 2e-6], &[1.0, 1.0]);
}

#[test]
fn every_file_names_the_versions_it_was_made_with() {
    for topic in ["autoencoder", "clustering", "kmeans", "optimisers"] {
        let golden = Golden::open(topic);
        let (_, header) = SafeTensors::read_metadata(&golden.0).expect("a safetensors file");
        let metadata = header.metadata().as_ref().expect("metadata is written");
        for package in ["torch", "numpy", "python", "scikit-learn"] {
            assert!(
                metadata.contains_key(package),
                "{topic}: no version of {package}"
            );
        }
    }
}
