//! The graph of nearest neighbours in whole runs: where it finds what k-means does not, going on from a state between two
//! steps of the layouts, and data that show nothing.

use std::f32::consts::PI;
use std::panic::{AssertUnwindSafe, catch_unwind};

use dec_gpu::checkpoint::{Phase, State};
use dec_gpu::config::ConfigError;
use dec_gpu::cpu::Cpu;
use dec_gpu::data::{Dataset, Labels, Sparse, Values, fit};
use dec_gpu::device::Device;
use dec_gpu::kmeans::KMeansResult;
use dec_gpu::metrics::Scores;
use dec_gpu::neighbours::Verdict;
use dec_gpu::random;
use dec_gpu::run::trainer::Trainer;
use dec_gpu::run::verify::{Run, blobs, configuration};

use super::resume::{End, go_on, stopped_at, stops_and_goes_on, train, whole};
use super::{assert_sound, bits, config, on_adapters, run};

/// A data set of `n` rows of `dim` values.
fn set(name: &str, n: usize, dim: usize, value: impl Fn(usize, usize) -> f32) -> Dataset {
    let values = (0..n * dim).map(|at| value(at / dim, at % dim));
    Dataset::new(name, n, dim, Values::F32(values.collect()))
}

/// The same with labels: row i has label i mod `classes`.
fn labelled(data: Dataset, classes: usize) -> Dataset {
    let labels: Vec<i64> = (0..data.n_samples).map(|i| (i % classes) as i64).collect();
    Dataset {
        labels: Some(Labels::from_integers(&labels)),
        ..data
    }
}

/// Four long clusters side by side in nine columns, five times as long as they are thick; row i is of cluster i mod 4.
pub(super) fn rods(n: usize) -> Dataset {
    let value = |i: usize, j: usize| {
        let normal = random::normal(3, 0, j as u32, i as u32);
        match j {
            0 => 5.0 * normal,
            _ if (j - 1) % 4 == i % 4 => 3.25 + normal,
            _ => normal,
        }
    };
    labelled(set("rods", n, 9, value), 4)
}

/// Four blobs in eight columns, with two columns of noise.
fn four_blobs(n: usize) -> Dataset {
    let value = |i: usize, j: usize| {
        let centre = if j < 8 && j % 4 == i % 4 { 12.0 } else { 0.0 };
        centre + random::normal(5, 0, j as u32, i as u32)
    };
    labelled(set("four blobs", n, 10, value), 4)
}

/// A run, what the graph has chosen, and k-means on the inputs.
fn found(
    device: &impl Device,
    data: &Dataset,
    overrides: &[&str],
) -> (Run, Option<Verdict>, KMeansResult) {
    let config = config(data, overrides);
    let affine = fit(data, config.data.normalisation);
    let mut trainer = Trainer::new(device, data, affine, config).expect("room");
    pollster::block_on(async {
        trainer.pretrain(&mut |_| {}).await?;
        let first = trainer.first_clusters().await?;
        let clustering = trainer.cluster(first, &mut |_| {}).await?;
        let run = Run {
            model: trainer.model(&clustering).await?,
            clustering,
            losses: Vec::new(),
        };
        let verdict = trainer.verdict().cloned();
        Ok::<_, dec_gpu::Error>((run, verdict, trainer.kmeans_on_inputs().await?))
    })
    .unwrap_or_else(|error| panic!("{} with {overrides:?}: {error}", data.name))
}

fn acc(data: &Dataset, assignment: &[u32]) -> f64 {
    let labels = &data.labels.as_ref().expect("labelled").ids;
    Scores::of(labels, assignment).acc
}

#[test]
fn blobs_far_apart_are_found() {
    let data = four_blobs(400);
    let (run, ..) = found(&Cpu::new(), &data, &["n-clusters=4"]);
    assert_eq!(acc(&data, &run.clustering.assignment), 1.0);
}

/// k-means cuts long clusters across; the graph does not, and the network learns it.
#[test]
fn rods_that_kmeans_cuts_are_found() {
    let (data, cpu) = (rods(600), Cpu::new());
    let (run, verdict, kmeans) = found(&cpu, &data, &["n-clusters=4"]);
    let verdict = verdict.expect("a graph");
    let [dec, kmeans] =
        [&run.clustering.assignment, &kmeans.assignment].map(|labels| acc(&data, labels));
    eprintln!("DEC {dec:.4}, k-means {kmeans:.4}");
    assert!(verdict.of_layout && verdict.trained_towards, "{verdict:?}");
    assert!(dec > 0.98 && kmeans < 0.7, "{dec} {kmeans}");
}

