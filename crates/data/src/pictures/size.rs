//! The size that the images of a set get.

use std::fmt;
use std::str::FromStr;

/// Height and width of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageSize {
    /// Pixels from top to bottom.
    pub height: usize,
    /// Pixels from left to right.
    pub width: usize,
}

/// The longest side of a row of pixels.
const LONGEST: usize = 1024;

/// The longest side of images that are taken as they are.
const KEPT: usize = 64;

/// The side of images that are not.
const RESIZED: usize = 32;

/// A text that is no size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "found image size {found:?}, expected a side such as 32, or height x width such as 24x32, of 1 to {LONGEST} pixels"
)]
pub struct BadImageSize {
    found: String,
}

impl FromStr for ImageSize {
    type Err = BadImageSize;

    /// `32`, or height and width as in `24x32`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let side = |text: &str| {
            text.parse()
                .ok()
                .filter(|side| (1..=LONGEST).contains(side))
        };
        let (height, width) = text.split_once(['x', '×']).unwrap_or((text, text));
        match (side(height), side(width)) {
            (Some(height), Some(width)) => Ok(Self { height, width }),
            _ => Err(BadImageSize {
                found: text.to_owned(),
            }),
        }
    }
}

impl fmt::Display for ImageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} × {}", self.height, self.width)
    }
}

impl ImageSize {
    fn square(side: usize) -> Self {
        Self {
            height: side,
            width: side,
        }
    }

    /// How many planes of this size make `values` values: 1 or 3.
    pub(super) fn planes_of(self, values: usize) -> Option<usize> {
        [1, 3]
            .into_iter()
            .find(|planes| planes * self.height * self.width == values)
    }

    /// The size of a set of images, and its planes if a model says how many values they have: the `common` size of
    /// all, if the model takes it or it is small; else that of a square that the model takes, else 32 × 32.
    pub(super) fn of_set(common: Option<Self>, of_model: Option<usize>) -> (Self, Option<usize>) {
        let square = |planes: usize, values: usize| {
            let side = Self::square((values / planes).isqrt());
            (side.planes_of(values) == Some(planes)).then_some((side, Some(planes)))
        };
        if let Some(values) = of_model {
            let as_it_is = common.and_then(|size| Some((size, Some(size.planes_of(values)?))));
            let squares = || [1, 3].into_iter().find_map(|planes| square(planes, values));
            if let Some(found) = as_it_is.or_else(squares) {
                return found;
            }
        }
        let small = common.filter(|size| size.height.max(size.width) <= KEPT);
        (small.unwrap_or(Self::square(RESIZED)), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(height: usize, width: usize) -> ImageSize {
        ImageSize { height, width }
    }

    #[test]
    fn sizes_from_text() {
        assert_eq!("28".parse(), Ok(size(28, 28)));
        assert_eq!("24x32".parse(), Ok(size(24, 32)));
        for wrong in [
            "",
            "x",
            "0",
            "28x",
            "x28",
            "-1",
            "1025",
            "2x3x4",
            "28 x 28",
            "99999999999999999999",
        ] {
            assert!(wrong.parse::<ImageSize>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn small_images_of_one_size_are_kept() {
        let free = |common| ImageSize::of_set(common, None).0;
        assert_eq!(free(Some(size(28, 64))), size(28, 64));
        assert_eq!(free(Some(size(28, 65))), size(32, 32));
        assert_eq!(free(None), size(32, 32));
    }

    #[test]
    fn a_model_decides() {
        let of = |common, values| ImageSize::of_set(common, Some(values));
        let common = Some(size(16, 36));
        assert_eq!(of(common, 576), (size(16, 36), Some(1)), "not 24 × 24");
        assert_eq!(of(common, 3 * 576), (size(16, 36), Some(3)));
        assert_eq!(of(common, 784), (size(28, 28), Some(1)));
        assert_eq!(of(None, 3 * 784), (size(28, 28), Some(3)));
        assert_eq!(of(Some(size(100, 100)), 10_000), (size(100, 100), Some(1)));
        assert_eq!(
            of(None, 577),
            (size(32, 32), None),
            "told when the sizes are compared"
        );
    }
}
