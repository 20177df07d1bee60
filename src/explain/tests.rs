//! The whole explanation of a small random model, against plain loops in f64.

use super::*;
use crate::cpu::Cpu;
use crate::data::Values;
use crate::net::{Kind, LayerValues, RmsRows, half};
use crate::random;

/// A model of one input that is embedded as it is, with these centroids.
pub(super) fn model(centroids: &[f32]) -> Model {
    let same = LayerValues::dense((1, 1), vec![1.0], vec![0.0]);
    Model {
        encoder: vec![same.clone()],
        decoder: vec![same],
        centroids: centroids.to_vec(),
        n_clusters: centroids.len(),
        embedding_dim: 1,
        input_dim: 1,
        alpha: 1.0,
        shift: vec![0.0],
        scale: vec![1.0],
        preparation: None,
        config_toml: String::new(),
        forms: None,
    }
}

const K: usize = 3;
const N: usize = 40;
/// Widths from D to d.
const SIZES: [usize; 4] = [5, 11, 7, 2];

fn uniform(stream: u32, count: usize) -> Vec<f32> {
    let draw = |i| 2.0 * random::uniform(9, 0, stream, i) - 1.0;
    (0..count as u32).map(draw).collect()
}

fn layers(sizes: &[usize], stream: u32) -> Vec<LayerValues> {
    let layer = |(l, pair): (u32, &[usize])| {
        let weight = uniform(stream + 2 * l, pair[0] * pair[1]);
        let bias = uniform(stream + 2 * l + 1, pair[1]);
        LayerValues::dense((pair[0], pair[1]), weight, bias)
    };
    half((0..).zip(sizes.windows(2)).map(layer).collect())
}

fn random_model() -> Model {
    let mirrored: Vec<usize> = SIZES.into_iter().rev().collect();
    Model {
        encoder: layers(&SIZES, 10),
        decoder: layers(&mirrored, 30),
        centroids: uniform(50, K * 2).iter().map(|v| 2.0 * v).collect(),
        n_clusters: K,
        embedding_dim: 2,
        input_dim: 5,
        alpha: 1.5,
        shift: vec![0.5, -1.0, 0.0, 0.25, 3.0],
        scale: vec![2.0, 0.5, 1.0, 4.0, 0.125],
        preparation: None,
        ..model(&[0.0])
    }
}

fn data() -> Dataset {
    Dataset::new("test", N, 5, Values::F32(uniform(60, 5 * N)))
}

/// The layers' output, in f64.
fn output(layers: &[LayerValues], mut x: Vec<f64>) -> Vec<f64> {
    for (l, layer) in layers.iter().enumerate() {
        let [weight, bias] = &layer.parameters[..] else {
            assert!(matches!(layer.kind, Kind::RmsRows(_)), "{:?}", layer.kind);
            let squares = x.iter().map(|x| x * x).sum::<f64>();
            let root = (squares / x.len() as f64).sqrt();
            x.iter_mut().for_each(|x| *x /= root);
            continue;
        };
        let mut y: Vec<f64> = bias.iter().map(|b| f64::from(*b)).collect();
        for (x, weights) in x.iter().zip(weight.chunks_exact(layer.d_out())) {
            for (y, weight) in y.iter_mut().zip(weights) {
                *y += x * f64::from(*weight);
            }
        }
        if l + 1 < layers.len() {
            y.iter_mut().for_each(|y| *y = y.max(0.0));
        }
        x = y;
    }
    x
}

