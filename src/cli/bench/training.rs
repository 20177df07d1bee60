//! The trainer's own steps and refresh, encoding, and a whole epoch.

use dec_gpu::Result;
use dec_gpu::config::{Config, DataShape, Init, OptimiserKind};
use dec_gpu::data::{Affine, Dataset, Values};
use dec_gpu::kernels::inputs;
use dec_gpu::random;
use dec_gpu::run::trainer::Trainer;

use super::counted::{Counted, Recording};
use super::results::{Group, Task};
use super::sizes::{Sizes, forward_flops, step_flops};
use super::suite::Suite;

/// Encoding is measured on so many batches.
const ENCODED_BATCHES: usize = 4;
/// The loss is then read once every 100 steps, as in a long run.
const MANY_STEPS: u32 = 1_000_000;

/// A data set of random bytes, as images are, and what training on it needs.
pub(super) struct Workload<'s> {
    sizes: &'s Sizes,
    data: Dataset,
    shape: DataShape,
}

impl<'s> Workload<'s> {
    /// `n` random samples.
    pub(super) fn new(sizes: &'s Sizes, n: usize) -> Self {
        let data = Dataset::new(
            "random bytes",
            n,
            sizes.network[0],
            Values::U8(random_bytes(n * sizes.network[0])),
        );
        Self {
            sizes,
            shape: DataShape::of(&data),
            data,
        }
    }

