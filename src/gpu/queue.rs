//! Recording and submitting: dispatches are collected, then encoded into one pass and submitted.
//!
//! A submit is kept short (`pace`); at most [`IN_FLIGHT`] submits wait on the device.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::faults::Fault;
use super::pace::{MOST_DISPATCHES, Pace, Work};
use super::panics;
use super::timestamps::Timestamps;
use crate::device::FaultKind;

/// How long a submit may take before the device counts as hung, if nothing else is asked for.
const TIMEOUT: Duration = Duration::from_secs(300);
/// The most bytes of a dispatch's parameters: those of a joint one.
const LARGEST_PARAMS: usize = 1024;
/// Submits that may wait on the device.
const IN_FLIGHT: usize = 2;

struct Recorded {
    pipeline: wgpu::ComputePipeline,
    bind_group: wgpu::BindGroup,
    params_offset: u32,
    workgroups: [u32; 3],
}

struct InFlight {
    index: wgpu::SubmissionIndex,
    work: Work,
}

/// Collects dispatches and their parameters until they are submitted.
pub(super) struct Recorder {
    recorded: Vec<Recorded>,
    /// Parameters of the recorded dispatches, in one slot or several each.
    params: Vec<u8>,
    /// Their copy on the device. Writes are ordered with submits, so one ring serves all submits.
    ring: wgpu::Buffer,
    slot: usize,
    pace: Pace,
    /// Of the recorded dispatches.
    work: Work,
    in_flight: VecDeque<InFlight>,
    clock: Clock,
    timestamps: Option<Timestamps>,
    timeout: Duration,
}

impl Recorder {
    pub(super) fn new(
        device: &wgpu::Device,
        alignment: u32,
        timestamps: Option<Timestamps>,
        timeout: Option<Duration>,
    ) -> Self {
        let slot = 64usize.next_multiple_of(alignment as usize);
        let ring = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("params"),
            size: (MOST_DISPATCHES * slot) as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Self {
            recorded: Vec::new(),
            params: Vec::new(),
            ring,
            slot,
            pace: Pace::default(),
            work: Work::default(),
            in_flight: VecDeque::new(),
            clock: Clock::start(),
            timestamps,
            timeout: timeout.unwrap_or(TIMEOUT),
        }
    }

    /// One slot of the ring; the dispatch adds its offset.
    pub(super) fn params_binding(&self, bytes: usize) -> wgpu::BindingResource<'_> {
        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &self.ring,
            offset: 0,
            size: std::num::NonZeroU64::new(bytes as u64),
        })
    }

    /// Adds a dispatch of a kernel, named by its address; true when it is time to submit.
    pub(super) fn record(
        &mut self,
        kernel: usize,
        pipeline: wgpu::ComputePipeline,
        bind_group: wgpu::BindGroup,
        params: &[u8],
        workgroups: [u32; 3],
    ) -> bool {
        assert!(
            params.len() <= LARGEST_PARAMS,
            "parameters of {} bytes",
            params.len()
        );
        let offset = self.params.len();
        self.params.extend_from_slice(params);
        let end = self.params.len().next_multiple_of(self.slot);
        self.params.resize(end, 0);
        self.recorded.push(Recorded {
            pipeline,
            bind_group,
            params_offset: offset as u32,
            workgroups,
        });
        self.pace.add(&mut self.work, kernel, workgroups);
        let room = MOST_DISPATCHES * self.slot - self.params.len();
        self.work.is_full() || room < LARGEST_PARAMS.next_multiple_of(self.slot)
    }

    /// Submits what is recorded and waits while too much is in flight.
    pub(super) fn submit(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
    ) -> Result<(), Fault> {
        if self.recorded.is_empty() {
            return Ok(());
        }
        queue.write_buffer(&self.ring, 0, &self.params);
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        self.encode(&mut encoder);
        let commands = encoder.finish();
        let index = queue.submit([commands]);
        self.recorded.clear();
        self.params.clear();
        let work = std::mem::take(&mut self.work);
        self.in_flight.push_back(InFlight { index, work });
        while self.in_flight.len() > IN_FLIGHT {
            self.wait_for_oldest(device)?;
        }
        Ok(())
    }

    fn encode(&mut self, encoder: &mut wgpu::CommandEncoder) {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
            label: None,
            timestamp_writes: self.timestamps.as_mut().and_then(Timestamps::next),
        });
        for dispatch in &self.recorded {
            let [x, y, z] = dispatch.workgroups;
            pass.set_pipeline(&dispatch.pipeline);
            pass.set_bind_group(0, &dispatch.bind_group, &[dispatch.params_offset]);
            pass.dispatch_workgroups(x, y, z);
        }
    }

    /// Waits for the oldest submit and learns from the time it took.
    fn wait_for_oldest(&mut self, device: &wgpu::Device) -> Result<(), Fault> {
        let Some(oldest) = self.in_flight.pop_front() else {
            return Ok(());
        };
        wait(device, Some(oldest.index), self.timeout)?;
        if let Some(elapsed) = self.clock.lap() {
            self.pace.learn(&oldest.work, elapsed.as_secs_f64());
        }
        Ok(())
    }

    /// Starts reading the timestamps of the submits since the last such call, if there are any.
    pub(super) fn read_timestamps(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
    ) -> Result<Option<Mapping>, Fault> {
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let taken = (self.timestamps.as_mut()).and_then(|stamps| stamps.take(&mut encoder));
        let Some((ticks, bytes)) = taken else {
            return Ok(None);
        };
        queue.submit([encoder.finish()]);
        let mapping = self.read_back(device, queue, &ticks, 0..bytes)?;
        Ok(Some(mapping))
    }

    /// Seconds between timestamps that were read.
    pub(super) fn gpu_seconds(&self, ticks: &[u64]) -> Option<f64> {
        self.timestamps.as_ref().map(|stamps| stamps.seconds(ticks))
    }

    /// Waits for every submit.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn wait_for_all(&mut self, device: &wgpu::Device) -> Result<(), Fault> {
        if let Some(newest) = self.in_flight.pop_back() {
            wait(device, Some(newest.index), self.timeout)?;
        }
        self.in_flight.clear();
        self.clock.lap();
        Ok(())
    }

    /// Starts reading a buffer back; the future resolves to its mapped copy.
    pub(super) fn read_back(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        source: &wgpu::Buffer,
        bytes: std::ops::Range<u64>,
    ) -> Result<Mapping, Fault> {
        let staging = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("read back"),
            size: bytes.end - bytes.start,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(source, bytes.start, &staging, 0, bytes.end - bytes.start);
        let index = queue.submit([encoder.finish()]);
        let mapping = Mapping {
            staging: Some(staging.clone()),
            state: Arc::default(),
        };
        let state = mapping.state.clone();
        staging
            .slice(..)
            .map_async(wgpu::MapMode::Read, move |result| {
                let mut state = state
                    .lock()
                    .expect("no thread panics while it holds the lock");
                state.result = Some(
                    result
                        .map_err(|error| (FaultKind::Other, format!("read back failed: {error}"))),
                );
                if let Some(waker) = state.waker.take() {
                    waker.wake();
                }
            });
        wait(device, Some(index), self.timeout)?;
        self.in_flight.clear();
        self.clock.lap();
        Ok(mapping)
    }
}

