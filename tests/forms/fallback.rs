//! A form that does not compile.

use dec_gpu::device::Device;
use dec_gpu::gpu::GpuOptions;
use dec_gpu::kernel::tile::{L, M, Product};
use dec_gpu::verify::{run_case, verify_kernels};

use super::{open, taken, with_changed};

/// A product that the table gives to form L.
const LARGE: Product = Product {
    rows: 4096,
    cols: 4096,
    depth: 64,
};

fn forced(form: usize) -> GpuOptions {
    GpuOptions {
        form: Some(form),
        ..GpuOptions::default()
    }
}

#[test]
fn what_does_not_compile_is_replaced_and_told() {
    let Some(gpu) = open("a broken form", forced(L)) else {
        return;
    };
    let forms = with_changed(L, "fn product(", "fn product(no type, ");
    let form = taken(&gpu, forms, LARGE);
    assert_eq!(form, M);
    for case in (forms[form].cases)() {
        let agreement = pollster::block_on(run_case(&gpu, &forms[form], &case));
        agreement.unwrap_or_else(|failure| panic!("{failure}"));
    }
    assert_eq!(taken(&gpu, forms, LARGE), M);
    let [told] = &gpu.fallbacks()[..] else {
        panic!("told once, not {:?}", gpu.fallbacks());
    };
    assert!(
        told.starts_with("linear_forward (L): ") && told.contains("expected"),
        "{told}"
    );
}

#[test]
fn verify_leaves_out_only_what_fell_back() {
    let Some(gpu) = open("verify a broken form", forced(L)) else {
        return;
    };
    let forms = with_changed(L, "fn product(", "fn product(no type, ");
    assert!(gpu.products().fallback(&forms[L]).is_some());
    assert_eq!(gpu.products().fallback(&forms[M]), None);
    let verdicts = pollster::block_on(verify_kernels(&gpu, &[&forms[L], &forms[M]], |_| {}));
    assert!(!verdicts.is_empty());
    for verdict in verdicts {
        assert_eq!(verdict.kernel, "linear_forward (M)");
        assert!(verdict.result.is_ok(), "{:?}", verdict.result);
    }
}

#[test]
fn a_plain_form_that_does_not_compile_fails() {
    let Some(gpu) = open("a broken plain form", forced(M)) else {
        return;
    };
    let forms = with_changed(M, "fn product(", "fn product(no type, ");
    assert_eq!(taken(&gpu, forms, LARGE), M);
    assert_eq!(gpu.products().fallback(&forms[M]), None);
    let verdicts = pollster::block_on(verify_kernels(&gpu, &[&forms[M]], |_| {}));
    let failure = verdicts[0]
        .result
        .as_ref()
        .expect_err("it does not compile");
    assert!(
        failure.to_string().contains("does not compile"),
        "{failure}"
    );
}
