//! Finite differences in f64, and how a gradient is held against them.

/// The step of the differences: rounding (1e-16 / h) and curvature (h²) are both far below the tolerance.
const STEP: f64 = 1e-5;
/// The share of the largest derivative that a gradient may be off: a few f32 roundings of 6e-8 each.
pub const TOLERANCE: f64 = 2e-6;
/// The least share of points that must be tested.
const TESTED: f64 = 0.9;

/// A loss in f64 and which of its ReLUs are on.
pub struct Evaluated {
    pub loss: f64,
    pub switches: Vec<bool>,
}

/// Central differences of a loss at `point`; `None` where a switch turns in between.
pub fn differences(point: &[f64], loss: impl Fn(&[f64]) -> Evaluated) -> Vec<Option<f64>> {
    let at = |index: usize, shift: f64| {
        let mut moved = point.to_vec();
        moved[index] += shift;
        loss(&moved)
    };
    let difference = |index| {
        let (left, right) = (at(index, -STEP), at(index, STEP));
        (left.switches == right.switches).then(|| (right.loss - left.loss) / (2.0 * STEP))
    };
    (0..point.len()).map(difference).collect()
}

/// Compares a gradient with differences: what is wrong, or nothing.
pub fn disagreement(gradient: &[f32], differences: &[Option<f64>]) -> Option<String> {
    if gradient.len() != differences.len() || gradient.is_empty() {
        return Some(format!(
            "{} derivatives for {} points",
            gradient.len(),
            differences.len()
        ));
    }
    let tested = differences.iter().flatten().count();
    if (tested as f64) < TESTED * differences.len() as f64 {
        return Some(format!(
            "only {tested} of {} points are tested",
            differences.len()
        ));
    }
    let size = differences
        .iter()
        .flatten()
        .fold(0.0f64, |size, d| size.max(d.abs()));
    if size < 1e-4 {
        return Some(format!(
            "the largest derivative is {size}: nothing to see here"
        ));
    }
    let wrong = |(index, (gradient, difference)): (usize, (&f32, &Option<f64>))| {
        let difference = (*difference)?;
        let close = (f64::from(*gradient) - difference).abs() <= TOLERANCE * size;
        (!close).then(|| format!("derivative {index} is {gradient}, by differences {difference}"))
    };
    gradient.iter().zip(differences).enumerate().find_map(wrong)
}

/// Panics unless gradient and differences agree.
pub fn expect_agreement(name: &str, gradient: &[f32], differences: &[Option<f64>]) {
    if let Some(disagreement) = disagreement(gradient, differences) {
        panic!("{name}: {disagreement}");
    }
}
