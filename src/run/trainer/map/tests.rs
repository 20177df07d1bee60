//! Maps and trees of small sets on the CPU.

use super::*;
use crate::config::Config;
use crate::config::DataShape;
use crate::cpu::Cpu;
use crate::data::{Dataset, Values, fit};
use crate::neighbours::Graph;
use crate::run::record::StopReason;
use crate::run::trainer::Course;

/// A clustering of rows (n, d) that are their own embedding.
fn clustering(embedding: Vec<f32>, assignment: Vec<u32>) -> Clustering {
    Clustering {
        confidence: vec![1.0; assignment.len()],
        soft_assignment: Vec::new(),
        centroids: Vec::new(),
        steps: 0,
        label_change: 0.0,
        stop_reason: StopReason::Converged,
        neighbours: Course {
            start: 1.0,
            last: 1.0,
            best: 1.0,
            best_step: 0,
        },
        embedding,
        assignment,
    }
}

/// The map of a clustering of k clusters in an embedding of two dimensions, of these rows as data.
fn map(k: usize, settings: &[&str], found: &Clustering) -> Option<ClusterMap> {
    let data = Dataset::new(
        "x",
        found.assignment.len(),
        2,
        Values::F32(found.embedding.clone()),
    );
    let settings: Vec<String> = (["network.hidden=[4]", "network.embedding-dim=2"].iter())
        .chain(settings)
        .map(ToString::to_string)
        .collect();
    let mut config = Config::layered(None, None, &settings).unwrap();
    config.n_clusters = Some(k);
    let config = config.resolve(DataShape::of(&data)).unwrap();
    let device = Cpu::new();
    let affine = fit(&data, config.data.normalisation);
    let trainer = Trainer::new(&device, &data, affine, config).unwrap();
    pollster::block_on(trainer.map(found)).unwrap()
}

/// Three groups of rows, the second and the third near each other; the labels are 0, 2 and 3.
fn groups() -> Clustering {
    let row = |i: usize| {
        let noise = |salt: usize| ((i * salt) % 17) as f32 / 17.0;
        [[0.0, 30.0, 34.0][i % 3] + noise(7), noise(11)]
    };
    let assignment = (0..90).map(|i| [0, 2, 3][i % 3]).collect();
    clustering((0..90).flat_map(row).collect(), assignment)
}

fn finite(map: &ClusterMap) -> bool {
    map.places.iter().all(|x| x.is_finite())
}

#[test]
fn groups_stay_apart_and_the_near_ones_join_first() {
    for space in ["inputs", "embedding", "off"] {
        let space = format!("neighbours.space=\"{space}\"");
        let settings = [&space[..], "neighbours.k=40"];
        let found = map(4, &settings, &groups()).expect("a map");
        assert_eq!(found.places.len(), 180, "{space}");
        let apart = |a: usize, b: usize| {
            let [dx, dy] =
                [0, 1].map(|axis| found.places[2 * a + axis] - found.places[2 * b + axis]);
            dx.hypot(dy)
        };
        assert!(apart(0, 3) < apart(0, 1), "{space}");
        let tree = found.tree.clone().expect("a tree");
        assert!(tree.is_of(&[30, 0, 30, 30]), "{space}: {tree:?}");
        assert_eq!(tree.joinings[0].joined, [2, 3], "{space}");
        assert_eq!(tree.cuts[&2], [Some(0), None, Some(1), Some(1)], "{space}");
        assert_eq!(
            Some(found),
            map(4, &settings, &groups()),
            "{space}: another map"
        );
    }
}

#[test]
fn too_few_rows_have_no_map_and_three_have_one() {
    assert_eq!(
        map(1, &[], &clustering(vec![0.0, 1.0, 2.0, 3.0], vec![0, 0])),
        None
    );
    let found = map(1, &[], &clustering(vec![0.0; 6], vec![0; 3])).expect("a map");
    assert!(finite(&found) && found.places.len() == 6);
    assert!(found.tree.expect("a tree").joinings.is_empty());
}

#[test]
fn equal_rows_and_outliers_have_finite_places() {
    let mut strays = groups().embedding;
    strays[..4].copy_from_slice(&[3.0e37, 0.0, -1.0e30, 5.0]);
    let labels: Vec<u32> = groups().assignment;
    for rows in [vec![2.5; 180], strays] {
        let found = map(
            4,
            &["neighbours.space=\"off\""],
            &clustering(rows, labels.clone()),
        );
        let found = found.expect("a map");
        assert!(finite(&found), "{:?}", found.places);
        assert_eq!(found.tree.expect("a tree").joinings.len(), 2);
    }
    let nan = clustering(vec![f32::NAN; 180], labels);
    let of_nan = Clustering {
        embedding: nan.embedding,
        ..groups()
    };
    let device = Cpu::new();
    let data = Dataset::new("x", 90, 2, Values::F32(groups().embedding));
    let mut config = Config::layered(None, None, &["neighbours.space=\"off\"".into()]).unwrap();
    config.n_clusters = Some(4);
    config.network.embedding_dim = 2;
    let config = config.resolve(DataShape::of(&data)).unwrap();
    let trainer = Trainer::new(
        &device,
        &data,
        fit(&data, config.data.normalisation),
        config,
    )
    .unwrap();
    assert_eq!(pollster::block_on(trainer.map(&of_nan)).unwrap(), None);
}

#[test]
fn a_sample_rises_is_the_same_each_time_and_has_every_cluster() {
    let n = MOST_ON_MAP + 20_000;
    let mut assignment = vec![0; n];
    (assignment[17], assignment[n - 1]) = (2, 3);
    let rows = sample(5, &assignment).expect("a sample");
    assert_eq!(rows.len(), MOST_ON_MAP);
    assert!(rows.is_sorted_by(|a, b| a < b));
    assert!(rows.contains(&17) && rows.contains(&(n as u32 - 1)));
    assert_eq!(sample(5, &assignment), Some(rows.clone()));
    assert_ne!(sample(6, &assignment), Some(rows));
    assert_eq!(sample(5, &assignment[..MOST_ON_MAP]), None);
}

#[test]
fn places_are_within_one_and_strays_at_the_edge() {
    let mut rows: Vec<f32> = (0..400).flat_map(|i| [i as f32, (i % 7) as f32]).collect();
    rows[0] = -1e9;
    let places = places(&rows, 2);
    assert!(places.iter().all(|x| x.abs() <= 1.0));
    let spread = places
        .iter()
        .step_by(2)
        .skip(1)
        .fold(0.0f32, |most, x| most.max(x.abs()));
    assert!(spread > 0.2, "{spread}");
}

#[test]
fn a_tree_has_the_numbers_of_the_clusters() {
    let graph = Graph::of_memberships(&[1, 0, 3, 2, 5, 2], &[1.0; 6], 1);
    let found = tree(
        &graph,
        &[5, 5, 1, 1, 4, 4],
        &[0.0; 6],
        &[0, 2, 0, 0, 2, 2, 0],
    );
    assert_eq!(found.joinings[0].joined, [1, 4]);
    assert_eq!((found.joinings[0].cluster, found.joinings[0].size), (7, 4));
    assert_eq!(found.joinings[1].joined, [5, 7]);
    assert!(found.is_of(&[0, 2, 0, 0, 2, 2, 0]));
}