/// Five clusters far apart, one with nine tenths of the rows. Modularity would cut it in two and join small ones; where
/// k-means is right, so is the run.
#[test]
fn a_cluster_that_holds_most_rows_is_not_cut() {
    let cluster = |i: usize| [900, 940, 970, 990].iter().filter(|end| i >= **end).count();
    let labels: Vec<i64> = (0..1000).map(|i| cluster(i) as i64).collect();
    let mut refused = 0;
    for seed in 0..6 {
        let value = |i: usize, j: usize| {
            let centre = 6.0 * random::normal(seed, 1, j as u32, cluster(i) as u32);
            centre + random::normal(seed, 0, j as u32, i as u32)
        };
        let data = Dataset {
            labels: Some(Labels::from_integers(&labels)),
            ..set("one large blob", 1000, 8, value)
        };
        let overrides = ["n-clusters=5", "pretrain.steps=600"];
        let (run, verdict, kmeans) = found(&Cpu::new(), &data, &overrides);
        let verdict = verdict.expect("a graph");
        if acc(&data, &kmeans.assignment) < 1.0 {
            continue;
        }
        refused += usize::from(verdict.gain > 1.5 && !verdict.of_layout);
        let dec = acc(&data, &run.clustering.assignment);
        assert_eq!(dec, 1.0, "seed {seed}: {verdict:?}");
    }
    assert!(refused > 0, "modularity was never in favour of a cut");
}

/// Two half-moons, and two rings one in the other: k-means cuts both across, and modularity sees nothing in two clusters.
#[test]
fn two_clusters_of_any_shape_are_found() {
    let noise = |i: usize, j: usize| 0.05 * random::normal(4, 0, j as u32, i as u32);
    let angle = |i: usize, turns: f32| turns * PI * (i / 2) as f32 / 300.0;
    let moon = |i: usize, j: usize| {
        let (sin, cos) = angle(i, 1.0).sin_cos();
        let upper = i.is_multiple_of(2);
        noise(i, j)
            + match j {
                0 => {
                    if upper {
                        cos
                    } else {
                        1.0 - cos
                    }
                }
                _ => {
                    if upper {
                        sin
                    } else {
                        0.5 - sin
                    }
                }
            }
    };
    let ring = |i: usize, j: usize| {
        let (sin, cos) = angle(i, 2.0).sin_cos();
        let radius = if i.is_multiple_of(2) { 1.0 } else { 0.5 };
        noise(i, j) + radius * if j == 0 { cos } else { sin }
    };
    for data in [set("moons", 600, 2, moon), set("rings", 600, 2, ring)] {
        let data = labelled(data, 2);
        let (run, verdict, kmeans) = found(&Cpu::new(), &data, &["n-clusters=2"]);
        let verdict = verdict.expect("a graph");
        let [dec, kmeans] =
            [&run.clustering.assignment, &kmeans.assignment].map(|labels| acc(&data, labels));
        assert!(verdict.of_layout && dec > 0.98, "{dec} {verdict:?}");
        assert!(kmeans < 0.85, "{}: {kmeans}", data.name);
    }
}

/// A cloud and a few rows far from it: clusters that hardly touch are not given up for a cut through the cloud, be it round
/// or long.
#[test]
fn a_cloud_is_not_cut_beside_few_rows_far_away() {
    let far = |i: usize| i >= 480;
    let labels: Vec<i64> = (0..500).map(|i| far(i).into()).collect();
    for length in [1.0, 3.0] {
        let value = |i: usize, j: usize| {
            let normal = random::normal(2, 0, j as u32, i as u32);
            match (far(i), j) {
                (true, _) => 20.0 + 0.2 * normal,
                (false, 0) => length * normal,
                (false, _) => normal,
            }
        };
        let data = Dataset {
            labels: Some(Labels::from_integers(&labels)),
            ..set("a cloud", 500, 8, value)
        };
        let overrides = ["n-clusters=2", "pretrain.steps=600"];
        let (run, verdict, _) = found(&Cpu::new(), &data, &overrides);
        let verdict = verdict.expect("a graph");
        assert!(
            verdict.gain > 5.0,
            "modularity is not in favour of a cut: {verdict:?}"
        );
        let dec = acc(&data, &run.clustering.assignment);
        assert_eq!(dec, 1.0, "{length}: {verdict:?}");
    }
}

