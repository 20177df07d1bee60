//! Which form of the product runs on an adapter.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use rustc_hash::FxHashMap;

use super::by_shape::by_shape;
use super::{AdapterReport, Gpu, GpuOptions};
use crate::device::{AdapterError, Choices};
use crate::error::Result;
use crate::features::Features;
use crate::kernel::Kernel;
use crate::kernel::tile::{self, Product, TILES};
use crate::precision::Precision;

/// The products of one kernel that share one choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Class {
    kernel: &'static str,
    shape: Product,
    precision: Precision,
}

/// `linear_forward 256x512x1024`: the kernel, and the largest rows, columns and depth of its products; at f16 it says so.
impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kernel, self.shape)?;
        match self.precision {
            Precision::F32 => Ok(()),
            Precision::F16 => write!(f, " f16"),
        }
    }
}

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
    /// The choices so far.
    chosen: RefCell<FxHashMap<Class, usize>>,
    /// Choices of another run that are to be made again, by the text of their class.
    given: RefCell<BTreeMap<String, usize>>,
}

impl Forms {
    pub(super) fn new(report: &AdapterReport, options: &GpuOptions, granted: Features) -> Self {
        Self {
            forced: options.form,
            granted,
            precision: options.precision,
            cooperative: Cooperative::Absent,
            avoid_barriers: report.is_software(),
            chosen: RefCell::default(),
            given: RefCell::default(),
        }
    }

    fn class(&self, forms: &'static [Kernel], product: Product) -> Class {
        Class {
            kernel: forms[tile::M].name,
            shape: product.class(),
            precision: self.precision,
        }
    }

    /// What the table says. It looks at the class, so that all its products get one form.
    fn table(&self, class: Class) -> usize {
        match self.precision {
            Precision::F16 => self.at_f16(class.shape),
            Precision::F32 if self.without_barriers() => tile::SUBGROUP,
            Precision::F32 => by_shape(class.shape),
        }
    }

    /// All forms at f16 round alike. Few columns would leave most of a cooperative tile empty.
    fn at_f16(&self, product: Product) -> usize {
        match self.cooperative {
            Cooperative::Passed { form, .. } if product.cols > TILES[tile::SKINNY].cols => form,
            _ => tile::HALF,
        }
    }

    /// The form that is right everywhere, and what others fall back on.
    pub(super) fn plain(&self) -> usize {
        tile::plain(self.precision)
    }

    /// Whether only forms without barriers are worth a look.
    fn without_barriers(&self) -> bool {
        self.avoid_barriers && self.granted.subgroups
    }

    /// The forms worth a look, `first` first.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn candidates(&self, first: usize) -> impl Iterator<Item = usize> {
        let worth = move |form: &usize| {
            let without = TILES[*form].needs.subgroups || self.precision == Precision::F16;
            *form != first && self.runs(*form) && (without || !self.without_barriers())
        };
        std::iter::once(first).chain((0..TILES.len()).filter(worth))
    }

    /// Whether the adapter has what a form needs, and the form computes at the device's precision. Only that
    /// cooperative form runs that passed its self-test.
    fn runs(&self, form: usize) -> bool {
        let needs = TILES[form].needs;
        let trusted = match self.cooperative {
            Cooperative::Passed { form: passed, .. } => form == passed,
            _ => false,
        };
        self.granted.cover(needs)
            && needs.f16 == (self.precision == Precision::F16)
            && (trusted || !needs.cooperative())
    }

    /// A form by its name, if it runs here.
    pub(super) fn called(&self, name: &str) -> Option<usize> {
        tile::form_called(name).filter(|form| self.runs(*form))
    }

    /// An error if the forced form is one that failed its self-test.
    pub(super) fn expect_forced(&self) -> Result<()> {
        match self.forced {
            Some(form) if !self.granted.cover(TILES[form].needs) => Err(AdapterError::FormFailed {
                form: TILES[form].name,
                reason: self.cooperative.to_string(),
            }
            .into()),
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

impl Gpu {
    /// The form of a product: chosen at the first product of its class, and kept.
    pub(super) fn chosen_form(&self, forms: &'static [Kernel], product: Product) -> usize {
        let class = self.forms.class(forms, product);
        let known = self.forms.chosen.borrow().get(&class).copied();
        known.unwrap_or_else(|| {
            let form = self.or_plain(forms, self.choose(forms, class, product));
            self.forms.chosen.borrow_mut().insert(class, form);
            form
        })
    }

    fn choose(&self, forms: &'static [Kernel], class: Class, product: Product) -> usize {
        if let Some(form) = self.forms.forced {
            return form;
        }
        let given = self.forms.given.borrow().get(&class.to_string()).copied();
        given.unwrap_or_else(|| self.tuned(forms, class, product, self.forms.table(class)))
    }

    /// The choices so far, by name.
    pub(super) fn chosen(&self) -> Choices {
        let chosen = self.forms.chosen.borrow();
        let named = |(class, form): (&Class, &usize)| (class.to_string(), TILES[*form].name.into());
        Choices {
            device: self.info.clone(),
            forms: chosen.iter().map(named).collect(),
        }
    }

    /// Makes the choices of another run again. Those of another adapter or driver are left aside.
    pub(super) fn take(&self, choices: &Choices) {
        if choices.device != self.info {
            let other = &choices.device.name;
            return log::debug!("forms chosen on {other} are not used on {}", self.info.name);
        }
        let mut given = self.forms.given.borrow_mut();
        for (class, name) in &choices.forms {
            match self.forms.called(name) {
                Some(form) => drop(given.insert(class.clone(), form)),
                None => log::warn!(
                    "{class} was computed in form '{name}', which is not here; the bits may differ"
                ),
            }
        }
        self.forms.chosen.borrow_mut().clear();
    }
}

/// Whether the adapter can do what was asked for; if not, what was found, what is needed, what to do.
pub(super) fn check(report: &AdapterReport, options: &GpuOptions) -> Result<(), AdapterError> {
    let name = report.info.name.clone();
    if options.precision == Precision::F16 && !report.features.f16 {
        return Err(AdapterError::NoF16 { name });
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
        return Err(AdapterError::OtherPrecision {
            form: form.name,
            computes: precision,
            asked: options.precision,
        });
    }
    let missing = report.features.missing(form.needs);
    if missing.is_empty() {
        return Ok(());
    }
    Err(AdapterError::FormNeeds {
        name,
        missing,
        form: form.name,
    })
}
