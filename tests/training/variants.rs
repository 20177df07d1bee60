//! What the default schedule does not have: IDEC, layer-wise pre-training, data at the edge of what is allowed.

use dec_gpu::cpu::Cpu;
use dec_gpu::data::{Dataset, ImageShape, Sparse, Values};
use dec_gpu::model::Model;
use dec_gpu::net::LayerValues;
use dec_gpu::run::verify::{BAND, Run, blobs, compare_runs, configuration};

use super::{assert_sound, bits, on_adapters, run};

/// y = act(x·W + b) through some layers, ReLU on all but the last.
fn forward(layers: &[LayerValues], mut x: Vec<f64>) -> Vec<f64> {
    for (l, layer) in layers.iter().enumerate() {
        let (d_in, d_out) = (layer.d_in(), layer.d_out());
        let [weight, bias] = &layer.parameters[..] else {
            panic!("not a fully connected layer");
        };
        let unit = |j: usize| {
            let sum: f64 = (0..d_in)
                .map(|i| x[i] * f64::from(weight[i * d_out + j]))
                .sum();
            let y = sum + f64::from(bias[j]);
            if l + 1 < layers.len() { y.max(0.0) } else { y }
        };
        x = (0..d_out).map(unit).collect();
    }
    x
}

/// The mean of squares between normalised inputs and their reconstruction.
fn reconstruction_loss(model: &Model, data: &Dataset) -> f64 {
    let Values::F32(values) = &data.values else {
        panic!("blobs are f32");
    };
    let mut sum = 0.0;
    for row in values.chunks(data.input_dim) {
        let normalise = |(c, x): (usize, &f32)| f64::from((x - model.shift[c]) * model.scale[c]);
        let x: Vec<f64> = row.iter().enumerate().map(normalise).collect();
        let y = forward(&model.decoder, forward(&model.encoder, x.clone()));
        sum += x
            .iter()
            .zip(&y)
            .map(|(x, y)| (x - y) * (x - y))
            .sum::<f64>();
    }
    sum / values.len() as f64
}

#[test]
fn idec_keeps_the_reconstruction() {
    let data = blobs(300, 12, 9);
    let long = ["cluster.max-steps=200", "cluster.learning-rate=0.1"];
    let loss = |device: &Cpu, gamma| {
        reconstruction_loss(
            &run(device, &data, &[&long[..], &[gamma]].concat()).model,
            &data,
        )
    };
    let (plain, idec) = (
        loss(&Cpu::new(), "cluster.gamma=0.0"),
        loss(&Cpu::new(), "cluster.gamma=0.1"),
    );
    assert!(idec.is_finite() && idec < plain, "IDEC {idec}, DEC {plain}");
    let short = ["cluster.gamma=0.1", "pretrain.steps=40"];
    let want = run(&Cpu::reference(), &data, &short);
    on_adapters("IDEC", |gpu| {
        let got = run(gpu, &data, &short);
        compare_runs(&got, &want, BAND).unwrap_or_else(|failure| panic!("{failure}"));
    });
}

/// The paper's schedule, but a few steps: layer by layer with dropout, then all at once, by SGD.
const LAYERWISE: [&str; 8] = [
    "pretrain.method=layerwise",
    "pretrain.layer-steps=300",
    "pretrain.steps=300",
    "pretrain.dropout=0.2",
    "pretrain.optimiser=sgd",
    "pretrain.learning-rate=0.1",
    "pretrain.momentum-burn-in=20",
    "pretrain.corrupt-data=true",
];

#[test]
fn layerwise_pre_training_lowers_every_loss() {
    let data = blobs(300, 12, 10);
    let layerwise = run(&Cpu::new(), &data, &LAYERWISE);
    assert_sound(&layerwise, &data, "layerwise");
    for phase in ["layer 1", "layer 2", "layer 3", "pretrain"] {
        let of_phase: Vec<f64> = layerwise
            .losses
            .iter()
            .filter(|at| at.phase == phase)
            .map(|at| at.loss)
            .collect();
        let (first, last) = (
            of_phase.first().expect("a loss"),
            of_phase.last().expect("a loss"),
        );
        assert!(of_phase.len() >= 2 && last < first, "{phase}: {of_phase:?}");
    }
    let short = [
        &LAYERWISE[..],
        &["pretrain.layer-steps=20", "pretrain.steps=20"],
    ]
    .concat();
    let want = run(&Cpu::reference(), &data, &short);
    on_adapters("layerwise", |gpu| {
        let got = run(gpu, &data, &short);
        compare_runs(&got, &want, BAND).unwrap_or_else(|failure| panic!("{failure}"));
    });
}

