//! A training whose numbers run away begins the phase again, once, at a lower learning rate.

use dec_gpu::checkpoint::State;
use dec_gpu::config::Config;
use dec_gpu::report::LoweredRate;
use dec_gpu::{Error, Result};

use crate::cli::progress::Progress;

/// What the rate is multiplied by.
const FACTOR: f32 = 0.1;

/// Takes a numeric failure as a reason to begin the phase again: lowers its rate in the configuration, and gives the state
/// to go on from, if it is not the start. The written configuration makes the same run, for the phase has one rate.
///
/// # Errors
/// The failure, if the rate was lowered before; every other error.
pub(super) fn lower(
    error: Error,
    config: &mut Config,
    progress: &mut Progress,
) -> Result<Option<State>> {
    let Error::Numeric {
        phase,
        step,
        tensor,
    } = error
    else {
        return Err(error);
    };
    if progress.lowered.is_some() {
        return Err(error);
    }
    let in_clustering = phase == "cluster";
    let key = match in_clustering {
        true => {
            config.cluster.learning_rate *= FACTOR;
            config.cluster.first_learning_rate *= FACTOR;
            config.neighbours.learning_rate *= FACTOR;
            config.neighbours.first_learning_rate *= FACTOR;
            "cluster.learning-rate, cluster.first-learning-rate and those of neighbours"
        }
        false => {
            config.pretrain.learning_rate *= FACTOR;
            config.neighbours.pretrain_learning_rate *= FACTOR;
            "pretrain.learning-rate and neighbours.pretrain-learning-rate"
        }
    };
    progress.say(&format!(
        "{phase}: {tensor} is not finite at step {step}; it begins again, once, with a tenth of {key}"
    ));
    progress.lowered = Some(LoweredRate {
        phase: phase.into(),
        step,
        tensor: tensor.into(),
    });
    let mut state = progress.pretrained.take_if(|_| in_clustering);
    if let Some(state) = &mut state {
        state.set_config(config);
    }
    progress.begin_again(state.is_some());
    Ok(state)
}
