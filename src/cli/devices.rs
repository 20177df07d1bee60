//! `dec-gpu devices`: every adapter, its limits, and why it is refused.

use std::process::ExitCode;

use clap::Args;
use dec_gpu::gpu::{AdapterReport, adapters};

use super::{Outcome, print};

/// Arguments of `devices`.
#[derive(Args)]
pub(crate) struct DevicesArgs {
    /// Print a JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &DevicesArgs) -> Outcome {
    let reports = pollster::block_on(adapters(None));
    if args.json {
        return print(&(json(&reports) + "\n"));
    }
    if reports.is_empty() {
        eprintln!(
            "no adapter found; install the GPU's driver (a software one on Debian or Ubuntu: apt-get install \
             mesa-vulkan-drivers); --backend cpu needs none"
        );
        return Ok(ExitCode::SUCCESS);
    }
    print(&reports.iter().map(text).collect::<String>())
}

fn text(report: &AdapterReport) -> String {
    let info = &report.info;
    let usable = report
        .refusal
        .as_ref()
        .map_or("usable".into(), |reason| format!("refused: {reason}"));
    let mut text = format!(
        "{}: {} via {} ({})\n",
        report.index, info.name, info.backend, info.kind
    );
    text += &format!("   driver {}; {usable}\n", info.driver);
    if report.is_software() {
        text += "   software: used only when named with --adapter\n";
    }
    for limit in &report.limits {
        let verdict = if limit.have < limit.need {
            "too small"
        } else {
            "ok"
        };
        text += &format!(
            "   {:<40} needs {:>11}, has {:>11}  {verdict}\n",
            limit.name, limit.need, limit.have
        );
    }
    text
}

fn json(reports: &[AdapterReport]) -> String {
    let adapters: Vec<_> = reports
        .iter()
        .map(|report| {
            serde_json::json!({
                "index": report.index,
                "name": report.info.name,
                "backend": report.info.backend,
                "driver": report.info.driver,
                "kind": report.info.kind,
                "usable": report.refusal.is_none(),
                "refusal": report.refusal,
                "limits": report.limits,
            })
        })
        .collect();
    serde_json::json!({ "adapters": adapters }).to_string()
}
