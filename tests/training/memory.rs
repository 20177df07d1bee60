//! What a run is said to need is what it then uses.

use std::cell::Cell;
use std::rc::Rc;

use dec_gpu::config::Resolved;
use dec_gpu::cpu::{Cpu, CpuBuffer};
use dec_gpu::data::{Dataset, fit};
use dec_gpu::device::{Device, DeviceBuffer, DeviceInfo, Products, Result, Room};
use dec_gpu::kernel::Kernel;
use dec_gpu::run::trainer::Trainer;
use dec_gpu::run::verify::{blobs, configuration};
use dec_gpu::tally::needed;

use super::variants::dense_and_sparse;

/// Bytes in use, and the most that ever were.
#[derive(Default)]
struct Use(Cell<usize>, Cell<usize>);

struct Held(usize, Rc<Use>);

impl Drop for Held {
    fn drop(&mut self) {
        self.1.0.set(self.1.0.get() - self.0);
    }
}

#[derive(Clone)]
struct WatchedBuffer(CpuBuffer, Rc<Held>);

impl DeviceBuffer for WatchedBuffer {
    fn words(&self) -> usize {
        self.0.words()
    }

    fn part(&self, first: usize, words: usize) -> Self {
        Self(self.0.part(first, words), self.1.clone())
    }
}

/// The CPU, whose memory is watched while it computes.
struct Watched(Cpu, Rc<Use>);

impl Watched {
    fn watch(&self, buffer: CpuBuffer) -> WatchedBuffer {
        let (bytes, used) = (4 * buffer.words(), &self.1);
        used.0.set(used.0.get() + bytes);
        used.1.set(used.1.get().max(used.0.get()));
        WatchedBuffer(buffer, Rc::new(Held(bytes, used.clone())))
    }
}

impl Device for Watched {
    type Buffer = WatchedBuffer;

    fn zeros(&self, words: usize) -> Result<WatchedBuffer> {
        Ok(self.watch(self.0.zeros(words)?))
    }

    fn upload<T: bytemuck::NoUninit>(&self, values: &[T]) -> Result<WatchedBuffer> {
        Ok(self.watch(self.0.upload(values)?))
    }

    fn dispatch(
        &self,
        kernel: &'static Kernel,
        params: &[u8],
        workgroups: [u32; 3],
        bindings: &[&WatchedBuffer],
    ) {
        let bindings: Vec<&CpuBuffer> = bindings.iter().map(|buffer| &buffer.0).collect();
        self.0.dispatch(kernel, params, workgroups, &bindings);
    }

    fn flush(&self) {}

    async fn download(&self, buffer: &WatchedBuffer) -> Result<Vec<u32>> {
        self.0.download(&buffer.0).await
    }

    fn products(&self) -> &dyn Products {
        self.0.products()
    }

    fn room(&self) -> Room {
        self.0.room()
    }

    fn info(&self) -> DeviceInfo {
        self.0.info()
    }
}

/// The most bytes that a whole run has in use.
fn used(data: &Dataset, config: &Resolved, scratch_divisor: usize) -> usize {
    let cpu = Cpu::new().with_scratch_divisor(scratch_divisor);
    let watched = Watched(cpu, Rc::default());
    pollster::block_on(async {
        let affine = fit(data, config.data.normalisation);
        let mut trainer = Trainer::new(&watched, data, affine, config.clone()).unwrap();
        trainer.pretrain(&mut |_| ()).await.unwrap();
        let first = trainer.first_clusters().await.unwrap();
        trainer.cluster(first, &mut |_| ()).await.unwrap();
        if config.kmeans.baseline {
            trainer.kmeans_on_inputs().await.unwrap();
        }
    });
    watched.1.1.get()
}

/// Within a tenth below: what is not counted are matrices of a few thousand samples.
#[test]
fn the_memory_that_is_told_is_what_a_run_uses() {
    let [dense, sparse] = dense_and_sparse(900, 24);
    let wide = blobs(3000, 60, 1);
    let shapes: [&[&str]; 4] = [
        &[],
        &["pretrain.method=layerwise", "pretrain.layer-steps=20"],
        &["cluster.first=kmeans", "kmeans.restarts=20"],
        &["pretrain.optimiser=sgd", "pretrain.held-out=0"],
    ];
    for (what, data) in [("dense", &dense), ("sparse", &sparse), ("wide", &wide)] {
        for overrides in shapes {
            let short = ["pretrain.steps=20", "cluster.max-steps=20"];
            let config = configuration(data, &[&short[..], overrides].concat()).unwrap();
            for divisor in [1, 16] {
                let needed =
                    pollster::block_on(needed(&Cpu::new(), data, &config, divisor)).unwrap();
                let (told, used) = (needed.of_runs(1), used(data, &config, divisor));
                assert!(
                    told * 10 >= used * 9 && told <= used * 11 / 10,
                    "{what} {overrides:?} / {divisor}: {told} bytes were told, {used} used"
                );
            }
        }
    }
}

#[test]
fn smaller_pieces_need_less() {
    let data = blobs(3000, 60, 1);
    let config = configuration(&data, &["kmeans.restarts=20"]).unwrap();
    let [whole, pieces] = [1, 16]
        .map(|divisor| pollster::block_on(needed(&Cpu::new(), &data, &config, divisor)).unwrap());
    assert!(pieces.run < whole.run, "{pieces:?} {whole:?}");
    assert_eq!(pieces.data, whole.data);
    assert_eq!(whole.of_runs(3), whole.data + 3 * whole.run);
}
