//! `--max-memory`: how much memory may be used, and sizes as people write them.

use std::str::FromStr;

/// The most memory that may be used, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MaxMemory {
    /// Of the machine.
    pub(crate) host: Option<u64>,
    /// Of the GPU; on the CPU device it is the machine's.
    pub(crate) device: Option<u64>,
}

impl FromStr for MaxMemory {
    type Err = String;

    /// `4G` for either, or `host=8G,device=2G`, or one of the two.
    fn from_str(text: &str) -> Result<Self, String> {
        if !text.contains('=') {
            let size = Some(bytes(text)?);
            return Ok(Self {
                host: size,
                device: size,
            });
        }
        let mut max = Self::default();
        for part in text.split(',') {
            let place = match part.split_once('=') {
                Some(("host", size)) => (&mut max.host, size),
                Some(("device", size)) => (&mut max.device, size),
                _ => return Err(format!("'{part}': expected host=SIZE or device=SIZE")),
            };
            if place.0.replace(bytes(place.1)?).is_some() {
                return Err(format!("'{part}' is given twice"));
            }
        }
        Ok(max)
    }
}

/// Units, the largest first.
const UNITS: [(&str, u64); 4] = [
    ("T", 1 << 40),
    ("G", 1 << 30),
    ("M", 1 << 20),
    ("K", 1 << 10),
];

/// A number with K, M, G or T, which are powers of 1024; `MiB` and `MB` are M.
fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("'{text}' is no size; expected a number with K, M, G or T, e.g. 512M");
    let upper = text.trim().to_ascii_uppercase();
    let number = upper.trim_end_matches('B');
    let number = number.strip_suffix('I').unwrap_or(number);
    let unit = UNITS.iter().find(|(unit, _)| number.ends_with(unit));
    let (number, size) = match unit {
        Some((unit, size)) => (number.trim_end_matches(unit), *size),
        None => (number, 1),
    };
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    let bytes = number * size as f64;
    match bytes.is_finite() && bytes >= 1.0 && bytes < u64::MAX as f64 {
        true => Ok(bytes as u64),
        false => Err(wrong()),
    }
}

/// A size in MiB, or in GiB from 10 on, rounded up: what is told as needed is enough.
pub(crate) fn size(bytes: u64) -> String {
    match bytes >= 10 << 30 {
        true => format!(
            "{:.1} GiB",
            (bytes as f64 / (1 << 30) as f64 * 10.0).ceil() / 10.0
        ),
        false => format!("{} MiB", bytes.div_ceil(1 << 20)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_1024() {
        for (text, expected) in [
            ("1024", 1024),
            ("512M", 512 << 20),
            ("512MiB", 512 << 20),
            ("512mb", 512 << 20),
            ("1.5G", 3 << 29),
            ("2 T", 2 << 40),
        ] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "M", "-1G", "1X", "0", "inf", "nan", "1e30T"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn one_size_is_for_both_places() {
        let parse = |text: &str| text.parse::<MaxMemory>();
        let both = |host, device| Ok(MaxMemory { host, device });
        assert_eq!(parse("1K"), both(Some(1024), Some(1024)));
        assert_eq!(parse("device=1K"), both(None, Some(1024)));
        assert_eq!(parse("device=1K,host=2K"), both(Some(2048), Some(1024)));
        for text in ["host", "host=", "gpu=1K", "host=1K,host=2K", "1K,2K"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_needed_is_rounded_up() {
        assert_eq!(size(1), "1 MiB");
        assert_eq!(size(512 << 20), "512 MiB");
        assert_eq!(size((12 << 30) + 1), "12.1 GiB");
    }
}
