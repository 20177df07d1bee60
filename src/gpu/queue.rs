//! Recording and submitting: dispatches are collected, then encoded into one pass and submitted.
//!
//! A submit is kept short (about [`TARGET`]), because some systems reset a GPU whose submit takes
//! seconds; at most [`IN_FLIGHT`] submits wait on the device.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// How long one submit should take.
const TARGET: Duration = Duration::from_millis(20);
/// How long a submit may take before the device counts as hung.
const TIMEOUT: Duration = Duration::from_secs(300);
/// Submits that may wait on the device.
const IN_FLIGHT: usize = 2;
/// Most dispatches in one submit; also the slots of the parameter ring.
const MOST_DISPATCHES: usize = 1024;

struct Recorded {
    pipeline: wgpu::ComputePipeline,
    bind_group: wgpu::BindGroup,
    params_offset: u32,
    workgroups: [u32; 3],
}

struct InFlight {
    index: wgpu::SubmissionIndex,
    dispatches: usize,
}

/// Collects dispatches and their parameters until they are submitted.
pub(super) struct Recorder {
    recorded: Vec<Recorded>,
    /// Parameters of the recorded dispatches, one slot each.
    params: Vec<u8>,
    /// Their copy on the device. Writes are ordered with submits, so one ring serves all submits.
    ring: wgpu::Buffer,
    slot: usize,
    limit: usize,
    in_flight: VecDeque<InFlight>,
    clock: Clock,
    /// Spent waiting for submits while recording.
    pub(super) waited: Duration,
}

impl Recorder {
    pub(super) fn new(device: &wgpu::Device, alignment: u32) -> Self {
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
            limit: 16,
            in_flight: VecDeque::new(),
            clock: Clock::start(),
            waited: Duration::ZERO,
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

    /// Adds a dispatch; true when it is time to submit.
    pub(super) fn record(
        &mut self,
        pipeline: wgpu::ComputePipeline,
        bind_group: wgpu::BindGroup,
        params: &[u8],
        workgroups: [u32; 3],
    ) -> bool {
        assert!(
            params.len() <= self.slot,
            "parameters of {} bytes",
            params.len()
        );
        let offset = self.params.len();
        self.params.extend_from_slice(params);
        self.params.resize(offset + self.slot, 0);
        self.recorded.push(Recorded {
            pipeline,
            bind_group,
            params_offset: offset as u32,
            workgroups,
        });
        self.recorded.len() >= self.limit
    }

    /// Submits what is recorded and waits while too much is in flight.
    pub(super) fn submit(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
    ) -> Result<(), String> {
        if self.recorded.is_empty() {
            return Ok(());
        }
        queue.write_buffer(&self.ring, 0, &self.params);
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        self.encode(&mut encoder);
        let dispatches = self.recorded.len();
        let index = queue.submit([encoder.finish()]);
        self.recorded.clear();
        self.params.clear();
        self.in_flight.push_back(InFlight { index, dispatches });
        while self.in_flight.len() > IN_FLIGHT {
            self.wait_for_oldest(device)?;
        }
        Ok(())
    }

    fn encode(&self, encoder: &mut wgpu::CommandEncoder) {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        for dispatch in &self.recorded {
            let [x, y, z] = dispatch.workgroups;
            pass.set_pipeline(&dispatch.pipeline);
            pass.set_bind_group(0, &dispatch.bind_group, &[dispatch.params_offset]);
            pass.dispatch_workgroups(x, y, z);
        }
    }

    /// Waits for the oldest submit and sets the size of the next ones from the time it took.
    fn wait_for_oldest(&mut self, device: &wgpu::Device) -> Result<(), String> {
        let Some(oldest) = self.in_flight.pop_front() else {
            return Ok(());
        };
        let mut waiting = Clock::start();
        wait(device, Some(oldest.index))?;
        self.waited += waiting.lap().unwrap_or_default();
        if let Some(elapsed) = self.clock.lap() {
            let each = elapsed.as_secs_f64() / oldest.dispatches as f64;
            let wanted = TARGET.as_secs_f64() / each.max(1e-9);
            // At most doubled, so that one lucky lap does not make a submit that lasts seconds.
            self.limit = (wanted as usize)
                .clamp(4, MOST_DISPATCHES)
                .min(2 * self.limit);
        }
        Ok(())
    }

    /// Waits for every submit.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn wait_for_all(&mut self, device: &wgpu::Device) -> Result<(), String> {
        if let Some(newest) = self.in_flight.pop_back() {
            wait(device, Some(newest.index))?;
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
    ) -> Result<Mapping, String> {
        let staging = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("read back"),
            size: source.size(),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_buffer_to_buffer(source, 0, &staging, 0, source.size());
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
                state.result = Some(result.map_err(|error| format!("read back failed: {error}")));
                if let Some(waker) = state.waker.take() {
                    waker.wake();
                }
            });
        wait(device, Some(index))?;
        self.in_flight.clear();
        self.clock.lap();
        Ok(mapping)
    }
}

/// Waits for a submit. In a browser nothing blocks: the mapping's callback comes from its event loop.
fn wait(
    device: &wgpu::Device,
    submission_index: Option<wgpu::SubmissionIndex>,
) -> Result<(), String> {
    let poll = wgpu::PollType::Wait {
        submission_index,
        timeout: Some(TIMEOUT),
    };
    match device.poll(poll) {
        Ok(_) => Ok(()),
        Err(wgpu::PollError::Timeout) => Err(format!(
            "a submit did not end within {} s",
            TIMEOUT.as_secs()
        )),
        Err(error) => Err(error.to_string()),
    }
}

#[derive(Default)]
struct MappingState {
    result: Option<Result<(), String>>,
    waker: Option<Waker>,
}

/// A buffer that is being mapped for reading.
pub(super) struct Mapping {
    staging: Option<wgpu::Buffer>,
    state: Arc<Mutex<MappingState>>,
}

impl Future for Mapping {
    type Output = Result<wgpu::Buffer, String>;

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
