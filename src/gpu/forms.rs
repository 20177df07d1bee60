//! Which form of the product runs on an adapter.

use super::AdapterReport;
use crate::error::{Error, Result};
use crate::tile::{self, Product, TILES};

/// The choice of forms on one adapter.
pub(super) struct Forms {
    /// Every product in this form.
    forced: Option<usize>,
    subgroups: bool,
    /// Whether barriers cost more than they save: on a processor that plays a GPU they do.
    avoid_barriers: bool,
}

impl Forms {
    pub(super) fn new(report: &AdapterReport, forced: Option<usize>) -> Result<Self> {
        let form = forced.and_then(|form| TILES.get(form));
        if form.is_some_and(|form| form.subgroups) && !report.subgroups {
            return Err(Error::NoAdapter(format!(
                "{} has no subgroups of at least {}, which the form 'subgroup' needs; choose another",
                report.info.name,
                tile::SUBGROUP_SIZE
            )));
        }
        Ok(Self {
            forced,
            subgroups: report.subgroups,
            avoid_barriers: report.is_software(),
        })
    }

    pub(super) fn subgroups(&self) -> bool {
        self.subgroups
    }

    pub(super) fn choose(&self, product: Product) -> usize {
        match self.forced {
            Some(form) => form,
            None if self.avoid_barriers && self.subgroups => tile::SUBGROUP,
            None => tile::table(product),
        }
    }
}
