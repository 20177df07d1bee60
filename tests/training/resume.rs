//! A run that was interrupted goes on to the bits it would have had.

use std::cell::Cell;
use std::rc::Rc;

use dec_gpu::Error;
use dec_gpu::checkpoint::{Phase, State, Wish};
use dec_gpu::config::Config;
use dec_gpu::cpu::Cpu;
use dec_gpu::data::{Dataset, fit};
use dec_gpu::device::Device;
use dec_gpu::model::Model;
use dec_gpu::trainer::{Clustering, Event, Trainer};
use dec_gpu::verify::training::{LossAt, Run, blobs};

use super::{bits, config, on_adapters};

/// Both ways of pre-training, samples held out, updates of the target, a mixture that teaches: a few steps of each.
pub(super) const SHORT: [&str; 10] = [
    "neighbours.space=off",
    "pretrain.method=layerwise",
    "pretrain.layer-steps=7",
    "pretrain.steps=12",
    "pretrain.held-out=0.2",
    "pretrain.evaluate-every=3",
    "pretrain.dropout=0.2",
    "cluster.max-steps=12",
    "cluster.update-interval=5",
    "cluster.tolerance=0",
];

/// Where a run was stopped, and the losses so far; or the whole run.
pub(super) enum End {
    Stopped(Stopped),
    Whole(Box<Run>),
}

pub(super) struct Stopped {
    pub(super) state: State,
    losses: Vec<LossAt>,
}

/// Trains from a state or from the start; stops when it is asked for the `stop`-th time, from 0.
pub(super) fn train<D: Device>(
    device: &D,
    data: &Dataset,
    config: &Config,
    from: Option<Stopped>,
    stop: Option<usize>,
) -> End {
    let affine = fit(data, config.normalisation());
    let mut trainer = Trainer::new(device, data, affine, config.clone()).unwrap();
    let asked = Rc::new(Cell::new(0));
    if stop.is_some() {
        trainer.ask_between_steps(move || {
            asked.set(asked.get() + 1);
            match Some(asked.get() - 1) == stop {
                true => Wish::Stop,
                false => Wish::GoOn,
            }
        });
    }
    let mut losses = Vec::new();
    if let Some(stopped) = from {
        losses = stopped.losses;
        trainer.resume(stopped.state).unwrap();
    }
    let mut told = None;
    match pollster::block_on(phases(&mut trainer, &mut losses, &mut told)) {
        Ok((clustering, model)) => End::Whole(Box::new(Run {
            losses,
            clustering,
            model,
        })),
        Err(Error::Interrupted { .. }) => End::Stopped(Stopped {
            state: told.expect("the state was told"),
            losses,
        }),
        Err(error) => panic!("{error}"),
    }
}

async fn phases<D: Device>(
    trainer: &mut Trainer<'_, D>,
    losses: &mut Vec<LossAt>,
    told: &mut Option<State>,
) -> dec_gpu::Result<(Clustering, Model)> {
    let mut observe = |event: &Event<'_>| match *event {
        Event::State(state) => {
            // As it would come from a file.
            let bytes = state.to_bytes(&Default::default());
            *told = Some(State::from_bytes(&bytes).unwrap());
        }
        Event::Loss {
            phase, step, loss, ..
        } => losses.push(LossAt {
            phase: phase.to_owned(),
            step,
            loss,
        }),
        _ => {}
    };
    trainer.pretrain(&mut observe).await?;
    let clustering = if trainer.is_before(Phase::Cluster) {
        let first = trainer.first_clusters().await?;
        trainer.cluster(first, &mut observe).await?
    } else {
        trainer.go_on_clustering(&mut observe).await?
    };
    let model = trainer.model(&clustering).await?;
    Ok((clustering, model))
}

/// The state of a run at its `stop`-th question.
pub(super) fn stopped_at(cpu: &Cpu, data: &Dataset, config: &Config, stop: usize) -> State {
    match train(cpu, data, config, None, Some(stop)) {
        End::Stopped(stopped) => stopped.state,
        End::Whole(_) => panic!("there is no {stop}-th step"),
    }
}

