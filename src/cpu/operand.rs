//! Operands of matrix products as a form rounds them.

use std::borrow::Cow;

use half::f16;
use half::slice::HalfFloatSliceExt;
use rayon::prelude::*;

use crate::kernel::tile::TILES;

/// The operand as the form reads it: rounded to f16 times `scale` where the form computes at f16.
///
/// `scale` is a power of two, so that only the rounding is left of it.
pub(crate) fn operand<const FORM: usize>(values: &[f32], scale: f32) -> Cow<'_, [f32]> {
    if !TILES[FORM].needs.f16 {
        return Cow::Borrowed(values);
    }
    let mut rounded: Vec<f32> = values.iter().map(|value| value * scale).collect();
    rounded.par_chunks_mut(CHUNK).for_each(|chunk| {
        let mut halves = [f16::ZERO; CHUNK];
        let halves = &mut halves[..chunk.len()];
        halves.convert_from_f32_slice(chunk);
        halves.convert_to_f32_slice(chunk);
        chunk.iter_mut().for_each(|value| *value *= 1.0 / scale);
    });
    Cow::Owned(rounded)
}

/// Values that are converted together: the processor does several at once.
const CHUNK: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::tile::{GRADIENT_SCALE, HALF, M};

    #[test]
    fn f32_forms_leave_operands_alone() {
        let values = [0.1, 1e-9, 1e9];
        assert_eq!(operand::<M>(&values, GRADIENT_SCALE)[..], values);
    }

    #[test]
    fn f16_forms_round_to_eleven_bits_and_overflow() {
        let values = [0.1, 1.0 + 2f32.powi(-11), 65_520.0, f32::NAN];
        let rounded = operand::<HALF>(&values, 1.0);
        assert_eq!(rounded[..3], [0.099_975_586, 1.0, f32::INFINITY]);
        assert!(rounded[3].is_nan());
    }

    #[test]
    fn scaled_gradients_keep_their_bits_where_others_vanish() {
        let tiny = [3e-8, -5e-8];
        assert_eq!(
            operand::<HALF>(&tiny, 1.0)[..],
            [5.960_464_5e-8, -5.960_464_5e-8]
        );
        for (rounded, value) in operand::<HALF>(&tiny, GRADIENT_SCALE).iter().zip(tiny) {
            assert!((rounded - value).abs() <= value.abs() / 2048.0, "{rounded}");
        }
    }
}
