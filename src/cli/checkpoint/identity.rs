//! What a run is of: a checkpoint of another is refused, with what differs.

use std::collections::BTreeMap;
use std::path::Path;

use dec_gpu::checkpoint::State;
use dec_gpu::config::{ConfigError, Resolved, differences};
use dec_gpu::data::{Dataset, Values};
use dec_gpu::report::RunIdentity;
use dec_gpu::{Error, Result};
use twox_hash::XxHash3_128;

/// The note that is the configuration at the start.
const CONFIG: &str = "initial_config";
/// The note that stands for the data.
const DATA: &str = "data";
/// The note that says which runs belong together.
const RUNS: &str = "runs";

/// Data and configuration of a training.
pub(crate) struct Identity {
    data: String,
    config: Resolved,
    /// How many runs, of how many clusters, and from which seed on, in words.
    runs: String,
}

impl Identity {
    /// Of so many runs of so many clusters.
    pub(crate) fn of(data: &Dataset, config: &Resolved, (runs, clusters): (u32, String)) -> Self {
        Self {
            data: fingerprint(data),
            config: config.clone(),
            runs: format!("{runs} x {clusters} clusters from seed {}", config.seed),
        }
    }

    /// What `metrics.json` says of it.
    pub(crate) fn short(&self) -> RunIdentity {
        let config = XxHash3_128::oneshot(self.config.to_toml().as_bytes());
        RunIdentity {
            data: self.data.clone(),
            runs: self.runs.clone(),
            config: format!("{config:032x}"),
        }
    }

    /// What the checkpoints of the run from this seed say.
    pub(super) fn notes(&self, seed: u32) -> BTreeMap<String, String> {
        let config = self.of_seed(seed);
        BTreeMap::from([
            (CONFIG.to_owned(), config),
            (DATA.to_owned(), self.data.clone()),
            (RUNS.to_owned(), self.runs.clone()),
        ])
    }

    fn of_seed(&self, seed: u32) -> String {
        let config = Resolved {
            seed,
            ..self.config.clone()
        };
        config.to_toml()
    }

    /// Refuses a state of the run from this seed that is of other data, other runs or another configuration.
    pub(super) fn check(&self, state: &State, seed: u32, path: &Path) -> Result<()> {
        let (path, data) = (path.display(), state.text(DATA)?);
        if data != self.data {
            return Err(Error::Run(format!(
                "{path} is of other data: {data}, expected {}; give the data it was begun with, or begin again with --force",
                self.data
            )));
        }
        let other = |what: String| {
            let text = format!("{path} is of {what}; give the same, or begin again with --force");
            Err(ConfigError::Usage(text).into())
        };
        let differ = differences(state.text(CONFIG)?, &self.of_seed(seed));
        if !differ.is_empty() {
            let texts: Vec<String> = differ
                .iter()
                .map(|d| format!("{} was {}, is now {}", d.key, d.first, d.second))
                .collect();
            return other(format!("another configuration: {}", texts.join(", ")));
        }
        let runs = state.text(RUNS)?;
        if runs != self.runs {
            return other(format!("other runs: {runs}, expected {}", self.runs));
        }
        Ok(())
    }
}

/// The shape of the data and XXH3-128 of their values: it tells other data, not who made them.
fn fingerprint(data: &Dataset) -> String {
    let hash = match &data.values {
        Values::U8(values) => XxHash3_128::oneshot(values),
        Values::F32(values) => XxHash3_128::oneshot(bytemuck::cast_slice(values)),
        Values::Sparse(sparse) => {
            let parts = [
                XxHash3_128::oneshot(bytemuck::cast_slice(&sparse.starts)),
                XxHash3_128::oneshot(bytemuck::cast_slice(&sparse.columns)),
                XxHash3_128::oneshot(bytemuck::cast_slice(&sparse.values)),
            ];
            XxHash3_128::oneshot(bytemuck::cast_slice(&parts))
        }
    };
    format!(
        "{} x {} values, {hash:032x}",
        data.n_samples, data.input_dim
    )
}
