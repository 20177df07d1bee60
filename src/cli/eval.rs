//! `dec-gpu eval`: ACC, NMI and ARI of an assignment.

use std::path::PathBuf;

use clap::Args;
use dec_gpu::data::{DataError, open_labels};
use dec_gpu::metrics::Scores;

use super::{Outcome, print};

/// Arguments of `eval`.
#[derive(Args)]
pub(crate) struct EvalArgs {
    /// The true labels: IDX(.gz), NPY or CSV
    labels: PathBuf,
    /// The assignment, e.g. labels.csv of a run folder
    predicted: PathBuf,
    /// Print a JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &EvalArgs) -> Outcome {
    let labels = open_labels(&args.labels)?;
    let predicted = open_labels(&args.predicted)?;
    if labels.len() != predicted.len() {
        return Err(DataError::LabelCount {
            file: args.predicted.display().to_string(),
            found: predicted.len(),
            expected: labels.len(),
        }
        .into());
    }
    let Scores { acc, nmi, ari } = Scores::of(&labels.ids, &predicted.ids);
    if args.json {
        return print(&format!(
            "{}\n",
            serde_json::json!({ "acc": acc, "nmi": nmi, "ari": ari })
        ));
    }
    print(&format!("ACC {acc:.4}\nNMI {nmi:.4}\nARI {ari:.4}\n"))
}
