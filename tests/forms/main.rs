//! The forms of a product on the first adapter: what does not compile is replaced, what is wrong is not chosen,
//! what was chosen is kept.
//!
//! Without an adapter a line on stderr says so, and with `DEC_GPU_REQUIRE_ADAPTER=1` the tests fail.

#[path = "../common/mod.rs"]
mod common;

mod fallback;
mod stored;
mod tuner;

use common::adapters;
use dec_gpu::device::Device;
use dec_gpu::gpu::{Gpu, GpuOptions};
use dec_gpu::kernel::Kernel;
use dec_gpu::kernel::tile::{Product, form_called};
use dec_gpu::kernels::linear_forward::KERNELS;

/// The first adapter, opened anew, so that what one test chose is nothing to another.
fn open(test: &str, options: GpuOptions) -> Option<Gpu> {
    let Some(report) = adapters::usable().into_iter().next() else {
        let required = std::env::var("DEC_GPU_REQUIRE_ADAPTER").is_ok_and(|value| value == "1");
        assert!(!required, "{test}: no usable adapter was found");
        eprintln!("{test}: no usable adapter, NOT TESTED");
        return None;
    };
    let gpu = pollster::block_on(Gpu::open(&report, adapters::options(options)));
    Some(gpu.unwrap_or_else(|error| panic!("{test}: {error}")))
}

/// The place of the form that a product takes.
fn taken(gpu: &Gpu, kernels: &'static [Kernel], product: Product) -> usize {
    let taken = gpu.products().form(kernels, product).form();
    form_called(taken.name).expect("one of the forms")
}

/// `linear_forward` in every form, one of them with a changed WGSL.
fn with_changed(form: usize, from: &str, to: &str) -> &'static [Kernel] {
    let change = |(place, kernel): (usize, &'static Kernel)| {
        if place != form {
            return Kernel { ..*kernel };
        }
        let source = kernel.code();
        assert!(source.contains(from), "the WGSL does not contain `{from}`");
        Kernel {
            ..*common::with_source(kernel, source.replace(from, to))
        }
    };
    let forms: Vec<Kernel> = KERNELS.iter().enumerate().map(change).collect();
    Box::leak(forms.into_boxed_slice())
}
