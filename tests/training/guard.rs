//! Clustering that makes things worse is noticed, and undone.

use dec_gpu::cpu::Cpu;
use dec_gpu::data::{Dataset, Values};
use dec_gpu::report::StopReason;
use dec_gpu::run::verify::blobs;

use super::{bits, on_adapters, run};

/// Points without any clusters: sums of many small numbers, cut into eight.
fn shapeless() -> Dataset {
    let value = |i: usize| dec_gpu::random::normal(5, 0, 0, i as u32);
    Dataset {
        name: "shapeless".into(),
        values: Values::F32((0..400 * 6).map(value).collect()),
        labels: None,
        ..blobs(400, 6, 1)
    }
}

/// Steps so long that the clusters fall apart.
const HARMFUL: [&str; 5] = [
    "neighbours.space=off",
    "n-clusters=8",
    "cluster.first=kmeans",
    "cluster.learning-rate=2.0",
    "cluster.max-steps=200",
];

#[test]
fn what_got_worse_is_undone_to_the_bit() {
    let data = shapeless();
    let first = [
        "neighbours.space=off",
        "n-clusters=8",
        "cluster.first=kmeans",
        "cluster.max-steps=0",
    ];
    let check = |found: &super::Run, first: &super::Run| {
        let course = found.clustering.neighbours;
        assert_eq!(
            found.clustering.stop_reason,
            StopReason::RolledBack,
            "{course:?}"
        );
        assert!(
            course.last < course.start && course.best_step == 0,
            "{course:?}"
        );
        // Without the losses: only one of the two has any.
        let [found, first] = [found, first].map(|run| {
            let (_, assignment, floats, _) = bits(run);
            (assignment, floats)
        });
        assert!(found == first, "the first clusters are back");
    };
    let cpu = Cpu::new();
    check(&run(&cpu, &data, &HARMFUL), &run(&cpu, &data, &first));
    on_adapters("what_got_worse_is_undone_to_the_bit", |gpu| {
        check(&run(gpu, &data, &HARMFUL), &run(gpu, &data, &first));
    });
}

/// After a mixture the state to go back to is one that the network has learnt, not the first.
#[test]
fn what_a_mixture_taught_comes_back() {
    let harmful = [
        "neighbours.space=off",
        "n-clusters=8",
        "cluster.learning-rate=2.0",
        "cluster.max-steps=200",
    ];
    let found = run(&Cpu::new(), &shapeless(), &harmful).clustering;
    let course = found.neighbours;
    assert_eq!(found.stop_reason, StopReason::RolledBack, "{course:?}");
    assert!(
        course.best_step > 0 && course.best > course.last,
        "{course:?}"
    );
}

#[test]
fn it_is_kept_if_asked_for() {
    let keep = [&HARMFUL[..], &["cluster.roll-back=false"]].concat();
    let found = run(&Cpu::new(), &shapeless(), &keep).clustering;
    assert_eq!(
        (found.stop_reason, found.steps),
        (StopReason::MaxSteps, 200)
    );
    assert!(found.neighbours.last < found.neighbours.start - 0.05);
}

#[test]
fn what_got_better_is_kept() {
    let found = run(&Cpu::new(), &blobs(300, 12, 7), &[]).clustering;
    assert_eq!(found.stop_reason, StopReason::MaxSteps);
    assert!(found.neighbours.last >= found.neighbours.start - 0.01);
}

/// An embedding that is enlarged gives the same first clusters, and its samples lie as far from them as asked.
#[test]
fn a_small_embedding_is_enlarged() {
    let (data, cpu) = (blobs(300, 12, 3), Cpu::new());
    let spread = |wanted: &str| {
        let found = run(&cpu, &data, &["cluster.max-steps=0", wanted]).clustering;
        let d = found.centroids.len() / 3;
        let rows = found.embedding.chunks(d).zip(&found.assignment);
        let squared = rows.map(|(z, j)| {
            let mu = &found.centroids[*j as usize * d..][..d];
            z.iter()
                .zip(mu)
                .map(|(z, mu)| f64::from(z - mu).powi(2))
                .sum::<f64>()
        });
        (squared.sum::<f64>() / 300.0, found.assignment)
    };
    let (as_it_is, clusters) = spread("cluster.min-spread=0");
    let wanted = 7.0 * as_it_is;
    let (enlarged, same) = spread(&format!("cluster.min-spread={wanted}"));
    assert!(
        (enlarged / wanted - 1.0).abs() < 1e-3,
        "{as_it_is} to {enlarged}"
    );
    assert_eq!(clusters, same);
    let (untouched, _) = spread(&format!("cluster.min-spread={}", 0.5 * as_it_is));
    assert_eq!(untouched, as_it_is);
}
