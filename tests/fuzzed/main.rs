//! Every reader under any bytes, as fuzzing does it, in a few seconds: bytes of no format, and files that were changed.
//! `PROPTEST_CASES=100000 cargo test --release --test fuzzed` takes longer; `benches/reliability/fuzz.sh` looks where it goes.

mod bodies;
#[path = "../hostile/mod.rs"]
mod hostile;
mod mutate;

use std::panic::{AssertUnwindSafe, catch_unwind};

use bodies::{TARGETS, Target};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};

/// Files that each target is given, of each kind.
const CASES: u32 = 3000;

fn runner() -> TestRunner {
    let more = std::env::var_os("PROPTEST_CASES").is_some();
    TestRunner::new(Config {
        cases: if more { Config::default().cases } else { CASES },
        failure_persistence: None,
        ..Config::default()
    })
}

/// Gives the body files until one breaks it; what broke it, made small.
fn broken(target: &Target, files: impl Strategy<Value = Vec<u8>>) -> Option<String> {
    let result = runner().run(&files, |bytes| {
        let body = AssertUnwindSafe(|| (target.body)(&bytes));
        catch_unwind(body).map_err(|_| TestCaseError::fail("the body panicked"))
    });
    match result {
        Ok(()) => None,
        Err(TestError::Fail(_, bytes)) => {
            Some(format!("{}: {}", target.name, bytes.escape_ascii()))
        }
        Err(error) => Some(format!("{}: {error}", target.name)),
    }
}

fn holds(target: &Target) {
    let seeds = (target.seeds)();
    assert!(seeds.len() >= 3, "{}: files to begin with", target.name);
    seeds.iter().for_each(|seed| (target.body)(seed));
    let any = prop::collection::vec(any::<u8>(), 0..256);
    assert_eq!(broken(target, any), None);
    let changed = (0..seeds.len(), mutate::changes())
        .prop_map(move |(seed, changes)| mutate::apply(seeds[seed].clone(), &changes));
    assert_eq!(broken(target, changed), None);
}

macro_rules! targets {
    ($($(#[$meta:meta])* $name:ident),*) => {
        $($(#[$meta])* #[test]
        fn $name() {
            holds(bodies::target(stringify!($name)));
        })*

        /// A target that is added to the table must be added here.
        #[test]
        fn no_target_is_left_out() {
            let here = [$($(#[$meta])* stringify!($name)),*];
            assert_eq!(here.to_vec(), TARGETS.iter().map(|target| target.name).collect::<Vec<_>>());
        }
    };
}

targets!(
    idx, npy, npz, csv, svmlight, mtx, gzip, labels, png, jpeg, ten_x, parquet, h5ad, model,
    checkpoint, config
);

#[test]
fn every_target_has_its_binary_for_fuzzing() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/fuzz_targets");
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder of targets")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            path.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| !(name == "parquet" || name == "h5ad"))
        .collect();
    found.sort();
    let optional = |name: &&str| !["parquet", "h5ad"].contains(name);
    let mut known: Vec<&str> = TARGETS
        .iter()
        .map(|target| target.name)
        .filter(optional)
        .collect();
    known.sort_unstable();
    assert_eq!(found, known);
}

/// A reader that fails at a number, at a cut and at a byte: each is found.
#[test]
fn a_faulty_reader_is_found() {
    fn seeds() -> Vec<Vec<u8>> {
        vec![
            b"rows=12 end".to_vec(),
            b"rows=3 end".to_vec(),
            b"rows=1 end".to_vec(),
        ]
    }
    let at_a_number: fn(&[u8]) = |bytes| assert!(!bytes.starts_with(b"rows=18446744073709551615"));
    let at_a_cut: fn(&[u8]) =
        |bytes| assert!(!bytes.starts_with(b"rows=3") || bytes.ends_with(b"end"));
    let at_a_byte: fn(&[u8]) = |bytes| assert!(bytes.iter().all(|byte| *byte != 0x80));
    for body in [at_a_number, at_a_cut, at_a_byte] {
        let target = Target {
            name: "faulty",
            body,
            seeds,
        };
        let changed = (0..3_usize, mutate::changes())
            .prop_map(|(seed, changes)| mutate::apply(seeds()[seed].clone(), &changes));
        assert!(broken(&target, changed).is_some());
    }
}