/// Few steps of each phase of a run that follows a layout: 40 of the layouts, 30 of pre-training, 12 of clustering.
const FEW: [&str; 7] = [
    "n-clusters=4",
    "neighbours.steps=40",
    "neighbours.pretrain-steps=30",
    "pretrain.steps=12",
    "cluster.max-steps=12",
    "cluster.update-interval=5",
    "cluster.tolerance=0",
];

#[test]
fn a_run_with_layouts_repeats_on_any_number_of_threads() {
    let data = rods(400);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().expect("a pool");
        bits(&pool.install(|| run(&Cpu::new(), &data, &FEW)))
    };
    let one = on(1);
    assert!(on(1) == one, "the same seed, other bits");
    assert!(on(2) == one, "two threads, other bits");
    let other = bits(&run(&Cpu::new(), &data, &[&FEW[..], &["seed=1"]].concat()));
    assert!(other != one, "the seed does nothing");
}

/// Between any two steps of the layouts, of pre-training towards one and of clustering. The 40th question comes after the
/// last step of the layouts, where there is no state to tell: a caller that still wishes to stop is asked again.
#[test]
fn a_run_with_layouts_goes_on_from_any_step() {
    let data = rods(400);
    let (cpu, config) = (Cpu::new(), config(&data, &FEW));
    let want = whole(train(&cpu, &data, &config, None, None));
    for stop in [0, 1, 20, 38, 40, 41, 55, 69, 70, 71, 72] {
        assert!(
            stops_and_goes_on(&cpu, &data, &config, &want, stop),
            "there is no {stop}-th step"
        );
    }
    let phase = |stop| match train(&cpu, &data, &config, None, Some(stop)) {
        End::Stopped(stopped) => format!("{:?}", stopped.state.phase),
        End::Whole(_) => panic!("there is no {stop}-th step"),
    };
    assert_eq!(
        [20, 55, 71].map(phase),
        ["Neighbours", "EndToEnd", "Cluster"]
    );
}

#[test]
fn a_run_with_layouts_goes_on_on_adapters_too() {
    let data = rods(400);
    let config = config(&data, &FEW);
    on_adapters("going on with layouts", |gpu| {
        let want = whole(train(gpu, &data, &config, None, None));
        for stop in [20, 55, 71] {
            assert!(
                stops_and_goes_on(gpu, &data, &config, &want, stop),
                "there is no {stop}-th step"
            );
        }
    });
}

/// A trained network is kept, and the layouts of its embedding begin again.
#[test]
fn a_run_with_layouts_of_the_embedding_goes_on() {
    let data = rods(400);
    let overrides = [&FEW[..], &["neighbours.space=embedding"]].concat();
    let (cpu, config) = (Cpu::new(), config(&data, &overrides));
    let want = whole(train(&cpu, &data, &config, None, None));
    for stop in [5, 12, 13, 40, 54] {
        assert!(
            stops_and_goes_on(&cpu, &data, &config, &want, stop),
            "there is no {stop}-th step"
        );
    }
}

/// Half of the rows have no entry; the others have three.
fn half_empty(n: usize, dim: usize) -> Dataset {
    let mut sparse = Sparse::new();
    for i in 0..n {
        let columns: Vec<u32> = match i % 2 {
            0 => Vec::new(),
            _ => (0..3)
                .map(|c| ((i * 7 + c * dim / 3) % dim) as u32)
                .collect(),
        };
        let mut columns = columns;
        columns.sort_unstable();
        columns.dedup();
        sparse.push_row(&columns, &vec![1.0 + i as f32 / 8.0; columns.len()]);
    }
    Dataset::new("rows without entries", n, dim, Values::Sparse(sparse))
}

