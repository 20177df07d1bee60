//! `dec-gpu devices`: every adapter, its limits, and why it is refused.

use std::process::ExitCode;

use clap::Args;
use dec_gpu::features::Features;
use dec_gpu::gpu::{AdapterReport, adapters};

use super::{Outcome, print_json, print_text, tell};

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
        return print_json(&json(&reports));
    }
    if reports.is_empty() {
        tell(
            "no adapter found; install the GPU's driver (a software one on Debian or Ubuntu: apt-get install \
             mesa-vulkan-drivers); --backend cpu needs none",
        );
        return Ok(ExitCode::SUCCESS);
    }
    print_text(&reports.iter().map(text).collect::<String>())
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
    text += &format!("   {}\n", offers(report));
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

/// What `--precision f16` finds here.
fn offers(report: &AdapterReport) -> String {
    let Features {
        f16, coop16, coop8, ..
    } = report.features;
    let has = |has: bool| if has { "yes" } else { "no" };
    let sizes: Vec<&str> = [(coop16, "16x16"), (coop8, "8x8")]
        .into_iter()
        .filter_map(|(has, size)| has.then_some(size))
        .collect();
    let sizes = if sizes.is_empty() {
        "none".to_owned()
    } else {
        sizes.join(", ")
    };
    let f16 = has(f16);
    format!("f16 in shaders: {f16}; cooperative matrices from f16 to f32: {sizes}")
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
                "features": report.features,
                "limits": report.limits,
            })
        })
        .collect();
    serde_json::json!({ "adapters": adapters }).to_string()
}
