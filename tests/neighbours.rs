//! The graph of nearest neighbours and its clusters against scikit-learn, UMAP, networkx and leidenalg, and against plain
//! versions of the project's rules: `tests/golden/make_neighbours.py`.

use dec_gpu::cpu::Cpu;
use dec_gpu::device::{Device, Matrix};
use dec_gpu::kernels::membership::membership;
use dec_gpu::kernels::nearest_rows::nearest_rows;
use dec_gpu::metrics::Scores;
use dec_gpu::neighbours::{Graph, merge, move_labels, tree};
use serde_json::Value;

/// UMAP stops its bisection at a sum that is off by 1e-5 (`SMOOTH_K_TOLERANCE`); a weight is off by no more than a few of these.
const UMAP: f64 = 1e-4;
/// Sums of some hundred f64 values of size 1.
const SUMS: f64 = 1e-12;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/neighbours.json")).expect("JSON")
}

fn floats(value: &Value) -> Vec<f64> {
    let all = value.as_array().expect("an array").iter();
    all.map(|x| x.as_f64().expect("a number")).collect()
}

fn singles(value: &Value) -> Vec<f32> {
    floats(value).into_iter().map(|x| x as f32).collect()
}

fn integers(value: &Value) -> Vec<u32> {
    floats(value).into_iter().map(|x| x as u32).collect()
}

fn number(value: &Value) -> usize {
    value.as_u64().expect("an integer") as usize
}

/// The graph of the given memberships; k and the columns of the points.
fn graph(golden: &Value) -> (Graph, usize, usize) {
    let k = number(&golden["k"]);
    let (nearest, weight) = (integers(&golden["nearest"]), singles(&golden["membership"]));
    let graph = Graph::of_memberships(&nearest, &weight, k);
    (graph, k, number(&golden["columns"]))
}

/// The weights as a dense matrix (n, n).
fn dense(graph: &Graph) -> Vec<f64> {
    let n = graph.n_points();
    let mut all = vec![0.0; n * n];
    for i in 0..n {
        graph.edges(i).for_each(|(j, w)| all[i * n + j] = w);
    }
    all
}

fn assert_near(what: &str, got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (at, (got, want)) in got.iter().zip(want).enumerate() {
        assert!(
            (got - want).abs() <= tolerance,
            "{what}, value {at}: {got}, expected {want}"
        );
    }
}

/// In one block and in blocks, with rows that are there twice: the same lists, ties by index.
#[test]
fn nearest_rows_are_those_of_scikit_learn() {
    let golden = golden();
    let (x, columns) = (singles(&golden["points"]), number(&golden["columns"]));
    let cpu = Cpu::new();
    for rows in [60, 17, 1] {
        let blocks: Vec<Matrix<Cpu>> = (x.chunks(rows * columns))
            .map(|part| Matrix::upload(&cpu, part.len() / columns, columns, part).expect("room"))
            .collect();
        let found = nearest_rows(&cpu, &blocks, number(&golden["k"])).expect("room");
        let (mut index, mut distance) = (Vec::new(), Vec::new());
        for (i, d) in found.index.iter().zip(&found.distance) {
            index.extend(pollster::block_on(cpu.download(&i.buffer)).expect("read"));
            distance.extend(pollster::block_on(d.download(&cpu)).expect("read"));
        }
        assert_eq!(index, integers(&golden["nearest"]), "blocks of {rows}");
        assert_eq!(distance, singles(&golden["squared"]), "blocks of {rows}");
    }
}

#[test]
fn memberships_and_their_union_are_umaps() {
    let golden = golden();
    let (umap, k) = (&golden["umap"], number(&golden["k"]));
    let squared = singles(&umap["squared"]);
    let cpu = Cpu::new();
    let distance = Matrix::upload(&cpu, squared.len() / k, k, &squared).expect("room");
    let weight = Matrix::zeros(&cpu, distance.rows, k).expect("room");
    membership(&cpu, &distance, &weight);
    let weight = pollster::block_on(weight.download(&cpu)).expect("read");
    let found: Vec<f64> = weight.iter().map(|w| f64::from(*w)).collect();
    assert_near("membership", &found, &floats(&umap["membership"]), UMAP);
    let graph = Graph::of_memberships(&integers(&umap["nearest"]), &weight, k);
    assert_near("union", &dense(&graph), &floats(&umap["union"]), UMAP);
}

