//! The documentation does what it says: one trial per page, link, option and example.
//!
//! - `commands of PAGE`: every fenced `sh` block of the README and of `docs/*.md`, line by line, in a folder of its own
//!   that holds the files the pages speak of ([`fixtures`]), with the built program first in `PATH`. All must succeed.
//! - `options of PAGE`: every option in code that is not run is one of the program's.
//! - `links of PAGE`: every relative link leads to a file.
//! - `features`: every test that `docs/features.md` names is there.
//! - `example NAME`: every program of `examples/` succeeds and says something.
//!
//! A block that cannot run here says why in its first line, which readers do not see: `sh not run: needs a network`.

mod blocks;
mod commands;
mod examples;
mod features;
mod fixtures;
mod links;
mod options;
mod pages;

use libtest_mimic::{Arguments, Failed, Trial};

/// What a trial ends with.
type Checked = Result<(), Failed>;

fn main() {
    let mut trials = vec![Trial::test("features", features::check)];
    for page in pages::all() {
        trials.push(links::trial(&page));
        if pages::reason_not_to_run(&page).is_none() {
            trials.push(options::trial(&page));
            // The blocks are for a Unix shell.
            trials.push(commands::trial(&page).with_ignored_flag(cfg!(windows)));
        }
    }
    trials.extend(examples::trials());
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
