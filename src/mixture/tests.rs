//! What a mixture must find, and that its safeguards are needed.

use super::em::{Fit, Moments, from_labels, maximise, run};
use super::*;
use crate::random;

/// `n` points of two dimensions around each centre, with standard deviations along the axes.
fn blobs(n: usize, blobs: &[([f64; 2], [f64; 2])]) -> (Vec<f64>, Vec<u32>) {
    let mut points = Vec::new();
    let mut labels = Vec::new();
    for (b, (centre, deviation)) in blobs.iter().enumerate() {
        for i in 0..n {
            for axis in 0..2 {
                let draw = random::normal(7, b as u32, axis as u32, i as u32);
                points.push(centre[axis] + deviation[axis] * f64::from(draw));
            }
            labels.push(b as u32);
        }
    }
    (points, labels)
}

fn points(values: &[f64]) -> Points<'_> {
    Points { values, d: 2 }
}

/// The share of points whose labels are told by the others' majority.
fn purity(found: &[u32], truth: &[u32], k: usize) -> f64 {
    let mut table = vec![0usize; k * k];
    for (found, truth) in found.iter().zip(truth) {
        table[*found as usize * k + *truth as usize] += 1;
    }
    let largest = table.chunks(k).map(|row| row.iter().max().unwrap());
    largest.sum::<usize>() as f64 / found.len() as f64
}

/// Every third point's label, so that no component begins where a cluster is.
fn mixed(n: usize, k: u32) -> Vec<u32> {
    (0..n as u32).map(|i| i % k).collect()
}

#[test]
fn moments_by_hand() {
    let moments = Moments::of(
        points(&[0.0, 1.0, 4.0, 1.0, 9.0, 9.0]),
        [1.0, 3.0, 0.0].into_iter(),
    );
    assert!((moments.count - 4.0).abs() < 1e-9);
    assert!((moments.mean[0] - 3.0).abs() < 1e-8 && (moments.mean[1] - 1.0).abs() < 1e-8);
    // 1·(0 − 3)² + 3·(4 − 3)² = 12
    assert!((moments.scatter[0] - 12.0).abs() < 1e-6 && moments.scatter[1].abs() < 1e-6);
}

#[test]
fn the_log_likelihood_of_one_normal_by_hand() {
    let unit = Mixture {
        d: 2,
        weights: vec![1.0],
        means: vec![0.0, 0.0],
        covariances: vec![4.0, 0.0, 0.0, 1.0],
    };
    // −½ (2²/4 + 0) − ½ log 4 at (2, 0), −½ log 4 at the mean.
    let fit = Fit::of(points(&[2.0, 0.0, 0.0, 0.0]), unit).unwrap();
    let want = [-0.5 - 2f64.ln(), -2f64.ln()];
    assert!(
        fit.joint
            .iter()
            .zip(want)
            .all(|(a, b)| (a - b).abs() < 1e-12)
    );
    assert!((fit.log_likelihood - (want[0] + want[1]) / 2.0).abs() < 1e-12);
    assert_eq!(fit.responsibility, [1.0, 1.0]);
}

#[test]
fn a_small_component_takes_the_pooled_shape_and_a_large_one_its_own() {
    let (values, _) = blobs(4000, &[([0.0, 0.0], [1.0, 5.0])]);
    let mut values = values;
    values.extend([100.0, 100.0]); // one point, with no shape of its own
    let mut labels = vec![0; 4000];
    labels.push(1);
    let mixture = Mixture::of_labels(points(&values), &labels, 2);
    let (large, small) = mixture.covariances.split_at(4);
    for (own, other) in large.iter().zip(small) {
        assert!((own - other).abs() < 0.05 * 25.0, "{large:?} {small:?}");
    }
    assert!(small[3] > 15.0 * small[0].min(1.2), "{small:?}");
}

/// Two long thin clusters, side by side: k-means cuts both in the middle.
#[test]
fn stretched_clusters_are_followed() {
    let (values, truth) = blobs(600, &[([0.0, 0.0], [20.0, 0.5]), ([0.0, 6.0], [20.0, 0.5])]);
    // What k-means finds: left and right.
    let halves: Vec<u32> = values.chunks(2).map(|x| u32::from(x[0] > 0.0)).collect();
    let all = points(&values);
    let stuck = run(
        all,
        from_labels(all, &halves, 2, &prior(all)),
        &prior(all),
        LONG,
    )
    .unwrap();
    let slanted: Vec<u32> = (values.chunks(2))
        .map(|x| u32::from(x[0] + 8.0 * x[1] > 24.0))
        .collect();
    let labels = fit(all, 2, &[halves, slanted]).expect("a fit");
    assert!(
        purity(&labels, &truth, 2) > 0.99,
        "the likelier start is taken"
    );
    assert!(
        purity(&stuck.labels(), &truth, 2) < 0.7,
        "so the starts matter"
    );
}

