//! How long the GPU computed, by its own clock: a timestamp at the beginning and the end of every submit.

/// Timestamps that fit a query set (WebGPU's limit).
const MOST: u32 = wgpu::QUERY_SET_MAX_QUERIES;

/// The timestamps of the submits since they were last read.
pub(super) struct Timestamps {
    queries: wgpu::QuerySet,
    /// Ticks (used), u64.
    ticks: wgpu::Buffer,
    used: u32,
    /// A submit found no room, so the sum would be too small.
    overflown: bool,
    nanoseconds_per_tick: f64,
}

impl Timestamps {
    /// Room on a device that has `TIMESTAMP_QUERY`.
    pub(super) fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
        Self {
            queries: device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("timestamps"),
                ty: wgpu::QueryType::Timestamp,
                count: MOST,
            }),
            ticks: device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("timestamps"),
                size: u64::from(MOST) * 8,
                usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            }),
            used: 0,
            overflown: false,
            nanoseconds_per_tick: queue.get_timestamp_period().into(),
        }
    }

    /// Where the next pass writes its two timestamps.
    pub(super) fn next(&mut self) -> Option<wgpu::ComputePassTimestampWrites<'_>> {
        if self.used + 2 > MOST {
            self.overflown = true;
            return None;
        }
        let first = self.used;
        self.used += 2;
        Some(wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(first),
            end_of_pass_write_index: Some(first + 1),
        })
    }

    /// The buffer that will hold the ticks once `encoder` is submitted, and its bytes in use; the timestamps are
    /// then forgotten. `None` if there are none, or not all.
    pub(super) fn take(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
    ) -> Option<(wgpu::Buffer, u64)> {
        let (used, overflown) = (self.used, self.overflown);
        (self.used, self.overflown) = (0, false);
        if used == 0 || overflown {
            return None;
        }
        encoder.resolve_query_set(&self.queries, 0..used, &self.ticks, 0);
        Some((self.ticks.clone(), 8 * u64::from(used)))
    }

    /// Seconds between the timestamps of each pass, all passes together.
    pub(super) fn seconds(&self, ticks: &[u64]) -> f64 {
        let pairs = ticks.chunks_exact(2);
        let sum: u64 = pairs.map(|pair| pair[1].saturating_sub(pair[0])).sum();
        1e-9 * self.nanoseconds_per_tick * sum as f64
    }
}
