//! What a run of `bench` found: one row per benchmark, and what was left out. The JSON is a contract.

use std::collections::BTreeSet;

use dec_gpu::device::DeviceInfo;
use dec_gpu::precision::Precision;
use serde::{Deserialize, Serialize};

use super::statistics::Summary;

/// The version of [`Results`]. It grows when a field is renamed, removed or changes its meaning.
pub(super) const SCHEMA: u32 = 1;

/// What kind of work a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Group {
    /// What the device can do at best.
    Roofline,
    /// One matrix product of one layer.
    Gemm,
    /// One training step.
    Step,
    /// A part of a run.
    Phase,
}

impl Group {
    pub(super) const ALL: [Self; 4] = [Self::Roofline, Self::Gemm, Self::Step, Self::Phase];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Roofline => "Roofline",
            Self::Gemm => "GEMM of each layer",
            Self::Step => "Training steps",
            Self::Phase => "Parts of a run",
        }
    }
}

/// What one call does; known before it is measured.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) group: Group,
    /// Floating-point operations of the matrix products, a multiply-add being two.
    pub(super) flops: Option<f64>,
    /// Bytes that must be read and written.
    pub(super) bytes: Option<f64>,
    /// Samples that pass through.
    pub(super) samples: Option<f64>,
    /// Operations to predict the time from, where they are no matrix products.
    pub(super) other_operations: f64,
}

impl Task {
    pub(super) fn new(group: Group, id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            group,
            flops: None,
            bytes: None,
            samples: None,
            other_operations: 0.0,
        }
    }

    /// All operations, for a prediction.
    pub(super) fn operations(&self) -> f64 {
        self.flops.unwrap_or(0.0) + self.other_operations
    }

    pub(super) fn flops(self, flops: f64) -> Self {
        Self {
            flops: Some(flops),
            ..self
        }
    }

    pub(super) fn bytes(self, bytes: f64) -> Self {
        Self {
            bytes: Some(bytes),
            ..self
        }
    }

    pub(super) fn samples(self, samples: usize) -> Self {
        Self {
            samples: Some(samples as f64),
            ..self
        }
    }
}

/// One benchmark. It repeats where and with what it was measured, so that rows can be mixed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    /// Stable over versions and devices.
    pub(super) id: String,
    pub(super) group: Group,
    /// Of median, spread, min and max: `us`, microseconds per call.
    pub(super) unit: String,
    pub(super) median: f64,
    /// The median absolute deviation.
    pub(super) spread: f64,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) repetitions: usize,
    /// Calls in each repetition.
    pub(super) calls: usize,
    /// Per call, of the matrix products.
    pub(super) flops: Option<f64>,
    /// Per call, read and written.
    pub(super) bytes: Option<f64>,
    /// Per call.
    pub(super) samples: Option<f64>,
    pub(super) gflops: Option<f64>,
    /// `gflops` as a share of the roofline's.
    pub(super) roofline_percent: Option<f64>,
    pub(super) gbytes_per_second: Option<f64>,
    pub(super) samples_per_second: Option<f64>,
    /// Per call.
    pub(super) dispatches: f64,
    /// Microseconds of processor time per call that the host's thread needs to record and submit; null if it computes meanwhile.
    pub(super) host_us: Option<f64>,
    /// Microseconds per call that the device computes by its own clock; null if it has none.
    pub(super) device_us: Option<f64>,
    pub(super) backend: String,
    pub(super) adapter: String,
    pub(super) driver: String,
    pub(super) precision: Precision,
    /// The forms of the matrix products, by name; null without products, and where there is only one form.
    pub(super) form: Option<String>,
    pub(super) version: String,
    pub(super) commit: String,
}

/// How often a call ran, and what it needed.
pub(super) struct Measured {
    /// Seconds per call.
    pub(super) seconds: Summary,
    pub(super) repetitions: usize,
    pub(super) calls: usize,
    pub(super) dispatches: f64,
    pub(super) host_seconds: Option<f64>,
    pub(super) device_seconds: Option<f64>,
    pub(super) forms: BTreeSet<&'static str>,
}

