//! Forms chosen by measuring.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, Once};
use std::time::Duration;

use dec_gpu::device::Device;
use dec_gpu::gpu::{Gpu, GpuOptions, Tuning};
use dec_gpu::kernel::tile::{Product, TILES};
use dec_gpu::kernels::linear_forward::KERNELS;
use dec_gpu::verify::run_case;

use super::{open, taken, with_changed};

const PRODUCT: Product = Product {
    rows: 100,
    cols: 60,
    depth: 50,
};

/// The same class as [`PRODUCT`].
const ALIKE: Product = Product {
    rows: 128,
    cols: 33,
    depth: 64,
};

/// Measures as long as it takes.
fn patient(cache: Option<&Path>) -> Tuning {
    Tuning {
        cache: cache.map(Path::to_owned),
        budget: Duration::from_secs(600),
        class_budget: Duration::from_secs(600),
    }
}

fn opened(test: &str, tuning: Option<Tuning>) -> Option<Gpu> {
    let options = GpuOptions {
        tuning,
        ..GpuOptions::default()
    };
    open(test, options)
}

static WARNINGS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps warnings.
struct Listener;

impl log::Log for Listener {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            WARNINGS.lock().unwrap().push(record.args().to_string());
        }
    }

    fn flush(&self) {}
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Listener).expect("the first logger");
        log::set_max_level(log::LevelFilter::Warn);
    });
}

#[test]
fn a_form_with_wrong_results_is_not_chosen() {
    listen();
    let test = "a wrong form";
    let (Some(plain), Some(gpu)) = (opened(test, None), opened(test, Some(patient(None)))) else {
        return;
    };
    let table = taken(&plain, &KERNELS, PRODUCT);
    let forms = with_changed(table, "value + bias[col]", "value - bias[col]");
    let form = taken(&gpu, forms, PRODUCT);
    assert_ne!(form, table);
    for case in (forms[form].cases)() {
        let agreement = pollster::block_on(run_case(&gpu, &forms[form], &case));
        agreement.unwrap_or_else(|failure| panic!("{failure}"));
    }
    let title = forms[table].title();
    let told = |warning: &String| warning.contains("form not used") && warning.contains(&title);
    assert!(WARNINGS.lock().unwrap().iter().any(told), "{title}");
}

#[test]
fn a_form_that_does_not_compile_is_not_chosen() {
    let test = "tuning with a broken form";
    let (Some(plain), Some(gpu)) = (opened(test, None), opened(test, Some(patient(None)))) else {
        return;
    };
    let table = taken(&plain, &KERNELS, PRODUCT);
    let forms = with_changed(table, "fn product(", "fn product(no type, ");
    assert_ne!(taken(&gpu, forms, PRODUCT), table);
    assert_eq!(gpu.fallbacks().len(), 1);
}

#[test]
fn the_choice_of_a_class_is_kept() {
    let test = "kept choices";
    let folder = tempfile::tempdir().unwrap();
    let Some(first) = opened(test, Some(patient(Some(folder.path())))) else {
        return;
    };
    let form = taken(&first, &KERNELS, PRODUCT);
    assert_eq!(taken(&first, &KERNELS, ALIKE), form);
    let choices = first.products().choices().expect("a GPU has a choice");
    let name = TILES[form].name;
    assert_eq!(choices.forms["linear_forward 128x64x64"], name);

    // The next run has no time to measure, so what it takes is from the file.
    let hasty = || Tuning {
        budget: Duration::ZERO,
        ..patient(Some(folder.path()))
    };
    let second = opened(test, Some(hasty())).unwrap();
    assert_eq!(taken(&second, &KERNELS, ALIKE), form);
    let path = fs::read_dir(folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let text = fs::read_to_string(&path).unwrap();
    let entry = |name: &str| format!("\"linear_forward 128x64x64\": \"{name}\"");
    assert!(text.contains(&entry(name)), "{text}");
    fs::write(&path, text.replace(&entry(name), &entry("skinny"))).unwrap();
    let third = opened(test, Some(hasty())).unwrap();
    assert_eq!(TILES[taken(&third, &KERNELS, PRODUCT)].name, "skinny");
    let plain = opened(test, None).unwrap();
    assert_eq!(
        taken(&opened(test, None).unwrap(), &KERNELS, PRODUCT),
        taken(&plain, &KERNELS, ALIKE),
        "without tuning the file does not count"
    );
    assert_ne!(TILES[taken(&plain, &KERNELS, PRODUCT)].name, "skinny");
}

#[test]
fn without_time_the_table_decides_and_nothing_is_kept() {
    let test = "no budget";
    let folder = tempfile::tempdir().unwrap();
    let hasty = Tuning {
        budget: Duration::ZERO,
        ..patient(Some(folder.path()))
    };
    let (Some(plain), Some(gpu)) = (opened(test, None), opened(test, Some(hasty))) else {
        return;
    };
    assert_eq!(
        taken(&gpu, &KERNELS, PRODUCT),
        taken(&plain, &KERNELS, PRODUCT)
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
