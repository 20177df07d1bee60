//! Element types of binary arrays and how their bytes become numbers.

use half::f16;

/// The type of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    F32,
    F64,
}

/// The type of one number and the order of its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) kind: Kind,
    pub(super) big_endian: bool,
}

/// Hand each number in `$bytes` to `$each`; the match on the type stays outside the loop.
macro_rules! each {
    ($type:ty, $element:expr, $bytes:expr, $each:expr) => {{
        let (items, _) = $bytes.as_chunks::<{ size_of::<$type>() }>();
        if $element.big_endian {
            items
                .iter()
                .map(|&item| <$type>::from_be_bytes(item))
                .for_each($each);
        } else {
            items
                .iter()
                .map(|&item| <$type>::from_le_bytes(item))
                .for_each($each);
        }
    }};
}

impl Element {
    /// Bytes per number.
    pub(super) fn size(self) -> usize {
        match self.kind {
            Kind::U8 | Kind::I8 => 1,
            Kind::U16 | Kind::I16 | Kind::F16 => 2,
            Kind::U32 | Kind::I32 | Kind::F32 => 4,
            Kind::U64 | Kind::I64 | Kind::F64 => 8,
        }
    }

    /// Hand over every number of `bytes` as f64, which holds all of them but the largest 64-bit
    /// integers exactly. A rest shorter than one number is left out.
    pub(super) fn each_number(self, bytes: &[u8], mut take: impl FnMut(f64)) {
        match self.kind {
            Kind::U8 => each!(u8, self, bytes, |v| take(f64::from(v))),
            Kind::I8 => each!(i8, self, bytes, |v| take(f64::from(v))),
            Kind::U16 => each!(u16, self, bytes, |v| take(f64::from(v))),
            Kind::I16 => each!(i16, self, bytes, |v| take(f64::from(v))),
            Kind::U32 => each!(u32, self, bytes, |v| take(f64::from(v))),
            Kind::I32 => each!(i32, self, bytes, |v| take(f64::from(v))),
            Kind::U64 => each!(u64, self, bytes, |v| take(v as f64)),
            Kind::I64 => each!(i64, self, bytes, |v| take(v as f64)),
            Kind::F16 => each!(f16, self, bytes, |v: f16| take(f64::from(v))),
            Kind::F32 => each!(f32, self, bytes, |v| take(f64::from(v))),
            Kind::F64 => each!(f64, self, bytes, take),
        }
    }

    /// Hand over every number of `bytes` as an integer, or as `Err` with its text where it is none.
    pub(super) fn each_integer(self, bytes: &[u8], mut take: impl FnMut(Result<i64, String>)) {
        match self.kind {
            Kind::I64 => each!(i64, self, bytes, |v| take(Ok(v))),
            Kind::U64 => {
                each!(u64, self, bytes, |v: u64| take(
                    i64::try_from(v).map_err(|_| v.to_string())
                ));
            }
            _ => self.each_number(bytes, |v| take(integral(v).ok_or_else(|| v.to_string()))),
        }
    }
}

/// `value` as an integer, if it is one that f64 holds exactly.
pub(super) fn integral(value: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(kind: Kind, big_endian: bool, bytes: &[u8]) -> Vec<f64> {
        let mut found = Vec::new();
        Element { kind, big_endian }.each_number(bytes, |v| found.push(v));
        found
    }

    #[test]
    fn every_kind_in_both_orders() {
        assert_eq!(numbers(Kind::U8, true, &[0, 255]), [0.0, 255.0]);
        assert_eq!(numbers(Kind::I8, false, &[0x80, 1]), [-128.0, 1.0]);
        assert_eq!(numbers(Kind::U16, true, &[1, 2]), [258.0]);
        assert_eq!(numbers(Kind::I16, false, &[0xfe, 0xff]), [-2.0]);
        assert_eq!(numbers(Kind::U32, false, &7u32.to_le_bytes()), [7.0]);
        assert_eq!(numbers(Kind::I32, true, &(-7i32).to_be_bytes()), [-7.0]);
        assert_eq!(
            numbers(Kind::U64, true, &(1u64 << 40).to_be_bytes()),
            [1_099_511_627_776.0]
        );
        assert_eq!(numbers(Kind::I64, false, &(-5i64).to_le_bytes()), [-5.0]);
        assert_eq!(
            numbers(Kind::F16, true, &f16::from_f32(0.5).to_be_bytes()),
            [0.5]
        );
        assert_eq!(numbers(Kind::F32, false, &1.5f32.to_le_bytes()), [1.5]);
        assert_eq!(numbers(Kind::F64, true, &2.25f64.to_be_bytes()), [2.25]);
    }

    #[test]
    fn integers_are_told_from_fractions() {
        let element = Element {
            kind: Kind::F32,
            big_endian: false,
        };
        let bytes: Vec<u8> = [3.0f32, -1.0, 0.5]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let mut found = Vec::new();
        element.each_integer(&bytes, |v| found.push(v));
        assert_eq!(found, [Ok(3), Ok(-1), Err("0.5".to_owned())]);
        let element = Element {
            kind: Kind::U64,
            big_endian: true,
        };
        element.each_integer(&u64::MAX.to_be_bytes(), |v| assert!(v.is_err()));
        assert_eq!(integral(f64::NAN), None);
        assert_eq!(integral(f64::INFINITY), None);
    }
}