/// q (k) of a normalised input, in f64.
fn soft_assignment(model: &Model, x: &[f64]) -> Vec<f64> {
    let z = output(&model.encoder, x.to_vec());
    let alpha = f64::from(model.alpha);
    let weight = |mu: &[f32]| {
        let squares = z.iter().zip(mu).map(|(z, mu)| (z - f64::from(*mu)).powi(2));
        (1.0 + squares.sum::<f64>() / alpha).powf(-0.5 * (alpha + 1.0))
    };
    let weights: Vec<f64> = model.centroids.chunks_exact(z.len()).map(weight).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

/// The same with rows scaled first.
fn of_scaled_rows() -> Model {
    let mut model = random_model();
    let rows = LayerValues {
        kind: Kind::RmsRows(RmsRows { width: 5 }),
        parameters: Vec::new(),
    };
    model.encoder.insert(0, rows);
    model
}

fn explained(model: Model) -> (Model, Dataset, Explanation) {
    let (cpu, data) = (Cpu::reference(), data());
    let work = async {
        let found = crate::predict::predict(&cpu, &model, &data, 16).await?;
        let outputs = Outputs {
            assignment: &found.assignment,
            soft_assignment: &found.soft_assignment,
            embedding: &found.embedding,
        };
        explain(&cpu, &model, &data, &outputs, 4).await
    };
    let found = pollster::block_on(work).unwrap();
    (model, data, found)
}

/// The normalised input of a sample.
fn input(model: &Model, data: &Dataset, index: usize) -> Vec<f64> {
    let row = data.row(index).into_iter();
    row.zip(model.shift.iter().zip(&model.scale))
        .map(|(x, (shift, scale))| (x - f64::from(*shift)) * f64::from(*scale))
        .collect()
}

#[test]
fn saliency_is_the_gradient_by_finite_differences() {
    check_saliency(random_model());
    check_saliency(of_scaled_rows());
}

fn check_saliency(model: Model) {
    const STEP: f64 = 1e-6;
    let (model, data, found) = explained(model);
    let salient: Vec<&Exemplar> = found.salient().collect();
    assert!(salient.len() >= 4 && found.saliency.len() == 5 * salient.len());
    for (exemplar, saliency) in salient.into_iter().zip(found.saliency.chunks_exact(5)) {
        let x = input(&model, &data, exemplar.index);
        let at = |column: usize, step: f64| {
            let mut x = x.clone();
            x[column] += step;
            soft_assignment(&model, &x)[exemplar.cluster as usize]
        };
        for (column, &found) in saliency.iter().enumerate() {
            let expected = ((at(column, STEP) - at(column, -STEP)) / (2.0 * STEP)).abs();
            let difference = (f64::from(found) - expected).abs();
            assert!(
                difference < 1e-6 + 1e-4 * expected,
                "{exemplar:?}, {column}: {found}, {expected}"
            );
        }
    }
    let largest = found.saliency.iter().copied().fold(0.0, f32::max);
    assert!(largest > 0.01, "the test compares zeros: {largest}");
}

#[test]
fn centroids_are_decoded_into_the_units_of_the_data() {
    let (model, _, found) = explained(random_model());
    for (mu, decoded) in model
        .centroids
        .chunks_exact(2)
        .zip(found.decoded.chunks_exact(5))
    {
        let expected = output(&model.decoder, mu.iter().map(|v| f64::from(*v)).collect());
        for (column, (found, expected)) in decoded.iter().zip(expected).enumerate() {
            let (shift, scale) = (model.shift[column], model.scale[column]);
            let expected = expected / f64::from(scale) + f64::from(shift);
            let difference = (f64::from(*found) - expected).abs();
            assert!(
                difference < 1e-4 * (1.0 + expected.abs()),
                "{found}, {expected}"
            );
        }
    }
}

#[test]
fn confidence_and_margin_are_those_of_the_soft_assignment() {
    let (model, data, found) = explained(of_scaled_rows());
    for (index, certainty) in found.certainty.iter().enumerate() {
        let mut q = soft_assignment(&model, &input(&model, &data, index));
        q.sort_by(|a, b| b.total_cmp(a));
        assert!((f64::from(certainty.confidence) - q[0]).abs() < 1e-5);
        assert!((f64::from(certainty.margin) - (q[0] - q[1])).abs() < 1e-5);
    }
}

#[test]
fn data_of_another_width_are_refused() {
    let outputs = Outputs {
        assignment: &[],
        soft_assignment: &[],
        embedding: &[],
    };
    let (cpu, model) = (Cpu::reference(), model(&[0.0]));
    let error = pollster::block_on(explain(&cpu, &model, &data(), &outputs, 1)).unwrap_err();
    assert!(matches!(error, crate::Error::Model(_)), "{error}");
}
