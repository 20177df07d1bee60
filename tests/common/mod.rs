//! What the test programs share: parsed and altered kernels here, the rest in modules of its own.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "a part of several test programs, each of which uses a part of it"
)]

pub mod adapters;
pub mod agreement;
pub mod differences;
pub mod faulty;
pub mod gradient;
pub mod wgsl;

use std::path::PathBuf;

use dec_gpu::kernel::Kernel;
pub use wgsl::parse;

/// A folder of the repository.
pub fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The kernel with another WGSL; it lives as long as the program, as devices want it to.
pub fn with_source(kernel: &'static Kernel, source: String) -> &'static Kernel {
    let source: &'static str = Box::leak(source.into_boxed_str());
    Box::leak(Box::new(Kernel {
        wgsl: Box::leak(Box::new([source])),
        ..*kernel
    }))
}

/// The kernel with its declared mutation in its WGSL, or why there is none.
pub fn mutated(kernel: &'static Kernel) -> Result<&'static Kernel, String> {
    let (from, to) = kernel.mutation;
    let source = kernel.code();
    if !source.contains(from) {
        return Err(format!("the WGSL does not contain `{from}`"));
    }
    let mutant = with_source(kernel, source.replace(from, to));
    parse(mutant).map_err(|error| format!("the mutation `{from}` -> `{to}` {error}"))?;
    Ok(mutant)
}