/// A set of `n` rows of `dim` values.
fn set(name: &str, n: usize, dim: usize, value: impl Fn(usize, usize) -> f32) -> Dataset {
    Dataset::new(
        name,
        n,
        dim,
        Values::F32((0..n * dim).map(|at| value(at / dim, at % dim)).collect()),
    )
}

#[test]
fn shapes_at_the_edge_run() {
    let wave = |i: usize, j: usize| ((i * 7 + j * 3) % 11) as f32;
    let cases = [
        (set("n < batch", 10, 5, wave), "n-clusters=3"),
        (set("k = 1", 70, 5, wave), "n-clusters=1"),
        (set("n = k", 6, 5, wave), "n-clusters=6"),
        (set("one row", 1, 5, wave), "n-clusters=1"),
        (
            set("all rows equal", 70, 5, |_, j| j as f32),
            "n-clusters=3",
        ),
        (set("all values equal", 70, 5, |_, _| 3.0), "n-clusters=2"),
        (
            set("constant columns", 70, 5, |i, j| {
                if j == 2 { i as f32 } else { 9.0 }
            }),
            "n-clusters=2",
        ),
        (set("one column", 70, 1, wave), "n-clusters=4"),
        (set("n = batch + 1", 65, 3, wave), "n-clusters=2"),
        (
            set("large values", 70, 3, |i, j| 1e9 + 1e6 * wave(i, j)),
            "n-clusters=2",
        ),
    ];
    let check = |device: &dyn Fn(&Dataset, &[&str]) -> Run| {
        for (data, clusters) in &cases {
            for method in ["end-to-end", "layerwise"] {
                let method = format!("pretrain.method={method}");
                let overrides = [
                    clusters,
                    "pretrain.steps=5",
                    "pretrain.layer-steps=3",
                    "pretrain.dropout=0.2",
                    &method,
                ];
                let run = device(data, &overrides);
                assert_sound(&run, data, &data.name);
            }
        }
    };
    check(&|data, overrides| run(&Cpu::new(), data, overrides));
    on_adapters("edges", |gpu| {
        check(&|data, overrides| run(gpu, data, overrides));
    });
}

/// Three kinds of 16 × 16 images: a bar that lies, one that stands, a dot; each somewhere near the middle.
fn images(n: usize) -> Dataset {
    let pixel = |i: usize, j: usize| {
        let (r, c) = ((j / 16) as f32 - 7.5, (j % 16) as f32 - 7.5);
        let (up, left) = ((i % 5) as f32 - 2.0, (i % 7) as f32 - 3.0);
        let wide = [[1.0, 25.0], [25.0, 1.0], [3.0, 3.0]][i % 3];
        (-(r - up).powi(2) / wide[0] - (c - left).powi(2) / wide[1]).exp()
    };
    Dataset {
        image_shape: Some(ImageShape::grey(16, 16)),
        ..set("bars", n, 256, pixel)
    }
}

#[test]
fn images_are_warped_alike_on_every_device() {
    let data = images(150);
    let short = ["pretrain.steps=40", "cluster.max-steps=20"];
    let want = run(&Cpu::reference(), &data, &short);
    assert_sound(&want, &data, "images");
    for still in ["augment.pretrain=false", "augment.cluster=false"] {
        let other = run(&Cpu::new(), &data, &[&short[..], &[still]].concat());
        assert!(
            compare_runs(&other, &want, BAND).is_err(),
            "{still} changes nothing"
        );
    }
    on_adapters("images", |gpu| {
        let got = run(gpu, &data, &short);
        compare_runs(&got, &want, BAND).unwrap_or_else(|failure| panic!("{failure}"));
    });
}

#[test]
fn tables_are_not_warped() {
    let data = blobs(150, 12, 11);
    let config = super::config(&data, &[]);
    assert_eq!(
        (config.augment.pretrain, config.augment.cluster),
        (false, false)
    );
    let error = configuration(&data, &["augment.cluster=true"]).expect_err("not images");
    assert!(error.to_string().contains("not images"), "{error}");
}

