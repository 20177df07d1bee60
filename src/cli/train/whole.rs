//! `--resume` on a run that is whole: what it found is told again, so that one command line is right for every start.

use std::fs;
use std::path::Path;

use dec_gpu::config::{Resolved, differences};
use dec_gpu::report::{self, RunIdentity, RunMetrics};
use dec_gpu::{Error, Result};

use super::TrainArgs;
use super::results::finish;
use crate::cli::report::read;
use crate::cli::{Outcome, checkpoint, print_json, tell, usage};

/// Whether a folder holds a whole run. With checkpoints beside it, it is of an earlier run in this folder, or this run was
/// killed as it removed them.
pub(super) fn is(out: &Path) -> bool {
    out.join(report::METRICS_JSON).exists() && !checkpoint::any(out)
}

/// Tells again what the run found, if it is of these data and this configuration.
pub(super) fn tell_again(
    args: &TrainArgs,
    quiet: bool,
    config: &Resolved,
    now: &RunIdentity,
) -> Outcome {
    let metrics = of_this(&args.out, config, now)?;
    if args.json {
        // As it stands there: a number that is read and written again may end in another digit.
        return print_json(&read::metrics_text(&args.out)?);
    }
    finish(args, quiet, &metrics)
}

fn of_this(out: &Path, config: &Resolved, now: &RunIdentity) -> Result<RunMetrics> {
    let metrics = read::metrics(out)?;
    let shown = out.display();
    let whole = |of: String| {
        format!("{shown} holds a whole run of {of}; choose another --out, or pass --force")
    };
    let Some(then) = &metrics.identity else {
        let text = "an older version, there is nothing to resume";
        return Err(usage(whole(text.into())));
    };
    if then.data != now.data {
        let text = format!("other data: {}, expected {}", then.data, now.data);
        return Err(Error::Run(whole(text)));
    }
    if then.runs != now.runs {
        let text = format!("other runs: {}, expected {}", then.runs, now.runs);
        return Err(usage(whole(text)));
    }
    if then.config != now.config {
        let text = format!("another configuration: {}", changed(out, config));
        return Err(usage(whole(text)));
    }
    tell(&format!(
        "{shown} holds this run, and it is whole: nothing is left to do"
    ));
    Ok(metrics)
}

/// What differs from the configuration that the run ended with, as far as that can be seen.
fn changed(out: &Path, config: &Resolved) -> String {
    let then = fs::read_to_string(out.join(report::CONFIG_TOML)).unwrap_or_default();
    // What is left out now, the run may have found for itself.
    let texts: Vec<String> = differences(&then, &config.to_toml())
        .iter()
        .filter(|d| d.second != "left out")
        .map(|d| format!("{} was {}, is now {}", d.key, d.first, d.second))
        .collect();
    match texts.is_empty() {
        true => "an option that was given is left out now (config.toml holds them all)".into(),
        false => texts.join(", "),
    }
}
