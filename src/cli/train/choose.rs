//! `-k 2..12` and `-k auto`: the numbers of clusters to choose from.

use std::ops::RangeInclusive;

use dec_gpu::Result;
use dec_gpu::config::{Config, Resolved};
use dec_gpu::data::Dataset;
use dec_gpu::run::Choice;

use super::TrainArgs;
use crate::cli::usage;

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
pub(super) fn told(config: &Resolved, range: Option<&RangeInclusive<usize>>) -> String {
    match range {
        Some(range) => format!("{} to {}", range.start(), range.end()),
        None => config.n_clusters.to_string(),
    }
}
