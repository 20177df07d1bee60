//! What `verify` found, as a table and as JSON.

use dec_gpu::device::DeviceInfo;
use dec_gpu::kernel::tile::{TILES, plain};
use dec_gpu::precision::Precision;
use dec_gpu::run::verify::{Band, TrainingAgreement, TrainingFailure};
use dec_gpu::verify::{Agreement, Verdict};
use serde::Serialize;

/// A device that could not be opened.
#[derive(Serialize)]
pub(super) struct NotRun {
    /// Which.
    pub(super) device: DeviceInfo,
    /// Why.
    pub(super) reason: String,
}

/// The kernels of which no case runs on a device.
#[derive(Serialize)]
pub(super) struct Untested {
    /// Kernels that this device does not support.
    pub(super) not_offered: Vec<String>,
    /// Forms that do not compile there; their products are computed in form M.
    pub(super) fell_back: Vec<FellBack>,
}

/// A form that does not compile.
#[derive(Serialize)]
pub(super) struct FellBack {
    /// The kernel, with its form.
    pub(super) name: String,
    /// What the driver has against it.
    pub(super) reason: String,
}

/// What was found on one device.
#[derive(Serialize)]
pub(super) struct DeviceTable {
    device: DeviceInfo,
    precision: Precision,
    /// What became of cooperative matrices, if they were asked for.
    cooperative: Option<String>,
    ok: bool,
    cases: usize,
    failed: usize,
    seconds: f64,
    kernels: Vec<Row>,
    #[serde(flatten)]
    untested: Untested,
    training: Option<TrainingRow>,
}

/// All cases of one kernel.
#[derive(Serialize)]
struct Row {
    name: String,
    cases: usize,
    /// The largest share of its tolerance that an element of a case that passed uses.
    of_limit: f64,
    max_relative_error: f64,
    /// One message per case that failed.
    failures: Vec<String>,
}

/// The short training.
#[derive(Serialize)]
struct TrainingRow {
    losses: usize,
    of_limit: f64,
    max_relative_loss_error: f64,
    max_relative_centroid_error: f64,
    same_labels: f64,
    failure: Option<String>,
}

impl DeviceTable {
    /// Sums up the verdicts of one device; those of a kernel follow each other.
    pub(super) fn new(
        (device, precision): (DeviceInfo, Precision),
        cooperative: Option<String>,
        verdicts: Vec<Verdict>,
        untested: Untested,
        training: Option<Result<TrainingAgreement, TrainingFailure>>,
        seconds: f64,
    ) -> Self {
        let kernels: Vec<Row> = verdicts
            .chunk_by(|a, b| a.kernel == b.kernel)
            .map(Row::new)
            .collect();
        let training = training.map(|result| TrainingRow::new(result, Band::at(precision)));
        let training_failed = training.as_ref().is_some_and(|row| row.failure.is_some());
        let failed = kernels.iter().map(|row| row.failures.len()).sum::<usize>()
            + usize::from(training_failed);
        Self {
            device,
            precision,
            cooperative,
            ok: failed == 0,
            cases: verdicts.len(),
            failed,
            seconds,
            kernels,
            untested,
            training,
        }
    }

    /// Whether nothing failed.
    pub(super) fn is_right(&self) -> bool {
        self.ok
    }

    fn text(&self) -> String {
        let info = &self.device;
        let mut text = format!(
            "{} via {} ({}, {}), {}\n",
            info.name, info.backend, info.kind, info.driver, self.precision
        );
        let plain = TILES[plain(self.precision)].name;
        if let Some(cooperative) = &self.cooperative {
            text += &format!("  {cooperative}\n");
        }
        text += &format!(
            "  {:<32} {:>5} {:>9} {:>10}\n",
            "kernel", "cases", "of limit", "max rel"
        );
        for row in &self.kernels {
            text += &line(
                &row.name,
                row.cases,
                row.of_limit,
                row.max_relative_error,
                &row.failures,
            );
        }
        for row in &self.untested.fell_back {
            text += &format!("  {:<32} fell back to {plain}: {}\n", row.name, row.reason);
        }
        if let Some(row) = &self.training {
            text += &line(
                "training",
                1,
                row.of_limit,
                row.max_relative_loss_error,
                row.failure.as_slice(),
            );
        }
        if !self.untested.not_offered.is_empty() {
            text += &format!(
                "  not offered by this device at {}: {}\n",
                self.precision,
                self.untested.not_offered.join(", ")
            );
        }
        let (kernels, cases, failed) = (self.kernels.len(), self.cases, self.failed);
        let training = if self.training.is_some() {
            " and a training"
        } else {
            ""
        };
        let fell_back = match self.untested.fell_back.len() {
            0 => String::new(),
            forms => format!(", {forms} forms fell back to {plain}"),
        };
        text + &format!(
            "  {kernels} kernels, {cases} cases{training}: {failed} failed{fell_back}, {:.1} s\n",
            self.seconds
        )
    }
}

