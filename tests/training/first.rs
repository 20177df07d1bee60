//! The first clusters: what a mixture sees that k-means does not, and when it is used.

use dec_gpu::config::{Config, DataShape, FirstClusters};
use dec_gpu::cpu::Cpu;
use dec_gpu::data::{Dataset, Values, digits, fit};
use dec_gpu::device::Device;
use dec_gpu::metrics::Scores;
use dec_gpu::run::trainer::Trainer;
use dec_gpu::run::verify::blobs;

use super::{config, on_adapters, run};

/// Two blobs in six dimensions.
fn two_blobs(n: usize) -> Dataset {
    Dataset {
        labels: None,
        ..blobs(n, 6, 1)
    }
}

const OVERRIDES: [&str; 4] = [
    "neighbours.space=off",
    "n-clusters=2",
    "network.embedding-dim=2",
    "data.normalisation=unit-mean-square",
];

/// On real data: of one embedding of the digits a mixture makes clusters that agree more with the labels than k-means'.
#[test]
fn of_the_digits_a_mixture_sees_more_than_kmeans() {
    let (data, cpu) = (digits(), Cpu::new());
    let labels = &data.labels.as_ref().expect("labelled").ids;
    for seed in ["seed=0", "seed=1"] {
        let overrides = [
            "neighbours.space=off",
            "pretrain.steps=800",
            "n-clusters=10",
            seed,
        ]
        .map(String::from);
        let config = Config::layered(None, None, &overrides).expect("valid");
        let config = config.resolve(DataShape::of(&data)).expect("valid");
        let affine = fit(&data, config.data.normalisation);
        let mut trainer = Trainer::new(&cpu, &data, affine, config).expect("room");
        let first = pollster::block_on(async {
            trainer.pretrain(&mut |_| {}).await?;
            trainer.first_clusters().await
        });
        let first = first.expect("found");
        let kmeans = Scores::of(labels, &first.kmeans.assignment);
        let mixture = Scores::of(labels, first.assignment());
        eprintln!("{seed}: k-means {kmeans:?}, mixture {mixture:?}");
        assert!(
            mixture.nmi > kmeans.nmi + 0.05 && mixture.acc > kmeans.acc,
            "{seed}"
        );
    }
}

/// The posterior of every sample is a distribution, its largest value is the label, and the means are of the embedding.
#[test]
fn a_mixture_speaks_of_every_sample() {
    fn check(device: &impl Device) {
        let data = two_blobs(400);
        let config = config(&data, &OVERRIDES);
        let mut trainer =
            Trainer::new(device, &data, fit(&data, config.data.normalisation), config)
                .expect("room");
        pollster::block_on(async {
            trainer.pretrain(&mut |_| {}).await.expect("trained");
            let first = trainer.first_clusters().await.expect("found");
            assert_eq!(trainer.config().cluster.first, Some(FirstClusters::Mixture));
            let mixture = first.mixture.as_ref().expect("a mixture");
            assert_eq!((mixture.assignment.len(), mixture.means.len()), (400, 4));
            let p = mixture.posterior[0].download(device).await.expect("read");
            for (row, label) in p.chunks(2).zip(&mixture.assignment) {
                assert!((row[0] + row[1] - 1.0).abs() < 1e-5, "{row:?}");
                assert!(row[*label as usize] >= 0.5, "{row:?}, label {label}");
            }
            assert_eq!(first.centroids(), &mixture.means[..]);
            assert_eq!(first.assignment(), &mixture.assignment[..]);
        });
    }
    check(&Cpu::new());
    on_adapters("a_mixture_speaks_of_every_sample", check);
}

/// Too few samples for covariances: the rule takes k-means, and says so in the configuration.
#[test]
fn few_samples_begin_with_kmeans() {
    let data = two_blobs(80);
    let config = config(&data, &OVERRIDES);
    let cpu = Cpu::new();
    let mut trainer =
        Trainer::new(&cpu, &data, fit(&data, config.data.normalisation), config).expect("room");
    let first = pollster::block_on(trainer.first_clusters()).expect("found");
    assert!(first.mixture.is_none());
    assert_eq!(trainer.config().cluster.first, Some(FirstClusters::Kmeans));
}

/// Samples that are all one leave nothing for a mixture; the run goes on with k-means.
#[test]
fn equal_samples_are_no_failure() {
    let data = Dataset {
        values: Values::F32(vec![1.0; 200 * 6]),
        labels: None,
        ..blobs(200, 6, 1)
    };
    let found = run(&Cpu::new(), &data, &["n-clusters=2", "pretrain.steps=5"]).clustering;
    assert_eq!(found.assignment.len(), 200);
    assert!(found.centroids.iter().all(|value| value.is_finite()));
}
