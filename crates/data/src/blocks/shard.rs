//! One of N parts of a set.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// Part `index` (from 0) of `count`: the rows from index·n/count up to (index + 1)·n/count. All parts one after the
/// other are the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u64,
    count: u64,
}

/// Text that names no part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected i/N with i from 0 to N - 1, such as 0/16 for the first of 16 parts")]
pub struct BadShard;

impl Shard {
    /// Part `index` of `count`, if there is one.
    pub fn new(index: u64, count: u64) -> Option<Self> {
        (index < count).then_some(Self { index, count })
    }

    /// Which part, from 0.
    pub fn index(self) -> u64 {
        self.index
    }

    /// Of how many.
    pub fn count(self) -> u64 {
        self.count
    }

    /// The rows of a set of `n`; none if there are more parts than rows and this one gets nothing.
    pub fn range(self, n: usize) -> Range<usize> {
        // In 128 bits the product cannot wrap; the quotient is at most n.
        let bound = |i: u64| (u128::from(i) * n as u128 / u128::from(self.count)) as usize;
        bound(self.index)..bound(self.index + 1)
    }
}

impl FromStr for Shard {
    type Err = BadShard;

    fn from_str(text: &str) -> Result<Self, BadShard> {
        let number = |text: &str| text.parse().map_err(|_| BadShard);
        let (index, count) = text.split_once('/').ok_or(BadShard)?;
        Self::new(number(index)?, number(count)?).ok_or(BadShard)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_the_whole() {
        for n in [0, 1, 6, 7, 1000, usize::MAX] {
            for count in [1, 2, 3, 7, 64] {
                let mut end = 0;
                for index in 0..count {
                    let range = Shard::new(index, count).unwrap().range(n);
                    assert_eq!(range.start, end);
                    assert!(range.len().abs_diff(n / count as usize) <= 1);
                    end = range.end;
                }
                assert_eq!(end, n);
            }
        }
    }

    #[test]
    fn text() {
        let shard: Shard = "3/16".parse().unwrap();
        assert_eq!((shard.index(), shard.count()), (3, 16));
        assert_eq!(shard.to_string(), "3/16");
        for bad in [
            "0/0", "4/4", "5/4", "a/b", "-1/4", "1", "", "1/2/3", "/", "1/",
        ] {
            assert_eq!(bad.parse::<Shard>(), Err(BadShard), "{bad}");
        }
    }
}