/// Waits for a submit. In a browser nothing blocks: the mapping's callback comes from its event loop.
fn wait(
    device: &wgpu::Device,
    submission_index: Option<wgpu::SubmissionIndex>,
    timeout: Duration,
) -> Result<(), Fault> {
    let poll = wgpu::PollType::Wait {
        submission_index,
        timeout: Some(timeout),
    };
    match panics::caught(|| device.poll(poll)) {
        Some(Ok(_)) => Ok(()),
        Some(Err(wgpu::PollError::Timeout)) => {
            let text = format!("a submit did not end within {} s", timeout.as_secs());
            Err((FaultKind::Hung, text))
        }
        Some(Err(error)) => Err((FaultKind::Other, error.to_string())),
        None => Err((FaultKind::Lost, "the device was lost".into())),
    }
}

#[derive(Default)]
struct MappingState {
    result: Option<Result<(), Fault>>,
    waker: Option<Waker>,
}

/// A buffer that is being mapped for reading.
pub(super) struct Mapping {
    staging: Option<wgpu::Buffer>,
    state: Arc<Mutex<MappingState>>,
}

impl Future for Mapping {
    type Output = Result<wgpu::Buffer, Fault>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self
            .state
            .lock()
            .expect("no thread panics while it holds the lock");
        let Some(result) = state.result.take() else {
            state.waker = Some(context.waker().clone());
            return Poll::Pending;
        };
        drop(state);
        let staging = self.staging.take().expect("a mapping is awaited once");
        Poll::Ready(result.map(|()| staging))
    }
}

/// Time between laps, where there is a clock: a browser's WebAssembly has none in std.
struct Clock {
    #[cfg(not(target_arch = "wasm32"))]
    last: std::time::Instant,
}

impl Clock {
    #[cfg(not(target_arch = "wasm32"))]
    fn start() -> Self {
        Self {
            last: std::time::Instant::now(),
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn lap(&mut self) -> Option<Duration> {
        let elapsed = self.last.elapsed();
        self.last = std::time::Instant::now();
        Some(elapsed)
    }

    #[cfg(target_arch = "wasm32")]
    fn start() -> Self {
        Self {}
    }

    #[cfg(target_arch = "wasm32")]
    fn lap(&mut self) -> Option<Duration> {
        None
    }
}
