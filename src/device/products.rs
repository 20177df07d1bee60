//! How a device computes matrix products, which come in several forms.

use std::collections::BTreeMap;

use super::DeviceInfo;
use crate::kernel::Kernel;
use crate::kernel::tile::{Product, plain};
use crate::precision::Precision;

/// The forms of products on a device. Which one is taken is the device's own business; another one gives other bits.
pub trait Products {
    /// Of the kernels of a product, one for each of [`crate::kernel::tile::TILES`], the one to compute it with. Products
    /// of one class ([`Product::class`]) get the same one each time.
    fn form(&self, kernels: &'static [Kernel], product: Product) -> &'static Kernel;

    /// What operands are rounded to.
    fn precision(&self) -> Precision;

    /// Whether a kernel can run here; some forms need more than every adapter has.
    fn supports(&self, _kernel: &Kernel) -> bool {
        true
    }

    /// Why products are computed in the plain form instead of by this kernel, if they are: the driver does not compile it.
    fn fallback(&self, _kernel: &'static Kernel) -> Option<String> {
        None
    }

    /// The forms chosen so far, where there is a choice: kept with what was computed.
    fn choices(&self) -> Option<Choices> {
        None
    }

    /// Takes these forms instead of choosing, if they were chosen on this device and driver.
    fn use_choices(&self, _choices: &Choices) {}
}

/// Where all forms of one precision are the same there is nothing to choose.
impl Products for Precision {
    fn form(&self, kernels: &'static [Kernel], _: Product) -> &'static Kernel {
        &kernels[plain(*self)]
    }

    fn precision(&self) -> Precision {
        *self
    }
}

/// The forms that products took on a device. With the same ones it gives the same bits again.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Choices {
    /// Where.
    pub device: DeviceInfo,
    /// The form of each class of products: `linear_forward 256x512x1024`, the kernel and
    /// [`Product::class`], to the name of one of [`crate::kernel::tile::TILES`].
    pub forms: BTreeMap<String, String>,
}