fn assert_finite(verdict: &Verdict, what: &str) {
    let own = [
        verdict.gain,
        verdict.stability,
        verdict.raw_stability,
        verdict.conductance,
        verdict.raw_conductance,
        verdict.unique,
    ];
    let of_candidates = (verdict.candidates.iter())
        .flat_map(|candidate| [candidate.modularity, candidate.agreement.unwrap_or(0.0)]);
    assert!(
        own.into_iter().chain(of_candidates).all(f64::is_finite),
        "{what}: {verdict:?}"
    );
    let names = verdict.candidates.iter().map(|candidate| &candidate.name);
    assert!(
        names.clone().any(|name| *name == verdict.chosen),
        "{what}: {verdict:?}"
    );
}

/// Trains for a few steps; all that is left is finite.
fn assert_runs(device: &impl Device, data: &Dataset, overrides: &[&str]) -> Option<Verdict> {
    let short = [
        "pretrain.steps=5",
        "neighbours.steps=20",
        "neighbours.pretrain-steps=5",
        "cluster.max-steps=10",
    ];
    let what = format!("{} with {overrides:?}", data.name);
    let (run, verdict, _) = found(device, data, &[&short[..], overrides].concat());
    assert_sound(&run, data, &what);
    if let Some(verdict) = &verdict {
        assert_finite(verdict, &what);
    }
    verdict
}

fn wave(i: usize, j: usize) -> f32 {
    ((i * 7 + j * 3) % 11) as f32 + ((i * 13 + j * 5) % 17) as f32 / 17.0
}

/// Data that show nothing, or that distances mean little for, with the number of clusters.
fn hostile() -> Vec<(Dataset, usize)> {
    vec![
        (set("three rows", 3, 4, wave), 2),
        (set("fewer rows than twice k", 12, 4, wave), 7),
        (set("fewer than 15 rows", 14, 4, wave), 3),
        (set("as many clusters as rows", 16, 4, wave), 16),
        (set("one cluster", 50, 4, wave), 1),
        (set("all rows equal", 70, 5, |_, j| j as f32), 4),
        (
            set("five rows over and over", 200, 3, |i, j| wave(i % 5, j)),
            4,
        ),
        (
            set("one far outlier", 90, 4, |i, j| {
                if i == 40 { 1e6 } else { wave(i, j) }
            }),
            4,
        ),
        (
            set("two parts far apart", 100, 3, |i, j| {
                wave(i, j) + if i % 2 == 0 { 0.0 } else { 1e4 }
            }),
            4,
        ),
        (
            set("constant columns", 70, 5, |i, j| {
                if j == 2 { i as f32 } else { 9.0 }
            }),
            4,
        ),
        (set("one column", 70, 1, wave), 4),
        (set("huge values", 70, 3, |i, j| 1e30 * wave(i, j)), 4),
        (set("tiny values", 70, 3, |i, j| 1e-30 * wave(i, j)), 4),
        (half_empty(80, 200), 4),
    ]
}

#[test]
fn data_that_show_nothing_end_in_finite_numbers() {
    let cpu = Cpu::new();
    for (data, k) in hostile() {
        let k = format!("n-clusters={k}");
        for space in ["inputs", "embedding"] {
            let space = format!("neighbours.space={space}");
            let verdict = assert_runs(&cpu, &data, &[&k, &space]);
            assert!(verdict.is_some(), "{} {space}", data.name);
        }
        assert_runs(&cpu, &data, &[&k]);
        let none = assert_runs(&cpu, &data, &[&k, "neighbours.space=off"]);
        assert_eq!(none, None, "{}", data.name);
    }
}

#[test]
fn data_that_show_nothing_end_in_finite_numbers_on_adapters() {
    let some = ["all rows equal", "one far outlier", "two parts far apart"];
    on_adapters("hostile graphs", |gpu| {
        for (data, _) in hostile() {
            if some.contains(&&*data.name) {
                assert_runs(gpu, &data, &["n-clusters=4", "neighbours.space=inputs"]);
            }
        }
    });
}

#[test]
fn settings_at_the_edge_run() {
    let (cpu, data) = (Cpu::new(), rods(120));
    for setting in [
        "neighbours.k=1",
        "neighbours.k=64",
        "neighbours.layouts=1",
        "neighbours.layouts=9",
        "neighbours.steps=1",
        "neighbours.pretrain-steps=1",
        "neighbours.resolution=0.01",
        "neighbours.resolution=100",
        "network.embedding-dim=1",
        "network.embedding-dim=20",
        "pretrain.method=layerwise",
        "pretrain.optimiser=sgd",
    ] {
        let overrides = ["n-clusters=4", "pretrain.layer-steps=3", setting];
        assert!(assert_runs(&cpu, &data, &overrides).is_some(), "{setting}");
    }
}

