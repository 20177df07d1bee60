//! `dec-gpu verify`: is this machine's device right? Every kernel's cases and a short training, against the
//! reference.

mod table;

use std::process::ExitCode;

use clap::Args;
use dec_gpu::cpu::Cpu;
use dec_gpu::device::{Device, DeviceInfo};
use dec_gpu::gpu::{AdapterReport, Backend, Gpu, GpuOptions, adapters, choose};
use dec_gpu::kernel::Kernel;
use dec_gpu::precision::Precision;
use dec_gpu::run::verify::verify_training;
use dec_gpu::together::Joins;
use dec_gpu::verify::{Verdict, verify_joined, verify_kernels};
use dec_gpu::{Result, kernels};

use super::{Outcome, print_json, print_text, tell, usage};
use table::{DeviceTable, FellBack, NotRun, Untested};

/// Arguments of `verify`.
#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// all, cpu, vulkan, metal, dx12 or gl; the CPU is always among them
    #[arg(long, default_value = "all", value_name = "NAME")]
    backend: String,
    /// Only the adapters with this index or part of a name, as `dec-gpu devices` lists them
    #[arg(long, value_name = "NAME|INDEX")]
    adapter: Option<String>,
    /// Only the cases of this kernel, and no training
    #[arg(long, value_name = "NAME")]
    kernel: Option<String>,
    /// f32, or f16: the forms of products with operands rounded to f16 too, and the training with them
    #[arg(long, value_name = "NAME", default_value_t)]
    precision: Precision,
    /// Keep the GPU's checks of every index and loop
    #[arg(long)]
    checked: bool,
    /// Print a JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// What is run on each device.
struct Plan {
    kernels: Vec<&'static Kernel>,
    training: bool,
}

pub(crate) fn run(args: &VerifyArgs, quiet: bool) -> Outcome {
    let plan = plan(args.kernel.as_deref())?;
    let reports = chosen(args)?;
    let say = |info: &DeviceInfo| {
        if !quiet {
            tell(&format!("verifying {} ({})", info.name, info.backend));
        }
    };
    let cpu = Cpu::new().with_precision(args.precision);
    say(&cpu.info());
    let mut tables = vec![verify(&cpu, &plan, None)];
    let mut not_run = Vec::new();
    for report in &reports {
        let options = GpuOptions {
            checked: args.checked,
            precision: args.precision,
            ..GpuOptions::default()
        };
        match pollster::block_on(Gpu::open(report, options)) {
            Ok(gpu) => {
                say(&gpu.info());
                let note =
                    (args.precision == Precision::F16).then(|| gpu.cooperative().to_string());
                tables.push(verify(&gpu, &plan, note));
            }
            Err(error) if asked_for(args) => return Err(error),
            Err(error) => not_run.push(NotRun {
                device: report.info.clone(),
                reason: error.to_string(),
            }),
        }
    }
    if args.json {
        print_json(&table::json(&tables, &not_run))?;
    } else {
        print_text(&table::text(&tables, &not_run))?;
    }
    let all_right = tables.iter().all(DeviceTable::is_right);
    Ok(if all_right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Whether an adapter was asked for, so that its absence is an error.
fn asked_for(args: &VerifyArgs) -> bool {
    args.adapter.is_some() || !matches!(args.backend.as_str(), "all" | "cpu")
}

fn plan(kernel: Option<&str>) -> Result<Plan> {
    let Some(name) = kernel else {
        return Ok(Plan {
            kernels: kernels::ALL.to_vec(),
            training: true,
        });
    };
    let found: Vec<_> = kernels::ALL
        .iter()
        .copied()
        .filter(|kernel| kernel.name == name)
        .collect();
    if found.is_empty() {
        let mut known: Vec<_> = kernels::ALL.iter().map(|kernel| kernel.name).collect();
        known.dedup(); // a product's forms follow each other
        return Err(usage(format!(
            "unknown kernel '{name}'; expected one of {}",
            known.join(", ")
        )));
    }
    Ok(Plan {
        kernels: found,
        training: false,
    })
}

/// The adapters to verify.
fn chosen(args: &VerifyArgs) -> Result<Vec<AdapterReport>> {
    let backend = match args.backend.as_str() {
        "cpu" if args.adapter.is_none() => return Ok(Vec::new()),
        "cpu" => {
            return Err(usage(
                "--adapter names a GPU, but --backend is cpu; leave one of them out",
            ));
        }
        "all" => None,
        name => Some(name.parse::<Backend>().map_err(|_| {
            usage(format!(
                "unknown backend '{name}'; expected all, cpu, vulkan, metal, dx12 or gl"
            ))
        })?),
    };
    let found = pollster::block_on(adapters(backend));
    let Some(wanted) = &args.adapter else {
        if backend.is_some() && found.is_empty() {
            choose(&found, backend, None)?; // says what to do
        }
        return Ok(found);
    };
    let (matching, others): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|report| report.matches(wanted));
    if matching.is_empty() {
        choose(&others, backend, Some(wanted))?; // says what was seen
    }
    Ok(matching)
}

/// The kernels of which no case runs on this device, and why.
fn untested(device: &impl Device, kernels: &[&'static Kernel]) -> Untested {
    let (offered, missing): (Vec<&'static Kernel>, Vec<_>) = kernels
        .iter()
        .partition(|kernel| device.products().supports(kernel));
    let fell_back = |kernel: &'static Kernel| {
        let reason = device.products().fallback(kernel)?;
        let name = kernel.title();
        Some(FellBack { name, reason })
    };
    Untested {
        not_offered: missing.iter().map(|kernel| kernel.title()).collect(),
        fell_back: offered.into_iter().filter_map(fell_back).collect(),
    }
}

/// Every case of a kernel; on a GPU also as one of several models.
async fn verdicts<D: Joins>(device: &D, kernel: &'static Kernel) -> Vec<Verdict> {
    let mut verdicts = verify_kernels(device, &[kernel], |_| {}).await;
    if device.info().backend != "cpu" {
        verdicts.extend(verify_joined(device, &[kernel]).await);
    }
    verdicts
}

fn verify<D: Joins>(device: &D, plan: &Plan, note: Option<String>) -> DeviceTable {
    let start = std::time::Instant::now();
    let kernels = plan.kernels.iter();
    let verdicts = kernels.flat_map(|kernel| pollster::block_on(verdicts(device, kernel)));
    let verdicts = verdicts.collect();
    let training = plan
        .training
        .then(|| pollster::block_on(verify_training(device)));
    DeviceTable::new(
        (device.info(), device.products().precision()),
        note,
        verdicts,
        untested(device, &plan.kernels),
        training,
        start.elapsed().as_secs_f64(),
    )
}
