//! The number of clusters is found without labels, and the run goes on as if it had been given.

use dec_gpu::config::Resolved;
use dec_gpu::cpu::Cpu;
use dec_gpu::data::{Dataset, Labels, Values};
use dec_gpu::device::Device;
use dec_gpu::random;
use dec_gpu::run::verify::blobs;
use dec_gpu::run::{Choice, Clustering, Event, Fit};

use super::{config, on_adapters};

/// Pre-trains, chooses k from 2 to 6, and clusters.
fn choose(device: &impl Device, data: &Dataset) -> (Choice, Clustering, Resolved) {
    let mut told = Vec::new();
    let mut observe = |event: &Event<'_>| {
        if let Event::Candidate(candidate) = event {
            told.push(candidate.n_clusters);
        }
    };
    let fit = Fit::new(config(data, &["n-clusters=6"]))
        .choosing(Some(2..=6))
        .observed_by(&mut observe);
    let fitted = pollster::block_on(fit.fit_on(device, data)).expect("trained");
    assert_eq!(told, [2, 3, 4, 5, 6], "every k is told once");
    let choice = fitted.choice.expect("k was chosen");
    (choice, fitted.clustering, fitted.config)
}

/// Six blobs, sample i around centre i mod 6.
fn six_blobs(n: usize) -> Dataset {
    let dim = 12;
    let value = |at: usize| {
        let centre = if (at % dim) % 6 == (at / dim) % 6 {
            6.0
        } else {
            0.0
        };
        centre + random::normal(11, 0, 0, at as u32)
    };
    Dataset {
        values: Values::F32((0..n * dim).map(value).collect()),
        labels: None,
        ..blobs(n, dim, 1)
    }
}

#[test]
fn as_many_blobs_as_there_are_are_found() {
    for (data, blobs) in [(blobs(300, 12, 7), 3), (six_blobs(480), 6)] {
        let (choice, ..) = choose(&Cpu::new(), &data);
        assert_eq!(choice.chosen, blobs, "{choice:?}");
        let start = format!("k = {blobs}: ");
        assert!(choice.reason.starts_with(&start), "{}", choice.reason);
    }
}

#[test]
fn a_row_tells_of_the_samples_it_saw() {
    let data = blobs(300, 12, 7);
    let (choice, ..) = choose(&Cpu::new(), &data);
    assert_eq!(choice.samples.len(), 270);
    for candidate in &choice.candidates {
        let k = candidate.n_clusters;
        assert_eq!(candidate.assignment.len(), 270);
        assert!(candidate.assignment.iter().all(|c| (*c as usize) < k));
        assert!(candidate.smallest_cluster <= 270 / k);
    }
    // Sample i is of blob i mod 3, so the assignment of k = 3 must be that of these samples.
    let three = &choice.candidates[1].assignment;
    let blobs: Vec<u32> = choice.samples.iter().map(|i| i % 3).collect();
    assert_eq!(dec_gpu::metrics::ari(&blobs, three), 1.0);
}

/// What was tried leaves no trace: the run is that of the chosen k, to the bit, on every device.
#[test]
fn the_run_goes_on_as_if_k_had_been_given() {
    fn check(device: &impl Device, data: &Dataset) {
        let (choice, found, used) = choose(device, data);
        let k = format!("n-clusters={}", choice.chosen);
        // Six clusters are too many for a mixture of 150 samples, three are not.
        // Given by hand, the mixture would turn the graph off.
        let own = [&k, "cluster.first=mixture", "neighbours.space=inputs"];
        assert_eq!(used, config(data, &own));
        let given = super::run(device, data, &[&k]).clustering;
        assert_eq!(found.assignment, given.assignment);
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        for (found, given) in [
            (&found.centroids, &given.centroids),
            (&found.embedding, &given.embedding),
            (&found.soft_assignment, &given.soft_assignment),
        ] {
            assert!(bits(found) == bits(given), "{:?}", device.info());
        }
    }
    let data = blobs(150, 12, 8);
    check(&Cpu::new(), &data);
    on_adapters("the_run_goes_on_as_if_k_had_been_given", |gpu| {
        check(gpu, &data);
    });
}

#[test]
fn labels_play_no_part() {
    let labelled = blobs(150, 12, 5);
    let others: Vec<i64> = (0..150).map(|i| i64::from(i % 7 == 0)).collect();
    let permuted = Dataset {
        labels: Some(Labels::from_integers(&others)),
        ..labelled.clone()
    };
    let (want, ..) = choose(&Cpu::new(), &labelled);
    assert_eq!(choose(&Cpu::new(), &permuted).0, want);
}
