//! A device that only counts memory: what a run will need, found by the code that will ask for it.
//!
//! Every phase of a run is gone through once with a step of each kind. Nothing is computed, and what is read back is 0.

use std::cell::Cell;
use std::rc::Rc;

use crate::config::{FirstClusters, Resolved, Space};
use crate::data::{Affine, Dataset, Values};
use crate::device::{self, Device, DeviceBuffer, DeviceInfo, Products, Room, check_part};
use crate::error::Result;
use crate::kernel::Kernel;
use crate::neighbours;
use crate::precision::Precision;
use crate::run::trainer::{First, Trainer};

/// Bytes of the host for each point of the graph: both directions of its edges, four layouts, the labels of candidates.
const HOST_BYTES_OF_ROW: usize = 1024;

/// Bytes in use, and the most that ever were.
#[derive(Default)]
struct Count {
    now: Cell<usize>,
    most: Cell<usize>,
}

impl Count {
    fn add(&self, bytes: usize) {
        self.now.set(self.now.get() + bytes);
        self.most.set(self.most.get().max(self.now.get()));
    }
}

/// Memory that is counted as long as it is held.
struct Held {
    bytes: usize,
    count: Rc<Count>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.count.now.set(self.count.now.get() - self.bytes);
    }
}

/// A handle to memory that is not there.
#[derive(Clone)]
pub struct TallyBuffer {
    words: usize,
    _held: Rc<Held>,
}

impl DeviceBuffer for TallyBuffer {
    fn words(&self) -> usize {
        self.words
    }

    fn part(&self, first: usize, words: usize) -> Self {
        check_part(first, words, self.words);
        Self {
            words,
            ..self.clone()
        }
    }
}

/// Counts what would be in use on `device`.
pub struct Tally<'a, D: Device> {
    device: &'a D,
    precision: Precision,
    room: Room,
    count: Rc<Count>,
}

impl<'a, D: Device> Tally<'a, D> {
    /// Nothing in use, on a device like this one but with such a [`Room::scratch_divisor`].
    pub fn new(device: &'a D, scratch_divisor: usize) -> Self {
        Self {
            device,
            precision: device.products().precision(),
            room: Room {
                scratch_divisor,
                ..device.room()
            },
            count: Rc::default(),
        }
    }

    /// The most bytes that were in use at a time.
    pub fn most_bytes(&self) -> usize {
        self.count.most.get()
    }
}

impl<D: Device> Device for Tally<'_, D> {
    type Buffer = TallyBuffer;

    fn zeros(&self, words: usize) -> device::Result<TallyBuffer> {
        let bytes = 4 * words;
        self.count.add(bytes);
        Ok(TallyBuffer {
            words,
            _held: Rc::new(Held {
                bytes,
                count: self.count.clone(),
            }),
        })
    }

    fn upload<T: bytemuck::NoUninit>(&self, values: &[T]) -> device::Result<TallyBuffer> {
        self.zeros(size_of_val(values).div_ceil(4))
    }

    fn dispatch(&self, _: &'static Kernel, _: &[u8], _: [u32; 3], _: &[&TallyBuffer]) {}

    fn flush(&self) {}

    async fn download(&self, buffer: &TallyBuffer) -> device::Result<Vec<u32>> {
        Ok(vec![0; buffer.words])
    }

    fn room(&self) -> Room {
        self.room
    }

    fn products(&self) -> &dyn Products {
        &self.precision // all forms need the same memory
    }

    fn info(&self) -> DeviceInfo {
        self.device.info()
    }
}

/// What a run keeps on the device, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needed {
    /// The data set, which runs side by side share.
    pub data: usize,
    /// All else of one run, at its height.
    pub run: usize,
}

impl Needed {
    /// Of so many runs side by side.
    pub fn of_runs(self, runs: usize) -> usize {
        self.data + runs * self.run
    }
}

/// What a run of a resolved configuration needs on a device with such a [`Room::scratch_divisor`]. The choice of a
/// number of clusters needs more: a trainer for each half of the data beside this one.
///
/// # Errors
/// Those of a run whose sizes no device of this kind has room for.
pub async fn needed<D: Device>(
    device: &D,
    data: &Dataset,
    config: &Resolved,
    scratch_divisor: usize,
) -> Result<Needed> {
    let tally = Tally::new(device, scratch_divisor);
    let affine = Affine::uniform(data.input_dim, 0.0, 1.0);
    let mut trainer = Trainer::new(&tally, data, affine, once(config))?;
    let space = config.neighbours.space;
    if space != Space::Off {
        trainer.hold_neighbours(data, space)?;
    }
    trainer.pretrain(&mut |_| ()).await?;
    let mut first = First::of_kmeans(trainer.init_centroids().await?);
    if config.first_clusters(data.n_samples) == FirstClusters::Mixture {
        first.mixture = Some(trainer.blank_mixture(&first.kmeans)?);
    }
    trainer.cluster(first, &mut |_| ()).await?;
    if config.kmeans.baseline {
        trainer.kmeans_on_inputs().await?;
    }
    let data = value_bytes(data);
    Ok(Needed {
        data,
        run: tally.most_bytes() - data,
    })
}

/// Bytes of the host that the graph of neighbours needs besides the data: directions, points, lists, layouts, labels.
pub fn neighbours_host_bytes(data: &Dataset, config: &Resolved) -> usize {
    let (n, d) = (
        data.n_samples.min(config.neighbours.samples),
        config.network.embedding_dim,
    );
    let of_row = HOST_BYTES_OF_ROW + neighbours::bytes_of_slow_walks(config.n_clusters);
    match config.neighbours.space {
        Space::Off => 0,
        Space::Embedding => n * (of_row + 4 * d),
        Space::Inputs => neighbours::host_bytes(data) + n * (of_row + 4 * data.input_dim.min(50)),
    }
}

/// The bytes of the values of a data set, in memory and on a device.
pub fn value_bytes(data: &Dataset) -> usize {
    match &data.values {
        Values::U8(values) => values.len(),
        Values::F32(values) => size_of_val(&values[..]),
        Values::Sparse(x) => 4 * (x.starts.len() + x.columns.len() + x.values.len()),
    }
}

/// One step of each kind.
fn once(config: &Resolved) -> Resolved {
    let mut config = config.clone();
    config.pretrain.steps = 1;
    config.pretrain.layer_steps = 1;
    config.kmeans.max_iterations = 1;
    config.cluster.max_steps = 1;
    config.neighbours.space = Space::Off;
    config
}
