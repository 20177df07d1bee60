//! Fuzzing of every reader. The bodies, and the files to begin with, are those of the property tests in `../fuzzed`.

#[path = "../fuzzed/bodies/mod.rs"]
mod bodies;
#[path = "../hostile/mod.rs"]
mod hostile;

use std::fs;
use std::panic;
use std::path::Path;
use std::sync::Once;

#[doc(hidden)]
pub use libfuzzer_sys;

/// A target of that name.
#[macro_export]
macro_rules! target {
    ($name:literal) => {
        $crate::libfuzzer_sys::fuzz_target!(
            init: $crate::begin($name),
            |bytes: &[u8]| $crate::body($name, bytes)
        );
    };
}

/// Writes what the target begins with into the folder that `FUZZ_SEEDS` names, and the dictionary beside it.
pub fn begin(name: &str) {
    let Some(folder) = std::env::var_os("FUZZ_SEEDS") else {
        return;
    };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder).expect("a folder");
    for (number, seed) in (bodies::target(name).seeds)().iter().enumerate() {
        fs::write(folder.join(format!("seed-{number}")), seed).expect("a seed");
    }
    let words = bodies::WORDS.iter().chain(bodies::NUMBERS);
    let quoted = words.map(|word| {
        let bytes = word.bytes().map(|byte| format!("\\x{byte:02x}"));
        format!("\"{}\"\n", bytes.collect::<String>())
    });
    fs::write(folder.with_extension("dict"), quoted.collect::<String>()).expect("a dictionary");
}

/// One execution.
pub fn body(name: &str, bytes: &[u8]) {
    static HOOK: Once = Once::new();
    HOOK.call_once(pass_expected_panics);
    (bodies::target(name).body)(bytes);
}

/// libFuzzer's hook aborts at every panic, but those that the Parquet reader catches are errors of the file.
fn pass_expected_panics() {
    let abort = panic::take_hook();
    panic::set_hook(Box::new(move |found| {
        if !dec_gpu::data::expects_panic() {
            abort(found);
        }
    }));
}
