//! Which form of the product runs on an adapter.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use super::{AdapterReport, Gpu};
use crate::error::{Error, Result};
use crate::kernel::Kernel;
use crate::tile::{self, Product, TILES};

/// The products of one kernel that share one choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Class {
    kernel: &'static str,
    shape: Product,
}

impl Class {
    fn of(forms: &'static [Kernel], product: Product) -> Self {
        Self {
            kernel: forms[tile::M].name,
            shape: product.class(),
        }
    }
}

/// `linear_forward 256x512x1024`: the kernel, and the largest rows, columns and depth of its products.
impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kernel, self.shape)
    }
}

/// The choice of forms on one adapter.
pub(super) struct Forms {
    /// Every product in this form.
    forced: Option<usize>,
    subgroups: bool,
    /// Whether barriers cost more than they save: on a processor that plays a GPU they do.
    avoid_barriers: bool,
    /// The choices so far.
    chosen: RefCell<HashMap<Class, usize>>,
}

impl Forms {
    pub(super) fn new(report: &AdapterReport, forced: Option<usize>) -> Result<Self> {
        let form = forced.and_then(|form| TILES.get(form));
        if let Some(form) = form.filter(|form| form.subgroups && !report.subgroups) {
            return Err(Error::NoAdapter(format!(
                "{} has no subgroups of at least {}, which the form '{}' needs; choose another",
                report.info.name,
                tile::SUBGROUP_SIZE,
                form.name
            )));
        }
        Ok(Self {
            forced,
            subgroups: report.subgroups,
            avoid_barriers: report.is_software(),
            chosen: RefCell::default(),
        })
    }

    pub(super) fn subgroups(&self) -> bool {
        self.subgroups
    }

    /// What the table says. It looks at the class, so that all its products get one form.
    fn table(&self, class: Class) -> usize {
        if self.avoid_barriers && self.subgroups {
            tile::SUBGROUP
        } else {
            tile::table(class.shape)
        }
    }
}

impl Gpu {
    /// The form of a product: chosen at the first product of its class, and kept.
    pub(super) fn form(&self, forms: &'static [Kernel], product: Product) -> usize {
        let class = Class::of(forms, product);
        let known = self.forms.chosen.borrow().get(&class).copied();
        known.unwrap_or_else(|| {
            let form = self.or_plain(forms, self.choose(class));
            self.forms.chosen.borrow_mut().insert(class, form);
            form
        })
    }

    fn choose(&self, class: Class) -> usize {
        let forms = &self.forms;
        forms.forced.unwrap_or_else(|| forms.table(class))
    }
}
