//! Options in code that is not run: every one must be an option of the program, or be listed as another's.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::LazyLock;

use libtest_mimic::Trial;

use crate::commands::PROGRAM;
use crate::{Checked, blocks, pages};

/// Options of cargo, of test binaries and of `test.sh` that pages name.
const OTHERS: [&str; 12] = [
    "--all-adapters",
    "--doc",
    "--features",
    "--locked",
    "--nocapture",
    "--no-default-features",
    "--no-deps",
    "--open",
    "--path",
    "--prefix",
    "--release",
    "--test",
];

/// Every long option of every subcommand.
static OWN: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let help = help(&[]);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    // A line that goes on with the description has nothing in the third column.
    let names = commands.filter(|line| line.chars().nth(2) != Some(' '));
    let names: Vec<&str> = names
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.len() > 8, "{names:?}");
    let of = |name: &&str| long_options(&self::help(&[name]));
    names
        .iter()
        .filter(|name| **name != "help")
        .flat_map(of)
        .collect()
});

/// Every option that a page names outside of its commands.
pub(crate) fn trial(page: &str) -> Trial {
    let page = page.to_owned();
    Trial::test(format!("options of {page}"), move || check(&page))
}

fn check(page: &str) -> Checked {
    let (_, prose) = blocks::parse(&pages::text(page))?;
    for option in blocks::spans(&prose).flat_map(long_options) {
        if !OWN.contains(&option) && !OTHERS.contains(&option.as_str()) {
            return Err(format!("{page}: {option} is no option of dec-gpu").into());
        }
    }
    Ok(())
}

fn help(arguments: &[&str]) -> String {
    let output = Command::new(PROGRAM).args(arguments).arg("--help").output();
    String::from_utf8(output.expect("the program starts").stdout).expect("UTF-8")
}

/// What begins with two dashes and a letter.
fn long_options(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let options = words.filter(|word| {
        let name = word.strip_prefix("--").unwrap_or_default();
        name.starts_with(|c: char| c.is_ascii_lowercase())
    });
    options.map(str::to_owned).collect()
}
