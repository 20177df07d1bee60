//! What a kernel needs beyond WebGPU's defaults, and what an adapter offers.

use serde::Serialize;

/// A set of features, needed or offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Features {
    /// Subgroups of at least [`crate::kernel::tile::SUBGROUP_SIZE`].
    pub subgroups: bool,
    /// 16-bit floats in shaders.
    pub f16: bool,
    /// Cooperative matrices of 16 × 16 elements with operands in f16 and sums in f32.
    pub coop16: bool,
    /// Cooperative matrices of 8 × 8 elements with operands in f16 and sums in f32.
    pub coop8: bool,
}

impl Features {
    /// Nothing beyond the defaults.
    pub const NONE: Self = Self {
        subgroups: false,
        f16: false,
        coop16: false,
        coop8: false,
    };

    /// Whether there are cooperative matrices of any size.
    pub fn cooperative(self) -> bool {
        self.coop16 || self.coop8
    }

    /// The same without cooperative matrices.
    pub fn without_cooperative(self) -> Self {
        Self {
            coop16: false,
            coop8: false,
            ..self
        }
    }

    /// Whether everything in `needs` is offered.
    pub fn cover(self, needs: Self) -> bool {
        self.missing(needs).is_empty()
    }

    /// What is needed and not offered, in words.
    pub fn missing(self, needs: Self) -> Vec<&'static str> {
        let offered = self.named().map(|(has, _)| has);
        (needs.named().into_iter().zip(offered))
            .filter(|((needed, _), offered)| *needed && !offered)
            .map(|((_, name), _)| name)
            .collect()
    }

    fn named(self) -> [(bool, &'static str); 4] {
        [
            (self.subgroups, "subgroups of at least 8"),
            (self.f16, "16-bit floats in shaders"),
            (self.coop16, "cooperative matrices of 16x16"),
            (self.coop8, "cooperative matrices of 8x8"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let needs = Features {
            f16: true,
            coop8: true,
            ..Features::NONE
        };
        let half = needs.without_cooperative();
        assert!(needs.cover(half) && needs.cover(Features::NONE) && needs.cover(needs));
        assert_eq!(half.missing(needs), ["cooperative matrices of 8x8"]);
        assert_eq!(Features::NONE.missing(half), ["16-bit floats in shaders"]);
        assert!(!half.cover(needs) && needs.cooperative() && !half.cooperative());
    }
}
