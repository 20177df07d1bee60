//! What k-means must find, on the CPU device; `tests/` holds the same for GPUs.

use super::{KMeansOptions, KMeansResult, kmeans, run};
use crate::cpu::Cpu;
use crate::device::Matrix;
use crate::kernels::inputs;
use crate::random;

fn options(n_clusters: usize, restarts: usize) -> KMeansOptions {
    KMeansOptions {
        n_clusters,
        restarts,
        max_iterations: 100,
        tolerance: 0.0,
        seed: 3,
    }
}

/// Uploads rows in blocks of these lengths.
fn blocks(device: &Cpu, x: &[f32], d: usize, lengths: &[usize]) -> Vec<Matrix<Cpu>> {
    let mut rest = x;
    let blocks = lengths.iter().map(|rows| {
        let (block, after) = rest.split_at(rows * d);
        rest = after;
        Matrix::upload(device, *rows, d, block).unwrap()
    });
    blocks.collect()
}

fn cluster(device: Cpu, x: &[f32], d: usize, options: KMeansOptions) -> KMeansResult {
    let rows = blocks(&device, x, d, &[x.len() / d]);
    pollster::block_on(kmeans(&device, &rows, &options)).unwrap()
}

/// `n` rows around `k` centres that are 10 apart.
fn blobs(n: usize, d: usize, k: usize) -> Vec<f32> {
    (0..n * d)
        .map(|cell| {
            let (i, c) = (cell / d, cell % d);
            let centre = if c == 0 { 10.0 * (i % k) as f32 } else { 0.0 };
            centre + 0.3 * random::normal(5, 0, 0, cell as u32)
        })
        .collect()
}

fn inertia(x: &[f32], d: usize, found: &KMeansResult) -> f64 {
    (x.chunks_exact(d).zip(&found.assignment))
        .flat_map(|(row, j)| row.iter().zip(&found.centroids[*j as usize * d..][..d]))
        .map(|(x, mu)| f64::from(x - mu).powi(2))
        .sum()
}

#[test]
fn blobs_are_found_and_the_inertia_is_theirs() {
    for (n, d, k) in [(501, 3, 4), (700, 20, 7)] {
        let x = blobs(n, d, k);
        let found = cluster(Cpu::new(), &x, d, options(k, 5));
        for (i, label) in found.assignment.iter().enumerate() {
            assert_eq!(*label, found.assignment[i % k], "row {i} of {n}x{d}");
        }
        let expected = inertia(&x, d, &found);
        assert!(
            (found.inertia - expected).abs() < 1e-5 * expected,
            "{} {expected}",
            found.inertia
        );
        assert!(found.iterations < 20);
    }
}

#[test]
fn both_faces_of_the_cpu_agree() {
    let x = blobs(300, 18, 5);
    let fast = cluster(Cpu::new(), &x, 18, options(5, 3));
    let reference = cluster(Cpu::reference(), &x, 18, options(5, 3));
    assert_eq!(fast.assignment, reference.assignment);
    assert!((fast.inertia - reference.inertia).abs() < 1e-5 * reference.inertia);
}

#[test]
fn one_cluster_is_the_mean() {
    let found = cluster(Cpu::new(), &[1.0, 2.0, 6.0], 1, options(1, 2));
    assert_eq!(found.centroids, [3.0]);
    assert_eq!((found.assignment, found.inertia), (vec![0; 3], 14.0));
    assert_eq!(found.iterations, 2);
}

#[test]
fn as_many_clusters_as_rows_leave_no_inertia() {
    for (n, d) in [(1, 1), (17, 2), (40, 16)] {
        let x = inputs::uniform(1, n * d);
        let found = cluster(Cpu::new(), &x, d, options(n, 2));
        assert_eq!(found.inertia, 0.0);
        let mut labels = found.assignment;
        labels.sort_unstable();
        assert!(labels.into_iter().eq(0..n as u32));
    }
}

#[test]
fn fewer_distinct_rows_than_clusters_end() {
    for distinct in [1, 2, 3] {
        let x: Vec<f32> = (0..60).map(|i| 0.1 * (i / 2 % distinct) as f32).collect();
        let found = cluster(Cpu::new(), &x, 2, options(5, 4));
        assert!(found.inertia < 1e-10, "{distinct}: {}", found.inertia);
        assert!(found.centroids.iter().all(|v| v.is_finite()));
        assert!(found.iterations < 20, "{distinct}: {}", found.iterations);
    }
}

#[test]
fn an_empty_cluster_moves_to_the_farthest_row() {
    // Restarts of many clusters in few distinct places: some always lose all their rows.
    let x: Vec<f32> = (0..400).map(|i| ((i * i) % 37) as f32).collect();
    let found = cluster(Cpu::new(), &x, 1, options(19, 20));
    let mut used = found.assignment;
    used.sort_unstable();
    used.dedup();
    assert_eq!((used.len(), found.inertia), (19, 0.0));
}

#[test]
fn neither_groups_nor_threads_change_the_result() {
    let device = Cpu::new();
    for d in [4, 20] {
        let x = inputs::uniform(9, 1000 * d);
        let rows = blocks(&device, &x, d, &[1000]);
        let options = options(6, 7);
        let whole = pollster::block_on(kmeans(&device, &rows, &options)).unwrap();
        let single = pollster::block_on(run(&device, &rows, &options, 1)).unwrap();
        let one_thread = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap();
        let serial =
            one_thread.install(|| pollster::block_on(kmeans(&device, &rows, &options)).unwrap());
        for other in [single, serial] {
            assert_eq!(whole.centroids, other.centroids);
            assert_eq!(whole.assignment, other.assignment);
            assert_eq!(
                (whole.inertia, whole.iterations),
                (other.inertia, other.iterations)
            );
        }
    }
}

#[test]
fn blocks_give_what_one_matrix_gives() {
    let device = Cpu::new();
    let x = blobs(600, 5, 4);
    let results = [vec![600], vec![257, 1, 342]].map(|lengths| {
        let rows = blocks(&device, &x, 5, &lengths);
        pollster::block_on(kmeans(&device, &rows, &options(4, 3))).unwrap()
    });
    assert_eq!(results[0].assignment, results[1].assignment);
    assert!((results[0].inertia - results[1].inertia).abs() < 1e-5 * results[0].inertia);
}

#[test]
fn a_tolerance_stops_earlier() {
    let x = inputs::uniform(9, 4000);
    let exact = cluster(Cpu::new(), &x, 2, options(8, 1));
    let loose = cluster(
        Cpu::new(),
        &x,
        2,
        KMeansOptions {
            tolerance: 0.05,
            ..options(8, 1)
        },
    );
    assert!(loose.iterations < exact.iterations);
    let whole = cluster(
        Cpu::new(),
        &x,
        2,
        KMeansOptions {
            tolerance: 1.0,
            ..options(8, 1)
        },
    );
    assert_eq!(whole.iterations, 2);
}
