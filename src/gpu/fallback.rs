//! A form that the driver does not compile is replaced by the plain one.

use std::cell::RefCell;

use super::Gpu;
use super::pipelines::{Models, Pipeline};
use crate::kernel::Kernel;
use crate::kernel::tile::TILES;

/// The forms that were replaced, each with the reason.
pub(super) type Fallen = RefCell<Vec<String>>;

impl Gpu {
    /// The kernels that do not compile here and whose products are computed in the plain form (M, at f16 half) instead, each with the
    /// reason, as far as they were needed: `linear_forward (L): …`.
    pub fn fallbacks(&self) -> Vec<String> {
        self.fallen.borrow().clone()
    }

    /// The pipeline of a kernel, or why it does not compile.
    pub(super) fn pipeline(&self, kernel: &'static Kernel) -> Result<Pipeline, String> {
        (self.pipelines.borrow_mut()).get(&self.device, kernel, Models::One)
    }

    /// Why a kernel is replaced by its plain form. That itself and kernels of one form are not: they fail the device.
    pub(super) fn replaced(&self, kernel: &'static Kernel) -> Option<String> {
        let plain = self.forms.plain();
        if kernel.tile.is_none_or(|tiled| *tiled.tile == TILES[plain]) {
            return None;
        }
        let reason = self.pipeline(kernel).err()?;
        self.note(format!("{}: {reason}", kernel.title()));
        Some(reason)
    }

    /// The form, or the plain one if it does not compile.
    pub(super) fn or_plain(&self, forms: &'static [Kernel], form: usize) -> usize {
        match self.replaced(&forms[form]) {
            None => form,
            Some(_) => self.forms.plain(),
        }
    }

    /// Warns of each form once.
    fn note(&self, fallen: String) {
        let mut all = self.fallen.borrow_mut();
        if !all.contains(&fallen) {
            let plain = TILES[self.forms.plain()].name;
            log::warn!("{} falls back to form {plain}: {fallen}", self.info.name);
            all.push(fallen);
        }
    }
}