/// Goes on from a state to the end.
pub(super) fn go_on(
    cpu: &Cpu,
    data: &Dataset,
    config: &Config,
    state: State,
) -> dec_gpu::Result<()> {
    let affine = fit(data, config.normalisation());
    let mut trainer = Trainer::new(cpu, data, affine, config.clone())?;
    trainer.resume(state)?;
    let (mut losses, mut told) = (Vec::new(), None);
    pollster::block_on(phases(&mut trainer, &mut losses, &mut told)).map(drop)
}

pub(super) fn whole(end: End) -> Run {
    match end {
        End::Whole(run) => *run,
        End::Stopped(Stopped { state, .. }) => {
            panic!("stopped in {:?} at step {}", state.phase, state.step)
        }
    }
}

/// Stops a run at its `stop`-th question and goes on; false if there are not so many.
pub(super) fn stops_and_goes_on<D: Device>(
    device: &D,
    data: &Dataset,
    config: &Config,
    want: &Run,
    stop: usize,
) -> bool {
    let stopped = match train(device, data, config, None, Some(stop)) {
        End::Stopped(stopped) => stopped,
        End::Whole(run) => {
            assert!(bits(&run) == bits(want), "being asked changes the run");
            return false;
        }
    };
    let place = format!("{:?}, step {}", stopped.state.phase, stopped.state.step);
    let got = whole(train(device, data, config, Some(stopped), None));
    let (got, want) = (bits(&got), bits(want));
    let same = [
        got.0 == want.0,
        got.1 == want.1,
        got.2 == want.2,
        got.3 == want.3,
    ];
    assert!(
        same == [true; 4],
        "another run after {place}: model, labels, arrays, losses the same: {same:?}"
    );
    true
}

#[test]
fn every_step_of_a_run_is_one_to_go_on_from() {
    let data = blobs(300, 12, 9);
    for optimiser in ["adam", "sgd"] {
        let kinds = [
            format!("pretrain.optimiser={optimiser}"),
            format!("cluster.optimiser={optimiser}"),
        ];
        let overrides: Vec<&str> = SHORT
            .into_iter()
            .chain(kinds.iter().map(String::as_str))
            .collect();
        let (cpu, config) = (Cpu::new(), config(&data, &overrides));
        let want = whole(train(&cpu, &data, &config, None, None));
        let stops = (0..)
            .take_while(|stop| stops_and_goes_on(&cpu, &data, &config, &want, *stop))
            .count();
        // 3 layers of 7, 12 end to end and the end, 12 of clustering and the end.
        assert!(stops > 3 * 7 + 12 + 1 + 12, "{stops} places");
    }
}

#[test]
fn runs_on_adapters_go_on_too() {
    let data = blobs(300, 12, 9);
    let config = config(&data, &SHORT);
    on_adapters("going on", |gpu| {
        let want = whole(train(gpu, &data, &config, None, None));
        for stop in [0, 6, 9, 17, 26, 29, 31, 38] {
            assert!(
                stops_and_goes_on(gpu, &data, &config, &want, stop),
                "there is no {stop}-th step"
            );
        }
    });
}

#[test]
fn a_run_can_be_stopped_twice() {
    let data = blobs(300, 12, 9);
    let (cpu, config) = (Cpu::new(), config(&data, &SHORT));
    let want = whole(train(&cpu, &data, &config, None, None));
    let End::Stopped(first) = train(&cpu, &data, &config, None, Some(28)) else {
        panic!("it was not stopped");
    };
    let End::Stopped(second) = train(&cpu, &data, &config, Some(first), Some(10)) else {
        panic!("it was not stopped again");
    };
    assert_eq!(second.state.phase, Phase::Cluster);
    let got = whole(train(&cpu, &data, &config, Some(second), None));
    assert!(bits(&got) == bits(&want));
}

#[test]
fn a_state_of_another_network_is_refused() {
    let data = blobs(300, 12, 9);
    let cpu = Cpu::new();
    let End::Stopped(stopped) = train(&cpu, &data, &config(&data, &SHORT), None, Some(20)) else {
        panic!("it was not stopped");
    };
    let wider = config(&data, &[&SHORT[..], &["network.hidden=[24]"]].concat());
    let affine = fit(&data, wider.normalisation());
    let mut trainer = Trainer::new(&cpu, &data, affine, wider).unwrap();
    let error = trainer.resume(stopped.state).unwrap_err();
    assert!(error.to_string().contains("words, expected"), "{error}");
}
