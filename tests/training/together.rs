//! Runs side by side give what each gives alone, in fewer dispatches.

use dec_gpu::cpu::Cpu;
use dec_gpu::data::Dataset;
use dec_gpu::device::{ALIGNMENT, Device, DeviceBuffer, Matrix};
use dec_gpu::gpu::{Gpu, GpuOptions};
use dec_gpu::kernels::argmax_rows::argmax_rows;
use dec_gpu::run::verify::{Run, blobs, train};
use dec_gpu::together::{Counts, Joins, MOST, run as run_together};

use super::neighbours::rods;
use super::{adapters, bits, config, on_adapters, usable};

/// One run for each list of options, all at once.
fn together(device: &impl Joins, data: &Dataset, options: &[&[&str]]) -> (Vec<Run>, Counts) {
    let (runs, counts) = pollster::block_on(run_together(device, options.len(), |i, member| {
        let config = config(data, options[i]);
        async move { train(&member, data, config).await }
    }));
    let runs = runs.into_iter().collect::<Result<_, _>>();
    (runs.expect("trained"), counts)
}

/// The bits of all that was computed. Which forms a device has chosen so far is also in the model's file, and others who
/// use the device have their share in it.
fn numbers(run: &Run) -> impl PartialEq {
    let mut run = run.clone();
    run.model.forms = None;
    bits(&run)
}

fn assert_as_alone(device: &impl Joins, data: &Dataset, options: &[&[&str]]) -> Counts {
    let (runs, counts) = together(device, data, options);
    assert_eq!(runs.len(), options.len());
    for (run, options) in runs.iter().zip(options) {
        let alone = super::run(device, data, options);
        assert!(
            numbers(run) == numbers(&alone),
            "{options:?} on {:?}",
            device.info()
        );
    }
    counts
}

/// Three seeds take nearly the same steps: nearly a third of the dispatches are left. Candidates of layouts take different
/// numbers of steps, and what follows them is out of step.
#[test]
fn seeds_side_by_side_are_as_alone() {
    let data = blobs(150, 12, 6);
    let off = "neighbours.space=off";
    let seeds: [&[&str]; 3] = [&["seed=0", off], &["seed=1", off], &["seed=2", off]];
    let check = |Counts { asked, dispatched }| {
        assert!(dispatched * 2 < asked, "{asked} as {dispatched}");
    };
    check(assert_as_alone(&Cpu::new(), &data, &seeds));
    on_adapters("side by side", |gpu| {
        check(assert_as_alone(gpu, &data, &seeds));
    });
}

/// The same with the graph of neighbours: of blobs, whose layouts are not followed, and of a set whose are.
#[test]
fn seeds_with_layouts_side_by_side_are_as_alone() {
    for (data, k) in [
        (blobs(150, 12, 6), "n-clusters=3"),
        (rods(400), "n-clusters=4"),
    ] {
        let short = ["neighbours.steps=40", "neighbours.pretrain-steps=40", k];
        let options = ["seed=0", "seed=1", "seed=2"].map(|seed| [&[seed][..], &short].concat());
        let options: Vec<&[&str]> = options.iter().map(|one| &one[..]).collect();
        assert_as_alone(&Cpu::new(), &data, &options);
        on_adapters("side by side with layouts", |gpu| {
            assert_as_alone(gpu, &data, &options);
        });
    }
}

/// Runs that end at other steps, or take other kernels, part and are done alone from there.
#[test]
fn runs_that_part_are_as_alone() {
    let data = blobs(150, 12, 9);
    let options: [&[&str]; 4] = [
        &["seed=3"],
        &["seed=3", "cluster.max-steps=10", "cluster.tolerance=0"],
        &["seed=4", "cluster.gamma=0.1", "cluster.first=kmeans"],
        &["seed=5", "pretrain.steps=30", "network.embedding-dim=5"],
    ];
    assert_as_alone(&Cpu::new(), &data, &options);
    on_adapters("runs that part", |gpu| {
        assert_as_alone(gpu, &data, &options);
    });
}

/// Where a buffer of all would be larger than a binding, each run keeps its own.
#[test]
fn what_is_too_large_for_one_binding_is_not_joined() {
    let data = blobs(150, 12, 6);
    // Without candidates of layouts, after which the runs are out of step and little is joined with any binding.
    let off = "neighbours.space=off";
    let seeds: [&[&str]; 3] = [&["seed=0", off], &["seed=1", off], &["seed=2", off]];
    for report in usable("too large").into_iter().take(1) {
        let options = |bytes| GpuOptions {
            max_binding_bytes: bytes,
            ..GpuOptions::default()
        };
        let open = |bytes| {
            pollster::block_on(Gpu::open(&report, adapters::options(options(bytes))))
                .expect("opened")
        };
        let (plenty, tight) = (open(None), open(Some(32 << 10)));
        let [plenty, tight] = [&plenty, &tight].map(|gpu| assert_as_alone(gpu, &data, &seeds));
        assert!(
            plenty.dispatched < tight.dispatched,
            "{plenty:?}, {tight:?}"
        );
    }
    adapters::close_all();
}

/// What all have uploaded alike is there once, until somebody writes to it.
#[test]
fn words_that_all_share_are_parted_when_they_are_written_to() {
    fn check(device: &impl Joins) {
        let (labels, _) = pollster::block_on(run_together(device, 3, |i, member| async move {
            let upload = |rows, cols, values: &[f32]| Matrix::upload(&member, rows, cols, values);
            let q = upload(2, 2, &[0.0, 1.0, 1.0, 0.0])?;
            let label = upload(2, 1, &[7.0; 2])?;
            let confidence = upload(2, 1, &[0.0; 2])?;
            let changes = upload(1, 1, &[0.0])?;
            if i != 1 {
                argmax_rows(&member, &q, &label, &confidence, &changes, 0);
            }
            let words = member.download(&label.buffer).await?;
            Ok::<_, dec_gpu::Error>(words)
        }));
        let labels: Vec<Vec<u32>> = labels.into_iter().map(|l| l.expect("read")).collect();
        let untouched = 7f32.to_bits();
        assert_eq!(labels[0], [1, 0]);
        assert_eq!(labels[1], [untouched; 2]);
        assert_eq!(labels[2], labels[0]);
    }
    check(&Cpu::new());
    on_adapters("parted", check);
}

/// Buffers that no dispatch has touched hold what they were made with, whole and in part.
#[test]
fn untouched_buffers_can_be_read() {
    let (read, counts) =
        pollster::block_on(run_together(&Cpu::new(), MOST, |i, member| async move {
            let zeros = member.zeros(3)?;
            let words: Vec<u32> = (0..2 * ALIGNMENT as u32).map(|w| w + i as u32).collect();
            let part = member.upload(&words)?.part(ALIGNMENT, 2);
            Ok::<_, dec_gpu::Error>([
                member.download(&zeros).await?,
                member.download(&part).await?,
            ])
        }));
    for (i, read) in read.into_iter().enumerate() {
        let first = (ALIGNMENT + i) as u32;
        assert_eq!(read.expect("read"), [vec![0; 3], vec![first, first + 1]]);
    }
    assert_eq!(counts, Counts::default());
}
