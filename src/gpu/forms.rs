//! Which form of the product runs on an adapter.

use std::fmt;

use super::{AdapterReport, GpuOptions};
use crate::error::{Error, Result};
use crate::features::Features;
use crate::precision::Precision;
use crate::tile::{self, Product, TILES};

/// What became of cooperative matrices on an opened adapter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cooperative {
    /// They were not asked for, or the adapter has none that fit.
    #[default]
    Absent,
    /// The form in this place of [`TILES`] agrees with the reference in so many cases.
    Passed {
        /// A place in [`TILES`].
        form: usize,
        /// Cases that were run.
        cases: usize,
    },
    /// The self-test failed, and why; products take the form `half` instead.
    Failed(String),
}

impl fmt::Display for Cooperative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("no cooperative matrices; products take the form half"),
            Self::Passed { form, cases } => write!(
                f,
                "cooperative matrices passed their self-test ({cases} cases); products take the form {}",
                TILES[*form].name
            ),
            Self::Failed(reason) => write!(
                f,
                "cooperative matrices failed their self-test: {reason}; products take the form half"
            ),
        }
    }
}

/// The choice of forms on one adapter.
pub(super) struct Forms {
    /// Every product in this form.
    forced: Option<usize>,
    pub(super) granted: Features,
    pub(super) precision: Precision,
    pub(super) cooperative: Cooperative,
    /// Whether barriers cost more than they save: on a processor that plays a GPU they do.
    avoid_barriers: bool,
}

impl Forms {
    pub(super) fn new(report: &AdapterReport, options: &GpuOptions, granted: Features) -> Self {
        Self {
            forced: options.form,
            granted,
            precision: options.precision,
            cooperative: Cooperative::Absent,
            avoid_barriers: report.is_software(),
        }
    }

    pub(super) fn choose(&self, product: Product) -> usize {
        match (self.forced, self.precision) {
            (Some(form), _) => form,
            (None, Precision::F16) => self.at_f16(product),
            (None, Precision::F32) if self.avoid_barriers && self.granted.subgroups => {
                tile::SUBGROUP
            }
            (None, Precision::F32) => tile::table(product),
        }
    }

    /// Both forms round alike. Few columns would leave most of a cooperative tile empty.
    fn at_f16(&self, product: Product) -> usize {
        match self.cooperative {
            Cooperative::Passed { form, .. } if product.cols > TILES[tile::SKINNY].cols => form,
            _ => tile::HALF,
        }
    }

    /// An error if the forced form is one that failed its self-test.
    pub(super) fn expect_forced(&self) -> Result<()> {
        match self.forced {
            Some(form) if !self.granted.cover(TILES[form].needs) => Err(Error::NoAdapter(format!(
                "the form '{}' cannot be used: {}",
                TILES[form].name, self.cooperative
            ))),
            _ => Ok(()),
        }
    }

    /// The cooperative form to try: the forced one, else the one with the larger fragments.
    pub(super) fn candidate(&self) -> Option<usize> {
        let runs = |form: &usize| {
            let needs = TILES[*form].needs;
            needs.cooperative() && self.granted.cover(needs)
        };
        match self.forced {
            Some(form) => Some(form).filter(runs),
            None => [tile::COOP, tile::COOP8].into_iter().find(runs),
        }
    }
}

/// Whether the adapter can do what was asked for; if not, what was found, what is needed, what to do.
pub(super) fn check(report: &AdapterReport, options: &GpuOptions) -> Result<()> {
    let name = &report.info.name;
    if options.precision == Precision::F16 && !report.features.f16 {
        return Err(Error::NoAdapter(format!(
            "{name} has no 16-bit floats in shaders, which --precision f16 needs; use --precision f32 or --backend cpu"
        )));
    }
    let Some(form) = options.form.and_then(|form| TILES.get(form)) else {
        return Ok(());
    };
    let precision = if form.needs.f16 {
        Precision::F16
    } else {
        Precision::F32
    };
    if precision != options.precision {
        return Err(Error::NoAdapter(format!(
            "the form '{}' computes at {precision}, and --precision is {}; change one of them",
            form.name, options.precision
        )));
    }
    let missing = report.features.missing(form.needs);
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::NoAdapter(format!(
        "{name} has no {}, which the form '{}' needs; choose another",
        missing.join(", no "),
        form.name
    )))
}
