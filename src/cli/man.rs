//! `dec-gpu man`: the manual page of the program or of a subcommand, or a folder of all of them.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::Man;

use super::run_dir::RunDir;
use super::{Outcome, print, stdout_failed, usage};

/// Arguments of `man`.
#[derive(Args)]
pub(crate) struct ManArgs {
    /// The subcommand whose page to print; the program's own page if left out
    subcommand: Option<String>,
    /// Write every page into this folder instead: dec-gpu.1, dec-gpu-train.1, …; older pages are replaced
    #[arg(long, value_name = "DIR", conflicts_with = "subcommand")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &ManArgs, mut program: Command) -> Outcome {
    // Gives the subcommands their full names and the arguments that all have.
    program.build();
    if let Some(path) = &args.out {
        let folder = RunDir::create(path, true)?;
        for command in pages(&program) {
            let page = Man::new(command.clone());
            folder.write(&page.get_filename(), |out| page.render(out))?;
        }
        return Ok(std::process::ExitCode::SUCCESS);
    }
    let command = match &args.subcommand {
        None => &program,
        Some(name) => named(&program, name)?,
    };
    let mut page = Vec::new();
    Man::new(command.clone())
        .render(&mut page)
        .map_err(stdout_failed)?;
    print(&String::from_utf8_lossy(&page))
}

/// The program and its subcommands, but for `help`, which only repeats them.
fn pages(program: &Command) -> impl Iterator<Item = &Command> {
    let subcommands = program.get_subcommands();
    std::iter::once(program).chain(subcommands.filter(|command| command.get_name() != "help"))
}

fn named<'a>(program: &'a Command, name: &str) -> dec_gpu::Result<&'a Command> {
    let mut subcommands = pages(program).skip(1);
    let found = subcommands.find(|command| command.get_name() == name);
    found.ok_or_else(|| {
        let known: Vec<&str> = pages(program).skip(1).map(Command::get_name).collect();
        usage(format!(
            "no manual page for '{name}'; expected one of {}",
            known.join(", ")
        ))
    })
}