#[test]
fn the_union_of_given_memberships_has_their_bits() {
    let golden = golden();
    let (graph, ..) = graph(&golden);
    let found: Vec<f32> = dense(&graph).into_iter().map(|w| w as f32).collect();
    assert!(found == singles(&golden["union"]));
}

#[test]
fn modularity_is_that_of_networkx_and_leidenalg() {
    let golden = golden();
    let (graph, ..) = graph(&golden);
    for case in golden["labelings"].as_array().expect("cases") {
        let labels = integers(&case["labels"]);
        let found = [1.0, 0.3].map(|resolution| graph.modularity(&labels, resolution));
        assert_near(
            &case["name"].to_string(),
            &found,
            &floats(&case["modularity"]),
            SUMS,
        );
    }
}

#[test]
fn the_adjusted_rand_index_is_scikit_learns() {
    let golden = golden();
    let cases = golden["labelings"].as_array().expect("cases");
    for one in cases {
        for other in cases {
            let [a, b] = [one, other].map(|case| integers(&case["labels"]));
            let want = one["ari"][other["name"].as_str().expect("a name")].as_f64();
            assert_near(
                &format!("{} and {}", one["name"], other["name"]),
                &[Scores::of(&a, &b).ari],
                &[want.expect("a number")],
                SUMS,
            );
        }
    }
}

#[test]
fn clusters_join_in_the_order_of_the_rule() {
    let golden = golden();
    let ((graph, _, d), points) = (graph(&golden), singles(&golden["points"]));
    for case in golden["trees"].as_array().expect("cases") {
        let found = tree(&graph, &integers(&case["labels"]), &points, d);
        let want = case["joinings"].as_array().expect("joinings");
        assert_eq!(found.len(), want.len());
        for (found, want) in found.iter().zip(want) {
            assert_eq!(
                found.joined.map(|c| c as u32)[..],
                integers(&want["joined"])
            );
            assert_eq!(found.size, number(&want["size"]));
            let tie = want["tie"].as_f64().expect("a number");
            assert_near("tie", &[found.tie], &[tie], SUMS * tie.max(1.0));
        }
    }
}

#[test]
fn small_clusters_merge_by_the_rule() {
    let golden = golden();
    let ((graph, k, d), points) = (graph(&golden), singles(&golden["points"]));
    let check = |graph: &Graph, case: &Value| {
        let (labels, clusters) = (integers(&case["labels"]), number(&case["k"]));
        let found = merge(graph, &labels, &points, d, clusters);
        assert_eq!(
            found,
            integers(&case["merged"]),
            "k = {clusters}, {labels:?}"
        );
    };
    let cases = golden["merges"].as_array().expect("cases");
    cases.iter().for_each(|case| check(&graph, case));
    let n = graph.n_points();
    let untied = Graph::of_memberships(&integers(&golden["nearest"]), &vec![0.0; n * k], k);
    check(&untied, &golden["untied"]);
}

#[test]
fn labels_move_by_the_rule() {
    let golden = golden();
    let (graph, ..) = graph(&golden);
    for case in golden["moves"].as_array().expect("cases") {
        let (mut labels, k) = (integers(&case["labels"]), number(&case["k"]));
        let before = labels.clone();
        move_labels(&graph, &mut labels, k);
        assert_eq!(labels, integers(&case["moved"]), "k = {k}, {before:?}");
    }
    let moved = |case: &Value| case["labels"] != case["moved"];
    let cases = golden["moves"].as_array().expect("cases");
    assert!(cases.iter().filter(|case| moved(case)).count() >= 3);
}

#[test]
fn the_file_names_the_versions_it_was_made_with() {
    let golden = golden();
    for package in [
        "scikit-learn",
        "networkx",
        "leidenalg",
        "umap-learn",
        "scipy",
    ] {
        assert!(golden["versions"][package].is_string(), "{package}");
    }
}
