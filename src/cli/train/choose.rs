//! `-k 2..12` and `-k auto`: the numbers of clusters to choose from, and the table that says how each did.

use std::ops::RangeInclusive;

use dec_gpu::Result;
use dec_gpu::config::Config;
use dec_gpu::data::Dataset;
use dec_gpu::device::Device;
use dec_gpu::report::{self, write_clusters_csv};
use dec_gpu::trainer::{Choice, Trainer};

use super::TrainArgs;
use crate::cli::progress::Progress;
use crate::cli::run_dir::RunDir;
use crate::cli::usage;

/// What a choice is made from.
pub(super) struct Choosing<'a> {
    pub(super) data: &'a Dataset,
    pub(super) range: RangeInclusive<usize>,
    pub(super) folder: &'a RunDir,
}

/// The numbers to choose from, whose largest is that of `config` from here on; none if k is given.
pub(super) fn range(
    args: &TrainArgs,
    data: &Dataset,
    config: &mut Config,
) -> Result<Option<RangeInclusive<usize>>> {
    let given = args.clusters.as_ref();
    let Some(range) = given.and_then(|clusters| clusters.candidates(data.n_samples)) else {
        return Ok(None);
    };
    if args.runs > 1 {
        return Err(usage(
            "--runs compares runs of one k, and -k is a range; choose k first, then give it with -k",
        ));
    }
    Choice::check(data.n_samples, *range.end())?;
    config.n_clusters = Some(*range.end());
    Ok(Some(range))
}

/// The number of clusters, or the range it comes from.
pub(super) fn told(config: &Config, range: Option<&RangeInclusive<usize>>) -> String {
    match range {
        Some(range) => format!("{} to {}", range.start(), range.end()),
        None => config.n_clusters.unwrap_or(0).to_string(),
    }
}

impl Choosing<'_> {
    /// Lets the pre-trained trainer choose, writes the table and says why. Labels only score the table's rows.
    pub(super) async fn run<D: Device>(
        &self,
        trainer: &mut Trainer<'_, D>,
        labels: Option<&[u32]>,
        progress: &mut Progress,
    ) -> Result<()> {
        progress.choosing = true;
        let choice = trainer
            .choose_clusters(self.data, self.range.clone(), &mut |event| {
                progress.event(event);
            })
            .await?;
        progress.choosing = false;
        self.folder.write(report::CLUSTERS_CSV, |out| {
            write_clusters_csv(out, &choice, labels)
        })?;
        progress.say(&choice.reason);
        Ok(())
    }
}
