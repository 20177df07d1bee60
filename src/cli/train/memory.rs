//! How much memory a run will need, told before it begins, and smaller pieces where that is more than it may use.

use std::ops::ControlFlow;
use std::path::Path;

use dec_gpu::config::Resolved;
use dec_gpu::data::{BlockOptions, Dataset, open_blocks};
use dec_gpu::devices::AnyDevice;
use dec_gpu::run::trainer::map_bytes;
use dec_gpu::tally::{Needed, needed, neighbours_host_bytes, value_bytes};
use dec_gpu::{Error, Result, on_device};

use crate::cli::input::ReadArgs;
use crate::cli::max_memory::{MaxMemory, size};

/// What the program takes without any data: code, driver, pictures, buffers of files.
const BASE: u64 = 96 << 20;
/// What a driver takes that plays a GPU: it compiles kernels for the processor.
const SOFTWARE: u64 = 64 << 20;
/// How often scratch memory may be divided; pieces smaller than that take long and save little.
const DIVISORS: [usize; 4] = [1, 4, 16, 64];

/// How a run fits.
pub(super) struct Fit {
    /// Runs side by side.
    pub(super) together: u32,
    pub(super) scratch_divisor: usize,
    /// What it will need, in words.
    pub(super) told: String,
}

/// Refuses data that are larger than what may be used, before they are read: they are walked through, a block at a time.
pub(super) fn check_data(path: &Path, read: &ReadArgs, max: MaxMemory) -> Result<()> {
    let Some(most) = max.host else {
        return Ok(());
    };
    let mut values = 0;
    open_blocks(
        path,
        &read.options(None),
        &BlockOptions::default(),
        &mut |block| {
            values += value_bytes(&block.rows) as u64;
            ControlFlow::Continue(())
        },
    )?;
    let host = BASE + 2 * values;
    match host > most {
        true => Err(too_much("machine", host, "host", most)),
        false => Ok(()),
    }
}

/// The most runs side by side, with the largest pieces, that fit; `choosing` a number of clusters takes twice the room.
pub(super) fn fit(
    device: &AnyDevice,
    (data, config): (&Dataset, &Resolved),
    together: u32,
    choosing: bool,
    max: MaxMemory,
) -> Result<Fit> {
    let fits = |needed: u64, most: Option<u64>| most.is_none_or(|most| needed <= most);
    let mut least = None;
    let [on_host, on_device] = map_bytes(data, config);
    for divisor in DIVISORS {
        let need = need(device, data, config, divisor)?;
        let most = if divisor == 1 { together } else { 1 };
        let fewer = |together: &u32| (*together > 1).then(|| together.div_ceil(2));
        for together in std::iter::successors(Some(most), fewer) {
            let copies = together as usize * (1 + usize::from(choosing));
            let device_bytes = (need.of_runs(copies) + together as usize * on_device) as u64;
            let host_bytes = host(device, data, config, (device_bytes, copies as u64))
                + u64::from(together) * on_host as u64;
            if fits(host_bytes, max.host) && fits(device_bytes, max.device) {
                return Ok(Fit {
                    together,
                    scratch_divisor: divisor,
                    told: told(host_bytes, (!is_host(device)).then_some(device_bytes)),
                });
            }
            least = Some((host_bytes, device_bytes));
        }
    }
    let (host_bytes, device_bytes) = least.expect("at least one way was tried");
    Err(match max.host.filter(|most| host_bytes > *most) {
        Some(most) => too_much("machine", host_bytes, "host", most),
        None => too_much("device", device_bytes, "device", max.device.unwrap_or(0)),
    })
}

fn need(device: &AnyDevice, data: &Dataset, config: &Resolved, divisor: usize) -> Result<Needed> {
    on_device!(device, device => pollster::block_on(needed(device, data, config, divisor)))
}

/// Of the machine: the data, what is read back of every sample, the data once more on their way to a GPU, and the device's
/// own if that is the machine's.
fn host(
    device: &AnyDevice,
    data: &Dataset,
    config: &Resolved,
    (on_device, runs): (u64, u64),
) -> u64 {
    let per_sample = 2 * (config.n_clusters + config.network.embedding_dim + 4);
    let results = runs * 4 * (data.n_samples * per_sample) as u64;
    let values = value_bytes(data) as u64;
    let own = match device.info().kind.as_str() {
        "cpu" => on_device,
        "software" => SOFTWARE + values + on_device,
        _ => values,
    };
    BASE + values + own + results + neighbours_host_bytes(data, config) as u64
}

/// Whether the device's memory is the machine's.
fn is_host(device: &AnyDevice) -> bool {
    matches!(device.info().kind.as_str(), "cpu" | "software")
}

fn told(host: u64, device: Option<u64>) -> String {
    match device {
        Some(device) => format!(
            "about {} of memory, {} of the GPU's",
            size(host),
            size(device)
        ),
        None => format!("about {} of memory", size(host)),
    }
}

fn too_much(place: &str, needed: u64, key: &str, most: u64) -> Error {
    Error::Memory(format!(
        "about {} of the {place}'s memory are needed, --max-memory {key} allows {}; use fewer samples or columns, or allow more",
        size(needed),
        size(most)
    ))
}
