//! The command line: what was typed, one file per subcommand, exit codes.
//!
//! Data go to stdout, all talk to stderr. Exit codes are those of `failure`, and 1 for a bug
//! or a device that `verify` found wrong.

mod atomic;
mod bench;
mod cache_folder;
mod checkpoint;
mod clusters_arg;
mod compare;
mod device;
mod devices;
mod eval;
mod explain;
mod export;
mod failure;
mod info;
mod input;
mod man;
mod max_memory;
mod predict;
mod progress;
mod report;
mod run_dir;
mod signals;
mod staged;
mod tensorboard;
mod train;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use dec_gpu::Error;
use dec_gpu::config::{ConfigError, PRESETS, commented};
use dec_gpu::data::{is_printable, printable_lines};

/// Deep Embedded Clustering on any vendor's GPU.
#[derive(Parser)]
#[command(name = "dec-gpu", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Say less: only results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say more: the log of the GPU layer too (-vv for debugging)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

#[derive(Subcommand)]
enum Command {
    /// Train on a data set and write the run folder; without DATA, on the embedded digits
    Train(train::TrainArgs),
    /// Assign new samples to the clusters of a model
    Predict(predict::PredictArgs),
    /// Explain the clusters of a run: exemplars, decoded centroids, features, saliency
    Explain(explain::ExplainArgs),
    /// Write a model's encoder and soft assignment as ONNX
    Export(export::ExportArgs),
    /// Write a run's page and pictures again, from the files of its folder
    Report(report::ReportArgs),
    /// Put runs side by side: scores, agreement, what their configurations differ in
    Compare(compare::CompareArgs),
    /// Score an assignment against labels: ACC, NMI, ARI
    Eval(eval::EvalArgs),
    /// Say what a data set, a model or a run folder is
    Info(info::InfoArgs),
    /// List every adapter, its limits, and why it is refused if it is
    Devices(devices::DevicesArgs),
    /// Check every kernel and a short training on every device against the reference
    Verify(verify::VerifyArgs),
    /// Measure this machine: kernels, training steps, an epoch, and their share of the roofline
    Bench(bench::BenchArgs),
    /// Print a preset as TOML, with a comment on every key
    Config(ConfigArgs),
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print a manual page, or write all of them
    Man(man::ManArgs),
}

#[derive(clap::Args)]
struct ConfigArgs {
    /// fast, balanced or paper
    #[arg(long, default_value = PRESETS[0])]
    preset: String,
}

/// How a subcommand ends when nothing failed.
type Outcome = Result<ExitCode, Error>;

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    quiet_expected_panics();
    start_log(cli.verbose);
    signals::survive_size_limits();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            if let (Error::Interrupted { .. }, Some(code)) = (&error, signals::exit_code()) {
                signals::tell_once(&format!("{error}; the same command with --resume goes on"));
                return ExitCode::from(code as u8);
            }
            tell(&format!("error: {}", failure::told(&error)));
            ExitCode::from(failure::exit_code(&error))
        }
    }
}

fn run(cli: Cli) -> Outcome {
    match cli.command {
        Command::Train(args) => train::run(&args, cli.quiet),
        Command::Predict(args) => predict::run(&args, cli.quiet),
        Command::Explain(args) => explain::run(&args, cli.quiet),
        Command::Export(args) => export::run(&args, cli.quiet),
        Command::Report(args) => report::run(&args, cli.quiet),
        Command::Compare(args) => compare::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Info(args) => info::run(&args),
        Command::Devices(args) => devices::run(&args),
        Command::Verify(args) => verify::run(&args, cli.quiet),
        Command::Bench(args) => bench::run(&args, cli.quiet),
        Command::Config(args) => print_config(&args),
        Command::Completions { shell } => {
            let mut command = <Cli as clap::CommandFactory>::command();
            // Not straight to stdout: the generator panics when that cannot be written.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, "dec-gpu", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
        Command::Man(args) => man::run(&args, <Cli as clap::CommandFactory>::command()),
    }
}

fn print_config(args: &ConfigArgs) -> Outcome {
    print(&commented(&args.preset)?)
}

/// Says something on stderr. What comes from files and their names cannot steer the terminal. That nobody hears it, because
/// the disk of a log is full or its reader gone, stops no work: `eprintln!` would panic.
fn tell(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{}", printable_lines(text));
}

/// Writes text to stdout that may hold what comes from files and their names.
fn print_text(text: &str) -> Outcome {
    print(&(printable_lines(text) + "\n"))
}

/// Writes JSON to stdout: any character that is in it, but none that could steer the terminal.
fn print_json(text: &str) -> Outcome {
    let mut safe = String::with_capacity(text.len());
    for c in text.trim_end().chars() {
        if c == '\n' || is_printable(c) {
            safe.push(c);
        } else {
            // All of these have four digits.
            safe += &format!("\\u{:04x}", u32::from(c));
        }
    }
    print(&(safe + "\n"))
}

/// Writes to stdout; a reader that went away is no error.
fn print(text: &str) -> Outcome {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(source) if source.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(stdout_failed(source))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn stdout_failed(source: std::io::Error) -> Error {
    Error::Write {
        path: "standard output".into(),
        source,
    }
}

fn usage(message: impl Into<String>) -> Error {
    ConfigError::Usage(message.into()).into()
}

/// What becomes an error is told once, as that.
fn quiet_expected_panics() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !dec_gpu::gpu::expects_panic() && !dec_gpu::data::expects_panic() {
            tell(panic);
        }
    }));
}

/// The GPU layer speaks `log`: errors always, warnings with -v, all with -vv.
fn start_log(verbose: u8) {
    let filter = match verbose {
        0 => "off,dec_gpu=warn",
        1 => "warn,dec_gpu=info",
        _ => "debug,naga=info,wgpu_core=info",
    };
    env_logger::Builder::new()
        .parse_filters(filter)
        .format(|out, record| {
            use std::io::Write;
            let text = printable_lines(&record.args().to_string());
            writeln!(out, "[{:<5} {}] {text}", record.level(), record.target())
        })
        .init();
}

impl From<run_dir::RunDirError> for Error {
    fn from(error: run_dir::RunDirError) -> Self {
        match error {
            run_dir::RunDirError::Exists { .. } => usage(error.to_string()),
            run_dir::RunDirError::Io { path, source } => Self::Write {
                path: path.display().to_string(),
                source,
            },
        }
    }
}