impl Row {
    pub(super) fn new(
        task: &Task,
        measured: &Measured,
        device: &DeviceInfo,
        precision: Precision,
    ) -> Self {
        let Summary {
            median,
            spread,
            min,
            max,
        } = measured.seconds;
        let rate = |amount: Option<f64>| amount.map(|amount| amount / median);
        Self {
            id: task.id.clone(),
            group: task.group,
            unit: "us".into(),
            median: 1e6 * median,
            spread: 1e6 * spread,
            min: 1e6 * min,
            max: 1e6 * max,
            repetitions: measured.repetitions,
            calls: measured.calls,
            flops: task.flops,
            bytes: task.bytes,
            samples: task.samples,
            gflops: rate(task.flops).map(|rate| 1e-9 * rate),
            roofline_percent: None, // known when all rows are
            gbytes_per_second: rate(task.bytes).map(|rate| 1e-9 * rate),
            samples_per_second: rate(task.samples),
            dispatches: measured.dispatches,
            host_us: measured.host_seconds.map(|seconds| 1e6 * seconds),
            device_us: measured.device_seconds.map(|seconds| 1e6 * seconds),
            backend: device.backend.clone(),
            adapter: device.name.clone(),
            driver: device.driver.clone(),
            precision,
            form: joined(&measured.forms),
            version: VERSION.into(),
            commit: COMMIT.into(),
        }
    }
}

fn joined(forms: &BTreeSet<&str>) -> Option<String> {
    let names: Vec<&str> = forms.iter().copied().collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The program's version.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit it was built from, `-dirty` if the tree differed; `build.rs` finds it.
pub(super) const COMMIT: &str = match option_env!("DEC_GPU_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// A row that was left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Skipped {
    pub(super) id: String,
    /// What the fewest repetitions would take.
    pub(super) predicted_seconds: f64,
}

/// The best rate of all matrix products of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Roofline {
    pub(super) gflops: f64,
    /// The row it is from.
    pub(super) id: String,
}

/// How the rows were measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Settings {
    pub(super) quick: bool,
    pub(super) repetitions: usize,
    pub(super) min_seconds: f64,
    pub(super) max_seconds: f64,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Results {
    /// [`SCHEMA`].
    pub(super) schema: u32,
    pub(super) version: String,
    pub(super) commit: String,
    /// Seconds since 1970.
    pub(super) unix_seconds: u64,
    pub(super) device: DeviceInfo,
    pub(super) precision: Precision,
    pub(super) settings: Settings,
    pub(super) roofline: Option<Roofline>,
    pub(super) rows: Vec<Row>,
    pub(super) skipped: Vec<Skipped>,
}

/// Finds the roofline and gives every row its share of it.
pub(super) fn share_of_roofline(rows: &mut [Row]) -> Option<Roofline> {
    let products = rows
        .iter()
        .filter(|row| matches!(row.group, Group::Roofline | Group::Gemm));
    let roofline = products
        .filter_map(|row| {
            Some(Roofline {
                gflops: row.gflops?,
                id: row.id.clone(),
            })
        })
        .max_by(|a, b| a.gflops.total_cmp(&b.gflops))?;
    for row in rows {
        row.roofline_percent = row.gflops.map(|rate| 100.0 * rate / roofline.gflops);
    }
    Some(roofline)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A row of so many microseconds and GFLOP per call.
    pub(in super::super) fn row(id: &str, group: Group, us: f64, gflop: Option<f64>) -> Row {
        let task = Task {
            flops: gflop.map(|gflop| 1e9 * gflop),
            ..Task::new(group, id)
        };
        let measured = Measured {
            seconds: Summary::of(&[1e-6 * us]),
            repetitions: 1,
            calls: 1,
            dispatches: 2.0,
            host_seconds: None,
            device_seconds: None,
            forms: BTreeSet::from(["S", "M"]),
        };
        let device = DeviceInfo {
            backend: "cpu".into(),
            name: "a | b".into(),
            driver: "none".into(),
            kind: "cpu".into(),
        };
        Row::new(&task, &measured, &device, Precision::F32)
    }

    #[test]
    fn the_best_product_is_the_roofline_and_a_step_never_is() {
        let mut rows = [
            row("square", Group::Roofline, 1e6, Some(40.0)),
            row("layer", Group::Gemm, 1e6, Some(50.0)),
            row("step", Group::Step, 1e6, Some(75.0)),
            row("latency", Group::Roofline, 1e6, None),
        ];
        let roofline = share_of_roofline(&mut rows).unwrap();
        assert_eq!((roofline.id.as_str(), roofline.gflops), ("layer", 50.0));
        let shares: Vec<_> = rows.iter().map(|row| row.roofline_percent).collect();
        assert_eq!(shares, [Some(80.0), Some(100.0), Some(150.0), None]);
    }

    #[test]
    fn without_products_there_is_no_roofline() {
        let mut rows = [row("step", Group::Step, 1.0, Some(1.0))];
        assert_eq!(share_of_roofline(&mut rows), None);
        assert_eq!(rows[0].roofline_percent, None);
    }
}
