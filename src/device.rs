//! The one seam: a place that can run kernels.
//!
//! The trainer is written once over [`Device`]; [`crate::cpu::Cpu`] defines what is right and
//! [`crate::gpu::Gpu`] is measured against it. The associated buffer type makes handing a buffer of one
//! device to another a compile error. Shape checks happen above the seam, in the typed calls of
//! `src/kernels/`.

mod adapter;
mod fault;
mod products;

use crate::kernel::Kernel;
pub use adapter::{AdapterError, AdapterRemedy};
pub use fault::{DeviceFault, FaultKind, Result};
pub use products::{Choices, Products};

/// A handle to device memory; cloning it shares the memory.
pub trait DeviceBuffer: Clone {
    /// The length in 32-bit words.
    fn words(&self) -> usize;

    /// `words` words of the same memory from word `first` on, a multiple of [`ALIGNMENT`].
    ///
    /// Parts of one buffer may not be read and written in the same dispatch.
    fn part(&self, first: usize, words: usize) -> Self;
}

/// Parts of a buffer begin at multiples of so many words: 256 bytes, the most that WebGPU asks for.
pub const ALIGNMENT: usize = 64;

/// Panics unless a part lies within a buffer of `whole` words and on a boundary.
pub(crate) fn check_part(first: usize, words: usize, whole: usize) {
    assert!(
        first.is_multiple_of(ALIGNMENT) && first + words <= whole,
        "words {first}..{} of {whole}",
        first + words
    );
}

/// A place that can run kernels.
///
/// Work is recorded in order and seen in order. Errors of recorded work are reported by the next
/// [`Device::download`]; the first one wins and stays.
#[allow(
    async_fn_in_trait,
    reason = "callers block on it or run it on one thread; no Send bound is wanted"
)]
pub trait Device {
    /// Device memory.
    type Buffer: DeviceBuffer;

    /// A buffer of `words` 32-bit zeros.
    fn zeros(&self, words: usize) -> Result<Self::Buffer>;

    /// A buffer holding `values`; bytes are packed, the last word padded with zeros.
    fn upload<T: bytemuck::NoUninit>(&self, values: &[T]) -> Result<Self::Buffer>;

    /// Records one dispatch. `params` are the bytes of the kernel's uniform, `bindings` its buffers in order.
    fn dispatch(
        &self,
        kernel: &'static Kernel,
        params: &[u8],
        workgroups: [u32; 3],
        bindings: &[&Self::Buffer],
    );

    /// Starts recorded work without waiting for it.
    fn flush(&self);

    /// Waits for recorded work and reads a buffer back.
    async fn download(&self, buffer: &Self::Buffer) -> Result<Vec<u32>>;

    /// How much memory there is for one purpose.
    fn room(&self) -> Room;

    /// How matrix products are computed.
    fn products(&self) -> &dyn Products;

    /// What this device is.
    fn info(&self) -> DeviceInfo;
}

/// How much memory a device has for one purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// The most bytes one binding may hold; larger data are split into blocks.
    pub binding_bytes: usize,
    /// Memory that is used again and again is divided by this: more dispatches in less memory.
    pub scratch_divisor: usize,
}

/// What a device is, as `metrics.json` and the tables name it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DeviceInfo {
    /// `cpu`, `vulkan`, `metal`, `dx12` or `gl`.
    pub backend: String,
    /// The adapter's name.
    pub name: String,
    /// The driver and its version.
    pub driver: String,
    /// `discrete`, `integrated`, `virtual`, `software`, `other` or `cpu`.
    pub kind: String,
}

/// Reads a buffer of floats back.
pub async fn download_f32<D: Device>(device: &D, buffer: &D::Buffer) -> Result<Vec<f32>> {
    Ok(device
        .download(buffer)
        .await?
        .into_iter()
        .map(f32::from_bits)
        .collect())
}

/// A row-major matrix of f32 (or of u32, where said) on a device: a handle, cheap to clone.
pub struct Matrix<D: Device> {
    /// Rows in use; the buffer may hold more.
    pub rows: usize,
    /// Columns.
    pub cols: usize,
    /// At least `rows`·`cols` words.
    pub buffer: D::Buffer,
}

impl<D: Device> Clone for Matrix<D> {
    fn clone(&self) -> Self {
        Self {
            rows: self.rows,
            cols: self.cols,
            buffer: self.buffer.clone(),
        }
    }
}

impl<D: Device> Matrix<D> {
    /// A matrix of zeros.
    pub fn zeros(device: &D, rows: usize, cols: usize) -> Result<Self> {
        let buffer = device.zeros(rows * cols)?;
        Ok(Self { rows, cols, buffer })
    }

    /// A matrix from row-major values.
    pub fn upload(device: &D, rows: usize, cols: usize, values: &[f32]) -> Result<Self> {
        assert_eq!(
            values.len(),
            rows * cols,
            "values for a {rows}x{cols} matrix"
        );
        let buffer = device.upload(values)?;
        Ok(Self { rows, cols, buffer })
    }

    /// The first `rows` rows, in the same memory.
    pub fn first_rows(&self, rows: usize) -> Self {
        assert!(
            rows * self.cols <= self.buffer.words(),
            "{rows} rows of {}",
            self.rows
        );
        Self {
            rows,
            ..self.clone()
        }
    }

    /// Elements in use.
    pub fn len(&self) -> usize {
        self.rows * self.cols
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Panics unless the matrix has this shape: wrong shapes inside the library are bugs.
    pub fn expect_shape(&self, name: &str, rows: usize, cols: usize) {
        assert!(
            (self.rows, self.cols) == (rows, cols),
            "{name} is {}x{}, expected {rows}x{cols}",
            self.rows,
            self.cols
        );
        assert!(
            self.len() <= self.buffer.words(),
            "{name} is larger than its buffer"
        );
    }

    /// Waits for recorded work and reads the values in use.
    pub async fn download(&self, device: &D) -> Result<Vec<f32>> {
        let mut values = download_f32(device, &self.buffer).await?;
        values.truncate(self.len());
        Ok(values)
    }
}

/// A `usize` as a kernel parameter.
pub fn param(value: usize) -> u32 {
    u32::try_from(value).expect("sizes are below 2^32: buffers are bounded")
}
