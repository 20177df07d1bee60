//! The CPU device: runs each kernel's fast host version where there is one, else its reference.

pub(crate) mod gemm;
pub(crate) mod operand;

use std::ops::Range;
use std::sync::{Arc, RwLock};

use crate::device::{Device, DeviceBuffer, DeviceInfo, Products, Result, Room, check_part};
use crate::kernel::{Access, Kernel, View, words_of};
use crate::precision::Precision;
use crate::together::{Joins, Part};

/// Host memory shared by handles.
#[derive(Clone)]
pub struct CpuBuffer {
    memory: Arc<RwLock<Vec<u32>>>,
    /// The words of the memory that this handle sees.
    range: Range<usize>,
}

impl DeviceBuffer for CpuBuffer {
    fn words(&self) -> usize {
        self.range.len()
    }

    fn part(&self, first: usize, words: usize) -> Self {
        check_part(first, words, self.words());
        let start = self.range.start + first;
        Self {
            memory: self.memory.clone(),
            range: start..start + words,
        }
    }
}

impl CpuBuffer {
    fn new(words: Vec<u32>) -> Self {
        Self {
            range: 0..words.len(),
            memory: Arc::new(RwLock::new(words)),
        }
    }

    fn open(&self) -> std::sync::RwLockReadGuard<'_, Vec<u32>> {
        self.memory
            .try_read()
            .expect("a buffer is read while it is written: bound twice in one dispatch")
    }
}

/// Runs kernels on the host, each dispatch at once.
///
/// Results have the same bits for any number of threads: work is split so that every element is computed
/// by one thread in a fixed order.
#[derive(Clone, Copy, Debug)]
pub struct Cpu {
    reference_only: bool,
    precision: Precision,
    scratch_divisor: usize,
}

impl Default for Cpu {
    fn default() -> Self {
        Self {
            reference_only: false,
            precision: Precision::default(),
            scratch_divisor: 1,
        }
    }
}

impl Cpu {
    /// The CPU device used for training.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only references, no fast host versions: slow, and what is right.
    pub fn reference() -> Self {
        Self {
            reference_only: true,
            ..Self::default()
        }
    }

    /// The same with the operands of matrix products rounded, as a GPU opened with this precision does.
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// The same with less room for what is computed piece by piece ([`Room::scratch_divisor`]).
    pub fn with_scratch_divisor(self, scratch_divisor: usize) -> Self {
        Self {
            scratch_divisor: scratch_divisor.max(1),
            ..self
        }
    }
}

impl Device for Cpu {
    type Buffer = CpuBuffer;

    fn zeros(&self, words: usize) -> Result<CpuBuffer> {
        Ok(CpuBuffer::new(vec![0; words]))
    }

    fn upload<T: bytemuck::NoUninit>(&self, values: &[T]) -> Result<CpuBuffer> {
        Ok(CpuBuffer::new(words_of(values)))
    }

    fn dispatch(
        &self,
        kernel: &'static Kernel,
        params: &[u8],
        _workgroups: [u32; 3],
        bindings: &[&CpuBuffer],
    ) {
        run_on_host(kernel, self.reference_only, params, bindings);
    }

    fn flush(&self) {}

    async fn download(&self, buffer: &CpuBuffer) -> Result<Vec<u32>> {
        Ok(buffer.open()[buffer.range.clone()].to_vec())
    }

    fn room(&self) -> Room {
        Room {
            binding_bytes: usize::MAX,
            scratch_divisor: self.scratch_divisor,
        }
    }

    fn products(&self) -> &dyn Products {
        &self.precision // forms of one precision have the same host version
    }

    fn info(&self) -> DeviceInfo {
        DeviceInfo {
            backend: "cpu".into(),
            name: format!("host processor, {} threads", rayon::current_num_threads()),
            driver: concat!("dec-gpu ", env!("CARGO_PKG_VERSION")).into(),
            kind: "cpu".into(),
        }
    }
}

/// One model after the other: it saves nothing here, and shows what a joint dispatch means.
impl Joins for Cpu {
    fn dispatch_joined(
        &self,
        kernel: &'static Kernel,
        parts: &[Part<'_>],
        workgroups: [u32; 3],
        bindings: &[&CpuBuffer],
    ) {
        for part in parts {
            let own: Vec<CpuBuffer> = (bindings.iter().zip(&part.words))
                .map(|(buffer, words)| buffer.part(words.start, words.len()))
                .collect();
            let own: Vec<&CpuBuffer> = own.iter().collect();
            self.dispatch(kernel, part.params, workgroups, &own);
        }
    }
}

/// Opens the bindings as the kernel declares them and runs it.
fn run_on_host(kernel: &Kernel, reference_only: bool, params: &[u8], bindings: &[&CpuBuffer]) {
    assert_eq!(
        bindings.len(),
        kernel.bindings.len(),
        "bindings of {}",
        kernel.name
    );
    assert_eq!(
        params.len(),
        kernel.params_size(),
        "parameters of {}",
        kernel.name
    );
    let mut reads = Vec::new();
    let mut writes = Vec::new();
    for (binding, buffer) in kernel.bindings.iter().zip(bindings) {
        match binding.access {
            Access::Read => reads.push(buffer.open()),
            Access::ReadWrite => writes.push(buffer.memory.try_write().unwrap_or_else(|_| {
                panic!(
                    "{}: {} is bound twice in one dispatch",
                    kernel.name, binding.name
                )
            })),
        }
    }
    let (mut reads, mut writes) = (reads.iter(), writes.iter_mut());
    let mut views: Vec<View<'_>> = (kernel.bindings.iter().zip(bindings))
        .map(|(binding, buffer)| match binding.access {
            Access::Read => {
                let words = reads.next().expect("one guard per read binding");
                View::Read(&words[buffer.range.clone()])
            }
            Access::ReadWrite => {
                let words = writes.next().expect("one guard per written binding");
                View::Write(&mut words[buffer.range.clone()])
            }
        })
        .collect();
    let run = match kernel.fast {
        Some(fast) if !reference_only => fast,
        _ => kernel.reference,
    };
    run(params, &mut views);
}
