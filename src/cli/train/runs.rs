//! Several runs from different seeds: which one to keep.

use dec_gpu::Result;
use dec_gpu::report::{self, OneRun, Runs};

use super::super::progress::Progress;
use super::super::run_dir::RunDir;
use super::Run;

/// The place of the run to keep. Several runs are compared, and the comparison is written and told.
pub(super) fn compare(runs: &[Run], folder: &RunDir, progress: &Progress) -> Result<usize> {
    if runs.len() == 1 {
        return Ok(0);
    }
    let one = |run: &Run| OneRun {
        seed: run.metrics.seed,
        agreement: 0.0, // filled in by the comparison
        stop_reason: run.metrics.stop_reason,
        scores: run.metrics.scores,
    };
    let assignments: Vec<&[u32]> = runs
        .iter()
        .map(|run| &run.found.clustering.assignment[..])
        .collect();
    let compared = Runs::compare(runs.iter().map(one).collect(), &assignments);
    folder.write(report::RUNS_JSON, |out| compared.write_json(out))?;
    progress.say(&format!(
        "stability {:.3} (mean ARI among the runs); seed {} agrees best with the others and is kept",
        compared.stability, compared.kept
    ));
    if let Some(dec) = &compared.dec {
        let line = [("ACC", dec.acc), ("NMI", dec.nmi), ("ARI", dec.ari)]
            .map(|(name, score)| format!("{name} {:.4} ± {:.4}", score.mean, score.sd));
        progress.say(&format!(
            "DEC over {} runs: {}",
            runs.len(),
            line.join(", ")
        ));
    }
    let kept = runs
        .iter()
        .position(|run| run.metrics.seed == compared.kept);
    Ok(kept.expect("the kept seed is one of the runs'"))
}