/// Blobs of which all values below 2 are 0, in dense and in sparse form.
pub(crate) fn dense_and_sparse(n: usize, dim: usize) -> [Dataset; 2] {
    let Values::F32(mut values) = blobs(n, dim, 12).values else {
        panic!("blobs are floats");
    };
    values
        .iter_mut()
        .filter(|v| **v < 2.0)
        .for_each(|v| *v = 0.0);
    let mut sparse = Sparse::new();
    for row in values.chunks_exact(dim) {
        let kept = |c: &u32| row[*c as usize] != 0.0;
        let columns: Vec<u32> = (0..dim as u32).filter(kept).collect();
        let values: Vec<f32> = columns.iter().map(|c| row[*c as usize]).collect();
        sparse.push_row(&columns, &values);
    }
    [Values::F32(values), Values::Sparse(sparse)]
        .map(|values| Dataset::new("blobs", n, dim, values))
}

#[test]
fn sparse_data_train_to_the_bits_of_dense_data() {
    let [dense, sparse] = dense_and_sparse(150, 40);
    for normalisation in ["standardise", "unit-mean-square"] {
        let short = [
            "pretrain.steps=40",
            "cluster.max-steps=20",
            &format!("data.normalisation={normalisation}"),
        ];
        let want = run(&Cpu::new(), &dense, &short);
        assert_eq!(bits(&run(&Cpu::new(), &sparse, &short)), bits(&want));
        on_adapters("sparse", |gpu| {
            let same = bits(&run(gpu, &dense, &short)) == bits(&run(gpu, &sparse, &short));
            assert!(same, "dense and sparse differ on the GPU");
        });
    }
}

/// Rows multiplied by powers of two, which are exact.
fn scaled(data: &Dataset) -> Dataset {
    let Values::F32(values) = &data.values else {
        panic!("blobs are f32");
    };
    let row = |(i, row): (usize, &[f32])| -> Vec<f32> {
        let factor = [0.25, 1.0, 8.0][i % 3];
        row.iter().map(|x| factor * x).collect()
    };
    let rows = values.chunks(data.input_dim).enumerate();
    Dataset {
        values: Values::F32(rows.flat_map(row).collect()),
        ..data.clone()
    }
}

#[test]
fn scaled_rows_do_not_matter_to_a_network_that_scales_them() {
    let data = blobs(300, 12, 14);
    let short = [
        "network.normalise-rows=true",
        "data.normalisation=none",
        "neighbours.space=off",
        "pretrain.method=layerwise",
        "pretrain.layer-steps=20",
        "pretrain.steps=60",
        "pretrain.dropout=0.2",
        "pretrain.input-dropout=0.1",
        "pretrain.held-out=0.2",
        "pretrain.evaluate-every=10",
        "cluster.gamma=0.1",
    ];
    let want = run(&Cpu::reference(), &data, &short);
    assert_sound(&want, &data, "scaled rows");
    assert_eq!(
        bits(&run(&Cpu::new(), &data, &short)),
        bits(&run(&Cpu::new(), &scaled(&data), &short))
    );
    let without = [&short[1..], &["network.normalise-rows=false"]].concat();
    assert_ne!(
        bits(&run(&Cpu::new(), &data, &without)),
        bits(&run(&Cpu::new(), &scaled(&data), &without))
    );
    on_adapters("scaled rows", |gpu| {
        let got = run(gpu, &data, &short);
        compare_runs(&got, &want, BAND).unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(bits(&got), bits(&run(gpu, &scaled(&data), &short)));
    });
}

#[test]
fn clipped_gradients_train_everywhere_and_a_bound_that_is_never_met_changes_little() {
    let data = blobs(300, 12, 15);
    let short = |most: &'static str| {
        let both = match most {
            "" => vec![],
            "1e9" => vec!["pretrain.clip-norm=1e9", "cluster.clip-norm=1e9"],
            _ => vec!["pretrain.clip-norm=0.01", "cluster.clip-norm=0.01"],
        };
        let gamma = ["cluster.gamma=0.1", "pretrain.steps=40"];
        [&gamma[..], &both[..]].concat()
    };
    let cpu = |most| run(&Cpu::new(), &data, &short(most));
    let (fused, free, clipped) = (cpu(""), cpu("1e9"), cpu("0.01"));
    compare_runs(&free, &fused, BAND).unwrap_or_else(|failure| panic!("{failure}"));
    assert_sound(&clipped, &data, "clipped");
    assert_ne!(bits(&clipped).2, bits(&free).2, "the bound is met");
    on_adapters("clipped", |gpu| {
        let got = run(gpu, &data, &short("0.01"));
        compare_runs(&got, &clipped, BAND).unwrap_or_else(|failure| panic!("{failure}"));
    });
}
