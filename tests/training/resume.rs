//! A run that was interrupted goes on to the bits it would have had.

use std::cell::Cell;

use dec_gpu::Error;
use dec_gpu::checkpoint::{Phase, State};
use dec_gpu::config::Resolved;
use dec_gpu::cpu::Cpu;
use dec_gpu::data::Dataset;
use dec_gpu::device::Device;
use dec_gpu::run::verify::{BAND, LossAt, Run, blobs, compare_runs};
use dec_gpu::run::{Event, Fit, Observer, Store};

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

/// Counts how often it is asked, stops the run at one of these questions, and notes losses.
struct Watcher {
    asked: Cell<usize>,
    stop: Option<usize>,
    losses: Vec<LossAt>,
}

impl Observer for Watcher {
    fn event(&mut self, _seed: u32, event: &Event<'_>) {
        self.losses.extend(LossAt::told_by(event));
    }

    fn stops(&self) -> bool {
        self.asked.set(self.asked.get() + 1);
        Some(self.asked.get() - 1) == self.stop
    }
}

/// The last state, as it would come from a file.
#[derive(Default)]
struct Memory(Option<State>);

impl Store for Memory {
    fn newest(&mut self, _seed: u32) -> dec_gpu::Result<Option<State>> {
        Ok(self.0.clone())
    }

    fn is_due(&self, _seed: u32) -> bool {
        false
    }

    fn keep(&mut self, _seed: u32, state: &State) -> dec_gpu::Result<()> {
        let bytes = state.to_bytes(&Default::default());
        self.0 = Some(State::from_bytes(&bytes)?);
        Ok(())
    }
}

/// Trains from a state or from the start; stops when it is asked for the `stop`-th time, from 0.
pub(super) fn train<D: Device>(
    device: &D,
    data: &Dataset,
    config: &Resolved,
    from: Option<Stopped>,
    stop: Option<usize>,
) -> End {
    let resume = from.is_some();
    let (state, losses) = from.map(|from| (from.state, from.losses)).unzip();
    let mut store = Memory(state);
    let mut watcher = Watcher {
        asked: Cell::new(0),
        stop,
        losses: losses.unwrap_or_default(),
    };
    let fit = Fit::new(config.clone())
        .observed_by(&mut watcher)
        .kept_in(&mut store)
        .resuming(resume);
    let fitted = pollster::block_on(fit.fit_on(device, data));
    let losses = watcher.losses;
    match fitted {
        Ok(fitted) => End::Whole(Box::new(Run {
            losses,
            clustering: fitted.clustering,
            model: fitted.model,
        })),
        Err(Error::Interrupted { .. }) => End::Stopped(Stopped {
            state: store.0.expect("the state was kept"),
            losses,
        }),
        Err(error) => panic!("{error}"),
    }
}

/// The state of a run at its `stop`-th question.
pub(super) fn stopped_at(cpu: &Cpu, data: &Dataset, config: &Resolved, stop: usize) -> State {
    match train(cpu, data, config, None, Some(stop)) {
        End::Stopped(stopped) => stopped.state,
        End::Whole(_) => panic!("there is no {stop}-th step"),
    }
}

/// Goes on from a state to the end.
pub(super) fn go_on(
    cpu: &Cpu,
    data: &Dataset,
    config: &Resolved,
    state: State,
) -> dec_gpu::Result<()> {
    let mut store = Memory(Some(state));
    let fit = Fit::new(config.clone()).kept_in(&mut store).resuming(true);
    pollster::block_on(fit.fit_on(cpu, data)).map(drop)
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
    config: &Resolved,
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

/// Layers, losses and targets have the same names and shapes on all: only last bits differ.
#[test]
fn a_run_of_one_device_goes_on_on_another() {
    let data = blobs(300, 12, 9);
    let (cpu, config) = (Cpu::new(), config(&data, &SHORT));
    let want = whole(train(&cpu, &data, &config, None, None));
    on_adapters("going on elsewhere", |gpu| {
        for stop in [3, 9, 26, 38] {
            let End::Stopped(there) = train(&cpu, &data, &config, None, Some(stop)) else {
                panic!("there is no {stop}-th step");
            };
            let got = whole(train(gpu, &data, &config, Some(there), None));
            compare_runs(&got, &want, BAND).unwrap_or_else(|failure| panic!("{failure}"));
            let End::Stopped(back) = train(gpu, &data, &config, None, Some(stop)) else {
                panic!("there is no {stop}-th step");
            };
            let got = whole(train(&cpu, &data, &config, Some(back), None));
            compare_runs(&got, &want, BAND).unwrap_or_else(|failure| panic!("{failure}"));
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
    let error = go_on(&cpu, &data, &wider, stopped.state).unwrap_err();
    assert!(error.to_string().contains("words, expected"), "{error}");
}

/// A store that cannot keep anything.
#[derive(Default)]
struct Full(usize);

impl Store for Full {
    fn newest(&mut self, _seed: u32) -> dec_gpu::Result<Option<State>> {
        Ok(None)
    }

    fn is_due(&self, _seed: u32) -> bool {
        true
    }

    fn keep(&mut self, _seed: u32, _state: &State) -> dec_gpu::Result<()> {
        self.0 += 1;
        Err(Error::Run("no room".into()))
    }
}

#[test]
fn a_store_that_fails_is_told_of_once_and_the_run_goes_on() {
    let data = blobs(300, 12, 9);
    let (cpu, config) = (Cpu::new(), config(&data, &SHORT));
    let (mut store, mut told) = (Full::default(), Vec::new());
    let mut observe = |event: &Event<'_>| {
        if let Event::NotKept(error) = event {
            told.push(error.to_string());
        }
    };
    let fit = Fit::new(config.clone())
        .observed_by(&mut observe)
        .kept_in(&mut store);
    let fitted = pollster::block_on(fit.fit_on(&cpu, &data)).expect("training goes on");
    assert_eq!(told, ["no room"]);
    assert!(store.0 > 40, "{} states", store.0);
    let want = whole(train(&cpu, &data, &config, None, None));
    assert_eq!(fitted.model, want.model);
}

/// Whoever stops a run relies on its state: that it could not be kept comes before that it was stopped.
#[test]
fn a_stopped_run_that_could_not_be_kept_says_so() {
    let data = blobs(300, 12, 9);
    let mut store = Full::default();
    let mut watcher = Watcher {
        asked: Cell::new(0),
        stop: Some(25),
        losses: Vec::new(),
    };
    let fit = Fit::new(config(&data, &SHORT))
        .observed_by(&mut watcher)
        .kept_in(&mut store);
    let error = pollster::block_on(fit.fit_on(&Cpu::new(), &data)).unwrap_err();
    assert_eq!(error.to_string(), "no room");
}