    /// A trainer on this data, configured as the preset `fast` but for these sizes. Images are not warped, and no samples held out.
    fn trainer<'d, D: Recording>(
        &self,
        device: &'d Counted<D>,
        batch: usize,
        optimiser: OptimiserKind,
        steps: u32,
    ) -> Result<Trainer<'d, Counted<D>>> {
        let mut config = Config::preset("fast")?;
        let depth = self.sizes.network.len() - 1;
        config.n_clusters = Some(self.sizes.n_clusters);
        config.network.hidden = Some(self.sizes.network[1..depth].to_vec());
        config.network.embedding_dim = self.sizes.embedding_dim();
        config.network.init = Init::GlorotUniform;
        config.pretrain.held_out = 0.0; // an epoch is of all samples
        config.augment.pretrain = Some(false);
        config.augment.cluster = Some(false);
        config.pretrain.optimiser = optimiser;
        config.pretrain.batch_size = batch;
        config.pretrain.steps = Some(steps);
        config.cluster.optimiser = OptimiserKind::Sgd;
        config.cluster.batch_size = batch;
        let config = config.resolve(self.shape)?;
        let unit_range = Affine::uniform(self.data.input_dim, 0.0, 1.0 / 255.0);
        Trainer::new(device, &self.data, unit_range, config)
    }

    /// One step of pre-training: gather, forward, loss, backward, update.
    pub(super) fn autoencoder_step<D: Recording>(
        &self,
        suite: &mut Suite<'_, D>,
        optimiser: OptimiserKind,
        batch: usize,
    ) -> Result<()> {
        let id = format!("step_autoencoder_{}_b{batch}", name(optimiser));
        let task = Task::new(Group::Step, id)
            .flops(step_flops(batch, &self.sizes.autoencoder()))
            .samples(batch);
        if !suite.wants(&task) {
            return Ok(());
        }
        let mut trainer = self.trainer(suite.device, batch, optimiser, MANY_STEPS)?;
        let mut steps = trainer.pretrain_steps()?;
        suite.measure(&task, &mut || pollster::block_on(steps.step()))
    }

    /// One step of clustering: gather, encode, soft assignment, KL gradients, backward, update.
    pub(super) fn dec_step<D: Recording>(
        &self,
        suite: &mut Suite<'_, D>,
        batch: usize,
    ) -> Result<()> {
        let task = Task::new(Group::Step, format!("step_dec_sgd_b{batch}"))
            .flops(step_flops(batch, &self.sizes.encoder()))
            .samples(batch);
        if !suite.wants(&task) {
            return Ok(());
        }
        let mut trainer = self.trainer(suite.device, batch, OptimiserKind::Adam, MANY_STEPS)?;
        let mut steps = self.cluster_steps(&mut trainer)?;
        suite.measure(&task, &mut || pollster::block_on(steps.step()))
    }

    /// The update of the target distribution: encode every sample, q, labels, f, p; labels are read back.
    pub(super) fn refresh<D: Recording>(&self, suite: &mut Suite<'_, D>) -> Result<()> {
        let n = self.data.n_samples;
        let task = Task::new(Group::Phase, format!("refresh_n{n}"))
            .flops(forward_flops(n, &self.sizes.encoder()))
            .samples(n);
        if !suite.wants(&task) {
            return Ok(());
        }
        let batch = n.min(256);
        let mut trainer = self.trainer(suite.device, batch, OptimiserKind::Adam, MANY_STEPS)?;
        let mut steps = self.cluster_steps(&mut trainer)?;
        suite.measure(&task, &mut || {
            pollster::block_on(steps.refresh()).map(|_label_change| ())
        })
    }

    /// Clustering from random centroids and a target distribution of random embeddings.
    fn cluster_steps<'t, 'd, D: Recording>(
        &self,
        trainer: &'t mut Trainer<'d, Counted<D>>,
    ) -> Result<dec_gpu::run::trainer::ClusterSteps<'t, 'd, Counted<D>>> {
        let d = self.sizes.embedding_dim();
        let centroids = inputs::uniform(1, self.sizes.n_clusters * d);
        let embedding = inputs::uniform(2, self.data.n_samples * d);
        trainer.cluster_steps(&centroids, &embedding)
    }

    /// An epoch of pre-training as `train` runs it, the zeroing of the optimiser's state included.
    pub(super) fn epoch<D: Recording>(&self, suite: &mut Suite<'_, D>, batch: usize) -> Result<()> {
        let n = self.data.n_samples;
        let task = Task::new(
            Group::Phase,
            format!("epoch_autoencoder_adam_n{n}_b{batch}"),
        )
        .flops(step_flops(n, &self.sizes.autoencoder()))
        .samples(n);
        if !suite.wants(&task) {
            return Ok(());
        }
        let steps = n.div_ceil(batch) as u32;
        let mut trainer = self.trainer(suite.device, batch, OptimiserKind::Adam, steps)?;
        suite.measure(&task, &mut || {
            pollster::block_on(trainer.pretrain(&mut |_| {})).map(|_steps| ())
        })
    }
}

/// Embedding samples `batch` at a time, as the refresh and `predict` do.
pub(super) fn encode<D: Recording>(
    suite: &mut Suite<'_, D>,
    sizes: &Sizes,
    batch: usize,
) -> Result<()> {
    let n = ENCODED_BATCHES * batch;
    let task = Task::new(Group::Phase, format!("encode_rows_b{batch}"))
        .flops(forward_flops(n, &sizes.encoder()))
        .samples(n);
    if !suite.wants(&task) {
        return Ok(());
    }
    let workload = Workload::new(sizes, n);
    let trainer = workload.trainer(suite.device, batch, OptimiserKind::Adam, MANY_STEPS)?;
    let encoding = trainer.encoding(batch)?;
    suite.measure(&task, &mut || {
        encoding.run();
        Ok(())
    })
}

fn name(optimiser: OptimiserKind) -> &'static str {
    match optimiser {
        OptimiserKind::Adam => "adam",
        OptimiserKind::Sgd => "sgd",
    }
}

fn random_bytes(len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len + 16);
    for block in 0..len.div_ceil(16) as u32 {
        let words = random::bits4(1, 0, 0, block);
        bytes.extend_from_slice(bytemuck::cast_slice(&words));
    }
    bytes.truncate(len);
    bytes
}