/// One cluster in two components and two clusters in one: EM stays there, a merge and a split lead out.
#[test]
fn split_and_merge_leads_out_of_a_local_optimum() {
    let round = [1.0, 1.0];
    let (values, truth) = blobs(
        500,
        &[
            ([0.0, 0.0], round),
            ([40.0, 0.0], round),
            ([48.0, 0.0], round),
            ([0.0, 60.0], round),
        ],
    );
    let wrong: Vec<u32> = (values.chunks(2).zip(&truth))
        .map(|(x, blob)| match blob {
            0 => u32::from(x[0] > 0.0), // in two
            1 | 2 => 2,                 // as one
            _ => 3,
        })
        .collect();
    let all = points(&values);
    let em = run(
        all,
        from_labels(all, &wrong, 4, &prior(all)),
        &prior(all),
        LONG,
    )
    .unwrap();
    assert!(purity(&em.labels(), &truth, 4) < 0.8, "EM alone stays");
    let labels = fit(all, 4, &[wrong]).expect("a fit");
    assert_eq!(purity(&labels, &truth, 4), 1.0);
}

#[test]
fn the_likelihood_grows() {
    let (values, _) = blobs(300, &[([0.0, 0.0], [1.0, 2.0]), ([5.0, 1.0], [2.0, 1.0])]);
    let all = points(&values);
    let prior = Prior {
        strength: 0.0,
        floor: 1e-9,
    };
    let mut fit = Fit::of(all, from_labels(all, &mixed(600, 2), 2, &prior)).unwrap();
    for _ in 0..30 {
        let next = Fit::of(all, maximise(all, &fit.responsibility, 2, &prior)).unwrap();
        assert!(
            next.log_likelihood >= fit.log_likelihood - 1e-9,
            "EM without a prior never falls"
        );
        fit = next;
    }
}

#[test]
fn points_without_spread_have_no_mixture() {
    assert_eq!(fit(points(&[2.0; 80]), 2, &[mixed(40, 2)]), None);
    let mut broken = blobs(20, &[([0.0, 0.0], [1.0, 1.0])]).0;
    broken[3] = f64::NAN;
    assert_eq!(fit(points(&broken), 2, &[mixed(20, 2)]), None);
}

#[test]
fn an_empty_component_is_no_error() {
    let (values, truth) = blobs(100, &[([0.0, 0.0], [1.0, 1.0]), ([20.0, 0.0], [1.0, 1.0])]);
    let found = fit(points(&values), 3, std::slice::from_ref(&truth)).expect("a fit");
    assert_eq!(purity(&found, &truth, 3), 1.0);
}

#[test]
fn any_number_of_threads_gives_the_same() {
    let (values, _) = blobs(1500, &[([0.0, 0.0], [3.0, 1.0]), ([4.0, 4.0], [1.0, 3.0])]);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| fit(points(&values), 2, &[mixed(3000, 2)]))
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn the_device_gets_the_same_densities() {
    let (values, labels) = blobs(200, &[([0.0, 0.0], [3.0, 1.0]), ([4.0, 4.0], [1.0, 3.0])]);
    let mixture = Mixture::of_labels(points(&values), &labels, 2);
    let whitened = mixture.whitened().expect("positive definite");
    let fit = Fit::of(points(&values), mixture.clone()).unwrap();
    for (i, x) in values.chunks(2).enumerate() {
        for j in 0..2 {
            let w = &whitened.whitening[j * 4..][..4];
            let off = [x[0] - mixture.means[2 * j], x[1] - mixture.means[2 * j + 1]];
            let y = [
                f64::from(w[0]) * off[0],
                f64::from(w[2]) * off[0] + f64::from(w[3]) * off[1],
            ];
            let joint = f64::from(whitened.offset[j]) - 0.5 * (y[0] * y[0] + y[1] * y[1]);
            assert!((joint - fit.joint[2 * i + j]).abs() < 1e-4 * (1.0 + joint.abs()));
            assert_eq!(w[1], 0.0, "lower triangular");
        }
    }
}
