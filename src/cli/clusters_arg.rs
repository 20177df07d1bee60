//! What `-k` takes: a number of clusters, or where to look for one.

use std::ops::RangeInclusive;
use std::str::FromStr;

/// `auto` looks no further than this.
const MOST: usize = 20;
/// `auto` asks for so many samples per cluster.
const SAMPLES: usize = 10;

/// The argument of `-k`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClustersArg {
    /// So many.
    Number(usize),
    /// The best of a range, both ends included.
    Range(RangeInclusive<usize>),
    /// The best of a range that fits the data.
    Auto,
}

impl ClustersArg {
    /// The number, if it is given.
    pub(crate) fn number(&self) -> Option<usize> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Range(_) | Self::Auto => None,
        }
    }

    /// The numbers to choose from for n samples; none if the number is given.
    pub(crate) fn candidates(&self, n: usize) -> Option<RangeInclusive<usize>> {
        match self {
            Self::Number(_) => None,
            Self::Range(range) => Some(range.clone()),
            Self::Auto => Some(2..=(n / SAMPLES).clamp(2, MOST)),
        }
    }
}

impl FromStr for ClustersArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let number = |text: &str| {
            text.parse()
                .map_err(|_| "expected a number, a range such as 2..12, or auto".to_owned())
        };
        match text.split_once("..") {
            Some((first, last)) => range(number(first)?, number(last)?),
            None => number(text).map(Self::Number),
        }
    }
}

fn range(first: usize, last: usize) -> Result<ClustersArg, String> {
    if first < 2 {
        return Err(format!(
            "the range begins at {first}, expected 2 or more: one cluster leaves nothing to compare"
        ));
    }
    if last < first {
        return Err(format!(
            "the range ends at {last} before it begins at {first}; write {last}..{first}"
        ));
    }
    Ok(ClustersArg::Range(first..=last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ClustersArg, String> {
        text.parse()
    }

    #[test]
    fn numbers_ranges_and_auto_are_read() {
        assert_eq!(parse("7"), Ok(ClustersArg::Number(7)));
        assert_eq!(parse("2..12"), Ok(ClustersArg::Range(2..=12)));
        assert_eq!(parse("3..3"), Ok(ClustersArg::Range(3..=3)));
        assert_eq!(parse("auto"), Ok(ClustersArg::Auto));
    }

    #[test]
    fn anything_else_says_what_is_expected() {
        for (text, words) in [
            ("1..4", "begins at 1"),
            ("5..3", "write 3..5"),
            ("ten", "a number, a range"),
            ("2..", "a number, a range"),
            ("2..=4", "a number, a range"),
            ("-3", "a number, a range"),
            ("", "a number, a range"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn auto_fits_the_data() {
        let auto = |n| ClustersArg::Auto.candidates(n);
        assert_eq!(auto(5620), Some(2..=20));
        assert_eq!(auto(75), Some(2..=7));
        assert_eq!(auto(4), Some(2..=2));
        assert_eq!(ClustersArg::Number(3).candidates(75), None);
        assert_eq!(parse("4..6").unwrap().candidates(75), Some(4..=6));
    }
}
