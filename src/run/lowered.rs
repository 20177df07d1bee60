//! A training whose numbers run away begins the phase again, once, at a lower learning rate.

use super::event::Event;
use super::ledger::Ledger;
use super::record::LoweredRate;
use crate::checkpoint::State;
use crate::config::Resolved;
use crate::error::{Error, Result};

/// What the rate is multiplied by.
const FACTOR: f32 = 0.1;

/// Takes a numeric failure as a reason to begin the phase again: lowers its rate in the configuration, and gives the state
/// to go on from, if it is not the start. The written configuration makes the same run, for the phase has one rate.
///
/// # Errors
/// The failure, if the rate was lowered before; every other error.
pub(super) fn lower(
    error: Error,
    config: &mut Resolved,
    ledger: &mut Ledger<'_, '_>,
) -> Result<Option<State>> {
    let Error::Numeric {
        phase,
        step,
        tensor,
    } = error
    else {
        return Err(error);
    };
    if ledger.lowered.is_some() {
        return Err(error);
    }
    let in_clustering = phase == "cluster";
    match in_clustering {
        true => {
            config.cluster.learning_rate *= FACTOR;
            config.cluster.first_learning_rate *= FACTOR;
            config.neighbours.learning_rate *= FACTOR;
            config.neighbours.first_learning_rate *= FACTOR;
        }
        false => {
            config.pretrain.learning_rate *= FACTOR;
            config.neighbours.pretrain_learning_rate *= FACTOR;
        }
    }
    let lowered = LoweredRate {
        phase: phase.into(),
        step,
        tensor: tensor.into(),
    };
    ledger.tell(&Event::Lowered(&lowered));
    ledger.lowered = Some(lowered);
    let mut state = ledger.pretrained.take_if(|_| in_clustering);
    if let Some(state) = &mut state {
        state.set_config(config);
    }
    ledger.begin_again(state.is_some());
    Ok(state)
}