/// More rows than are laid out: the network carries the others.
#[test]
fn rows_that_are_not_laid_out_get_clusters() {
    let data = rods(1600);
    let overrides = ["n-clusters=4", "neighbours.samples=1000"];
    let (run, verdict, _) = found(&Cpu::new(), &data, &overrides);
    assert!(verdict.expect("a graph").of_layout);
    assert_sound(&run, &data, "1,000 of 1,600 rows");
    let acc = acc(&data, &run.clustering.assignment);
    assert!(acc > 0.95, "{acc}");
}

/// A text of 2^20 words has few words and many columns.
#[test]
fn a_million_columns_have_a_graph() {
    let mut sparse = Sparse::new();
    for i in 0..24u32 {
        let columns: Vec<u32> = (0..20).map(|c| (i % 4) * 1000 + c * 50_000 + i).collect();
        sparse.push_row(&columns, &[1.0 + i as f32; 20]);
    }
    let data = Dataset::new("2^20 columns", 24, 1 << 20, Values::Sparse(sparse));
    let overrides = ["n-clusters=4", "network.hidden=[2]", "pretrain.steps=2"];
    assert!(assert_runs(&Cpu::new(), &data, &overrides).is_some());
}

#[test]
fn settings_that_fit_no_graph_are_refused() {
    let refused = |data: &Dataset, overrides: &[&str], word: &str| {
        let error: ConfigError = configuration(data, overrides).expect_err("refused");
        let text = error.to_string();
        assert!(text.contains(word), "{overrides:?}: {text}");
    };
    let (data, two) = (blobs(60, 4, 1), set("two rows", 2, 4, wave));
    for k in ["0", "60", "65"] {
        refused(&data, &[&format!("neighbours.k={k}")], "1 to 64");
    }
    refused(
        &two,
        &["n-clusters=2", "neighbours.space=inputs"],
        "at least 3",
    );
    refused(
        &two,
        &["n-clusters=2", "neighbours.space=embedding"],
        "at least 3",
    );
    let by_rule = |n| {
        configuration(&blobs(n, 4, 1), &["n-clusters=2"])
            .expect("valid")
            .neighbours
    };
    assert_ne!(
        by_rule(14).space,
        by_rule(15).space,
        "15 samples are enough"
    );
}

/// States between two steps of the layouts that no run has told: errors, or taken, never a panic.
#[test]
fn foreign_states_of_layouts_are_errors_or_harmless() {
    type Change = (&'static str, bool, fn(&mut State));
    let changes: [Change; 8] = [
        ("no places", true, |s| s.put("layout.z", vec![])),
        ("places of others", true, |s| {
            s.put("layout.z", vec![0; 7]);
        }),
        ("places that are no numbers", true, |s| {
            let words = s.words("layout.z").expect("places").len();
            s.put("layout.z", vec![f32::NAN.to_bits(); words]);
        }),
        ("moments that are no numbers", true, |s| {
            let words = s.words("layout.v").expect("moments").len();
            s.put("layout.v", vec![f32::INFINITY.to_bits(); words]);
        }),
        ("a step far away", false, |s| s.step = u64::MAX),
        ("a verdict that is none", false, |s| {
            s.put_text("verdict", "[]");
        }),
        ("pre-training", true, |s| s.phase = Phase::EndToEnd),
        ("clustering", true, |s| s.phase = Phase::Cluster),
    ];
    let data = rods(400);
    let (cpu, config) = (Cpu::new(), config(&data, &FEW));
    let state = stopped_at(&cpu, &data, &config, 20);
    assert_eq!((state.phase, state.step), (Phase::Neighbours, 21));
    for (what, must_fail, change) in changes {
        let mut changed = state.clone();
        change(&mut changed);
        let result = AssertUnwindSafe(|| go_on(&cpu, &data, &config, changed));
        let result = catch_unwind(result).unwrap_or_else(|_| panic!("{what}: a panic"));
        assert!(result.is_err() == must_fail, "{what}: {result:?}");
    }
}
