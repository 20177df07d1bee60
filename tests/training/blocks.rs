//! Data larger than one binding are split into blocks; that must not show in what comes out.

use dec_gpu::cpu::{Cpu, CpuBuffer};
use dec_gpu::data::{Affine, Dataset, Values};
use dec_gpu::device::{Device, DeviceInfo, Products, Result, Room};
use dec_gpu::gpu::{Gpu, GpuOptions};
use dec_gpu::kernel::Kernel;
use dec_gpu::model::Model;
use dec_gpu::predict::{Prediction, Predictor, predict};
use dec_gpu::run::verify::{BAND, blobs, compare_runs};
use dec_gpu::source::Source;

use super::variants::dense_and_sparse;
use super::{adapters, bits, on_adapters, run, usable};

/// The CPU, but one binding holds little.
struct SmallCpu(Cpu, usize);

impl Device for SmallCpu {
    type Buffer = CpuBuffer;

    fn zeros(&self, words: usize) -> Result<CpuBuffer> {
        assert!(4 * words <= self.1, "a buffer of {words} words");
        self.0.zeros(words)
    }

    fn upload<T: bytemuck::NoUninit>(&self, values: &[T]) -> Result<CpuBuffer> {
        assert!(size_of_val(values) <= self.1, "{} values", values.len());
        self.0.upload(values)
    }

    fn dispatch(
        &self,
        kernel: &'static Kernel,
        params: &[u8],
        workgroups: [u32; 3],
        bindings: &[&CpuBuffer],
    ) {
        self.0.dispatch(kernel, params, workgroups, bindings);
    }

    fn flush(&self) {}

    async fn download(&self, buffer: &CpuBuffer) -> Result<Vec<u32>> {
        self.0.download(buffer).await
    }

    fn products(&self) -> &dyn Products {
        self.0.products()
    }

    fn room(&self) -> Room {
        Room {
            binding_bytes: self.1,
            ..self.0.room()
        }
    }

    fn info(&self) -> DeviceInfo {
        self.0.info()
    }
}

/// Bytes of one binding in the tests of blocks.
const BINDING: usize = 1 << 15;
/// Layers so narrow that 1,024 rows of each fit one binding. The graph of neighbours is not split.
const NARROW: [&str; 4] = [
    "neighbours.space=off",
    "network.hidden=[8]",
    "pretrain.steps=60",
    "cluster.max-steps=20",
];

/// Trains on a device that splits the data and on one that does not.
fn assert_blocks_do_not_matter<S: Device>(small: &S, large: &impl Device) {
    let data = blobs(1600, 12, 6);
    let affine = Affine::uniform(12, 0.0, 1.0);
    let source = Source::upload(small, &data, &affine, 4).expect("room");
    assert!(source.block_rows().len() >= 3, "{:?}", source.block_rows());
    drop(source);
    let (got, want) = (run(small, &data, &NARROW), run(large, &data, &NARROW));
    let agreement = compare_runs(&got, &want, BAND).unwrap_or_else(|failure| panic!("{failure}"));
    eprintln!("{agreement:?}, same bits: {}", bits(&got) == bits(&want));
    let model = &want.model;
    let predicted =
        |batch| pollster::block_on(predict(small, model, &data, batch)).expect("predicted");
    assert!(predicted(1024) == predicted(7), "the batch split shows");
    assert_eq!(
        predicted(100).assignment,
        want.clustering.assignment,
        "blocks show in the labels"
    );
}

#[test]
fn blocks_do_not_matter() {
    assert_blocks_do_not_matter(&SmallCpu(Cpu::new(), BINDING), &Cpu::new());
    for report in usable("blocks") {
        let options = GpuOptions {
            max_binding_bytes: Some(BINDING),
            ..GpuOptions::default()
        };
        let open = |options| {
            pollster::block_on(Gpu::open(&report, adapters::options(options))).expect("opens")
        };
        assert_blocks_do_not_matter(&open(options), &open(GpuOptions::default()));
    }
}

#[test]
fn sparse_rows_in_blocks_train_to_the_bits_of_dense_rows() {
    let [dense, sparse] = dense_and_sparse(1600, 30);
    let small = SmallCpu(Cpu::new(), BINDING);
    let affine = Affine::uniform(30, 0.0, 1.0);
    let source = Source::upload(&small, &sparse, &affine, 1).expect("room");
    assert!(source.block_rows().len() >= 2, "{:?}", source.block_rows());
    let of_dense = run(&Cpu::new(), &dense, &NARROW);
    assert_eq!(bits(&run(&small, &sparse, &NARROW)), bits(&of_dense));
}

/// Everything that is found, joined.
fn joined(parts: &[Prediction]) -> Prediction {
    let mut all = parts[0].clone();
    for part in &parts[1..] {
        all.assignment.extend(&part.assignment);
        all.confidence.extend(&part.confidence);
        all.soft_assignment.extend(&part.soft_assignment);
        all.embedding.extend(&part.embedding);
    }
    all
}

/// Assigns all rows at once, and in blocks that grow and shrink, so that memory is kept, replaced and used in part.
fn assert_neighbours_do_not_matter(device: &impl Device, model: &Model, data: &Dataset) {
    let whole = pollster::block_on(predict(device, model, data, 1024)).expect("predicted");
    for batch_size in [5, 1024] {
        let mut predictor = Predictor::new(device, model, batch_size).expect("room");
        let (mut parts, mut first) = (Vec::new(), 0);
        for rows in [7, 1, 120, 64, 1, data.n_samples].into_iter().cycle() {
            let end = data.n_samples.min(first + rows);
            let block = data.of_rows(&(first as u32..end as u32).collect::<Vec<_>>());
            parts.push(pollster::block_on(predictor.assign(&block)).expect("assigned"));
            first = end;
            if first == data.n_samples {
                break;
            }
        }
        assert!(parts.len() > 4, "{} blocks", parts.len());
        assert!(
            joined(&parts) == whole,
            "batches of {batch_size}: neighbours show"
        );
    }
}

#[test]
fn a_row_gives_the_same_bits_among_any_others() {
    let [dense, sparse] = dense_and_sparse(300, 30);
    let Values::F32(values) = &dense.values else {
        panic!("blobs are floats");
    };
    let bytes = values
        .iter()
        .map(|value| (value.abs() * 20.0) as u8)
        .collect();
    let bytes = Dataset::new("bytes", 300, 30, Values::U8(bytes));
    for data in [dense, sparse, bytes] {
        let model = run(&Cpu::new(), &data, &NARROW).model;
        assert_neighbours_do_not_matter(&Cpu::new(), &model, &data);
        assert_neighbours_do_not_matter(&SmallCpu(Cpu::new(), BINDING), &model, &data);
        on_adapters("neighbours", |gpu| {
            assert_neighbours_do_not_matter(gpu, &model, &data);
        });
    }
}