fn line(name: &str, cases: usize, of_limit: f64, max_rel: f64, failures: &[String]) -> String {
    let ok = if failures.is_empty() { "ok" } else { "FAILED" };
    let mut text = format!("  {name:<32} {cases:>5} {of_limit:>9.3} {max_rel:>10.1e}  {ok}\n");
    for failure in failures {
        text += &format!("    {failure}\n");
    }
    text
}

impl Row {
    fn new(verdicts: &[Verdict]) -> Self {
        let passed = verdicts
            .iter()
            .filter_map(|verdict| verdict.result.as_ref().ok());
        let agreement = passed.fold(Agreement::default(), |all, one| all.and(*one));
        let failed = verdicts
            .iter()
            .filter_map(|verdict| verdict.result.as_ref().err());
        Self {
            name: verdicts[0].kernel.clone(),
            cases: verdicts.len(),
            of_limit: agreement.of_limit,
            max_relative_error: agreement.max_rel,
            failures: failed.map(ToString::to_string).collect(),
        }
    }
}

impl TrainingRow {
    fn new(result: Result<TrainingAgreement, TrainingFailure>, band: Band) -> Self {
        let (agreement, failure) = match result {
            Ok(agreement) => (agreement, None),
            Err(failure) => (TrainingAgreement::NONE, Some(failure.to_string())),
        };
        Self {
            losses: agreement.losses,
            of_limit: agreement.of_limit(band),
            max_relative_loss_error: agreement.loss,
            max_relative_centroid_error: agreement.centroid,
            same_labels: agreement.labels,
            failure,
        }
    }
}

/// Every device's table, then what was left out.
pub(super) fn text(tables: &[DeviceTable], not_run: &[NotRun]) -> String {
    let mut text: String = tables.iter().map(DeviceTable::text).collect();
    for NotRun { device, reason } in not_run {
        text += &format!(
            "NOT VERIFIED: {} via {}: {reason}\n",
            device.name, device.backend
        );
    }
    if tables.len() == 1 {
        text += "only the CPU was verified, no GPU\n";
    }
    let failed: usize = tables.iter().map(|table| table.failed).sum();
    let devices = match tables.len() {
        1 => "1 device".to_owned(),
        many => format!("{many} devices"),
    };
    text + &match failed {
        0 => format!("all right on {devices}\n"),
        failed => format!("{failed} FAILED on {devices}\n"),
    }
}

/// The same as one object.
pub(super) fn json(tables: &[DeviceTable], not_run: &[NotRun]) -> String {
    let object = serde_json::json!({
        "ok": tables.iter().all(DeviceTable::is_right),
        "devices": tables,
        "not_verified": not_run,
    });
    format!("{object:#}\n")
}

#[cfg(test)]
mod tests {
    use dec_gpu::cpu::Cpu;
    use dec_gpu::device::Device;

    use super::*;

    #[test]
    fn a_form_that_fell_back_is_seen() {
        let untested = Untested {
            not_offered: vec!["product (subgroup)".into()],
            fell_back: vec![FellBack {
                name: "product (L)".into(),
                reason: "too much memory".into(),
            }],
        };
        let table = DeviceTable::new(
            (Cpu::new().info(), Precision::F32),
            None,
            Vec::new(),
            untested,
            None,
            0.0,
        );
        let text = text(std::slice::from_ref(&table), &[]);
        for said in [
            "product (L)",
            "fell back to M: too much memory",
            "1 forms fell back",
            "not offered by this device at f32: product (subgroup)",
        ] {
            assert!(text.contains(said), "{said} is missing in {text}");
        }
        let json: serde_json::Value = serde_json::from_str(&json(&[table], &[])).unwrap();
        let device = &json["devices"][0];
        assert_eq!(device["fell_back"][0]["name"], "product (L)");
        assert_eq!(device["not_offered"][0], "product (subgroup)");
    }
}
