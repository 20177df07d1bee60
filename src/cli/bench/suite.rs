//! Measuring one row after the other, within the budget.

use std::time::Instant;

use cpu_time::ThreadTime;
use dec_gpu::Result;
use dec_gpu::device::{Device, DeviceInfo, Matrix};

use super::budget::{Budget, Plan, TooLong};
use super::counted::{Counted, Recording};
use super::results::{Measured, Row, Skipped, Task};
use super::statistics::{Summary, median};
use crate::cli::tell;

/// A first call that takes longer than this is typical enough; compiling the pipelines is a small part.
const LONG_CALL: f64 = 1.0;

/// The rows measured so far, and how to measure more.
pub(super) struct Suite<'d, D: Recording> {
    pub(super) device: &'d Counted<D>,
    pub(super) rows: Vec<Row>,
    pub(super) skipped: Vec<Skipped>,
    /// Whether any id held the filter.
    pub(super) matched: bool,
    info: DeviceInfo,
    budget: Budget,
    filter: String,
    quiet: bool,
    /// What waiting reads back.
    word: D::Buffer,
    /// Operations per second to predict with; none are predicted until it is known.
    rate: f64,
}

impl<'d, D: Recording> Suite<'d, D> {
    pub(super) fn new(
        device: &'d Counted<D>,
        budget: Budget,
        filter: String,
        quiet: bool,
    ) -> Result<Self> {
        Ok(Self {
            device,
            rows: Vec::new(),
            skipped: Vec::new(),
            matched: false,
            info: device.info(),
            budget,
            filter,
            quiet,
            word: device.zeros(1)?,
            rate: f64::INFINITY,
        })
    }

    /// Predicts the time of tasks from this many operations per second.
    pub(super) fn predict_from(&mut self, rate: f64) {
        self.rate = rate;
    }

    /// Whether to prepare and measure a task: it is asked for, and there is time for it.
    pub(super) fn wants(&mut self, task: &Task) -> bool {
        if !task.id.contains(&self.filter) {
            return false;
        }
        self.matched = true;
        let call_seconds = task.operations() / self.rate;
        match self.budget.check(call_seconds) {
            Ok(()) => true,
            Err(too_long) => {
                self.skip(task, too_long);
                false
            }
        }
    }

    fn skip(&mut self, task: &Task, TooLong { predicted_seconds }: TooLong) {
        // Also with --quiet: a row that is missing is a result.
        tell(&format!(
            "skipped {}: it would take about {predicted_seconds:.0} s; see --max-time",
            task.id
        ));
        self.skipped.push(Skipped {
            id: task.id.clone(),
            predicted_seconds,
        });
    }

    /// Measures a task and keeps its row; `call` does it once, without waiting for the device.
    pub(super) fn measure(
        &mut self,
        task: &Task,
        call: &mut dyn FnMut() -> Result<()>,
    ) -> Result<()> {
        let plan = match self.settle(call)? {
            Ok(plan) => plan,
            Err(too_long) => {
                self.skip(task, too_long);
                return Ok(());
            }
        };
        let row = Row::new(
            task,
            &self.repeat(plan, call)?,
            &self.info,
            self.device.products().precision(),
        );
        if !self.quiet {
            tell(&format!("{}: {:.1} us", row.id, row.median));
        }
        self.rows.push(row);
        Ok(())
    }

    /// Warms up, so that pipelines are compiled, and finds how many calls make a repetition.
    fn settle(
        &self,
        call: &mut dyn FnMut() -> Result<()>,
    ) -> Result<std::result::Result<Plan, TooLong>> {
        let first = self.seconds(1, call)?;
        if first > LONG_CALL {
            return Ok(self.budget.plan(1, first));
        }
        let mut calls = 1;
        loop {
            let seconds = self.seconds(calls, call)?;
            if seconds >= self.budget.min_seconds {
                return Ok(self.budget.plan(calls, seconds / calls as f64));
            }
            calls = self.budget.more_calls(calls, seconds);
        }
    }

    fn repeat(
        &self,
        Plan { calls, repetitions }: Plan,
        call: &mut dyn FnMut() -> Result<()>,
    ) -> Result<Measured> {
        self.device.take(); // what warming up counted
        self.device.busy_seconds()?;
        let mut busy = Some(Vec::with_capacity(repetitions));
        let mut seconds = Vec::with_capacity(repetitions);
        let mut host = Vec::with_capacity(repetitions);
        let mut counts = Vec::with_capacity(repetitions);
        for _ in 0..repetitions {
            let timed = self.timed(calls, call)?;
            seconds.push(timed.seconds / calls as f64);
            host.push(timed.host_seconds / calls as f64);
            counts.push(self.device.take());
            let seconds = self.device.busy_seconds()?;
            busy = busy.zip(seconds).map(|(mut busy, seconds)| {
                busy.push(seconds / calls as f64);
                busy
            });
        }
        let per_call = |amount: f64| amount / calls as f64;
        let dispatches: Vec<f64> = (counts.iter())
            .map(|count| per_call(count.dispatches as f64))
            .collect();
        Ok(Measured {
            seconds: Summary::of(&seconds),
            repetitions,
            calls,
            dispatches: median(&dispatches),
            host_seconds: (!self.device.computes_on_host()).then(|| median(&host)),
            forms: counts.into_iter().flat_map(|count| count.forms).collect(),
            device_seconds: busy.map(|times| median(&times)),
        })
    }

    /// Seconds of so many calls, until the device has done them all.
    pub(super) fn seconds(
        &self,
        calls: usize,
        call: &mut dyn FnMut() -> Result<()>,
    ) -> Result<f64> {
        Ok(self.timed(calls, call)?.seconds)
    }

    fn timed(&self, calls: usize, call: &mut dyn FnMut() -> Result<()>) -> Result<Timed> {
        let (start, host) = (Instant::now(), ThreadTime::now());
        for _ in 0..calls {
            call()?;
        }
        self.device.flush(); // by itself, so that this submit is counted too
        let host_seconds = host.elapsed().as_secs_f64();
        pollster::block_on(self.device.download(&self.word))?;
        Ok(Timed {
            seconds: start.elapsed().as_secs_f64(),
            host_seconds,
        })
    }
}

/// What some calls took.
struct Timed {
    /// Until the device had done them all.
    seconds: f64,
    /// That this thread was running, to record and submit them: neither waiting for the device nor put aside for other threads.
    host_seconds: f64,
}

/// A matrix of seeded random values, uniform in [-1, 1): never zeros, which some hardware multiplies faster.
pub(super) fn random<D: Device>(
    device: &D,
    seed: u32,
    rows: usize,
    cols: usize,
) -> Result<Matrix<D>> {
    let values = dec_gpu::kernels::inputs::uniform(seed, rows * cols);
    Ok(Matrix::upload(device, rows, cols, &values)?)
}
