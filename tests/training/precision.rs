//! Training with the operands of products rounded to f16.

use dec_gpu::Error;
use dec_gpu::config::{Config, DataShape};
use dec_gpu::cpu::Cpu;
use dec_gpu::data::digits;
use dec_gpu::device::{AdapterRemedy, Device};
use dec_gpu::gpu::{Gpu, GpuOptions};
use dec_gpu::metrics::Scores;
use dec_gpu::precision::Precision;
use dec_gpu::run::verify::{blobs, train, verify_training};

use super::common::adapters;
use super::{bits, run, usable};

fn half() -> Cpu {
    Cpu::new().with_precision(Precision::F16)
}

/// Both precisions cluster the digits alike, in the mean of three seeds, and lose alike on the way.
#[test]
fn digits_are_clustered_as_well_at_f16() {
    let data = digits();
    let labels = data.labels.as_ref().expect("digits are labelled");
    let run = |cpu: Cpu, seed: u32| {
        let short = [
            "neighbours.space=off",
            "pretrain.steps=1000",
            "pretrain.held-out=0.0",
            "cluster.max-steps=300",
            &format!("seed={seed}"),
        ]
        .map(str::to_owned);
        let mut config = Config::layered(None, None, &short).expect("a schedule");
        config.n_clusters = Some(10);
        let config = config.resolve(DataShape::of(&data)).expect("it fits");
        let run = pollster::block_on(train(&cpu, &data, config)).expect("trains");
        let scores = Scores::of(&labels.ids, &run.clustering.assignment);
        (run, scores.acc)
    };
    let pairs = [0, 1, 2].map(|seed| [run(Cpu::new(), seed), run(half(), seed)]);
    let [acc, acc_rounded] = [0, 1].map(|which| {
        let all = pairs.iter().map(|pair| pair[which].1);
        println!("ACC {:?}", all.clone().collect::<Vec<_>>());
        all.sum::<f64>() / 3.0
    });
    println!("mean ACC {acc:.4} at f32, {acc_rounded:.4} at f16");
    assert!(
        acc > 0.6 && (acc - acc_rounded).abs() < 0.05,
        "{acc} {acc_rounded}"
    );
    let [[(full, _), (rounded, _)], ..] = pairs;
    let pretraining = |run: &dec_gpu::run::verify::Run| {
        let losses = run.losses.iter().filter(|at| at.phase == "pretrain");
        losses.map(|at| at.loss).collect::<Vec<_>>()
    };
    let (full, rounded) = (pretraining(&full), pretraining(&rounded));
    assert!(full.len() >= 10 && full.len() == rounded.len());
    let off = (full.iter().zip(&rounded)).map(|(a, b)| (a / b - 1.0).abs());
    let worst = off.fold(0.0, f64::max);
    println!("a pre-training loss is off by {worst:.1e} at most");
    assert!(0.0 < worst && worst < 0.02, "{worst}");
}

#[test]
fn every_device_agrees_with_the_reference_at_f16() {
    let agreement = pollster::block_on(verify_training(&half())).expect("the CPU agrees");
    println!("CPU: {agreement:?}");
    let plain = run(&Cpu::new(), &blobs(90, 12, 4), &["pretrain.steps=20"]);
    let rounded = run(&half(), &blobs(90, 12, 4), &["pretrain.steps=20"]);
    assert!(bits(&plain) != bits(&rounded), "nothing was rounded");
    for report in usable("f16").iter().filter(|report| report.features.f16) {
        let gpu = adapters::open_as(report, false, Precision::F16)
            .unwrap_or_else(|error| panic!("{error:?}"));
        println!("{}: {}", adapters::title(report), gpu.cooperative());
        let agreement = pollster::block_on(verify_training(&*gpu));
        println!("{agreement:?}");
        agreement.unwrap_or_else(|failure| panic!("{:?}: {failure}", gpu.info()));
    }
    adapters::close_all();
}

/// An adapter without f16 is refused with what to do, never used at another precision.
#[test]
fn adapters_without_f16_are_refused() {
    let options = GpuOptions {
        precision: Precision::F16,
        ..GpuOptions::default()
    };
    for report in usable("f16").iter().filter(|report| !report.features.f16) {
        let opened = pollster::block_on(Gpu::open(report, options.clone()));
        let error = opened.map(|_| ()).expect_err("no f16");
        for word in [&*report.info.name, "16-bit floats"] {
            assert!(error.to_string().contains(word), "{error}");
        }
        let Error::NoAdapter(error) = error else {
            panic!("{error}");
        };
        assert_eq!(error.remedies(), [AdapterRemedy::F32, AdapterRemedy::Cpu]);
    }
}
