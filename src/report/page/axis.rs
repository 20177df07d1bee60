//! Numbers to lengths: the range of an axis, its ticks, and how they are written.

/// From the least to the largest value of an axis, onto lengths from `from` to `to`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// The axis on which all finite values lie; 0 to 1 without such, and with room about a single one.
    pub(super) fn over(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let (low, high) = values
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        let (low, high) = match (low.is_finite(), low < high) {
            (false, _) => (0.0, 1.0),
            (_, true) => (low, high),
            (_, false) if low == 0.0 => (0.0, 1.0),
            (_, false) => (low - 0.1 * low.abs(), high + 0.1 * high.abs()),
        };
        Self {
            low,
            high,
            from,
            to,
        }
    }

    /// Where a value lies.
    pub(super) fn place(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// About four round numbers on the axis: multiples of 1, 2 or 5 times a power of ten.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let rough = (self.high - self.low) / 4.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
        let step = step.into_iter().find(|step| *step >= rough * 0.999);
        let step = step.unwrap_or(rough);
        let first = (self.low / step - 1e-6).ceil() as i64;
        let last = (self.high / step + 1e-6).floor() as i64;
        (first..=last).map(|tick| tick as f64 * step).collect()
    }
}

/// A number as it stands at a tick or in a table: four significant digits, without idle zeros.
pub(super) fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let size = value.abs().log10().floor();
    if !(-4.0..6.0).contains(&size) {
        return format!("{value:.1e}");
    }
    let decimals = (3.0 - size).max(0.0) as usize;
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(values: &[f64]) -> Axis {
        Axis::over(values.iter().copied(), 0.0, 100.0)
    }

    #[test]
    fn places_and_ticks() {
        let axis = axis(&[0.0, 8.0, f64::NAN, 2.0]);
        assert_eq!([0.0, 4.0, 8.0].map(|v| axis.place(v)), [0.0, 50.0, 100.0]);
        assert_eq!(axis.ticks(), [0.0, 2.0, 4.0, 6.0, 8.0]);
    }

    #[test]
    fn one_value_none_and_infinite_ones_have_an_axis() {
        for values in [&[][..], &[3.0], &[0.0], &[-2.0], &[f64::INFINITY, 1.0]] {
            let axis = axis(values);
            let ticks = axis.ticks();
            assert!((1..=8).contains(&ticks.len()), "{values:?}: {ticks:?}");
            let places = ticks.iter().map(|tick| axis.place(*tick));
            assert!(places.into_iter().all(|x| (-1.0..=101.0).contains(&x)));
        }
    }

    #[test]
    fn numbers_are_short() {
        let texts = [
            0.0, 1.0, 0.25, 1234.5678, 1e-7, 2.5e7, -0.01, 140.0, 120000.0,
        ]
        .map(short);
        assert_eq!(
            texts,
            [
                "0", "1", "0.25", "1235", "1.0e-7", "2.5e7", "-0.01", "140", "120000"
            ]
        );
    }
}
